//! `GET /metrics`: what this process has counted.

use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::error::ApiError;
use crate::metrics::Metrics;
use crate::service::PredictionService;

const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Returns what this process has counted since its start, as Prometheus reads it.
///
/// The counts are of predictions created and found, probabilities, how long the model and the store took, problems by kind, and missing
/// values; beside them stands the age of the snapshot, where the history changes. Served by `lifeboat serve`; a function of Lambda has no such page, since each of its instances would know its own requests only:
/// it counts in its log.
#[utoipa::path(
    get,
    path = "/metrics",
    tag = "monitoring",
    responses((status = 200, body = String, content_type = "application/openmetrics-text", description = "The counts."))
)]
pub(super) fn metrics(counts: Option<&Metrics>, service: &PredictionService) -> Result<Response, ApiError> {
    let text = counts.and_then(|counts| counts.text(service.snapshot_age(service.now())));
    let text = text.ok_or(ApiError::NotFound("this host has no counts to show"))?;
    Ok(([(header::CONTENT_TYPE, OPENMETRICS)], text).into_response())
}
