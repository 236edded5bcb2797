//! The state machine, as Step Functions is asked about it: the one place that knows its client.

use std::error::Error as StdError;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, anyhow};
use aws_sdk_sfn::Client;
use aws_sdk_sfn::config::http::HttpResponse;
use aws_sdk_sfn::config::retry::RetryConfig;
use aws_sdk_sfn::config::timeout::TimeoutConfig;
use aws_sdk_sfn::config::{BehaviorVersion, Config, Credentials, IdentityCache, Region, StalledStreamProtectionConfig};
use aws_sdk_sfn::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_sfn::types::ExecutionStatus;

use super::super::failure::{Advised, UsageError};
use super::execution::{Execution, Slices};
use crate::aws::{self, ServiceSettings};
use crate::store::chain;

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);
const ATTEMPT_TIMEOUT: Duration = Duration::from_secs(15);

/// The first attempt and seven more, with pauses between them that double: throttles of some seconds are waited out.
const ATTEMPTS: u32 = 8;
const FIRST_BACKOFF: Duration = Duration::from_millis(100);
const LONGEST_BACKOFF: Duration = Duration::from_secs(5);

/// What an execution is called whose name is taken, with another input.
const TAKEN: &str = "ExecutionAlreadyExists";

/// What is said of an execution that is not there.
const MISSING: &str = "ExecutionDoesNotExist";

/// A state machine.
pub(super) struct Machine {
    client: Client,
    arn: Arn,
}

/// What came of a start.
pub(super) enum Started {
    /// The execution of this ARN runs.
    Execution(String),
    /// An execution with another input, or one that has ended, has the name.
    NameIsTaken,
}

/// The name of a state machine in all of AWS: `arn:aws:states:REGION:ACCOUNT:stateMachine:NAME`.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Arn {
    text: String,
    region: String,
}

/// A text that names no state machine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("expected an ARN such as arn:aws:states:eu-central-1:123456789012:stateMachine:NAME, found {0:?}")]
struct InvalidArn(String);

impl FromStr for Arn {
    type Err = InvalidArn;

    fn from_str(text: &str) -> Result<Self, InvalidArn> {
        match text.split(':').collect::<Vec<_>>()[..] {
            ["arn", _, "states", region, _, "stateMachine", name, ..] if !region.is_empty() && !name.is_empty() => {
                Ok(Self { text: text.to_owned(), region: region.to_owned() })
            }
            _ => Err(InvalidArn(text.to_owned())),
        }
    }
}

