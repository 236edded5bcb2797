//! `POST /predict`

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::answer::{Answer, Json};
use super::body::Passengers;
use super::csv::{self, Table};
use super::error::ApiError;
use crate::service::PredictionService;
use crate::store::Put;

/// How many predictions of a list were new.
const CREATED: HeaderName = HeaderName::from_static("lifeboat-created");

/// How a client would have its answer.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Options {
    /// Whether the answer is to be a file for the Kaggle competition.
    #[serde(default)]
    kaggle: bool,
}

/// Predicts one passenger or a list of them, and stores each prediction that is new.
pub(super) async fn predict(
    State(service): State<PredictionService>,
    options: Result<Query<Options>, QueryRejection>,
    request: Request,
) -> Result<Response, ApiError> {
    let Query(options) = options.map_err(|_| ApiError::Malformed("the query may hold kaggle=true, once".to_owned()))?;
    let table = match options {
        Options { kaggle: true } => Some(Table::Kaggle),
        Options { kaggle: false } => csv::is_preferred(request.headers()).then_some(Table::Full),
    };
    match Passengers::read(request, options.kaggle).await? {
        Passengers::One(passenger) => {
            let puts = service.predict(vec![*passenger]).await?;
            Ok(one(&puts[0], table))
        }
        Passengers::Many(passengers) => {
            let puts = service.predict(passengers).await?;
            Ok(many(&puts, table))
        }
    }
}

/// Answers `201` with the prediction's place where this request stored it, else `200`; the body is the same.
fn one(put: &Put, table: Option<Table>) -> Response {
    let body = match table {
        Some(table) => table.of([put.prediction()]),
        None => Json(Answer::from(put.prediction())).into_response(),
    };
    if !put.is_created() {
        return body;
    }
    let location = format!("/predictions/{}", put.prediction().id);
    (StatusCode::CREATED, [(header::LOCATION, location)], body).into_response()
}

fn many(puts: &[Put], table: Option<Table>) -> Response {
    let created = puts.iter().filter(|put| put.is_created()).count();
    let predictions = puts.iter().map(Put::prediction);
    let body = match table {
        Some(table) => table.of(predictions),
        None => Json(predictions.map(Answer::from).collect::<Vec<_>>()).into_response(),
    };
    ([(CREATED, HeaderValue::from(created))], body).into_response()
}
