//! What names a job: all that decides its output.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use super::Bulk;
use super::failure::Failure;
use super::input::{JobInput, JobOptions};
use super::places::Places;
use super::reach::Reach;
use super::{neighbours, plan};
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

    /// Returns whether this job has the output prefix; fails where another one has it, or has one around it or within it.
    pub fn holds(&self, bulk: &Bulk, places: &Places, reach: &Reach) -> Result<bool, Failure> {
        let (bucket, key) = (&places.output.bucket, places.job());
        let found = bulk.objects.get(bucket, &key, plan::MAX_OWN_BYTES);
        match found.map_err(|error| reach.of_output(&places.output, &error))? {
            Some(text) => self.check(&plan::parse(bucket, &key, &text)?, places).map(|()| true),
            None => neighbours::refuse(bulk, &places.output, reach).map(|()| false),
        }
    }

    /// Takes the output prefix for this job; of several jobs that do so at once, one gets it.
    pub fn hold(&self, bulk: &Bulk, places: &Places, reach: &Reach) -> Result<(), Failure> {
        let text = serde_json::to_vec_pretty(self).map_err(|error| Failure::Broken(error.to_string()))?;
        let put = bulk.objects.put_new(&places.output.bucket, &places.job(), text);
        if put.map_err(|error| reach.of_output(&places.output, &error))? {
            return Ok(());
        }
        self.check(&Self::read(bulk, places)?, places)
    }

    /// Reads what job an output prefix has.
    pub fn read(bulk: &Bulk, places: &Places) -> Result<Self, Failure> {
        plan::read(bulk, &places.output.bucket, &places.job())
    }

    /// Fails where it is another job that has the output prefix.
    fn check(&self, held: &Self, places: &Places) -> Result<(), Failure> {
        if held.job == self.job { Ok(()) } else { Err(Failure::OtherJob(self.differs(held, places))) }
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
            what.push(format!("its input was {} (files: {}, bytes: {})", held.input, held.files, held.bytes));
        }
        if (&self.model_version, &self.snapshot) != (&held.model_version, &held.snapshot) {
            what.push(format!("its model was {}", held.model_version));
        }
        what.extend(differences(&held.options, &self.options));
        format!("{} has the output of another job, begun at {}: {}", places.output, held.created_at, what.join(", "))
    }
}

/// Names the options that differ, as members of an input: "explain true, not false".
fn differences(held: &JobOptions, asked: &JobOptions) -> Vec<String> {
    let members = |options: &JobOptions| match serde_json::to_value(options) {
        Ok(Value::Object(members)) => members,
        _ => Map::new(),
    };
    let (held, asked) = (members(held), members(asked));
    let said = |value: Option<&Value>| match value {
        None | Some(Value::Null) => "the default".to_owned(),
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
    };
    let differing = held.iter().filter(|(name, value)| asked.get(*name) != Some(value));
    differing.map(|(name, value)| format!("{name} {}, not {}", said(Some(value)), said(asked.get(name)))).collect()
}
