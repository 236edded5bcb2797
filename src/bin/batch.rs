//! The Lambda function of bulk scoring, which a state machine of AWS Step Functions calls: it cuts a job into slices, scores one, or sums the
//! job up.

use std::time::{Duration, Instant, SystemTime};

use jiff::Timestamp;
use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use lifeboat::bulk::failure::Failure;
use lifeboat::bulk::score::{self, ScoreRequest};
use lifeboat::bulk::split::{self, SplitRequest};
use lifeboat::bulk::summarise::{self, SummariseRequest};
use lifeboat::bulk::{Bulk, Call};
use lifeboat::config::Config;
use lifeboat::metrics::embedded::{Document, EmbeddedConfig};
use lifeboat::objects::{ObjectSettings, Objects};
use lifeboat::service::aside;
use lifeboat::{logging, start};
use serde::Deserialize;
use serde_json::Value;
use tokio::runtime::Handle;
use tracing::error;

/// What the function is called with.
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "snake_case")]
enum Task {
    Split(SplitRequest),
    Score(ScoreRequest),
    Summarise(SummariseRequest),
}

#[tokio::main(worker_threads = 1)]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = &Config::of_function()?;
    logging::init(&config.log_level, config.log_format)?;
    let package = start::open_package(config)?;
    let store = config.database.is_some().then(|| start::open_store(config, &package)).transpose()?;
    let objects = Objects::open(&ObjectSettings::from_env()?, Handle::current())?;
    let bulk = &Bulk { package, objects, store };
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Value>| {
        let call = Call { began: Instant::now(), ends: Instant::now() + time_left(event.context.deadline()) };
        let (bulk, metrics) = (bulk.clone(), config.embedded_metrics.clone());
        let done = aside(move || carry_out(&bulk, call, event.payload, metrics.as_ref())).await;
        done.map_err(|failure| {
            error!(kind = failure.name(), "{failure}");
            Diagnostic { error_type: failure.name().to_owned(), error_message: failure.to_string() }
        })
    }))
    .await
}

fn time_left(deadline: SystemTime) -> Duration {
    deadline.duration_since(SystemTime::now()).unwrap_or_default()
}

fn carry_out(bulk: &Bulk, call: Call, payload: Value, metrics: Option<&EmbeddedConfig>) -> Result<Value, Failure> {
    let task = serde_json::from_value(payload).map_err(|error| {
        Failure::Broken(format!("the function was not called as infra/bulk.asl.json does: {error}"))
    })?;
    let answer = match task {
        Task::Split(request) => serde_json::to_value(split::split(bulk, call, &request)?),
        Task::Score(request) => {
            let done = score::score(bulk, call, &request)?;
            if let Some(metrics) = metrics.filter(|_| !done.was_there) {
                Document::of_slice(metrics, &done, Timestamp::now()).write();
            }
            serde_json::to_value(done)
        }
        Task::Summarise(request) => serde_json::to_value(summarise::summarise(bulk, &request)?),
    };
    answer.map_err(|error| Failure::Broken(error.to_string()))
}
