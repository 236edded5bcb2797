//! A column of texts in a window: their lengths, and how many of them the training data has.

use serde::{Deserialize, Serialize};

use super::baseline::{TextBaseline, text_hash};
use super::binning::Precision;
use super::drift::{OtherBaseline, StabilityIndex};
use super::numbers::{NumberCounts, NumberWatch};
use super::sum::share;
use crate::lifecycle::statistics::to_float;

/// What is counted of texts; counts of the same baseline can be merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TextCounts {
    lengths: NumberCounts,
    /// The number of texts that the training data lacks; nothing where it does not tell.
    unseen: Option<u64>,
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
}

impl TextWatch {
    /// Starts to count.
    pub fn new(baseline: TextBaseline) -> Self {
        let rows = baseline.length.rows();
        let (once, unseen) =
            (baseline.known.as_ref().map_or(0, |known| known.once), baseline.known.as_ref().map(|_| 0));
        let known = baseline.known.map(|known| known.hashes).unwrap_or_default().into();
        Self { lengths: NumberWatch::new(baseline.length, Precision::Double), once: (once, rows), known, unseen }
    }

    /// Counts a text.
    pub fn observe(&mut self, text: &str) {
        self.lengths.observe(to_float(text.chars().count() as u64));
        if let Some(unseen) = &mut self.unseen {
            *unseen += u64::from(self.known.binary_search(&text_hash(text)).is_err());
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
        TextCounts { lengths: self.lengths.counts().clone(), unseen: self.unseen }
    }

    /// Adds the counts of another part of the window.
    pub fn merge(&mut self, counts: &TextCounts) -> Result<(), OtherBaseline> {
        if self.unseen.is_some() != counts.unseen.is_some() {
            return Err(OtherBaseline);
        }
        self.lengths.merge(&counts.lengths)?;
        self.unseen = self.unseen.zip(counts.unseen).map(|(ours, theirs)| ours + theirs);
        Ok(())
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
        let mut watch = TextWatch::new(TextBaseline { length, known: Some(KnownTexts { once: 1, hashes }) });
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
