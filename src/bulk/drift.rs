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
    /// The columns that have shifted most.
    pub columns: Vec<ColumnIndex>,
    /// The histogram of all answers beside that of the training data's.
    pub predictions: Histograms,
}

/// How far a column has shifted.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ColumnIndex {
    /// Its name.
    pub name: String,
    /// Its population stability index, without what chance alone would make of it.
    pub index: f64,
}
