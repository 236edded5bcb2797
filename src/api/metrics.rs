//! `GET /metrics`: what this process has counted.

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::error::ApiError;
use crate::service::PredictionService;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Returns what this process has counted since its start, as Prometheus reads it: predictions created and found, probabilities, how long
/// the model and the store took, problems by kind, missing values. Served by `lifeboat serve`; a function of Lambda has no such page,
/// since each of its instances would know its own requests only.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "monitoring",
    responses((status = 200, body = String, content_type = "application/openmetrics-text", description = "The counts."))
)]
pub(super) async fn metrics(State(service): State<PredictionService>) -> Result<Response, ApiError> {
    let metrics = service.metrics().ok_or(ApiError::NotFound("this host counts nothing"))?;
    Ok(([(header::CONTENT_TYPE, OPENMETRICS)], metrics.text()).into_response())
}
