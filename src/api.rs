//! The HTTP interface: one router, whoever hosts it.

mod answer;
mod body;
mod error;
mod observe;
mod predict;
mod predictions;
mod status;

use std::time::Duration;

use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::routing::{get, post};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;

use crate::service::PredictionService;
use error::ApiError;

/// The largest body that is read, in bytes.
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// The most passengers in one request.
pub const MAX_PASSENGERS: usize = 1000;

/// Makes the router; a request that takes longer than `timeout` is answered 503.
pub fn router(service: PredictionService, timeout: Duration) -> Router {
    // One stack of layers is one service to call, where a layer at a time would be two.
    let layers = ServiceBuilder::new()
        .layer(from_fn_with_state(timeout, observe::observe))
        .layer(CatchPanicLayer::custom(error::panic_response));
    Router::new()
        .route("/predict", post(predict::predict))
        .route("/predictions/{id}", get(predictions::prediction))
        .route("/passengers/{passenger_id}/predictions", get(predictions::history))
        .route("/model", get(status::model))
        .route("/health", get(status::health))
        .route("/ready", get(status::ready))
        .fallback(async || ApiError::NotFound("there is nothing at this path"))
        .method_not_allowed_fallback(async || ApiError::MethodNotAllowed)
        .with_state(service)
        .layer(layers)
}
