//! What a client is told of a prediction: one form for all tables.

use axum::body::Body;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::value::RawValue;

use super::explained::Explained;
use crate::prediction::{self, Outcome, Prediction, format_time};
use crate::table::descriptor::Scalar;
use crate::table::{Field, Schema};

/// A prediction in short: the answer to a record.
#[derive(Debug)]
pub(super) struct Answer<'a> {
    schema: &'a Schema,
    prediction: &'a Prediction,
    is_stored: bool,
    explanation: Option<Explained<'a>>,
}

impl<'a> Answer<'a> {
    /// Answers with a prediction that is stored.
    pub(super) fn new(schema: &'a Schema, prediction: &'a Prediction) -> Self {
        Self { schema, prediction, is_stored: true, explanation: None }
    }

    /// Says that the prediction was not stored.
    pub(super) fn unstored(self) -> Self {
        Self { is_stored: false, ..self }
    }

    /// Says why the model answered so.
    pub(super) fn explained(self, explanation: Explained<'a>) -> Self {
        Self { explanation: Some(explanation), ..self }
    }

    fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        let Self { schema, prediction, .. } = self;
        map.serialize_entry("id", &Shown(&prediction.id))?;
        if !schema.key().is_empty() {
            map.serialize_entry("key", &KeyObject { schema, prediction })?;
        }
        map.serialize_entry("prediction", &LabelObject(schema, &prediction.answer.label))?;
        serialize_confidence(map, &prediction.answer)?;
        map.serialize_entry("model_version", &*prediction.model_version)?;
        if let Some(snapshot) = &prediction.snapshot {
            map.serialize_entry("snapshot", &**snapshot)?;
        }
        map.serialize_entry("created_at", &self.is_stored.then(|| format_time(prediction.created_at)))?;
        match &self.explanation {
            Some(explanation) => map.serialize_entry("explanation", explanation),
            None => Ok(()),
        }
    }
}

impl Serialize for Answer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_into(&mut map)?;
        map.end()
    }
}

fn serialize_confidence<M: SerializeMap>(map: &mut M, answer: &prediction::Answer) -> Result<(), M::Error> {
    if let Some(probability) = answer.probability {
        map.serialize_entry("probability", &probability)?;
    }
    match &answer.probabilities {
        Some(probabilities) => map.serialize_entry("probabilities", &ProbabilityObject(probabilities)),
        None => Ok(()),
    }
}

/// A prediction in full: with the record as it was read and the features that the graph read.
#[derive(Debug)]
pub(super) struct FullAnswer<'a> {
    answer: Answer<'a>,
    /// The names of the features, where they are known.
    names: Option<&'a [Box<str>]>,
}

impl<'a> FullAnswer<'a> {
    /// Answers with a stored prediction and the names of its features.
    pub(super) fn new(schema: &'a Schema, prediction: &'a Prediction, names: Option<&'a [Box<str>]>) -> Self {
        Self { answer: Answer::new(schema, prediction), names }
    }
}

impl Serialize for FullAnswer<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Answer { schema, prediction, .. } = self.answer;
        let mut map = serializer.serialize_map(None)?;
        self.answer.serialize_into(&mut map)?;
        map.serialize_entry("record", &raw(&prediction.record))?;
        if let (Some(values), Some(names)) = (&prediction.features, self.names) {
            map.serialize_entry("features", &FeatureObject { names, values })?;
        }
        let object = |outcome| OutcomeObject { schema, outcome };
        map.serialize_entry("outcome", &prediction.outcome().map(object))?;
        map.serialize_entry("outcomes", &prediction.outcomes.iter().map(object).collect::<Vec<_>>())?;
        map.end()
    }
}

/// What really happened: the label, and when that became known.
#[derive(Debug)]
pub(super) struct OutcomeObject<'a> {
    pub(super) schema: &'a Schema,
    pub(super) outcome: &'a Outcome,
}

impl OutcomeObject<'_> {
    pub(super) fn serialize_into<M: SerializeMap>(&self, map: &mut M) -> Result<(), M::Error> {
        map.serialize_entry("outcome", &LabelObject(self.schema, &self.outcome.label))?;
        map.serialize_entry("known_at", &format_time(self.outcome.known_at))
    }
}

impl Serialize for OutcomeObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        self.serialize_into(&mut map)?;
        map.end()
    }
}

/// A text that is shown as it displays.
struct Shown<T>(T);

impl<T: std::fmt::Display> Serialize for Shown<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

/// The fields of the key, each with its value; null where the record has none.
struct KeyObject<'a> {
    schema: &'a Schema,
    prediction: &'a Prediction,
}

impl Serialize for KeyObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        let fields = self.schema.key().iter().map(|&place| &self.schema.fields()[place]);
        let mut texts = self.prediction.id.key_texts().peekable();
        if texts.peek().is_some() {
            for (field, text) in fields.zip(texts) {
                map.serialize_entry(&*field.name, &KeyValue(field, &text))?;
            }
        } else {
            let record: serde_json::Map<String, serde_json::Value> =
                serde_json::from_str(&self.prediction.record).unwrap_or_default();
            for field in fields {
                map.serialize_entry(&*field.name, &record.get(&*field.name))?;
            }
        }
        map.end()
    }
}

/// The value of a key's field, which a name keeps as a text.
struct KeyValue<'a>(&'a Field, &'a str);

impl Serialize for KeyValue<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Self(field, text) = self;
        match (field.is_written_bare(), text.parse::<i64>()) {
            (true, Ok(number)) => serializer.serialize_i64(number),
            (true, Err(_)) if let Some(number) = raw(text) => number.serialize(serializer),
            _ => serializer.serialize_str(text),
        }
    }
}

/// The label under the table's own name.
struct LabelObject<'a>(&'a Schema, &'a Scalar);

impl Serialize for LabelObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(&*self.0.label_field().name, self.1)?;
        map.end()
    }
}

/// The probability of each class, by the class.
struct ProbabilityObject<'a>(&'a [(Scalar, f32)]);

impl Serialize for ProbabilityObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(class, probability)| (class.text(), probability)))
    }
}

struct FeatureObject<'a> {
    names: &'a [Box<str>],
    values: &'a [f32],
}

impl Serialize for FeatureObject<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.names.iter().zip(self.values))
    }
}

/// Returns what is JSON already.
fn raw(text: &str) -> Option<&RawValue> {
    serde_json::from_str(text).ok()
}

const APPLICATION_JSON: HeaderValue = HeaderValue::from_static("application/json");

/// A body that is JSON already.
#[derive(Debug)]
pub(super) struct JsonText<'a>(pub(super) &'a str);

impl IntoResponse for JsonText<'_> {
    fn into_response(self) -> Response {
        ([(header::CONTENT_TYPE, APPLICATION_JSON)], self.0.to_owned()).into_response()
    }
}

/// How many bytes most answers are.
const ANSWER_BYTES: usize = 512;

/// How many headers most responses have.
const HEADERS: usize = 8;

/// A body of JSON.
#[derive(Debug)]
pub(super) struct Json<T>(pub(super) T);

impl<T: Serialize> IntoResponse for Json<T> {
    fn into_response(self) -> Response {
        let mut body = Vec::with_capacity(ANSWER_BYTES);
        if serde_json::to_writer(&mut body, &self.0).is_err() {
            return super::error::ApiError::Panicked.into_response();
        }
        let mut response = Response::new(Body::from(body));
        // What every response gets is added later: the map need not grow for it.
        response.headers_mut().reserve(HEADERS);
        response.headers_mut().insert(header::CONTENT_TYPE, APPLICATION_JSON);
        response
    }
}
