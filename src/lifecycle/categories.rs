//! A column of categories in a window, counted by the schema's list of them.

use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::baseline::CategoryBaseline;
use super::drift::{Histograms, OtherBaseline, TestKind, TestReport, merge_counts};
use super::shares::{UnseenValue, expecting_unseen, most_frequent};
use crate::lifecycle::statistics::chi_squared;
use crate::table::descriptor::Scalar;
use crate::table::field::Written;

/// What is counted of categories; counts of the same schema can be merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CategoryCounts {
    /// How often each category of the schema came.
    by_category: Vec<u64>,
    /// The number of values that the schema does not have.
    unknown: u64,
}

impl CategoryCounts {
    /// Adds the counts of another part of the window.
    pub fn merge(&mut self, other: &Self) -> Result<(), OtherBaseline> {
        if self.by_category.len() != other.by_category.len() {
            return Err(OtherBaseline);
        }
        merge_counts(&mut self.by_category, &other.by_category);
        self.unknown += other.unknown;
        Ok(())
    }
}

/// Counts the categories of a window by their baseline: the most frequent of the training data, the rest, and those that it lacks.
#[derive(Debug)]
pub struct CategoryWatch {
    baseline: CategoryBaseline,
    /// The categories of the schema.
    categories: Box<[Scalar]>,
    /// The bin of each.
    bins: Box<[usize]>,
    counts: CategoryCounts,
}

impl CategoryWatch {
    /// Starts to count the categories of a schema, which are named in its order.
    pub fn new(baseline: CategoryBaseline, categories: &[Scalar]) -> Self {
        let rest = baseline.top.len();
        let mut known: FxHashMap<String, usize> = FxHashMap::default();
        known.extend(baseline.rest.values.iter().map(|value| (value.to_string(), rest)));
        known.extend(baseline.top.iter().enumerate().map(|(place, category)| (category.value.to_string(), place)));
        let bin = |value: &Scalar| known.get(&value.to_string()).copied().unwrap_or(rest + 1);
        let counts = CategoryCounts { by_category: vec![0; categories.len()], unknown: 0 };
        Self { categories: categories.into(), bins: categories.iter().map(bin).collect(), baseline, counts }
    }

    /// Counts a category, by its place in the schema; any other place counts as one that the training data lacks.
    #[inline]
    pub fn observe(&mut self, category: usize) {
        match self.counts.by_category.get_mut(category) {
            Some(count) => *count += 1,
            None => self.counts.unknown += 1,
        }
    }

    /// Returns what is counted.
    pub fn counts(&self) -> &CategoryCounts {
        &self.counts
    }

    /// Adds the counts of another part of the window.
    pub fn merge(&mut self, counts: &CategoryCounts) -> Result<(), OtherBaseline> {
        self.counts.merge(counts)
    }

    /// Returns the number of values.
    pub fn rows(&self) -> u64 {
        self.counts.unknown + self.counts.by_category.iter().sum::<u64>()
    }

    /// Returns the number of values that the training data lacks.
    pub fn unseen(&self) -> u64 {
        self.window().last().copied().unwrap_or_default()
    }

    fn window(&self) -> Vec<u64> {
        let mut window = vec![0; self.baseline.top.len() + 2];
        for (count, &bin) in self.counts.by_category.iter().zip(&self.bins) {
            window[bin] += count;
        }
        if let Some(unseen) = window.last_mut() {
            *unseen += self.counts.unknown;
        }
        window
    }

    /// Returns both histograms: the most frequent, the rest, and what the training data lacks.
    pub fn histograms(&self) -> Histograms {
        let top = &self.baseline.top;
        let labels = top.iter().map(|category| Written::from(&category.value).to_string());
        let counts = top.iter().map(|category| category.rows).chain([self.baseline.rest.rows, 0]);
        Histograms {
            edges: None,
            labels: Some(labels.chain(["the rest", "unseen"].map(str::to_owned)).collect()),
            baseline: counts.collect(),
            window: self.window(),
        }
    }

    /// Returns the categories that the training data lacks; values that are no category of the schema have no name.
    pub fn unseen_values(&self) -> Vec<UnseenValue> {
        let unseen = self.baseline.top.len() + 1;
        let counted = self.categories.iter().zip(&self.bins).zip(&self.counts.by_category);
        let found = counted.filter(|((_, bin), count)| **bin == unseen && **count > 0);
        most_frequent(found.map(|((value, _), count)| (Written::from(value).to_string(), *count)).collect())
    }

    /// Returns the counts that are compared.
    pub fn compared(&self) -> (Vec<u64>, Vec<u64>) {
        let Histograms { baseline, window, .. } = self.histograms();
        (expecting_unseen(baseline, &window, self.baseline.rest.once), window)
    }

    /// Tests whether the values come from the population of the training data.
    pub fn test(&self) -> Option<TestReport> {
        let (baseline, window) = self.compared();
        chi_squared(&baseline, &window).map(|result| TestReport::new(TestKind::ChiSquared, result))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::baseline::{CategoryRows, Rest};
    use crate::lifecycle::drift::StabilityIndex;

    fn text(text: &str) -> Scalar {
        Scalar::Text(text.to_owned())
    }

    fn watch(once: u64) -> CategoryWatch {
        let top = [("a", 60), ("b", 30)].map(|(value, rows)| CategoryRows { value: text(value), rows });
        let rest = Rest { rows: 10, once, values: vec![text("c"), text("d")] };
        CategoryWatch::new(CategoryBaseline { top: top.into(), rest }, &["b", "d", "a", "new", "c"].map(text))
    }

    #[test]
    fn the_frequent_the_rest_and_the_unseen_are_bins() {
        let mut watch = watch(0);
        for category in [0, 0, 1, 2, 3, 4, 77] {
            watch.observe(category);
        }
        let found = watch.histograms();
        assert_eq!(found.labels.unwrap(), ["a", "b", "the rest", "unseen"]);
        assert_eq!((found.baseline, found.window), (vec![60, 30, 10, 0], vec![1, 2, 2, 2]));
        assert_eq!((watch.unseen(), watch.rows()), (2, 7));
        assert_eq!(
            watch.unseen_values(),
            [UnseenValue { value: "new".to_owned(), rows: 1 }],
            "the other is of no category"
        );
    }

    #[test]
    fn as_many_unseen_as_occur_once_are_no_drift() {
        let index = |once| {
            let mut watch = watch(once);
            for (category, count) in [(2, 60), (0, 30), (1, 2), (3, 8)] {
                for _ in 0..count {
                    watch.observe(category);
                }
            }
            let (baseline, window) = watch.compared();
            StabilityIndex::between(&baseline, &window).unwrap()
        };
        assert!(index(8).psi < 1e-12 && index(0).psi > 0.25, "{:?} {:?}", index(8), index(0));
    }
}
