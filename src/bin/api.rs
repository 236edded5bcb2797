//! The Lambda function: an event becomes a request to the same router that `lifeboat serve` serves.

use anyhow::Context;
use lifeboat::config::Config;
use lifeboat::metrics::embedded::EmbeddedMetrics;
use lifeboat::metrics::{Metrics, field_names};
use lifeboat::{api, lambda, logging, start};

// A function has one request at a time: a second thread would double what each request costs.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = Config::of_function()?;
    logging::init(&config.log_level, config.log_format)?;
    let package = start::open_package(&config)?;
    let store = start::open_store(&config, &package)?;
    let fields = field_names(package.schema());
    let service = start::service(&config, package, store)?;
    lambda::warm_up(&service, config.database_warm_up).await.context("the database cannot be used")?;
    let metrics = config.embedded_metrics.map(|config| Metrics::Embedded(EmbeddedMetrics::new(config, fields)));
    lambda::run(api::router(service.clone(), &config.api, metrics), service, config.base_path).await
}
