//! An execution of the state machine, as Step Functions describes it.

use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::types::{ExecutionStatus, MapRunItemCounts};
use jiff::Timestamp;
use serde::Serialize;

/// How far an execution is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// It goes on, or waits to be taken up again.
    Running,
    Succeeded,
    Failed,
    /// It took longer than the state machine allows.
    TimedOut,
    /// Somebody stopped it.
    Aborted,
}

impl State {
    pub(super) fn in_words(self) -> &'static str {
        match self {
            Self::Running => "running",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed out",
            Self::Aborted => "stopped by somebody",
        }
    }
}

/// An execution.
#[derive(Debug, Clone)]
pub(super) struct Execution {
    pub(super) arn: String,
    pub(super) name: String,
    pub(super) state: State,
    pub(super) started_at: Option<Timestamp>,
    /// The text of its input.
    pub(super) input: String,
    /// The text of its answer, once it has succeeded.
    pub(super) output: Option<String>,
    /// The kind of its failure.
    pub(super) error: Option<String>,
    /// What failed, in words.
    pub(super) cause: Option<String>,
}

impl From<DescribeExecutionOutput> for Execution {
    fn from(described: DescribeExecutionOutput) -> Self {
        let state = match described.status {
            ExecutionStatus::Succeeded => State::Succeeded,
            ExecutionStatus::Failed => State::Failed,
            ExecutionStatus::TimedOut => State::TimedOut,
            ExecutionStatus::Aborted => State::Aborted,
            _ => State::Running,
        };
        Self {
            name: described.name.unwrap_or_default(),
            state,
            started_at: Timestamp::from_second(described.start_date.secs()).ok(),
            input: described.input.unwrap_or_default(),
            output: described.output,
            error: described.error,
            cause: described.cause.as_deref().map(in_words),
            arn: described.execution_arn,
        }
    }
}

/// Returns what a function says of its failure, which stands in an object of JSON; whatever else there is, as it is.
fn in_words(cause: &str) -> String {
    let value: Option<serde_json::Value> = serde_json::from_str(cause).ok();
    let message = value.as_ref().and_then(|value| value.get("errorMessage")?.as_str());
    message.unwrap_or(cause).to_owned()
}

/// How many slices are how far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) struct Slices {
    pub(super) total: u64,
    pub(super) succeeded: u64,
    /// Those that failed, took too long or were stopped.
    pub(super) failed: u64,
    pub(super) running: u64,
    pub(super) pending: u64,
}

impl From<&MapRunItemCounts> for Slices {
    fn from(counts: &MapRunItemCounts) -> Self {
        let [succeeded, failed, running, pending, total] = [
            counts.succeeded,
            counts.failed + counts.timed_out + counts.aborted,
            counts.running,
            counts.pending,
            counts.total,
        ]
        .map(i64::unsigned_abs);
        // What is counted before all items are read is not all of them.
        Self { total: total.max(succeeded + failed + running + pending), succeeded, failed, running, pending }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_of_a_function_are_taken_out_of_what_lambda_makes_of_them() {
        let cause = r#"{"errorMessage":"s3://data/a.csv: line 7: Sex is required","errorType":"InvalidRows"}"#;
        assert_eq!(in_words(cause), "s3://data/a.csv: line 7: Sex is required");
        for cause in ["The specified tolerated failure threshold was exceeded", "{\"other\": 1}", "{"] {
            assert_eq!(in_words(cause), cause);
        }
    }
}
