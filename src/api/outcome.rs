//! `PUT /predictions/{id}/outcome`

use std::fmt;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

use super::answer::{Json, OutcomeObject};
use super::body::{Format, whole};
use super::error::{ApiError, Pointed};
use super::json_cell::cell;
use super::predictions::{NO_PREDICTION, parse_id};
use super::schema_names::{NewOutcomeSchema, PredictionIdSchema, RecordedOutcomeSchema};
use crate::identity::PredictionId;
use crate::service::{PredictionService, scalar};
use crate::store::Recording;
use crate::table::descriptor::Scalar;
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
/// The first to tell is believed: the same again is answered as it was, and another outcome later is refused.
#[utoipa::path(
    put,
    path = "/predictions/{id}/outcome",
    tag = "predictions",
    params(("id" = PredictionIdSchema, Path, description = "The prediction's id.")),
    request_body(content = NewOutcomeSchema),
    responses((status = 200, body = RecordedOutcomeSchema, description = "The outcome stands, now or since it was told first."))
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
    let label = parse(&body, schema)?;
    let id = parse_id(id)?;
    match service.record_outcome(&id, label).await?.ok_or(NO_PREDICTION)? {
        Recording::Stands(outcome) => {
            let outcome = OutcomeObject { schema, outcome: &outcome };
            Ok(Json(RecordedOutcome { id: &id, outcome }).into_response())
        }
        Recording::Contradicts(outcome) => Err(ApiError::OutcomeConflict(outcome)),
    }
}

/// Reads the value of the label, or names every fault of what says it.
fn parse(body: &[u8], schema: &Schema) -> Result<Scalar, ApiError> {
    let field = schema.label_field();
    let Entries(entries) = serde_json::from_slice(body).map_err(|error| {
        if serde_json::from_slice::<IgnoredAny>(body).is_ok() {
            let detail = format!("must be an object with the field {}", field.name);
            ApiError::InvalidOutcome(vec![Pointed::new("", Fault::of_record(detail))])
        } else {
            ApiError::Malformed(format!("the body is not JSON: {}", json_fault::in_words(&error, body)))
        }
    })?;
    let (mut told, mut faults) = (None, Vec::new());
    let mut is_there = false;
    for (name, value) in entries {
        let is_label = schema.column(&name).is_some_and(|column| column.field() == schema.label());
        let detail = match field.read(cell(&value)) {
            _ if !is_label => format!("is not a field of an outcome: expected {}", field.name),
            _ if std::mem::replace(&mut is_there, true) => "stands more than once".to_owned(),
            Ok(Some(label)) => {
                told = Some(scalar(schema, &label));
                continue;
            }
            Ok(None) => "must have a value".to_owned(),
            Err(detail) => detail,
        };
        faults.push(Pointed::new("", Fault::of_field(name, detail)));
    }
    if !is_there {
        faults.push(Pointed::new("", Fault::of_field(&*field.name, "is required")));
    }
    told.filter(|_| faults.is_empty()).ok_or(ApiError::InvalidOutcome(faults))
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