impl Machine {
    /// Makes the client, by the settings of the environment; nothing is sent before the first call.
    pub(super) fn open(arn: &str) -> anyhow::Result<Self> {
        let arn: Arn = arn.parse().context("the state machine cannot be used").map_err(UsageError)?;
        let settings =
            ServiceSettings::from_env("SFN").context("Step Functions cannot be asked").map_err(UsageError)?;
        let timeouts =
            TimeoutConfig::builder().connect_timeout(CONNECT_TIMEOUT).operation_attempt_timeout(ATTEMPT_TIMEOUT);
        let retries = RetryConfig::standard()
            .with_max_attempts(ATTEMPTS)
            .with_initial_backoff(FIRST_BACKOFF)
            .with_max_backoff(LONGEST_BACKOFF);
        let mut client = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(arn.region.clone()))
            .credentials_provider(Credentials::from(settings.credentials))
            .identity_cache(IdentityCache::no_cache())
            .http_client(aws::http_client(settings.ca_bundle.as_deref())?)
            .timeout_config(timeouts.build())
            .retry_config(retries)
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
        client.set_endpoint_url(settings.endpoint);
        Ok(Self { client: Client::from_conf(client.build()), arn })
    }

    /// Returns the region that it is in.
    pub(super) fn region(&self) -> &str {
        &self.arn.region
    }

    /// Starts an execution; one that runs by this name with this input is the same.
    pub(super) async fn start(&self, name: &str, input: String) -> anyhow::Result<Started> {
        let start = self.client.start_execution().state_machine_arn(&self.arn.text).name(name).input(input);
        match start.send().await {
            Ok(started) => Ok(Started::Execution(started.execution_arn)),
            Err(error) if error.code() == Some(TAKEN) => Ok(Started::NameIsTaken),
            Err(error) => Err(self.failed("start a job", "states:StartExecution on the state machine", &error)),
        }
    }

    /// Returns the execution that was started last of those whose names begin so.
    pub(super) async fn latest(&self, prefix: &str) -> anyhow::Result<Option<String>> {
        // The newest come first.
        let list = self.client.list_executions().state_machine_arn(&self.arn.text).max_results(1000);
        let mut pages = list.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| {
                self.failed("look for the job", "states:ListExecutions on the state machine", &error)
            })?;
            let of_output = page.executions().iter().filter(|execution| execution.name().starts_with(prefix));
            let latest = of_output.max_by_key(|execution| (execution.start_date().as_nanos(), execution.name().len()));
            if let Some(latest) = latest {
                return Ok(Some(latest.execution_arn().to_owned()));
            }
        }
        Ok(None)
    }

    /// Returns how far an execution is.
    pub(super) async fn describe(&self, arn: &str) -> anyhow::Result<Execution> {
        self.find(arn).await?.ok_or_else(|| anyhow!("there is no execution {arn} any more"))
    }

    /// Returns how far an execution is, where there is one: Step Functions forgets them after 90 days.
    pub(super) async fn find(&self, arn: &str) -> anyhow::Result<Option<Execution>> {
        match self.client.describe_execution().execution_arn(arn).send().await {
            Ok(described) => Ok(Some(described.into())),
            Err(error) if error.code() == Some(MISSING) => Ok(None),
            Err(error) => {
                let need = "states:DescribeExecution on the executions of the state machine";
                Err(self.failed("look at the job", need, &error))
            }
        }
    }

    /// Returns how far the slices of an execution are; nothing before they are known.
    pub(super) async fn slices(&self, execution: &str) -> anyhow::Result<Option<Slices>> {
        let Some(run) = self.map_run(execution).await? else { return Ok(None) };
        let described = self.client.describe_map_run().map_run_arn(run).send().await;
        let need = "states:DescribeMapRun on the map runs of the state machine";
        let described = described.map_err(|error| self.failed("look at the slices", need, &error))?;
        Ok(Some(Slices::from(&described)).filter(Slices::are_known))
    }

    /// Returns some slices of an execution that failed.
    pub(super) async fn failed_slices(&self, execution: &str, most: i32) -> anyhow::Result<Vec<Execution>> {
        let Some(run) = self.map_run(execution).await? else { return Ok(vec![]) };
        let list = self.client.list_executions().map_run_arn(run).status_filter(ExecutionStatus::Failed);
        let need = "states:ListExecutions on the map runs of the state machine";
        let listed =
            list.max_results(most).send().await.map_err(|error| self.failed("look at the slices", need, &error))?;
        let mut failed = Vec::new();
        for slice in listed.executions() {
            failed.push(self.describe(slice.execution_arn()).await?);
        }
        failed.sort_by(|one, other| one.cause.cmp(&other.cause));
        Ok(failed)
    }

    /// Returns the newest run of an execution's map.
    async fn map_run(&self, execution: &str) -> anyhow::Result<Option<String>> {
        let listed = self.client.list_map_runs().execution_arn(execution).send().await;
        let need = "states:ListMapRuns on the executions of the state machine";
        let listed = listed.map_err(|error| self.failed("look at the slices", need, &error))?;
        let newest = listed.map_runs.into_iter().max_by_key(|run| run.start_date.as_nanos());
        Ok(newest.map(|run| run.map_run_arn))
    }

    /// Says what is in the way of a call, after all attempts, and what helps.
    fn failed<E>(&self, what: &str, need: &str, error: &SdkError<E, HttpResponse>) -> anyhow::Error
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        let advised = |problem: String, advice: &str| Advised { problem, advice: advice.to_owned() }.into();
        let arn = &self.arn.text;
        if !matches!(error, SdkError::ServiceError(_)) {
            let problem = format!("cannot {what}: Step Functions does not answer: {}", chain(error));
            return advised(problem, "a job that runs goes on: try again later");
        }
        let message = error.message().map(|message| format!(": {message}")).unwrap_or_default();
        match error.code().unwrap_or_default() {
            "StateMachineDoesNotExist" | "StateMachineDeleting" => advised(
                format!("there is no state machine {arn}"),
                "look at its name, its region, and whose credentials these are: aws stepfunctions list-state-machines",
            ),
            "AccessDeniedException" | "KmsAccessDeniedException" => {
                advised(format!("no permission to {what}{message}"), &format!("the credentials need {need}"))
            }
            "UnrecognizedClientException"
            | "ExpiredTokenException"
            | "InvalidSignatureException"
            | "InvalidClientTokenId"
            | "MissingAuthenticationTokenException"
            | "IncompleteSignature" => advised(
                format!("the credentials are not accepted{message}"),
                "renew AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and look at the clock",
            ),
            "ExecutionLimitExceeded" => advised(
                format!("cannot {what}: too many executions run in this account"),
                "wait until others have ended, or ask AWS for a higher quota",
            ),
            code if code.contains("Throttl") || code.contains("TooManyRequests") => advised(
                format!("cannot {what}: Step Functions is asked too often{message}"),
                "a job that runs goes on: try again later",
            ),
            "InvalidArn" => UsageError(anyhow!("{arn} names no state machine{message}")).into(),
            code => anyhow!("cannot {what}: Step Functions answers {code}{message}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_arn_tells_the_region() {
        let arn: Arn = "arn:aws-cn:states:cn-north-1:123456789012:stateMachine:bulk".parse().unwrap();
        assert_eq!(arn.region, "cn-north-1");
        for text in ["", "bulk", "arn:aws:states::1:stateMachine:x", "arn:aws:states:eu-west-1:1:execution:bulk:x"] {
            assert_eq!(text.parse::<Arn>(), Err(InvalidArn(text.to_owned())));
        }
    }
}
