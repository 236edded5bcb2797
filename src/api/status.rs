//! `GET /health` and `GET /ready`, and what is at no path

use axum::extract::State;
use axum::http::{Method, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Json;
use super::error::ApiError;
use crate::service::PredictionService;

/// How the service is.
#[derive(Serialize, ToSchema)]
pub(super) struct Status<'a> {
    /// `alive` or `ready`.
    status: &'a str,
    /// The version of the model that predicts.
    model_version: &'a str,
}

/// Where a container's health check asks.
pub(super) const HEALTH: &str = "/health";

/// Answers as long as the process does.
#[utoipa::path(get, path = "/health", tag = "health", responses((status = 200, body = Status, description = "The process is alive.")))]
pub(super) async fn health(State(service): State<PredictionService>) -> Response {
    Json(Status { status: "alive", model_version: service.package().version() }).into_response()
}

/// Answers `200` when predictions can be made and stored, else `503`, with the reason in `detail`.
#[utoipa::path(get, path = "/ready", tag = "health", responses((status = 200, body = Status, description = "Predictions can be made and stored.")))]
pub(super) async fn ready(State(service): State<PredictionService>) -> Result<Response, ApiError> {
    service.ready().await?;
    Ok(Json(Status { status: "ready", model_version: service.package().version() }).into_response())
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
