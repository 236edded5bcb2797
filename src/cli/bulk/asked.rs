//! What a job is asked to do, as the input of its execution, and what its executions are called.

use std::borrow::Cow;

use anyhow::anyhow;
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use super::super::failure::UsageError;
use super::{PlacesArgs, StartArgs};
use crate::bulk::input::JobInput;
use crate::bulk::job::Job;
use crate::objects::Location;
use crate::table::columns::ExtraColumns;
use crate::table::format::Format;

/// A member of an input beside the two places, and the option of `lifeboat bulk start` that says it.
struct Member {
    name: &'static str,
    option: &'static str,
    /// What the option says; null where that is so by default.
    value: fn(&StartArgs) -> Value,
}

/// All of them, in the order of `--help`: by these a command line becomes an input, and an input a command line.
const MEMBERS: [Member; 10] = [
    member("input_format", "--input-format", |args| json!(args.input_format.map(Format::extension))),
    member("output_format", "--output-format", |args| json!(args.output_format.map(Format::extension))),
    member("extra_columns", "--extra-columns", |args| json!(args.extra_columns.name())),
    member("explain", "--explain", |args| json!(args.explain)),
    member("store", "--store", |args| json!(args.store)),
    member("writes_per_second", "--writes-per-second", |args| json!(args.writes_per_second)),
    member("tolerated_invalid_rows", "--tolerate-invalid", |args| json!(args.tolerate_invalid)),
    member("tolerated_failed_slices_percentage", "--tolerate-failed-slices", |args| json!(args.tolerate_failed_slices)),
    member("slices", "--slices", |args| json!(args.slices)),
    member("max_concurrency", "--max-concurrency", |args| json!(args.max_concurrency)),
];

const fn member(name: &'static str, option: &'static str, value: fn(&StartArgs) -> Value) -> Member {
    Member { name, option, value }
}

/// A job that somebody asks for.
#[derive(Debug)]
pub(super) struct Asked {
    /// What it comes to, with all that is as it is by default.
    job: JobInput,
    /// The input of an execution: the two places, and what is not as it is by default.
    members: Map<String, Value>,
    /// The state machine, where the command line names it.
    state_machine: Option<String>,
    /// Whether whoever starts the job waits for it.
    waits: bool,
}

impl Asked {
    /// Names a job by its places.
    pub(super) fn from_places(places: &PlacesArgs) -> Result<Self, UsageError> {
        let members = [("input", &places.input), ("output", &places.output)];
        let members = members.map(|(name, place)| (name.to_owned(), place.to_string().into()));
        Self::new(members.into_iter().collect(), places, false)
    }

    /// Reads what the command line asks for.
    pub(super) fn from_args(args: &StartArgs) -> Result<Self, UsageError> {
        let Self { mut members, .. } = Self::from_places(&args.places)?;
        members.extend(MEMBERS.iter().map(|member| (member.name.to_owned(), (member.value)(args))));
        Self::new(without_defaults(members), &args.places, args.wait)
    }

    fn new(members: Map<String, Value>, places: &PlacesArgs, waits: bool) -> Result<Self, UsageError> {
        let job = JobInput::parse(&members.clone().into()).map_err(|error| UsageError(anyhow!(error)))?;
        Ok(Self { job, members, state_machine: places.state_machine.clone(), waits })
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
        Some(differences(&found, &self.members).join(", "))
    }

    /// Returns what decided the output of a job otherwise than this; whether its files are the same is not looked at.
    pub(super) fn difference_to(&self, job: &Job) -> Option<String> {
        let of_options = |options| match serde_json::to_value(options) {
            Ok(Value::Object(members)) => without_defaults(members),
            _ => Map::new(),
        };
        let (mut held, mut asked) = (of_options(&job.options), of_options(&self.job.options));
        held.insert("input".to_owned(), job.input.clone().into());
        asked.insert("input".to_owned(), self.input().to_string().into());
        let differences = differences(&held, &asked);
        (!differences.is_empty()).then(|| differences.join(", "))
    }

    /// Returns the command that does something with the job.
    pub(super) fn command(&self, what: &str) -> String {
        self.command_with(what, &Map::new())
    }

    /// Returns the command that starts the job as it is asked for.
    pub(super) fn start(&self) -> String {
        self.command_with("start", &self.members)
    }

    /// Returns the command that starts the job as an execution was started, by its input.
    pub(super) fn start_again(&self, text: &str) -> String {
        self.command_with("start", &members(text))
    }

