//! The Lambda function that a schedule calls: it reports on a window of predictions, keeps the report where `GET /monitor` finds it, and
//! tells CloudWatch.

use jiff::Timestamp;
use lambda_runtime::{LambdaEvent, service_fn};
use lifeboat::config::Config;
use lifeboat::lifecycle::reports::Reports;
use lifeboat::lifecycle::schedule::Schedule;
use lifeboat::metrics::embedded::Document;
use lifeboat::{logging, start};
use serde_json::{Value, json};
use tracing::error;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = &Config::of_function()?;
    logging::init(&config.log_level, config.log_format)?;
    let package = start::open_package(config)?;
    let store = start::open_store(config, &package)?;
    let reports = &Reports::new(start::service(config, package, store)?);
    lambda_runtime::run(service_fn(async |event: LambdaEvent<Schedule>| {
        let told = watch(reports, config, &event.payload).await;
        told.map_err(|error| {
            error!(cause = format!("{error:#}"), "no report could be made");
            lambda_runtime::Error::from(error)
        })
    }))
    .await
}

/// Makes the report, and returns what there is to say of it.
async fn watch(reports: &Reports, config: &Config, event: &Schedule) -> anyhow::Result<Value> {
    let window = event.window(Timestamp::now())?;
    let report = reports.report(window).await?;
    reports.keep(window, &report).await?;
    if let Some(embedded) = &config.embedded_metrics {
        Document::of_report(embedded, &report, Timestamp::now()).write();
    }
    Ok(json!({"verdict": report.verdict, "rows": report.rows, "from": report.from, "to": report.to}))
}
