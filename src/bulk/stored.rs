//! What came of the predictions of a job that are stored.

use serde::{Deserialize, Serialize};

/// What came of predictions that were stored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StoredRows {
    /// Those that were new.
    pub created: u64,
    /// Those that this job had made before: the record came twice, or an attempt was repeated.
    pub repeated: u64,
    /// Those that somebody else had made before.
    pub existing: u64,
}

impl StoredRows {
    /// Adds those of another slice.
    pub fn add(&mut self, other: Self) {
        self.created += other.created;
        self.repeated += other.repeated;
        self.existing += other.existing;
    }
}