    fn command_with(&self, what: &str, members: &Map<String, Value>) -> String {
        let mut words = ["lifeboat", "bulk", what].map(str::to_owned).to_vec();
        words.extend([self.input(), self.output()].map(ToString::to_string));
        for Member { name, option, .. } in MEMBERS {
            let Some(value) = members.get(name) else { continue };
            words.push(option.to_owned());
            words.extend((!value.is_boolean()).then(|| plain(value)));
        }
        words.extend(self.state_machine.iter().flat_map(|arn| ["--state-machine".to_owned(), arn.clone()]));
        words.extend((self.waits && what == "start").then(|| "--wait".to_owned()));
        let quoted = words.iter().map(|word| shlex::try_quote(word).unwrap_or(Cow::Borrowed(word)));
        quoted.collect::<Vec<_>>().join(" ")
    }
}

/// Reads the input of an execution.
fn members(text: &str) -> Map<String, Value> {
    without_defaults(serde_json::from_str(text).unwrap_or_default())
}

/// Leaves out what says no more than nothing would.
fn without_defaults(mut members: Map<String, Value>) -> Map<String, Value> {
    let usual = ExtraColumns::default().name();
    members.retain(|name, value| {
        !value.is_null() && *value != json!(false) && (name != "extra_columns" || value != usual)
    });
    members
}

/// Says how what is found is other than what is asked for, by the options of the command.
fn differences(found: &Map<String, Value>, asked: &Map<String, Value>) -> Vec<String> {
    let differs = |name: &str| found.get(name) != asked.get(name);
    let input = found.get("input").filter(|_| differs("input")).map(|input| format!("of {}", plain(input)));
    let options = MEMBERS.iter().filter(|member| differs(member.name)).map(|Member { name, option, .. }| {
        match found.get(*name) {
            None => format!("without {option}"),
            Some(Value::Bool(_)) => format!("with {option}"),
            Some(value) => format!("with {option} {}", plain(value)),
        }
    });
    input.into_iter().chain(options).collect()
}

/// Writes a text without its quotes, and all else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use clap::{Args, FromArgMatches};

    use super::*;

    fn asked(input: &str, output: &str) -> Asked {
        read(&["start", input, output])
    }

    fn read(arguments: &[&str]) -> Asked {
        let command = StartArgs::augment_args(clap::Command::new("start"));
        let matches = command.try_get_matches_from(arguments).unwrap();
        Asked::from_args(&StartArgs::from_arg_matches(&matches).unwrap()).unwrap()
    }

    /// All options, as somebody may give them.
    const ALL: &str = "--input-format csv --output-format parquet --extra-columns keep --explain --store --writes-per-second 9 \
                       --tolerate-invalid 0 --tolerate-failed-slices 1.5 --slices 8 --max-concurrency 2";

    #[test]
    fn the_input_of_an_execution_tells_the_command_that_makes_it() {
        let options: Vec<&str> = ALL.split_whitespace().collect();
        let arguments = [&["start", "s3://data/in/", "s3://data/out/"][..], &options].concat();
        let one = read(&arguments);
        let command = format!("lifeboat bulk start s3://data/in/ s3://data/out/ {}", options.join(" "));
        assert_eq!(one.start(), command);
        let again = asked("s3://data/in/", "s3://data/out/").start_again(&one.text());
        assert_eq!(again, command);
        // The command that is told can be typed, and asks for the same.
        let words: Vec<&str> = again.split(' ').skip(2).collect();
        assert_eq!(read(&words).text(), one.text());
        let given = [&arguments[..3], &["--state-machine", "arn:aws:x", "--wait"]].concat();
        let told = "lifeboat bulk start s3://data/in/ s3://data/out/ --state-machine arn:aws:x --wait";
        assert_eq!(read(&given).start(), told);
        assert_eq!(read(&given).command("wait"), told.replace(" --wait", "").replace("start", "wait"));
        assert!(asked("s3://data/a b's/", "s3://data/out/").start().contains("\"s3://data/a b's/\""));
    }

    #[test]
    fn a_job_that_was_made_otherwise_is_told_by_its_options() {
        let one = read(&["start", "s3://data/in/", "s3://data/out/", "--explain", "--slices", "4"]);
        let job = |input: &str, explain: bool, output_format: Option<&str>| {
            serde_json::from_value::<Job>(json!({
                "job": "1", "input": input, "files": 1, "bytes": 2, "model_version": "1.0.0", "created_at": "2026-11-23T10:15:00Z",
                "options": {
                    "input_format": null, "output_format": output_format, "extra_columns": "refuse", "explain": explain, "store": false,
                },
            }))
            .unwrap()
        };
        assert_eq!(one.difference_to(&job("s3://data/in/", true, None)), None);
        assert_eq!(
            one.difference_to(&job("s3://data/b/", false, Some("csv"))).as_deref(),
            Some("of s3://data/b/, with --output-format csv, without --explain")
        );
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
        assert_eq!(one.difference(&other.to_string()).as_deref(), Some("with --explain, with --slices 8"));
        assert_eq!(one.other_input(&other.to_string()), None);
        assert_eq!(one.other_input("{\"input\": \"s3://data/b\"}").as_deref(), Some("s3://data/b"));
    }
}
