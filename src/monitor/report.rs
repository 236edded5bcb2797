//! What monitoring tells, as `GET /monitor` answers it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{MAJOR, MODERATE};
use crate::statistics::Tenth;

/// What passed through the model in a window, against what it was trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// The version of the model whose training data is compared with.
    pub model_version: String,
    /// The window's first moment.
    pub from: String,
    /// The moment after its last.
    pub to: String,
    /// How many predictions of the window were read: those that the sample holds.
    pub rows: u64,
    /// The worst drift there is.
    pub verdict: Verdict,
    /// How many predictions each version of the model made.
    pub versions: BTreeMap<String, u64>,
    /// The features, in the order in which the model reads them.
    pub features: Vec<FeatureReport>,
    /// How often passengers had no value in a field.
    pub missing: Vec<Missing>,
    /// What was predicted.
    pub predictions: PredictionReport,
    /// How good the predictions are by their own probabilities; null without predictions.
    pub expected: Option<Expected>,
    /// How good they were where it is recorded what happened; null where nothing is.
    pub observed: Option<Observed>,
    /// What other models said of the same passengers, by their versions, where they ran in the shadow of the ones that answered.
    #[serde(default)]
    pub shadows: BTreeMap<String, ShadowReport>,
    /// The window in equal parts.
    pub over_time: Vec<Moment>,
}

impl Report {
    /// Returns the worst drift of a feature or of the predictions, or nothing where nothing could be judged.
    pub fn worst(&self) -> Option<Drift> {
        self.features.iter().map(|feature| feature.drift).chain([self.predictions.drift]).flatten().max()
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
    /// A stability index of 0.1 or more.
    ModerateDrift,
    /// A stability index of 0.25 or more.
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
}

impl From<Option<Drift>> for Verdict {
    fn from(worst: Option<Drift>) -> Self {
        match worst {
            None | Some(Drift::None) => Self::Stable,
            Some(Drift::Moderate) => Self::ModerateDrift,
            Some(Drift::Major) => Self::MajorDrift,
        }
    }
}

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
    /// Judges a stability index.
    pub(super) fn of(psi: f64) -> Self {
        match psi {
            psi if psi >= MAJOR => Self::Major,
            psi if psi >= MODERATE => Self::Moderate,
            _ => Self::None,
        }
    }
}

/// One feature of the window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct FeatureReport {
    /// The feature's name.
    pub name: String,
    /// How far it has shifted; null where there is too little to judge.
    pub drift: Option<Drift>,
    /// The population stability index.
    pub psi: Option<f64>,
    /// Whether the window may be a sample of the training data's population.
    pub test: Option<TestReport>,
    /// The mean in the window.
    pub mean: Option<f64>,
    /// The mean in the training data.
    pub baseline_mean: f64,
    /// The share of values beyond those of the training data.
    pub out_of_range_rate: f64,
    /// The share of values that the training data does not have; null for a feature of many values.
    pub unseen_rate: Option<f64>,
    /// The histograms.
    pub bins: Bins,
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

/// Which test compares a feature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum TestKind {
    /// For features of many values.
    KolmogorovSmirnov,
    /// For features of ten values at most.
    ChiSquared,
}

/// Two histograms over the same bins.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Bins {
    /// What divides the bins: the bin of a value is the number of edges that are not greater.
    pub edges: Vec<f64>,
    /// Counts of the training data.
    pub baseline: Vec<u64>,
    /// Counts of the window.
    pub window: Vec<u64>,
}

/// How often a field had no value.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Missing {
    /// Kaggle's name.
    pub field: String,
    /// The share in the training data.
    pub baseline_rate: f64,
    /// The share in the window.
    pub rate: f64,
}

/// What was predicted in the window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct PredictionReport {
    /// How far the probabilities have shifted from those of the training data, out of fold.
    pub drift: Option<Drift>,
    /// Their population stability index, by tenths.
    pub psi: Option<f64>,
    /// The mean probability.
    pub mean_probability: Option<f64>,
    /// That of the training data, out of fold.
    pub baseline_mean_probability: f64,
    /// The share of those who are predicted to survive.
    pub survivors_rate: Option<f64>,
    /// The share of those who survived in the training data.
    pub baseline_survival_rate: f64,
    /// The histograms.
    pub bins: Bins,
}

/// How good predictions are if their probabilities are right.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Expected {
    /// The share that will be right.
    pub accuracy: f64,
    /// The log loss.
    pub log_loss: f64,
}

/// How good predictions were.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Observed {
    /// How many outcomes are recorded.
    pub rows: u64,
    /// The share that was right.
    pub accuracy: f64,
    /// The area under the receiver operating characteristic; null unless there are survivors and others.
    pub auc: Option<f64>,
    /// How far the exact area is from `auc` at the most: 0 for up to 50,000 outcomes.
    #[serde(default)]
    pub auc_error: f64,
    /// The log loss.
    pub log_loss: f64,
    /// The Brier score.
    pub brier: f64,
    /// How often what was given a probability happened, by tenths.
    pub calibration: Vec<CalibrationBin>,
}

/// A tenth of the probabilities' range.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct CalibrationBin {
    /// Where it begins.
    pub from: f64,
    /// How many predictions are in it.
    pub rows: u64,
    /// Their mean probability.
    pub mean_probability: f64,
    /// The share that survived.
    pub survival_rate: f64,
}

impl From<Tenth> for CalibrationBin {
    fn from(tenth: Tenth) -> Self {
        let Tenth { from, rows, mean_probability, rate } = tenth;
        Self { from, rows, mean_probability, survival_rate: rate }
    }
}

/// What a model in the shadow said, beside what was answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShadowReport {
    /// How many predictions it has a word on.
    pub rows: u64,
    /// Its mean probability.
    pub mean_probability: f64,
    /// That of the answers to the same passengers.
    pub answered_mean_probability: f64,
    /// How far it is from the answers on average.
    pub mean_difference: f64,
    /// How far it is from one of them at the most.
    pub largest_difference: f64,
    /// The share that it would decide otherwise, by the threshold of the model whose training data is compared with.
    pub decided_otherwise_rate: f64,
    /// How good both were where it is recorded what happened; null where nothing is.
    pub observed: Option<ShadowObserved>,
}

/// How good the answers and a model in their shadow were, on the same passengers.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShadowObserved {
    /// How many outcomes are recorded.
    pub rows: u64,
    /// The log loss of the shadow.
    pub log_loss: f64,
    /// That of the answers.
    pub answered_log_loss: f64,
    /// The area under the receiver operating characteristic, of the shadow; null unless there are survivors and others.
    pub auc: Option<f64>,
    /// That of the answers.
    pub answered_auc: Option<f64>,
    /// How far the exact areas are from these two at the most: 0 for up to 50,000 outcomes.
    #[serde(default)]
    pub auc_error: f64,
}

/// A part of the window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Moment {
    /// Its first moment.
    pub from: String,
    /// How many predictions were made in it.
    pub rows: u64,
    /// Their mean probability.
    pub mean_probability: Option<f64>,
}

/// Returns the error of a number to a millionth, rounded up, to stand behind the number; nothing where there is none.
pub(crate) fn plus_or_minus(error: f64) -> String {
    if error > 0.0 { format!(" ± {:.6}", (error * 1e6).ceil() / 1e6) } else { String::new() }
}
