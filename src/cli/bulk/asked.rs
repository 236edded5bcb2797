//! What a job is asked to do, as the input of its execution, and what its executions are called.

use anyhow::anyhow;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::super::failure::UsageError;
use super::StartArgs;
use crate::bulk::input::JobInput;
use crate::objects::Location;
use crate::table::format::Format;

/// A job that somebody asks for.
#[derive(Debug)]
pub(super) struct Asked {
    /// What it comes to, with all that is as it is by default.
    job: JobInput,
    /// The input of an execution: the two places, and what is not as it is by default.
    members: Map<String, Value>,
}

impl Asked {
    /// Names a job by its places.
    pub(super) fn from_places(input: &Location, output: &Location) -> Result<Self, UsageError> {
        let places = [("input", input), ("output", output)];
        Self::new(places.map(|(name, place)| (name.to_owned(), place.to_string().into())).into_iter().collect())
    }

    /// Reads what the command line asks for.
    pub(super) fn from_args(args: &StartArgs) -> Result<Self, UsageError> {
        let Self { mut members, .. } = Self::from_places(&args.places.input, &args.places.output)?;
        let named = |format: Option<Format>| json!(format.map(Format::extension));
        let switched = |is_on: bool| json!(is_on.then_some(true));
        for (member, value) in [
            ("input_format", named(args.input_format)),
            ("output_format", named(args.output_format)),
            ("extra_columns", json!(args.extra_columns.name())),
            ("explain", switched(args.explain)),
            ("store", switched(args.store)),
            ("writes_per_second", json!(args.writes_per_second)),
            ("tolerated_invalid_rows", json!(args.tolerate_invalid)),
            ("tolerated_failed_slices_percentage", json!(args.tolerate_failed_slices)),
            ("max_concurrency", json!(args.max_concurrency)),
            ("slices", json!(args.slices)),
        ] {
            if !value.is_null() {
                members.insert(member.to_owned(), value);
            }
        }
        Self::new(members)
    }

    fn new(members: Map<String, Value>) -> Result<Self, UsageError> {
        let job = JobInput::parse(&members.clone().into()).map_err(|error| UsageError(anyhow!(error)))?;
        Ok(Self { job, members })
    }

    /// Returns where the records are.
    pub(super) fn input(&self) -> &Location {
        &self.job.input
    }

    /// Returns where the predictions go; its key ends in a slash.
    pub(super) fn output(&self) -> &Location {
        &self.job.output
    }

    /// Returns the input of an execution.
    pub(super) fn text(&self) -> String {
        Value::from(self.members.clone()).to_string()
    }

    /// Returns what the names of all executions for the output begin with.
    pub(super) fn prefix(&self) -> String {
        format!("{}-", &hex::encode(Sha256::digest(self.output().to_string()))[..16])
    }

    /// Returns the name of an execution.
    pub(super) fn name(&self, attempt: u64) -> String {
        format!("{}{attempt}", self.prefix())
    }

    /// Returns which attempt an execution is, by its name.
    pub(super) fn attempt(&self, name: &str) -> Option<u64> {
        name.strip_prefix(&self.prefix())?.parse().ok()
    }

    /// Returns the input of an execution where it reads another place than this.
    pub(super) fn other_input(&self, text: &str) -> Option<String> {
        let found = members(text);
        let input = found.get("input").and_then(Value::as_str).unwrap_or_default();
        (Some(self.input()) != input.parse().ok().as_ref()).then(|| input.to_owned())
    }

    /// Returns what an execution was told otherwise than this.
    pub(super) fn difference(&self, text: &str) -> Option<String> {
        let found = members(text);
        if JobInput::parse(&found.clone().into()).is_ok_and(|job| job == self.job) {
            return None;
        }
        let mut names: Vec<&String> = self.members.keys().chain(found.keys()).collect();
        names.sort_unstable();
        names.dedup();
        let others = names.into_iter().filter(|&name| name != "output" && found.get(name) != self.members.get(name));
        let told = others.map(|name| match found.get(name) {
            Some(value) => format!("{name} {value}"),
            None => format!("{name} as it is by default"),
        });
        Some(told.collect::<Vec<_>>().join(", "))
    }
}

fn members(text: &str) -> Map<String, Value> {
    serde_json::from_str(text).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(input: &str, output: &str) -> Asked {
        Asked::from_places(&input.parse().unwrap(), &output.parse().unwrap()).unwrap()
    }

    #[test]
    fn attempts_at_one_output_have_names_that_begin_alike() {
        let one = asked("s3://data/in/", "s3://data/out/");
        let name = one.name(12);
        assert_eq!((one.attempt(&name), name.len()), (Some(12), 19));
        assert_eq!(asked("s3://data/other/", "s3://data/out").prefix(), one.prefix());
        assert_ne!(asked("s3://data/in/", "s3://data/out2/").prefix(), one.prefix());
        assert_eq!(one.attempt("0123456789abcdef-1"), None);
    }

    #[test]
    fn an_input_that_says_the_same_otherwise_is_the_same() {
        let one = asked("s3://data/in/", "s3://data/out/");
        assert_eq!(one.difference(&one.text()), None);
        let long = json!({
            "input": "s3://data/in/", "output": "s3://data/out", "explain": false, "slices": null, "max_concurrency": 64,
        });
        assert_eq!(one.difference(&long.to_string()), None);
        let other = json!({"input": "s3://data/in/", "output": "s3://data/out/", "explain": true, "slices": 8});
        assert_eq!(one.difference(&other.to_string()).as_deref(), Some("explain true, slices 8"));
        assert_eq!(one.other_input(&other.to_string()), None);
        assert_eq!(one.other_input("{\"input\": \"s3://data/b\"}").as_deref(), Some("s3://data/b"));
    }
}
