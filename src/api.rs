//! The HTTP interface: one router, whoever hosts it.

mod answer;
mod body;
mod csv;
mod error;
mod keys;
mod observe;
mod predict;
mod predictions;
mod status;

use std::time::{Duration, Instant};

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;

use crate::service::PredictionService;
use error::ApiError;
pub use keys::{ApiKeys, InvalidKeys};

/// The largest body that is read, in bytes.
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// The most passengers in one request.
pub const MAX_PASSENGERS: usize = 1000;

/// What the operator decides of the interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiConfig {
    /// `REQUEST_TIMEOUT_SECONDS`: a request that takes longer is answered 503. Default: 10.
    pub request_timeout: Duration,
    /// `LIFEBOAT_API_KEY`: keys, one of which each request must show as `x-api-key`. Default: none is asked for.
    pub keys: Option<ApiKeys>,
}

/// When the host of a request stops waiting for its answer; an extension of the request, where the host knows.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// Returns the deadline that is so long from now.
    pub fn after(left: Duration) -> Self {
        Self(Instant::now() + left)
    }
}

/// Makes the router.
pub fn router(service: PredictionService, config: &ApiConfig) -> Router {
    // One stack of layers is one service to call, where a layer at a time would be two.
    let layers = ServiceBuilder::new()
        .layer(from_fn_with_state(config.request_timeout, observe::observe))
        .layer(CatchPanicLayer::custom(error::panic_response));
    let router = Router::new()
        .route("/predict", post(predict::predict))
        .route("/predictions/{id}", get(predictions::prediction))
        .route("/passengers/{passenger_id}/predictions", get(predictions::history))
        .route("/model", get(status::model))
        .route("/health", get(status::health))
        .route("/ready", get(status::ready))
        .fallback(async || ApiError::NotFound("there is nothing at this path"))
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .with_state(service);
    let router = match config.keys.clone() {
        Some(keys) => router.layer(from_fn_with_state(keys, keys::authenticate)),
        None => router,
    };
    router.layer(layers)
}
