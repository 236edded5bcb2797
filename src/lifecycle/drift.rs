//! How far a column has shifted from its baseline, and what to make of it.
//!
//! Two samples of one population differ, too: the stability index of `n` and `m` rows in so many bins is (bins − 1)(1/n + 1/m) on
//! average. That expectation is taken off an index before it is judged.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::blocks::BlockReport;
use super::daily::DailyCounts;
use super::shares::UnseenValue;
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

/// What to make of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Fewer than 200 rows: nothing is judged.
    InsufficientData,
    /// Nothing has shifted.
    Stable,
    /// A judged index of 0.1 or more.
    ModerateDrift,
    /// A judged index of 0.25 or more.
    MajorDrift,
}

impl Verdict {
    /// Returns what a person reads.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::InsufficientData => "insufficient data",
            Self::Stable => "stable",
            Self::ModerateDrift => "moderate drift",
            Self::MajorDrift => "major drift",
        }
    }

    /// Returns the verdict on a window of so many rows, by the worst drift in it.
    pub fn from_worst(rows: u64, worst: Option<Drift>) -> Self {
        match worst {
            _ if rows < ENOUGH_ROWS => Self::InsufficientData,
            None | Some(Drift::None) => Self::Stable,
            Some(Drift::Moderate) => Self::ModerateDrift,
            Some(Drift::Major) => Self::MajorDrift,
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

/// A column of a window, beside its baseline: a feature, a field, the label or the answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ColumnDrift {
    /// The column's name.
    pub name: String,
    /// How far it has shifted; null where there is too little to judge, of the field that tells the time, which always shifts, and of values
    /// that come in days, where the training data has too few blocks of as many.
    pub drift: Option<Drift>,
    /// By what it is judged; null where there is too little to judge.
    pub index: Option<StabilityIndex>,
    /// How far blocks of as many days of the training data are from the rest of it; absent where the table has no time.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub blocks: Option<BlockReport>,
    /// Whether the window may be a sample of the training data's population.
    pub test: Option<TestReport>,
    /// The number of values in the window.
    pub rows: u64,
    /// Their mean: of numbers, of days, and of the lengths of texts.
    pub mean: Option<f64>,
    /// The mean in the training data.
    pub baseline_mean: Option<f64>,
    /// The share of records without a value; null of features.
    pub missing_rate: Option<f64>,
    /// That share in the training data.
    pub baseline_missing_rate: Option<f64>,
    /// The share of values beyond those of the training data; null of categories.
    pub out_of_range_rate: Option<f64>,
    /// The number of values that the training data does not have; null of numbers with many values and of texts that seldom repeat.
    pub unseen: Option<u64>,
    /// The share of those values.
    pub unseen_rate: Option<f64>,
    /// Those values themselves, the ten that came most often: of categories, and of texts that are as good as categories.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unseen_values: Vec<UnseenValue>,
    /// The histograms of the values.
    pub bins: Histograms,
}

impl ColumnDrift {
    /// Returns the index by which the column was judged; nothing where it was not, and where days of the training data reach as far.
    pub fn judged_index(&self) -> Option<f64> {
        let judged = self.index?.judged;
        (self.drift == Some(Drift::from_index(judged))).then_some(judged)
    }

    /// Says what was made of the column by its days, where that is not what its index says.
    pub fn by_days_in_words(&self) -> Option<&'static str> {
        let (index, blocks) = (self.index?, self.blocks?);
        match self.drift {
            None if blocks.drift(index.judged).is_none() => Some("too few blocks"),
            Some(Drift::None) if index.drift() > Drift::None => Some("as in training"),
            _ => None,
        }
    }

    /// Judges a column that has an index by the days of the training data too, where these are told; `days` is how many the window has.
    #[must_use]
    pub fn by_days(self, daily: Option<&DailyCounts>, days: Option<usize>) -> Self {
        let blocks = daily.zip(days).and_then(|(daily, days)| BlockReport::new(&daily.0, days));
        match (self.index, blocks) {
            (Some(index), Some(blocks)) => {
                let drift = self.drift.and_then(|_| blocks.drift(index.judged));
                Self { drift, blocks: Some(blocks), ..self }
            }
            _ => self,
        }
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
        assert_eq!(Verdict::from_worst(199, Some(Drift::Major)), Verdict::InsufficientData);
        assert_eq!(Verdict::from_worst(200, None), Verdict::Stable);
    }
}
