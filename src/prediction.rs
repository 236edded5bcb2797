//! A prediction as it is stored: what went in, what came out, which model said so, and when.

pub mod columns;
pub mod features;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::fmt::temporal::DateTimePrinter;
use serde::{Deserialize, Serialize};

use crate::identity::PredictionId;
use crate::table::descriptor::Scalar;
use crate::table::{Schema, Value};

/// A prediction as it is stored. It is read without the schema by which it was made: that may have been another version's.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Follows from the record, the model's version and the snapshot.
    pub id: PredictionId,
    /// The record, a JSON object of the fields that were given.
    pub record: Box<str>,
    /// What the graph read, where a recipe computes it, in the order of the version's features; what is missing is not a number.
    pub features: Option<Box<[f32]>>,
    /// What the model said.
    pub answer: Answer,
    /// The version of the package.
    pub model_version: Arc<str>,
    /// The snapshot of history that was looked up, where the model looks one up.
    pub snapshot: Option<Arc<str>>,
    /// When the prediction was first made, to the millisecond.
    pub created_at: Timestamp,
    /// What really happened, as somebody told: the first that was told, and each correction after it.
    pub outcomes: Vec<Outcome>,
    /// What another model said of the same record, where one ran in the shadow of this one.
    pub shadow: Option<Shadow>,
}

/// What a model says of a record.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Answer {
    /// The value of the label that is predicted.
    pub label: Scalar,
    /// The probability of the positive one of two classes, 0 to 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probability: Option<f32>,
    /// The probability of each of several classes, 0 to 1, in the order of the classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub probabilities: Option<Vec<(Scalar, f32)>>,
}

/// What a model says that runs beside the one that answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Shadow {
    /// The version of its package.
    pub model_version: Arc<str>,
    /// What it says.
    pub answer: Answer,
}

impl Prediction {
    /// Returns what really happened, as it was told last.
    pub fn outcome(&self) -> Option<&Outcome> {
        self.outcomes.last()
    }
}

/// What really happened, as somebody told once.
#[derive(Debug, Clone, PartialEq)]
pub struct Outcome {
    /// The value of the label.
    pub label: Scalar,
    /// When it became known: recorded here, by this side's clock, to the millisecond.
    pub known_at: Timestamp,
}

/// Writes a value of the label as it is answered and stored.
pub fn scalar(schema: &Schema, value: &Value) -> Scalar {
    schema.label_field().written(value).into()
}

const TIMES: DateTimePrinter = DateTimePrinter::new().precision(Some(3));

/// Returns the time as it is stored and answered: UTC, always with three decimals, so that texts sort as times do.
pub fn format_time(time: Timestamp) -> String {
    TIMES.timestamp_to_string(&time)
}

/// Cuts a time to the precision that is stored, so that an answer from memory equals an answer from the store.
pub(crate) fn to_milliseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}
