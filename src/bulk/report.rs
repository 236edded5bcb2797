//! What became of a slice, as the attempt tells that wrote its part.

use serde::{Deserialize, Serialize};

use super::counts::Counts;
use super::stored::StoredRows;

/// What became of a slice.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SliceReport {
    /// Which.
    pub slice: u64,
    /// The key of its part.
    pub part: String,
    /// The rows that were scored, each of which stands in the part.
    pub rows: u64,
    /// The rows that are no records.
    pub invalid: u64,
    /// What came of storing, where that was wished.
    pub stored: Option<StoredRows>,
    /// What is counted of records and answers.
    pub counts: Counts,
    /// How long it took, in seconds.
    pub seconds: f64,
    /// The memory that the function had, in MB, where it was one.
    pub memory_mb: Option<u64>,
}

/// What a call that scored a slice answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SliceDone {
    /// Which.
    pub slice: u64,
    /// The rows that were scored.
    pub rows: u64,
    /// The rows that are no records.
    pub invalid: u64,
    /// The key of the part.
    pub part: String,
    /// Whether an earlier attempt had written the part.
    pub was_there: bool,
}

impl SliceReport {
    /// Returns what the call answers.
    pub fn done(&self, was_there: bool) -> SliceDone {
        SliceDone { slice: self.slice, rows: self.rows, invalid: self.invalid, part: self.part.clone(), was_there }
    }
}
