//! `GET /model`, `GET /health` and `GET /ready`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::answer::Json;
use super::error::ApiError;
use crate::service::PredictionService;

#[derive(Serialize)]
struct Status<'a> {
    status: &'a str,
    model_version: &'a str,
}

/// Answers the manifest of the model.
pub(super) async fn model(State(service): State<PredictionService>) -> Response {
    Json(service.model().manifest_json()).into_response()
}

/// Answers as long as the process does.
pub(super) async fn health(State(service): State<PredictionService>) -> Response {
    Json(Status { status: "alive", model_version: service.model().version() }).into_response()
}

/// Answers `200` when predictions can be made and the store can be reached, else `503`.
pub(super) async fn ready(State(service): State<PredictionService>) -> Result<Response, ApiError> {
    service.ready().await?;
    Ok(Json(Status { status: "ready", model_version: service.model().version() }).into_response())
}
