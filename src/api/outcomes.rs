//! `POST /outcomes`

mod answer;
pub(super) mod entries;
mod read;

use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};

use super::answer::Json;
use super::answer_table;
use super::body::{Format, whole};
use super::error::ApiError;
use super::records::Places;
use super::schema_names::{NewOutcomesSchema, OutcomeAnswersSchema, OutcomeTableSchema};
use crate::outcome::NewOutcome;
use crate::service::PredictionService;
use crate::table::Fault;
use answer::{Answered, Answers};

/// Outcomes as they were read, each or its faults, and how they came.
#[derive(Debug)]
struct Told {
    outcomes: Vec<Result<NewOutcome, Vec<Fault>>>,
    places: Places,
}

/// Records what really happened, of many predictions at once.
///
/// Each is told by the id of a prediction, or by the fields of the key, which mean the latest prediction of what they name. Each is answered
/// in order with what came of it, and one that is wrong keeps none of the others from being recorded. All that is answered as recorded
/// is safe. Outcomes of one prediction are taken in their order.
#[utoipa::path(
    post,
    path = "/outcomes",
    tag = "predictions",
    request_body(content(
        (NewOutcomesSchema = "application/json"),
        (OutcomeTableSchema = "text/csv"),
    )),
    responses((
        status = 200,
        description = "What came of each, in order.",
        content((OutcomeAnswersSchema = "application/json"), (String = "text/csv")),
    ))
)]
pub(super) async fn record_outcomes(
    State(service): State<PredictionService>,
    request: Request,
) -> Result<Response, ApiError> {
    let is_table = answer_table::is_preferred(request.headers());
    let format = Format::of(request.headers());
    let body = whole(request).await?;
    let schema = service.package().schema();
    let Told { outcomes, places } = match format.ok_or(ApiError::UnsupportedMediaType)? {
        Format::Json => read::json(&body, schema)?,
        Format::Csv => read::csv(&body, schema)?,
    };
    let told = outcomes.iter().flatten().cloned().collect();
    let mut recorded = service.record_outcomes(told).await?.into_iter();
    let answered = outcomes.into_iter().map(|told| match told {
        Ok(told) => Answered::of(told.subject, recorded.next().flatten()),
        Err(faults) => Answered::Invalid(faults),
    });
    let answers = Answers { schema, places, answered: answered.collect() };
    if is_table { Ok(answers.table()) } else { Ok(Json(answers).into_response()) }
}
