//! What holds for all slices of a job.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::Bulk;
use super::failure::Failure;
use crate::table::output_cell::OutputColumn;

/// The largest object of a job's own that is read, in bytes.
pub(super) const MAX_OWN_BYTES: u64 = 256 << 20;

/// What holds for all slices, as the object `_plan/plan.json` says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The number of slices.
    pub slices: u64,
    /// The key of the list of slices, which is the list that goes with this plan.
    pub slices_key: String,
    /// The number of files.
    pub files: u64,
    /// The bucket of the files.
    pub bucket: String,
    /// The format of the parts.
    pub output_format: String,
    /// The columns that are kept of the input.
    pub kept: Vec<OutputColumn>,
    /// Of so many records, one is counted for drift.
    pub one_in: u64,
    /// How long a slice should take, in seconds.
    pub seconds_a_slice: f64,
}

/// Reads an object of a job's own; one that is not there means that the job was deleted meanwhile.
pub(super) fn read<T: DeserializeOwned>(bulk: &Bulk, bucket: &str, key: &str) -> Result<T, Failure> {
    find(bulk, bucket, key)?.ok_or_else(|| {
        Failure::Incomplete(format!("s3://{bucket}/{key} is not there: was what the job wrote deleted? Start it again"))
    })
}

/// Reads an object of a job's own, if it is there.
pub(super) fn find<T: DeserializeOwned>(bulk: &Bulk, bucket: &str, key: &str) -> Result<Option<T>, Failure> {
    let text = bulk.objects.get(bucket, key, MAX_OWN_BYTES)?;
    text.map(|text| parse(bucket, key, &text)).transpose()
}

/// Reads what an object of a job's own holds.
pub(super) fn parse<T: DeserializeOwned>(bucket: &str, key: &str, text: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(text).map_err(|error| {
        Failure::Incomplete(format!(
            "s3://{bucket}/{key} is not what a job writes there ({error}): choose another output prefix"
        ))
    })
}

/// Writes down what an object of a job's own is to hold.
pub(super) fn text(value: &impl Serialize) -> Result<Vec<u8>, Failure> {
    serde_json::to_vec(value).map_err(|error| Failure::Broken(error.to_string()))
}
