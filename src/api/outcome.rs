//! `PUT /predictions/{id}/outcome`

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use serde::de::IgnoredAny;
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::answer::{Json, OutcomeObject};
use super::body::{Format, whole};
use super::error::{ApiError, Pointed};
use super::outcomes::entries::{Beside, Entries, Parts};
use super::predictions::{NO_PREDICTION, parse_id};
use super::schema_names::{NewOutcomeSchema, PredictionIdSchema, RecordedOutcomeSchema};
use crate::identity::PredictionId;
use crate::outcome::{NewOutcome, Subject};
use crate::service::{PredictionService, Recorded};
use crate::store::Recording;
use crate::table::{Fault, Schema, json_fault};

/// An outcome, and the prediction that it is of.
#[derive(Debug)]
struct RecordedOutcome<'a> {
    id: &'a PredictionId,
    outcome: OutcomeObject<'a>,
}

impl Serialize for RecordedOutcome<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id.to_string())?;
        self.outcome.serialize_into(&mut map)?;
        map.end()
    }
}

/// Records what really happened to what a prediction is about.
///
/// The same again is answered as it stands. Another outcome later is refused, unless it says that it corrects what was told: then it is
/// added, and stands from then on.
#[utoipa::path(
    put,
    path = "/predictions/{id}/outcome",
    tag = "predictions",
    params(("id" = PredictionIdSchema, Path, description = "The prediction's id.")),
    request_body(content = NewOutcomeSchema),
    responses((status = 200, body = RecordedOutcomeSchema, description = "The outcome stands, now or since it was told."))
)]
pub(super) async fn record_outcome(
    State(service): State<PredictionService>,
    id: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, ApiError> {
    let format = Format::of(request.headers());
    let body = whole(request).await?;
    if !matches!(format, Some(Format::Json)) {
        return Err(ApiError::UnsupportedMediaType);
    }
    let schema = service.package().schema();
    let told = parse(&body, schema, id)?;
    let recorded = service.record_outcomes(vec![told]).await?;
    let Recorded { id, recording } = recorded.into_iter().next().flatten().ok_or(NO_PREDICTION)?;
    match recording {
        Recording::Contradicts(outcome) => Err(ApiError::OutcomeConflict(outcome)),
        Recording::Recorded(outcome) | Recording::Stands(outcome) | Recording::Corrected(outcome) => {
            let outcome = OutcomeObject { schema, outcome: &outcome };
            Ok(Json(RecordedOutcome { id: &id, outcome }).into_response())
        }
    }
}

/// Reads what is told, or names every fault of it.
fn parse(body: &[u8], schema: &Schema, id: Result<Path<String>, PathRejection>) -> Result<NewOutcome, ApiError> {
    let entries: Entries = serde_json::from_slice(body).map_err(|error| {
        if serde_json::from_slice::<IgnoredAny>(body).is_ok() {
            let detail = format!("must be an object with the field {}", schema.label_field().name);
            ApiError::InvalidOutcome(vec![Pointed::new("", Fault::of_record(detail))])
        } else {
            ApiError::Malformed(format!("the body is not JSON: {}", json_fault::in_words(&error, body)))
        }
    })?;
    let parts = Parts::new(schema, entries, Beside::Nothing);
    match parts.label(schema).filter(|_| parts.faults.is_empty()) {
        Some(label) => Ok(NewOutcome { subject: Subject::Prediction(parse_id(id)?), label, corrects: parts.corrects }),
        None => Err(ApiError::InvalidOutcome(parts.faults.into_iter().map(|fault| Pointed::new("", fault)).collect())),
    }
}
