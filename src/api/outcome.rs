//! `PUT /predictions/{id}/outcome`

use std::fmt;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::Value;
use utoipa::ToSchema;

use super::answer::{Json, OutcomeObject};
use super::body::{Format, whole};
use super::error::{ApiError, Pointed};
use super::openapi::{NewOutcomeSchema, PredictionIdSchema};
use super::predictions::{NO_PREDICTION, parse_id};
use crate::passenger::{Fault, json};
use crate::service::PredictionService;
use crate::store::Recording;

/// An outcome, and the prediction that it is of.
#[derive(Debug, serde::Serialize, ToSchema)]
pub(super) struct RecordedOutcome {
    /// The prediction's id.
    id: String,
    #[serde(flatten)]
    outcome: OutcomeObject,
}

/// Records what really happened to the passenger of a prediction.
///
/// The first to tell is believed: the same again is answered as it was, and another outcome later is refused.
#[utoipa::path(
    put,
    path = "/predictions/{id}/outcome",
    tag = "predictions",
    params(("id" = PredictionIdSchema, Path, description = "The prediction's id.")),
    request_body(content = NewOutcomeSchema, example = json!({"Survived": 1})),
    responses((status = 200, body = RecordedOutcome, description = "The outcome stands, now or since it was told first."))
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
    let survived = parse(&body)?;
    let id = parse_id(id)?;
    match service.record_outcome(id, survived).await?.ok_or(NO_PREDICTION)? {
        Recording::Stands(outcome) => {
            Ok(Json(RecordedOutcome { id: id.to_string(), outcome: outcome.into() }).into_response())
        }
        Recording::Contradicts(outcome) => Err(ApiError::OutcomeConflict(outcome)),
    }
}

/// Reads whether a passenger survived, or names every fault of what says so.
fn parse(body: &[u8]) -> Result<bool, ApiError> {
    let Entries(entries) = serde_json::from_slice(body).map_err(|error| {
        if serde_json::from_slice::<IgnoredAny>(body).is_ok() {
            ApiError::InvalidOutcome(vec![Pointed::new(
                "",
                Fault::of_record("must be an object with the field Survived"),
            )])
        } else {
            ApiError::Malformed(format!("the body is not JSON: {}", json::fault(&error, body)))
        }
    })?;
    let (mut survived, mut faults) = (None, Vec::new());
    let mut is_there = false;
    for (name, value) in entries {
        let detail = match (name.as_str(), value.as_f64()) {
            ("Survived" | "survived", _) if is_there => "stands more than once",
            ("Survived" | "survived", number) => {
                is_there = true;
                survived = number.and_then(outcome);
                if survived.is_some() {
                    continue;
                }
                "must be 0 or 1"
            }
            _ => "is not a field of an outcome: expected Survived",
        };
        faults.push(Pointed::new("", Fault { field: Some(name), detail: detail.to_owned() }));
    }
    if !is_there {
        let fault = Fault { field: Some("Survived".to_owned()), detail: "is required".to_owned() };
        faults.push(Pointed::new("", fault));
    }
    survived.filter(|_| faults.is_empty()).ok_or(ApiError::InvalidOutcome(faults))
}

#[expect(clippy::float_cmp, reason = "0 and 1 are exact")]
fn outcome(number: f64) -> Option<bool> {
    if number == 1.0 { Some(true) } else { (number == 0.0).then_some(false) }
}

/// The fields of an object as they stand, one that stands twice included.
struct Entries(Vec<(String, Value)>);

impl<'de> Deserialize<'de> for Entries {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EntriesVisitor;

        impl<'de> Visitor<'de> for EntriesVisitor {
            type Value = Entries;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entries, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Entries(entries))
            }
        }

        deserializer.deserialize_map(EntriesVisitor)
    }
}
