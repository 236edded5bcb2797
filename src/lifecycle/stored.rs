//! Stored predictions as the statistics take them.

use super::answer::{Answer, Outcome};
use crate::table::descriptor::Scalar;
use crate::table::{Cell, Schema, Task, Value};
use crate::{package, prediction, service};

/// An answer of any task, with the memory that several classes need.
#[derive(Debug, Clone)]
pub enum StoredAnswer {
    /// One of two classes.
    Binary(f32, bool),
    /// One of several classes: the probabilities in the order of the schema's classes, and the predicted class.
    Multiclass(Vec<f32>, usize),
    /// A number.
    Regression(f64),
}

impl StoredAnswer {
    /// Reads a stored answer by a schema; nothing comes of one that another task or other classes have given.
    pub fn new(schema: &Schema, answer: &prediction::Answer) -> Option<Self> {
        match schema.task() {
            Task::Binary => {
                let positive = schema.classes()?.get(1)?;
                let is_positive = label(schema, &answer.label)? == *positive;
                Some(Self::Binary(answer.probability?, is_positive))
            }
            Task::Multiclass => {
                let class = |label_value: &Scalar| {
                    let value = label(schema, label_value)?;
                    schema.classes()?.iter().position(|class| *class == value)
                };
                let mut probabilities = vec![0.0; schema.classes()?.len()];
                for (value, probability) in answer.probabilities.as_ref()? {
                    probabilities[class(value)?] = *probability;
                }
                Some(Self::Multiclass(probabilities, class(&answer.label)?))
            }
            Task::Regression => number(&answer.label).map(Self::Regression),
        }
    }

    /// Reads an answer that a graph has just given.
    pub fn from_graph(schema: &Schema, answer: package::Answer) -> Option<Self> {
        Self::new(schema, &service::answer(schema, answer))
    }

    /// Returns the answer as the statistics take it.
    pub fn as_answer(&self) -> Answer<'_> {
        match self {
            Self::Binary(probability, is_positive) => {
                Answer::Binary { probability: *probability, is_positive: *is_positive }
            }
            Self::Multiclass(probabilities, predicted) => Answer::Multiclass { probabilities, predicted: *predicted },
            Self::Regression(value) => Answer::Regression(*value),
        }
    }

    /// Returns the probability of the positive class, or the number; nothing of several classes.
    pub fn number(&self) -> Option<f64> {
        match self {
            Self::Binary(probability, _) => Some((*probability).into()),
            Self::Multiclass(..) => None,
            Self::Regression(value) => Some(*value),
        }
    }

    /// Returns whether two answers decide for the same class; nothing of numbers.
    pub fn agrees_with(&self, other: &Self) -> Option<bool> {
        match (self, other) {
            (Self::Binary(_, one), Self::Binary(_, other)) => Some(one == other),
            (Self::Multiclass(_, one), Self::Multiclass(_, other)) => Some(one == other),
            _ => None,
        }
    }
}

/// Reads a stored value of the label.
pub fn label(schema: &Schema, value: &Scalar) -> Option<Value> {
    let cell = match value {
        Scalar::Boolean(value) => Cell::Boolean(*value),
        Scalar::Integer(number) => Cell::Integer(*number),
        Scalar::Number(number) => Cell::Float(*number),
        Scalar::Text(text) => Cell::Text(text),
    };
    schema.label_field().read(cell).ok().flatten()
}

/// Reads a stored outcome.
pub fn outcome(schema: &Schema, value: &Value) -> Option<Outcome> {
    Outcome::from_label(schema, value)
}

#[expect(clippy::cast_precision_loss, reason = "integers of a record are within 2^53")]
fn number(value: &Scalar) -> Option<f64> {
    match value {
        Scalar::Integer(number) => Some(*number as f64),
        Scalar::Number(number) => Some(*number),
        Scalar::Boolean(_) | Scalar::Text(_) => None,
    }
}
