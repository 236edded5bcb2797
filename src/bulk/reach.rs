//! Where the jobs of a stack may read and write, as a refusal tells it: the role of the function lacks the right, not whoever starts the job.

use serde::Deserialize;

use super::failure::Failure;
use crate::objects::{Location, ObjectError};

/// What the keys that a job may read and write begin with, as the definition of the state machine says: `s3://BUCKET/PREFIX`.
#[derive(Debug, Clone, Default, Deserialize)]
pub struct Reach {
    /// What it may read.
    pub reads: Option<String>,
    /// What it may write.
    pub writes: Option<String>,
}

impl Reach {
    /// Says why an input is not read.
    pub(super) fn of_input(&self, input: &Location, error: &ObjectError) -> Failure {
        refused(input, error, "read", self.reads.as_deref(), "parameters BulkInputBucket and BulkInputPrefix say")
    }

    /// Says why an output is not written.
    pub(super) fn of_output(&self, output: &Location, error: &ObjectError) -> Failure {
        refused(output, error, "write", self.writes.as_deref(), "parameter BulkOutputPrefix says")
    }
}

fn refused(place: &Location, error: &ObjectError, action: &str, allowed: Option<&str>, says: &str) -> Failure {
    let place = place.to_string();
    if !matches!(error, ObjectError::NoAccess { .. }) || allowed.is_some_and(|allowed| place.starts_with(allowed)) {
        return error.into();
    }
    let whither = allowed.map_or_else(|| "where".to_owned(), |allowed| format!("below {allowed}, as"));
    Failure::not_allowed(&format!(
        "no permission to {action} {place}: jobs of this stack {action} {whither} its {says}"
    ))
}
