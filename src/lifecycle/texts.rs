//! A column of texts in a window: their lengths, and how many of them the training data has. Texts that are as good as categories are
//! counted as such.

use serde::{Deserialize, Serialize};

use super::baseline::{TextBaseline, text_hash};
use super::binning::Precision;
use super::drift::{Histograms, OtherBaseline, StabilityIndex, TestKind, TestReport};
use super::numbers::{NumberCounts, NumberWatch};
use super::shares::{UnseenValue, expecting_unseen, most_frequent};
use super::sum::share;
use super::top_texts::{TopCounts, TopTexts};
use crate::lifecycle::statistics::{chi_squared, to_float};

/// What is counted of texts; counts of the same baseline can be merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextCounts {
    lengths: NumberCounts,
    /// The number of texts that the training data lacks; nothing where it does not tell.
    unseen: Option<u64>,
    /// Of texts that are as good as categories.
    top: Option<TopCounts>,
}

/// Counts the texts of a window by their baseline.
#[derive(Debug)]
pub struct TextWatch {
    lengths: NumberWatch,
    /// The number of values of the training data that occur once, of all.
    once: (u64, u64),
    /// Ascending.
    known: Box<[u32]>,
    unseen: Option<u64>,
    top: Option<TopTexts>,
}

impl TextWatch {
    /// Starts to count.
    pub fn new(baseline: TextBaseline) -> Self {
        let rows = baseline.length.rows();
        let (once, unseen) =
            (baseline.known.as_ref().map_or(0, |known| known.once), baseline.known.as_ref().map(|_| 0));
        let top = baseline.known.as_ref().filter(|known| !known.top.is_empty());
        let top = top.map(|known| TopTexts::new(&known.top, rows));
        let known = baseline.known.map(|known| known.hashes).unwrap_or_default().into();
        Self { lengths: NumberWatch::new(baseline.length, Precision::Double), once: (once, rows), known, unseen, top }
    }

    /// Counts a text.
    pub fn observe(&mut self, text: &str) {
        self.lengths.observe(to_float(text.chars().count() as u64));
        if let Some(unseen) = &mut self.unseen {
            let hash = text_hash(text);
            let is_unseen = self.known.binary_search(&hash).is_err();
            *unseen += u64::from(is_unseen);
            if let Some(top) = &mut self.top {
                top.observe(text, hash, is_unseen);
            }
        }
    }

    /// Returns their lengths in characters.
    pub fn lengths(&self) -> &NumberWatch {
        &self.lengths
    }

    /// Returns the number of texts that the training data lacks; nothing where it seldom has one twice.
    pub fn unseen(&self) -> Option<u64> {
        self.unseen
    }

    /// Returns what is counted.
    pub fn counts(&self) -> TextCounts {
        let top = self.top.as_ref().map(|top| top.counts().clone());
        TextCounts { lengths: self.lengths.counts().clone(), unseen: self.unseen, top }
    }

    /// Adds the counts of another part of the window.
    pub fn merge(&mut self, counts: &TextCounts) -> Result<(), OtherBaseline> {
        if self.unseen.is_some() != counts.unseen.is_some() {
            return Err(OtherBaseline);
        }
        self.lengths.merge(&counts.lengths)?;
        match (&mut self.top, &counts.top) {
            (Some(top), Some(counts)) => top.merge(counts)?,
            (None, None) => {}
            _ => return Err(OtherBaseline),
        }
        self.unseen = self.unseen.zip(counts.unseen).map(|(ours, theirs)| ours + theirs);
        Ok(())
    }

    /// Returns the texts that the training data lacks, of those that are as good as categories.
    pub fn unseen_values(&self) -> Vec<UnseenValue> {
        self.top.as_ref().map_or_else(Vec::new, |top| most_frequent(top.unseen_texts()))
    }

    /// Returns both histograms: of texts that are as good as categories the most frequent, the rest, and what the training data lacks;
    /// of others the lengths.
    pub fn histograms(&self) -> Histograms {
        self.top.as_ref().map_or_else(|| self.lengths.histograms(), TopTexts::histograms)
    }

    /// Returns the counts that are compared.
    pub fn compared(&self) -> (Vec<u64>, Vec<u64>) {
        let Histograms { baseline, window, .. } = self.histograms();
        let baseline = if self.top.is_some() { expecting_unseen(baseline, &window, self.once.0) } else { baseline };
        (baseline, window)
    }

    /// Returns whether texts are counted as categories.
    pub fn is_category(&self) -> bool {
        self.top.is_some()
    }

    /// Tests whether the texts come from the population of the training data, by their lengths where they are not counted as categories.
    pub fn test(&self) -> Option<TestReport> {
        if self.top.is_none() {
            return self.lengths.test();
        }
        let (baseline, window) = self.compared();
        chi_squared(&baseline, &window).map(|result| TestReport::new(TestKind::ChiSquared, result))
    }

    /// Compares how many texts are new with how many are expected to be: as many as occur once among all of the training data (Good and
    /// Turing). Returns nothing where no more are.
    pub fn unseen_index(&self) -> Option<StabilityIndex> {
        let (unseen, rows) = (self.unseen?, self.lengths.sum().count());
        let (once, all) = self.once;
        if share(unseen, rows) <= share(once, all) {
            return None;
        }
        StabilityIndex::between(&[all.saturating_sub(once), once], &[rows.saturating_sub(unseen), unseen])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::baseline::{KnownTexts, NumberBaseline};

    #[test]
    fn texts_are_counted_by_length_and_by_whether_they_are_known() {
        let mut hashes: Vec<u32> = ["north", "süd"].map(text_hash).into();
        hashes.sort_unstable();
        let length = NumberBaseline {
            edges: vec![4.0],
            counts: vec![50, 50],
            values: vec![3.0, 5.0],
            ..NumberBaseline::default()
        };
        let mut watch =
            TextWatch::new(TextBaseline { length, known: Some(KnownTexts { once: 1, hashes, top: vec![] }) });
        for text in ["süd", "north", "süd"] {
            watch.observe(text);
        }
        assert_eq!((watch.unseen(), watch.unseen_index(), watch.lengths().bins()), (Some(0), None, vec![2, 1]));
        for text in ["east", "west", "east"] {
            watch.observe(text);
        }
        assert!(watch.unseen() == Some(3) && watch.unseen_index().unwrap().psi > 0.25);
    }
}
