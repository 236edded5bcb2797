//! What job an output has, as its object `_JOB` says: looked at before anything is started, by the rights of whoever starts it.

use tokio::runtime::Handle;

use super::machine::Machine;
use crate::aws::ServiceSettings;
use crate::bulk::job::Job;
use crate::bulk::places::Places;
use crate::objects::{Location, ObjectSettings, Objects, Patience};

/// What is read of an output, at the most.
const MOST_BYTES: u64 = 1 << 20;

/// The function looks again: S3 is not asked for long.
const ATTEMPTS: u32 = 2;

/// What an output has already.
#[derive(Debug)]
pub(super) struct Held {
    /// The job that it belongs to.
    pub(super) job: Job,
    /// Whether the job is done.
    pub(super) is_done: bool,
}

/// Returns what an output has; nothing where it has no job, and where that cannot be read, as whoever starts jobs may lack the right to.
pub(super) fn find(output: &Location, machine: &Machine, runtime: &Handle) -> Option<Held> {
    let ServiceSettings { credentials, endpoint, ca_bundle } = ServiceSettings::from_env("S3").ok()?;
    let patience = Patience { attempts: ATTEMPTS, ..Patience::default() };
    let region = machine.region().to_owned();
    let settings = ObjectSettings { region, credentials, endpoint, ca_bundle, patience };
    let objects = Objects::open(&settings, runtime.clone()).ok()?;
    let places = Places { output: output.clone() };
    let text = objects.get(&output.bucket, &places.job(), MOST_BYTES).ok()??;
    let job = serde_json::from_slice(&text).ok()?;
    let is_done = objects.head(&output.bucket, &places.success()).is_ok_and(|found| found.is_some());
    Some(Held { job, is_done })
}
