//! `GET /model`, `GET /health` and `GET /ready`, and what is at no path

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::answer::Json;
use super::error::ApiError;
use super::finish::Revalidated;
use crate::service::PredictionService;

#[derive(Serialize)]
struct Status<'a> {
    status: &'a str,
    model_version: &'a str,
}

/// Answers the manifest of the model.
pub(super) async fn model(State(service): State<PredictionService>) -> Response {
    Revalidated(Json(service.model().manifest_json())).into_response()
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

/// Answers where there is no route.
pub(super) async fn unknown_path() -> ApiError {
    ApiError::NotFound("there is nothing at this path")
}

/// Answers a method that a path has no handler for; the header `Allow` lists those that it has.
pub(super) async fn other_method(method: Method) -> Response {
    if method == Method::OPTIONS {
        return StatusCode::NO_CONTENT.into_response();
    }
    ApiError::MethodNotAllowed.into_response()
}
