//! The Lambda function that schedules call: it reports on a window of predictions and keeps the report where `GET /monitor` finds it, or
//! makes the next snapshot of a history that changes, and tells CloudWatch.

use std::sync::Arc;

use jiff::Timestamp;
use lambda_runtime::{LambdaEvent, service_fn};
use lifeboat::config::Config;
use lifeboat::lifecycle::reports::Reports;
use lifeboat::lifecycle::schedule::{Schedule, ScheduledWork};
use lifeboat::lifecycle::snapshot::SnapshotMaker;
use lifeboat::metrics::embedded::Document;
use lifeboat::{logging, start};
use tracing::error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = &Config::of_function()?;
    logging::init(&config.log_level, config.log_format)?;
    let package = start::open_package(config)?;
    let store = start::open_store(config, &package)?;
    let snapshots = SnapshotMaker::new(Arc::clone(&package), Arc::clone(&store));
    let work = &ScheduledWork::new(Reports::new(start::service(config, package, store)?), snapshots);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Schedule>| {
        let done = work.carry_out(&event.payload, Timestamp::now()).await.map_err(|error| {
            let error = anyhow::Error::from(error);
            error!(cause = format!("{error:#}"), "no {} could be made", event.payload.wanted());
            lambda_runtime::Error::from(error)
        })?;
        let embedded = config.embedded_metrics.as_ref();
        if let Some(document) = embedded.and_then(|embedded| Document::of_done(embedded, &done, Timestamp::now())) {
            document.write();
        }
        Ok::<_, lambda_runtime::Error>(done.answer())
    }))
    .await
}
