//! The objects below a job's output prefix. Programs that read a folder of tables pass over names that begin with an underscore.

use serde::{Deserialize, Serialize};

use crate::objects::Location;

/// What the object is called that says what a job is.
const JOB: &str = "_JOB";

/// A prefix of a bucket, as the states of the workflow hand it on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The bucket.
    pub bucket: String,
    /// The prefix; it ends in a slash.
    pub prefix: String,
}

/// Where the objects of a job stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Places {
    /// The output prefix; its key ends in a slash.
    pub output: Location,
}

impl Places {
    /// Names what stands below a prefix.
    pub fn of(output: &Place) -> Self {
        Self { output: Location::new(&output.bucket, &output.prefix) }
    }

    /// Returns the key of what the job is.
    pub fn job(&self) -> String {
        self.below(JOB)
    }

    /// Returns the output prefix of the job that a key is the object of, if it is that of one.
    pub(super) fn output_of(bucket: &str, key: &str) -> Option<Location> {
        let prefix = key.strip_suffix(JOB).filter(|prefix| prefix.ends_with('/'))?;
        Some(Location::new(bucket, prefix))
    }

    /// Returns the key of what holds for all slices.
    pub fn plan(&self) -> String {
        self.below("_plan/plan.json")
    }

    /// Returns the key of one list of slices: of two tasks that plan at once, one gives its list to the plan.
    pub fn slices(&self, list: &str) -> String {
        self.below(&format!("_plan/slices-{list}.json"))
    }

    /// Returns the key of what is planned so far.
    pub fn checkpoint(&self) -> String {
        self.below("_plan/checkpoint.json")
    }

    /// Returns the key of a slice's part.
    pub fn part(&self, slice: u64, extension: &str) -> String {
        self.below(&format!("{}.{extension}", part_name(slice)))
    }

    /// Returns the beginning of the keys of all parts.
    pub fn parts(&self) -> Location {
        Location::new(&self.output.bucket, self.below("part-"))
    }

    /// Returns the key of what one attempt tells of a slice.
    pub fn report(&self, slice: u64, attempt: &str) -> String {
        self.below(&format!("_reports/{}-{attempt}.json", part_name(slice)))
    }

    /// Returns the key of a slice's rows that are no records.
    pub fn invalid(&self, slice: u64) -> String {
        self.below(&format!("_invalid/{}.ndjson", part_name(slice)))
    }

    /// Returns the key below which an execution leaves what its slices answered.
    pub fn run(&self, run: &str) -> String {
        self.below(&format!("_runs/{run}"))
    }

    /// Returns the key of the summary of a job that is whole.
    pub fn success(&self) -> String {
        self.below("_SUCCESS")
    }

    fn below(&self, name: &str) -> String {
        format!("{}{name}", self.output.key)
    }
}

fn part_name(slice: u64) -> String {
    format!("part-{slice:05}")
}
