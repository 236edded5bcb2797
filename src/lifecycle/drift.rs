//! How far a column has shifted from its baseline, and what to make of it.
//!
//! Two samples of one population differ, too: the stability index of `n` and `m` rows in so many bins is (bins − 1)(1/n + 1/m) on
//! average. That expectation is taken off an index before it is judged.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::lifecycle::statistics::{TestResult, population_stability_index, to_float};

/// Fewer rows are not judged: chance alone would move them.
pub const ENOUGH_ROWS: u64 = 200;

/// From this index on, a shift is moderate.
pub const MODERATE: f64 = 0.1;

/// From this index on, a shift is major.
pub const MAJOR: f64 = 0.25;

/// How far a distribution has shifted, by its population stability index.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Drift {
    /// Below 0.1.
    None,
    /// 0.1 or more.
    Moderate,
    /// 0.25 or more.
    Major,
}

impl Drift {
    /// Judges an index that the expectation is taken off.
    pub fn from_index(judged: f64) -> Self {
        match judged {
            index if index >= MAJOR => Self::Major,
            index if index >= MODERATE => Self::Moderate,
            _ => Self::None,
        }
    }
}

/// The stability index of two histograms over the same bins.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct StabilityIndex {
    /// The population stability index.
    pub psi: f64,
    /// What it is on average where nothing has shifted.
    pub expected: f64,
    /// What is judged: the index without its expectation, 0 at least.
    pub judged: f64,
}

impl StabilityIndex {
    /// Compares two histograms; bins that are empty in both do not count. Returns nothing where one of them is empty.
    pub fn between(baseline: &[u64], window: &[u64]) -> Option<Self> {
        let bins = baseline.iter().copied().zip(window.iter().copied()).filter(|&bin| bin != (0, 0));
        let (baseline, window): (Vec<u64>, Vec<u64>) = bins.unzip();
        let (rows, observed) = (baseline.iter().sum(), window.iter().sum());
        if rows == 0 || observed == 0 {
            return None;
        }
        let psi = population_stability_index(&baseline, &window);
        let expected = to_float(baseline.len() as u64 - 1) * (1.0 / to_float(rows) + 1.0 / to_float(observed));
        Some(Self { psi, expected, judged: (psi - expected).max(0.0) })
    }

    /// Returns how far the distribution has shifted.
    pub fn drift(&self) -> Drift {
        Drift::from_index(self.judged)
    }
}

/// Two histograms over the same bins: either `edges` or `labels` tells what the bins are.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Histograms {
    /// What divides bins of numbers: the bin of a value is the number of edges that are not greater.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edges: Option<Vec<f64>>,
    /// What is in each bin of categories, the last two of which hold the rest and what the training data does not have.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Vec<String>>,
    /// Counts of the training data.
    pub baseline: Vec<u64>,
    /// Counts of the window.
    pub window: Vec<u64>,
}

/// A test of two samples.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct TestReport {
    /// Which.
    pub kind: TestKind,
    /// How far the samples differ.
    pub statistic: f64,
    /// How likely so great a difference is by chance.
    pub p_value: f64,
}

/// Which test compares a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestKind {
    /// For numbers of many values.
    KolmogorovSmirnov,
    /// For categories, and numbers of ten values at most.
    ChiSquared,
}

impl TestReport {
    /// Writes down what a test says.
    pub fn new(kind: TestKind, result: TestResult) -> Self {
        Self { kind, statistic: result.statistic, p_value: result.p_value }
    }
}

/// Counts of another baseline than the one that they are merged with or compared by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the counts are of another baseline: count again with this one")]
pub struct OtherBaseline;

/// Adds counts of the same bins.
pub(super) fn merge_counts(counts: &mut [u64], other: &[u64]) {
    for (count, other) in counts.iter_mut().zip(other) {
        *count += other;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_expectation_is_taken_off_before_an_index_is_judged() {
        let index = StabilityIndex::between(&[300, 0, 591], &[90, 0, 110]).unwrap();
        assert!((index.expected - (1.0 / 891.0 + 1.0 / 200.0)).abs() < 1e-15);
        assert!((index.psi - index.expected - index.judged).abs() < 1e-15);
        assert_eq!(StabilityIndex::between(&[10, 20], &[10, 20]).map(|index| index.judged), Some(0.0));
        assert_eq!(StabilityIndex::between(&[0, 0], &[1, 2]), None);
        assert_eq!(StabilityIndex::between(&[], &[]), None);
    }

    #[test]
    fn thresholds_are_drift_themselves() {
        assert_eq!([0.0999, 0.1, 0.2499, 0.25].map(Drift::from_index), {
            [Drift::None, Drift::Moderate, Drift::Moderate, Drift::Major]
        });
    }
}
