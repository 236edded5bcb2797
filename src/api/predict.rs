//! `POST /predict`

use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};

use super::answer::{Answer, Json};
use super::body::Passengers;
use super::error::ApiError;
use crate::service::PredictionService;
use crate::store::Put;

/// How many predictions of a list were new.
const CREATED: HeaderName = HeaderName::from_static("lifeboat-created");

/// Predicts one passenger or a list of them, and stores each prediction that is new.
pub(super) async fn predict(State(service): State<PredictionService>, request: Request) -> Result<Response, ApiError> {
    match Passengers::read(request).await? {
        Passengers::One(passenger) => {
            let puts = service.predict(vec![*passenger]).await?;
            Ok(one(&puts[0]))
        }
        Passengers::Many(passengers) => {
            let puts = service.predict(passengers).await?;
            Ok(many(&puts))
        }
    }
}

/// Answers `201` with the prediction's place where this request stored it, else `200`; the body is the same.
fn one(put: &Put) -> Response {
    let answer = Answer::from(put.prediction());
    if !put.is_created() {
        return Json(answer).into_response();
    }
    let location = format!("/predictions/{}", put.prediction().id);
    (StatusCode::CREATED, [(header::LOCATION, location)], Json(answer)).into_response()
}

fn many(puts: &[Put]) -> Response {
    let created = puts.iter().filter(|put| put.is_created()).count();
    let answers: Vec<_> = puts.iter().map(|put| Answer::from(put.prediction())).collect();
    ([(CREATED, HeaderValue::from(created))], Json(answers)).into_response()
}
