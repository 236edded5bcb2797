//! An execution of the state machine, as Step Functions describes it.

use std::time::Duration;

use aws_sdk_sfn::operation::describe_execution::DescribeExecutionOutput;
use aws_sdk_sfn::operation::describe_map_run::DescribeMapRunOutput;
use aws_sdk_sfn::types::ExecutionStatus;
use jiff::Timestamp;
use serde::Serialize;

use super::super::progress::time_left;
use crate::bulk::failure::kind;

/// How far an execution is.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// It goes on, or waits to be taken up again.
    #[default]
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
#[derive(Debug, Clone, Default)]
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

impl Execution {
    /// Returns whether the output had another job, so that nothing came of this one.
    pub(super) fn was_refused(&self) -> bool {
        self.error.as_deref() == Some(kind::OTHER_JOB)
    }

    /// Returns the ARN of the execution of another name.
    pub(super) fn arn_of(&self, name: &str) -> String {
        format!("{}{name}", self.arn.strip_suffix(&self.name).unwrap_or(&self.arn))
    }

    /// Returns how long ago it was started; nothing where this machine's clock is behind.
    pub(super) fn elapsed(&self) -> Duration {
        since(self.started_at)
    }
}

fn since(time: Option<Timestamp>) -> Duration {
    let elapsed = time.and_then(|time| Duration::try_from(Timestamp::now().duration_since(time)).ok());
    elapsed.unwrap_or_default()
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
    /// When the first of them was started.
    #[serde(skip)]
    began_at: Option<Timestamp>,
}

impl Slices {
    /// Makes it of those that succeeded, failed, run and wait, and of how many there are to be.
    pub(super) fn from_counts(
        [succeeded, failed, running, pending, total]: [u64; 5],
        began_at: Option<Timestamp>,
    ) -> Self {
        // What is counted before all items are read is not all of them.
        let total = total.max(succeeded + failed + running + pending);
        Self { total, succeeded, failed, running, pending, began_at }
    }

    /// Returns whether it is known how many there are.
    pub(super) fn are_known(&self) -> bool {
        self.total > 0
    }

    /// Returns how long the others take, as those took that are done, in words.
    pub(super) fn left(&self) -> Option<String> {
        time_left(since(self.began_at), self.succeeded + self.failed, self.total)
    }
}

impl From<&DescribeMapRunOutput> for Slices {
    fn from(run: &DescribeMapRunOutput) -> Self {
        let counts = run.item_counts.as_ref().map_or([0; 5], |counts| {
            let failed = counts.failed + counts.timed_out + counts.aborted;
            [counts.succeeded, failed, counts.running, counts.pending, counts.total].map(i64::unsigned_abs)
        });
        Self::from_counts(counts, Timestamp::from_second(run.start_date.secs()).ok())
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
