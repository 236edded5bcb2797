//! The Lambda function: an event of API Gateway becomes a request to the same router that `lifeboat serve` serves.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use anyhow::Context;
use axum::extract::Request;
use axum::middleware::map_request;
use lambda_http::RequestExt;
use lifeboat::api::{self, Deadline};
use lifeboat::config::Config;
use lifeboat::logging;
use lifeboat::metrics::Metrics;
use lifeboat::metrics::embedded::EmbeddedMetrics;
use lifeboat::model::Model;
use lifeboat::service::PredictionService;
use lifeboat::store::{self, PredictionStore};
use tracing::warn;

/// A function that starts waits no longer than this for its database: requests find out for themselves.
const WARM_UP_TIMEOUT: Duration = Duration::from_secs(2);

/// So long before the function is stopped, a request is answered, whatever it still waits for.
const TIME_TO_ANSWER: Duration = Duration::from_millis(250);

// A function has one request at a time: a second thread would double what each request costs.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), lambda_http::Error> {
    let config = Config::from_env()?;
    logging::init(&config.log_level, config.log_format)?;
    let store = store::open(config.database.clone())?;
    // The model loads while the database's answer is under way.
    let ((), model) = tokio::join!(warm_up(&*store, config.database_warm_up), async {
        Model::load(config.model_dir.as_deref()).context("the model package cannot be used")
    });
    let shadow = config.shadow_model_dir.as_deref().map(|folder| Model::load(Some(folder)));
    let shadow = shadow.transpose().context("the shadow model's package cannot be used")?;
    let service = PredictionService::new(Arc::new(model?), store).with_shadow(shadow.map(Arc::new));
    let metrics = config.embedded_metrics.map(|config| Metrics::Embedded(EmbeddedMetrics::new(config)));
    lambda_http::run(api::router(service, &config.api, metrics).layer(map_request(with_deadline))).await
}

/// Opens the connection to the database before the first request has to wait for it.
async fn warm_up(store: &dyn PredictionStore, is_wanted: bool) {
    if is_wanted && !matches!(tokio::time::timeout(WARM_UP_TIMEOUT, store.ready()).await, Ok(Ok(()))) {
        warn!("the database could not be reached while the function started");
    }
}

/// Tells the router when Lambda stops the function.
async fn with_deadline(mut request: Request) -> Request {
    let stops = request.lambda_context_ref().map(|context| Duration::from_millis(context.deadline));
    let left = stops.and_then(|stops| (SystemTime::UNIX_EPOCH + stops).duration_since(SystemTime::now()).ok());
    if let Some(left) = left {
        request.extensions_mut().insert(Deadline::after(left.saturating_sub(TIME_TO_ANSWER)));
    }
    request
}
