//! `GET /predictions/{id}` and `GET /passengers/{PassengerId}/predictions`

use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::answer::{Answer, FullAnswer, Json};
use super::base_path::BasePath;
use super::error::ApiError;
use super::finish::Revalidated;
use super::openapi::PredictionIdSchema;
use crate::prediction::{PredictionId, parse_passenger_id};
use crate::service::PredictionService;
use crate::store::Cursor;

const DEFAULT_LIMIT: usize = 20;
const MAX_LIMIT: usize = 100;

pub(super) const NO_PREDICTION: ApiError = ApiError::NotFound("there is no prediction with this id");

/// Returns a stored prediction, with the passenger as it was read and the features.
#[utoipa::path(
    get,
    path = "/predictions/{id}",
    tag = "predictions",
    params(("id" = PredictionIdSchema, Path, description = "The prediction's id.")),
    responses((status = 200, body = FullAnswer, description = "The prediction."))
)]
pub(super) async fn prediction(
    State(service): State<PredictionService>,
    id: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let prediction = service.prediction(parse_id(id)?).await?.ok_or(NO_PREDICTION)?;
    Ok(Revalidated(Json(FullAnswer::from(&prediction))).into_response())
}

/// Reads an id. A text that cannot be one is, for the client, an id that does not exist.
pub(super) fn parse_id(id: Result<Path<String>, PathRejection>) -> Result<PredictionId, ApiError> {
    id.ok().and_then(|Path(id)| id.parse().ok()).ok_or(NO_PREDICTION)
}

/// Which page of a passenger's predictions.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct Page {
    /// The most predictions on a page.
    #[param(value_type = Option<u64>, minimum = 1, maximum = 100, default = 20, nullable = false)]
    limit: Option<String>,
    /// Where the page begins: a part of `next` of the page before.
    #[param(nullable = false)]
    cursor: Option<String>,
}

/// A page of a passenger's predictions.
#[derive(Serialize, ToSchema)]
pub(super) struct History<'a> {
    /// Newest first.
    predictions: Vec<Answer<'a>>,
    /// Where the next page is; null on the last one.
    next: Option<String>,
}

/// Returns a passenger's predictions, newest first, a page at a time.
#[utoipa::path(
    get,
    path = "/passengers/{passenger_id}/predictions",
    tag = "predictions",
    params(
        ("passenger_id" = u64, Path, maximum = 9_007_199_254_740_991_u64, description = "The passenger's `PassengerId`.", example = 1070),
        Page
    ),
    responses((status = 200, body = History, description = "A page of predictions; an empty one where there is none."))
)]
pub(super) async fn history(
    State(service): State<PredictionService>,
    passenger_id: Result<Path<String>, PathRejection>,
    page: Result<Query<Page>, QueryRejection>,
    base: BasePath,
) -> Result<Response, ApiError> {
    const NONE: ApiError = ApiError::NotFound("there is no such PassengerId");
    let passenger_id = passenger_id.ok().and_then(|Path(id)| parse_passenger_id(&id)).ok_or(NONE)?;
    let Query(page) = page.map_err(|_| malformed("the query may hold limit and cursor, each once"))?;
    let limit = limit(page.limit.as_deref())?;
    let after: Option<Cursor> = page
        .cursor
        .as_deref()
        .map(str::parse)
        .transpose()
        .map_err(|error| ApiError::Malformed(format!("cursor is {error}")))?;
    // One more than asked for tells whether there is a next page.
    let found = service.history(passenger_id, after, limit + 1).await?;
    let shown = &found[..found.len().min(limit)];
    let next = shown.last().filter(|_| found.len() > limit).map(|last| {
        format!("{base}/passengers/{passenger_id}/predictions?limit={limit}&cursor={}", Cursor::after(last))
    });
    Ok(Json(History { predictions: shown.iter().map(Answer::from).collect(), next }).into_response())
}

fn limit(text: Option<&str>) -> Result<usize, ApiError> {
    match text.map_or(Ok(DEFAULT_LIMIT), str::parse) {
        Ok(limit) if (1..=MAX_LIMIT).contains(&limit) => Ok(limit),
        _ => Err(ApiError::Malformed(format!("limit must be an integer from 1 to {MAX_LIMIT}"))),
    }
}

fn malformed(detail: &str) -> ApiError {
    ApiError::Malformed(detail.to_owned())
}
