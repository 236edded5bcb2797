//! What monitoring tells, as `GET /monitor` answers it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::column_drift::ColumnDrift;
use super::performance::Performance;
use super::performance::expected::Expected;
use super::standing::Standing;
use super::timeline::DayReport;
use super::verdict::{Basis, Verdict};
use super::watch::worst;

/// What passed through the model in a window, against what it was trained on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Report {
    /// The name of the package.
    pub model: String,
    /// The version of the package whose training data is compared with.
    pub model_version: String,
    /// The window's first moment.
    pub from: String,
    /// The moment after its last.
    pub to: String,
    /// The number of predictions of the window that were read: those that the sample holds.
    pub rows: u64,
    /// The number of predictions that the sample held of the days of the window, and that were deleted: they are in no other number here.
    #[serde(default)]
    pub deleted: u64,
    /// What to make of it.
    pub verdict: Verdict,
    /// What the verdict rests on: quality outranks drift, where enough outcomes are known; null of too little data.
    #[serde(default)]
    pub rests_on: Option<Basis>,
    /// The number of predictions of each version of the package.
    pub versions: BTreeMap<String, u64>,
    /// What clients sent, field by field, in the order of the schema.
    pub fields: Vec<ColumnDrift>,
    /// What the graph read, where a recipe computes it, feature by feature.
    pub features: Vec<ColumnDrift>,
    /// What was predicted.
    pub predictions: ColumnDrift,
    /// The share of predictions of the positive class, of two.
    pub positive_rate: Option<f64>,
    /// What really happened, against the label of the training data; null where nothing is recorded.
    pub outcomes: Option<ColumnDrift>,
    /// How good the predictions are by their own probabilities; null without predictions, and of numbers.
    pub expected: Option<Expected>,
    /// How good they were where it is recorded what happened; null where nothing is.
    pub observed: Option<Performance>,
    /// Of which share of the predictions it is recorded what happened; null without predictions.
    #[serde(default)]
    pub known_rate: Option<f64>,
    /// How good they were beside those to the training data; null where the table has no time, and without an outcome.
    #[serde(default)]
    pub standing: Option<Standing>,
    /// What other models said of the same records, by their versions, where they ran in the shadow of the ones that answered.
    pub shadows: BTreeMap<String, ShadowReport>,
    /// The window in equal parts.
    pub over_time: Vec<Moment>,
    /// The window by the days of its records, where the table has a time: of more than 1,096, the last ones.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub by_day: Vec<DayReport>,
    /// The largest stability index of a day of the training data, by what was predicted; null where the baseline does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub day_reached: Option<f64>,
}

impl Report {
    /// Returns the columns that are judged.
    pub fn columns(&self) -> impl Iterator<Item = &ColumnDrift> {
        self.fields.iter().chain(&self.features).chain([&self.predictions])
    }

    /// Returns the verdict, and what it rests on.
    pub(super) fn judge(&self) -> (Verdict, Option<Basis>) {
        Verdict::new(self.rows, worst(self.columns()), self.standing.as_ref().and_then(|standing| standing.is_worse))
    }
}

/// What a model in the shadow said, beside what was answered.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ShadowReport {
    /// The number of predictions that it has a word on.
    pub rows: u64,
    /// The mean of what it said: of probabilities of the positive class, and of numbers; null of several classes.
    pub mean: Option<f64>,
    /// The mean of the answers to the same records.
    pub answered_mean: Option<f64>,
    /// How far it is from the answers on average.
    pub mean_difference: Option<f64>,
    /// How far it is from one of them at the most.
    pub largest_difference: Option<f64>,
    /// The share of records that it decides otherwise; null of numbers.
    pub decided_otherwise_rate: Option<f64>,
    /// How good it was where it is recorded what happened; null where nothing is.
    pub observed: Option<Performance>,
    /// How good the answers to the same records were.
    pub answered_observed: Option<Performance>,
}

/// A part of the window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Moment {
    /// Its first moment.
    pub from: String,
    /// The number of predictions that were made in it.
    pub rows: u64,
    /// The mean of their probabilities of the positive class, or of the numbers; null of several classes.
    pub mean: Option<f64>,
}
