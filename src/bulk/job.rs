//! What names a job: all that decides its output.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Bulk;
use super::failure::Failure;
use super::input::{JobInput, JobOptions};
use super::places::Places;
use crate::objects::Object;
use crate::prediction::to_milliseconds;

/// What a job is, as its object `_JOB` says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Job {
    /// The hash of all that follows but the time.
    pub job: String,
    /// Where the input stands.
    pub input: String,
    /// The number of files.
    pub files: u64,
    /// Their bytes.
    pub bytes: u64,
    /// What decides the output beside data and model.
    pub options: JobOptions,
    /// The version of the model.
    pub model_version: String,
    /// The snapshot of the model's history, where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshot: Option<String>,
    /// When the job began: predictions that it stores are dated by it.
    pub created_at: Timestamp,
}

/// What is hashed: a change of any member makes another job.
#[derive(Serialize)]
struct Named<'a> {
    files: Vec<(&'a str, &'a str, u64)>,
    bucket: &'a str,
    options: &'a JobOptions,
    model: &'a str,
    model_version: &'a str,
    snapshot: Option<&'a str>,
}

impl Job {
    /// Names the job that an input asks for, of these files.
    pub fn new(bulk: &Bulk, asked: &JobInput, files: &[Object], now: Timestamp) -> Self {
        let package = &bulk.package;
        let snapshot = package.snapshot().map(ToString::to_string);
        let named = Named {
            files: files.iter().map(|file| (&*file.key, &*file.etag, file.size)).collect(),
            bucket: &asked.input.bucket,
            options: &asked.options,
            model: package.name(),
            model_version: package.version(),
            snapshot: snapshot.as_deref(),
        };
        let text = serde_json::to_vec(&named).unwrap_or_default();
        Self {
            job: hex::encode(&Sha256::digest(text)[..16]),
            input: asked.input.to_string(),
            files: files.len() as u64,
            bytes: files.iter().map(|file| file.size).sum(),
            options: asked.options.clone(),
            model_version: package.version().to_string(),
            snapshot,
            created_at: to_milliseconds(now),
        }
    }

    /// Takes the output prefix for this job, or finds that it is this job's already; then the earlier one holds, with its time.
    pub fn hold(self, bulk: &Bulk, places: &Places) -> Result<Self, Failure> {
        let text = serde_json::to_vec_pretty(&self).map_err(|error| Failure::Broken(error.to_string()))?;
        if bulk.objects.put_new(&places.output.bucket, &places.job(), text)? {
            return Ok(self);
        }
        let held = Self::read(bulk, places)?;
        if held.job == self.job {
            return Ok(held);
        }
        Err(Failure::OtherJob(self.differs(&held, places)))
    }

    /// Reads what job an output prefix has.
    pub fn read(bulk: &Bulk, places: &Places) -> Result<Self, Failure> {
        super::plan::read(bulk, &places.output.bucket, &places.job())
    }

    fn differs(&self, held: &Self, places: &Places) -> String {
        let mut what = Vec::new();
        if (&self.input, self.files, self.bytes) == (&held.input, held.files, held.bytes) {
            if (&self.model_version, &self.snapshot) == (&held.model_version, &held.snapshot)
                && self.options == held.options
            {
                what.push(format!("files of {} were replaced since", held.input));
            }
        } else {
            what.push(format!("its input was {} with {} files of {} bytes", held.input, held.files, held.bytes));
        }
        if (&self.model_version, &self.snapshot) != (&held.model_version, &held.snapshot) {
            what.push(format!("its model was {}", held.model_version));
        }
        if self.options != held.options {
            what.push("its options were others".to_owned());
        }
        format!(
            "{} has the output of another job, begun at {}: {}. Choose another prefix, or delete what is below this one",
            places.output,
            held.created_at,
            what.join(", ")
        )
    }
}
