//! What a whole job comes to: the object `_SUCCESS`, and the answer of its execution.

use serde::{Deserialize, Serialize};

use super::drift::DriftSummary;
use super::stored::StoredRows;

/// What a whole job comes to.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// The job's name.
    pub job: String,
    /// Where the input stands.
    pub input: String,
    /// Where the parts stand.
    pub output: String,
    /// The version of the model.
    pub model_version: String,
    /// The snapshot of the model's history, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    /// The number of files.
    pub files: u64,
    /// The number of slices, each of which has a part.
    pub slices: u64,
    /// The rows that were scored.
    pub rows: u64,
    /// The rows that are no records; they stand below `_invalid/`.
    pub invalid: u64,
    /// The mean probability of the positive class of two, or the mean number.
    pub mean: Option<f64>,
    /// How far records and answers have shifted from the training data, where the package tells of that.
    pub drift: Option<DriftSummary>,
    /// What came of storing, where that was wished.
    pub stored: Option<StoredRows>,
    /// Seconds from the job's first start to its end, with the time between where it was started again.
    pub seconds: f64,
    /// What the slices used of the function: memory times duration.
    pub billed_gb_seconds: f64,
    /// What the job costs by list price, in US dollars.
    pub cost_usd: f64,
}
