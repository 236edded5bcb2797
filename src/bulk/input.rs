//! What a job is asked to do: the input of an execution.

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::failure::Failure;
use crate::objects::Location;
use crate::scoring::Wishes;
use crate::table::columns::ExtraColumns;
use crate::table::format::Format;

/// What a job is asked to do.
#[derive(Debug, Clone, PartialEq)]
pub struct JobInput {
    /// An object, or the prefix of many.
    pub input: Location,
    /// The prefix that becomes the job's; its key ends in a slash.
    pub output: Location,
    /// What decides the output beside data and model.
    pub options: JobOptions,
    /// Predictions that are stored in a second, by all slices together.
    pub writes_per_second: u64,
    /// Rows that may be no records before the job fails.
    pub tolerated_invalid_rows: u64,
    /// The share of slices that may fail before the others are stopped, in percent.
    pub tolerated_failed_slices_percentage: f64,
    /// Slices that are scored at a time.
    pub max_concurrency: u64,
    /// About how many slices there are to be; none leaves that to the time that one takes.
    pub slices: Option<u64>,
}

/// What decides the output of a job, beside the data and the model.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct JobOptions {
    /// The format of the input, whatever names and first bytes say.
    pub input_format: Option<String>,
    /// The format of the parts.
    pub output_format: Option<String>,
    /// What becomes of columns that are no fields.
    pub extra_columns: String,
    /// Whether answers are explained.
    pub explain: bool,
    /// Whether predictions are stored.
    pub store: bool,
}

const DEFAULT_WRITES_PER_SECOND: u64 = 500;
const DEFAULT_CONCURRENCY: u64 = 64;

/// What Step Functions lets run at a time.
const MAX_CONCURRENCY: u64 = 10_000;

/// More slices would make a list of parts that nobody wants to have.
const MAX_SLICES: u64 = 100_000;

impl JobInput {
    /// Reads an input, or names all faults of it.
    pub fn parse(value: &Value) -> Result<Self, Failure> {
        let empty = Map::new();
        let mut members =
            Members { members: value.as_object().unwrap_or(&empty), known: Vec::new(), faults: Vec::new() };
        if !value.is_object() {
            members.faults.push(
                "must be a JSON object such as {\"input\": \"s3://bucket/data/\", \"output\": \"s3://bucket/scored/\"}"
                    .to_owned(),
            );
        }
        let input = members.location("input");
        let output = members.location("output").map(|output| {
            let slash = if output.key.is_empty() || output.key.ends_with('/') { "" } else { "/" };
            Location { key: format!("{}{slash}", output.key), ..output }
        });
        let formats = Format::ALL.map(Format::extension);
        let options = JobOptions {
            input_format: members.one_of("input_format", &formats),
            output_format: members.one_of("output_format", &["csv", "ndjson", "parquet"]),
            extra_columns: members
                .one_of("extra_columns", &["refuse", "ignore", "keep"])
                .unwrap_or_else(|| ExtraColumns::default().name().to_owned()),
            explain: members.boolean("explain"),
            store: members.boolean("store"),
        };
        let writes_per_second = members.count("writes_per_second", 1, 1_000_000).unwrap_or(DEFAULT_WRITES_PER_SECOND);
        let tolerated_invalid_rows = members.count("tolerated_invalid_rows", 0, u64::MAX).unwrap_or(0);
        let percentage = members.percentage("tolerated_failed_slices_percentage");
        let max_concurrency = members.count("max_concurrency", 1, MAX_CONCURRENCY).unwrap_or(DEFAULT_CONCURRENCY);
        let slices = members.count("slices", 1, MAX_SLICES);
        members.refuse_others();
        if let (Some(input), Some(output)) = (&input, &output) {
            members.refuse_overlap(input, output);
        }
        match (input, output, members.faults) {
            (Some(input), Some(output), faults) if faults.is_empty() => Ok(Self {
                input,
                output,
                options,
                writes_per_second,
                tolerated_invalid_rows,
                tolerated_failed_slices_percentage: percentage,
                max_concurrency,
                slices,
            }),
            (_, _, faults) => Err(Failure::InvalidInput(format!("the input of the execution: {}", faults.join("; ")))),
        }
    }
}

impl JobOptions {
    /// Returns the format that the input has, where it is told.
    pub fn input_format(&self) -> Option<Format> {
        self.input_format.as_deref().and_then(format)
    }

    /// Returns the format of the parts, where it is told.
    pub fn output_format(&self) -> Option<Format> {
        self.output_format.as_deref().and_then(format)
    }

    /// Returns what is made of each record.
    pub fn wishes(&self) -> Wishes {
        Wishes { explains: self.explain, stores: self.store, hands_on: true, ..Wishes::default() }
    }

    /// Returns what becomes of columns that are no fields.
    pub fn extra_columns(&self) -> ExtraColumns {
        let named = ExtraColumns::ALL.into_iter().find(|choice| choice.name() == self.extra_columns);
        named.unwrap_or_default()
    }
}

