//! The Lambda function: an event becomes a request to the same router that `lifeboat serve` serves.

use std::sync::Arc;

use anyhow::Context;
use lifeboat::api;
use lifeboat::config::Config;
use lifeboat::metrics::Metrics;
use lifeboat::metrics::embedded::EmbeddedMetrics;
use lifeboat::model::Model;
use lifeboat::service::PredictionService;
use lifeboat::store;
use lifeboat::{lambda, logging};

// A function has one request at a time: a second thread would double what each request costs.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_runtime::Error> {
    let config = Config::from_env()?;
    logging::init(&config.log_level, config.log_format)?;
    let store = store::open(config.database.clone())?;
    // The model loads while the database's answer is under way.
    let ((), model) = tokio::join!(lambda::warm_up(&*store, config.database_warm_up), async {
        Model::load(config.model_dir.as_deref()).context("the model package cannot be used")
    });
    let shadow = config.shadow_model_dir.as_deref().map(|folder| Model::load(Some(folder)));
    let shadow = shadow.transpose().context("the shadow model's package cannot be used")?;
    let service = PredictionService::new(Arc::new(model?), store).with_shadow(shadow.map(Arc::new));
    let metrics = config.embedded_metrics.map(|config| Metrics::Embedded(EmbeddedMetrics::new(config)));
    lambda::run(api::router(service, &config.api, metrics), config.base_path).await
}
