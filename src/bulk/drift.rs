//! How far the records and answers of a job have shifted from the training data.

use serde::{Deserialize, Serialize};

use crate::lifecycle::drift::Histograms;
use crate::lifecycle::verdict::Verdict;

/// How far records and answers have shifted from the training data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct DriftSummary {
    /// What to make of it.
    pub verdict: Verdict,
    /// The number of records that were counted.
    pub records: u64,
    /// The fields that have shifted most.
    #[serde(default)]
    pub fields: Vec<ColumnIndex>,
    /// The features that have shifted most.
    #[serde(default)]
    pub features: Vec<ColumnIndex>,
    /// How far the answers have shifted, where they are judged.
    #[serde(default)]
    pub index: Option<f64>,
    /// The histogram of all answers beside that of the training data's.
    pub predictions: Histograms,
}

/// How far a field or a feature has shifted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnIndex {
    /// Its name.
    pub name: String,
    /// Its population stability index, without what chance alone would make of it.
    pub index: f64,
}