/// Returns the format that a name means.
pub(super) fn format(name: &str) -> Option<Format> {
    Format::ALL.into_iter().find(|format| format.extension() == name)
}

/// The members of an input, as they are read one after the other.
struct Members<'a> {
    members: &'a Map<String, Value>,
    known: Vec<&'static str>,
    faults: Vec<String>,
}

impl<'a> Members<'a> {
    /// Returns a member that is there and not null.
    fn get(&mut self, name: &'static str) -> Option<&'a Value> {
        self.known.push(name);
        self.members.get(name).filter(|value| !value.is_null())
    }

    fn fault(&mut self, name: &str, expected: &str, found: &Value) {
        self.faults.push(format!("{name} must be {expected}, found {found}"));
    }

    fn location(&mut self, name: &'static str) -> Option<Location> {
        let Some(value) = self.get(name) else {
            self.faults.push(format!("{name} is required, as in s3://bucket/folder/"));
            return None;
        };
        let location = value.as_str().and_then(|text| text.parse().ok());
        if location.is_none() {
            self.fault(name, "a place in S3 such as s3://bucket/folder/", value);
        }
        location
    }

    fn one_of(&mut self, name: &'static str, choices: &[&str]) -> Option<String> {
        let value = self.get(name)?;
        let found = choices.iter().find(|choice| value.as_str() == Some(**choice));
        if found.is_none() {
            self.fault(name, &format!("one of {}", choices.join(", ")), value);
        }
        found.map(|choice| (*choice).to_owned())
    }

    fn boolean(&mut self, name: &'static str) -> bool {
        let Some(value) = self.get(name) else { return false };
        if !value.is_boolean() {
            self.fault(name, "true or false", value);
        }
        value.as_bool().unwrap_or_default()
    }

    fn count(&mut self, name: &'static str, least: u64, most: u64) -> Option<u64> {
        let value = self.get(name)?;
        let count = value.as_u64().filter(|count| (least..=most).contains(count));
        if count.is_none() {
            let bound = if most == u64::MAX { String::new() } else { format!(" to {most}") };
            self.fault(
                name,
                &format!("a whole number of {least}{}", if bound.is_empty() { " or more" } else { &bound }),
                value,
            );
        }
        count
    }

    fn percentage(&mut self, name: &'static str) -> f64 {
        let Some(value) = self.get(name) else { return 0.0 };
        let share = value.as_f64().filter(|share| (0.0..=100.0).contains(share));
        if share.is_none() {
            self.fault(name, "a number of 0 to 100", value);
        }
        share.unwrap_or_default()
    }

    fn refuse_others(&mut self) {
        let others = self.members.keys().filter(|name| !self.known.contains(&name.as_str()));
        let others: Vec<String> = others.map(|name| format!("{name:?} is not known")).collect();
        self.faults.extend(others);
    }

    /// What is written must not be read as input by the next who looks.
    fn refuse_overlap(&mut self, input: &Location, output: &Location) {
        let is_prefix =
            input.key.is_empty() || input.key.ends_with('/') || output.key.starts_with(&format!("{}/", input.key));
        if input.bucket == output.bucket && is_prefix && output.key.starts_with(&input.key) {
            self.faults.push(format!("output {output} lies within input {input}: choose a prefix beside it"));
        }
        if output.key.is_empty() {
            self.faults.push("output must name a prefix of the bucket, as in s3://bucket/scored/".to_owned());
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_said_has_a_default() {
        let input = JobInput::parse(&json!({"input": "s3://data/data/", "output": "s3://data/scored", "slices": null}))
            .unwrap();
        assert_eq!((input.output.key.as_str(), input.max_concurrency, input.slices), ("scored/", 64, None));
        assert_eq!(input.options.extra_columns(), ExtraColumns::Refuse);
    }

    #[test]
    fn all_faults_are_named() {
        let asked = json!({"input": "data/a", "format": "csv", "max_concurrency": 0, "explain": "yes", "output_format": "json", "slices": 1.5});
        let said = JobInput::parse(&asked).unwrap_err().to_string();
        for fault in [
            "input must be a place in S3",
            "output is required",
            "\"format\" is not known",
            "max_concurrency must be a whole number of 1 to 10000, found 0",
            "explain must be true or false",
            "output_format must be one of csv, ndjson, parquet, found \"json\"",
            "slices must be a whole number",
        ] {
            assert!(said.contains(fault), "{fault}: {said}");
        }
    }

    #[test]
    fn what_is_written_is_not_within_what_is_read() {
        for (input, output, is_fine) in [
            ("s3://data/data/", "s3://data/data/scored/", false),
            ("s3://data/", "s3://data/scored/", false),
            ("s3://data/data", "s3://data/data/scored", false),
            ("s3://data/data.csv", "s3://data/data.csv.scored/", true),
            ("s3://data/data/", "s3://other/data/scored/", true),
            ("s3://data/data/", "s3://other", false),
        ] {
            let parsed = JobInput::parse(&json!({"input": input, "output": output}));
            assert_eq!(parsed.is_ok(), is_fine, "{input} {output}: {parsed:?}");
        }
    }
}
