//! Texts that are as good as categories, counted by the most frequent of the training data.
//!
//! The training data tells hashes of texts, since texts may name people. What comes in the window is in its records, so a report names it:
//! there, a text comes often enough to be of many.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::baseline::TextRows;
use super::drift::{Histograms, OtherBaseline, merge_counts};

/// The most distinct texts that the training data lacks and that are kept by name; of more, none is.
const MAX_UNSEEN: usize = 1_000;

/// What is counted of texts; counts of the same baseline can be merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TopCounts {
    /// The most frequent of the training data, the rest, and what it lacks.
    bins: Vec<u64>,
    /// The most frequent ones as they are written in the window, where they come.
    names: Vec<Option<String>>,
    /// The texts that the training data lacks; nothing where they are too many.
    unseen: Option<BTreeMap<String, u64>>,
}

/// Counts texts by their hashes.
#[derive(Debug)]
pub struct TopTexts {
    /// The most frequent ones of the training data.
    top: Box<[TextRows]>,
    /// The number of records with another text.
    rest: u64,
    /// The bin of each of the most frequent.
    bins: FxHashMap<u32, usize>,
    counts: TopCounts,
}

impl TopTexts {
    /// Starts to count; `rows` is the number of texts in the training data.
    pub fn new(top: &[TextRows], rows: u64) -> Self {
        let counts =
            TopCounts { bins: vec![0; top.len() + 2], names: vec![None; top.len()], unseen: Some(BTreeMap::new()) };
        Self {
            rest: rows.saturating_sub(top.iter().map(|text| text.rows).sum()),
            bins: top.iter().map(|text| text.hash).zip(0..).collect(),
            top: top.into(),
            counts,
        }
    }

    /// Counts a text by its hash.
    pub fn observe(&mut self, text: &str, hash: u32, is_unseen: bool) {
        let rest = self.top.len();
        match self.bins.get(&hash) {
            Some(&bin) => {
                self.counts.bins[bin] += 1;
                self.counts.name(bin, text);
            }
            None if is_unseen => {
                self.counts.bins[rest + 1] += 1;
                self.counts.add_unseen(text, 1);
            }
            None => self.counts.bins[rest] += 1,
        }
    }

    /// Returns what is counted.
    pub fn counts(&self) -> &TopCounts {
        &self.counts
    }

    /// Adds the counts of another part of the window.
    pub fn merge(&mut self, other: &TopCounts) -> Result<(), OtherBaseline> {
        if self.counts.bins.len() != other.bins.len() || self.counts.names.len() != other.names.len() {
            return Err(OtherBaseline);
        }
        merge_counts(&mut self.counts.bins, &other.bins);
        for (bin, name) in other.names.iter().enumerate() {
            if let Some(name) = name {
                self.counts.name(bin, name);
            }
        }
        match &other.unseen {
            Some(unseen) => unseen.iter().for_each(|(text, rows)| self.counts.add_unseen(text, *rows)),
            None => self.counts.unseen = None,
        }
        Ok(())
    }

    /// Returns the texts that the training data lacks, and how often each came; none where they are too many.
    pub fn unseen_texts(&self) -> BTreeMap<String, u64> {
        self.counts.unseen.clone().unwrap_or_default()
    }

    /// Returns both histograms. A frequent text of the training data that does not come in the window is told by its hash.
    pub fn histograms(&self) -> Histograms {
        let named = self.top.iter().zip(&self.counts.names);
        let labels = named.map(|(text, name)| name.clone().unwrap_or_else(|| format!("#{:08x}", text.hash)));
        Histograms {
            edges: None,
            labels: Some(labels.chain(["the rest", "unseen"].map(str::to_owned)).collect()),
            baseline: self.top.iter().map(|text| text.rows).chain([self.rest, 0]).collect(),
            window: self.counts.bins.clone(),
        }
    }
}

impl TopCounts {
    /// Learns how a frequent text is written; of two with one hash, the first by name stands for both.
    fn name(&mut self, bin: usize, text: &str) {
        let name = &mut self.names[bin];
        if name.as_deref().is_none_or(|known| text < known) {
            *name = Some(text.to_owned());
        }
    }

    fn add_unseen(&mut self, text: &str, rows: u64) {
        let Some(unseen) = &mut self.unseen else { return };
        match unseen.get_mut(text) {
            Some(count) => *count += rows,
            None => {
                unseen.insert(text.to_owned(), rows);
            }
        }
        if unseen.len() > MAX_UNSEEN {
            self.unseen = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::baseline::text_hash;

    fn texts(texts: &[&str]) -> TopTexts {
        let top = [("north", 60), ("south", 30)].map(|(text, rows)| TextRows { hash: text_hash(text), rows });
        let mut found = TopTexts::new(&top, 100);
        for text in texts {
            found.observe(text, text_hash(text), !["north", "south", "west"].contains(text));
        }
        found
    }

    #[test]
    fn texts_are_counted_as_categories_and_the_new_ones_are_named() {
        let mut found = texts(&["north", "west", "newer"]);
        found.merge(texts(&["newer", "north", "new"]).counts()).unwrap();
        let bins = found.histograms();
        let hash = format!("#{:08x}", text_hash("south"));
        assert_eq!(bins.labels.unwrap(), ["north", &*hash, "the rest", "unseen"]);
        assert_eq!((bins.baseline, bins.window), (vec![60, 30, 10, 0], vec![2, 0, 1, 3]));
        let unseen = found.unseen_texts();
        assert_eq!(unseen, BTreeMap::from([("new".to_owned(), 1), ("newer".to_owned(), 2)]));
        assert_eq!(found.merge(TopTexts::new(&[], 0).counts()), Err(OtherBaseline));
    }

    #[test]
    fn too_many_new_texts_are_not_named() {
        let many: Vec<String> = (0..=MAX_UNSEEN).map(|number| format!("new {number}")).collect();
        let found = texts(&many.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(found.unseen_texts(), BTreeMap::new());
        assert_eq!(found.histograms().window[3], MAX_UNSEEN as u64 + 1);
    }
}
