//! What a graph says of a record.

use thiserror::Error;

/// The answer for one record. A label is the place of a class in [`Schema::classes`](crate::table::Schema::classes).
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// One of two classes.
    Binary {
        /// The predicted class.
        label: usize,
        /// How likely the positive class is: the second one.
        probability: f32,
    },
    /// One of several classes.
    Multiclass {
        /// The predicted class.
        label: usize,
        /// How likely each class is, in the schema's order.
        probabilities: Box<[f32]>,
    },
    /// A number.
    Regression {
        /// The predicted number; an FP32 is the shortest decimal that names it.
        value: f64,
    },
}

/// Why a graph has no answer where a value is missing.
pub(super) const CANNOT_BE_MISSING: &str = "and no operator of the graph takes a missing value";

/// Why there is no answer.
#[derive(Debug, Error)]
pub enum InferenceError {
    /// The graph failed, or answered something that is no answer.
    #[error("the model gave no answer: {0}")]
    Graph(String),
    /// A record lacks what the graph cannot do without.
    #[error("the model gave no answer: {column:?} is missing, {}", CANNOT_BE_MISSING)]
    Missing {
        /// The record's place among those that were asked about, from 0.
        row: usize,
        /// The feature or the field.
        column: Box<str>,
    },
    /// What the graph computes of a record is not a number, as of values that are too large for it.
    #[error("the model gave no answer: the value is not a finite number")]
    NotFinite {
        /// The record's place among those that were asked about, from 0.
        row: usize,
    },
}

impl InferenceError {
    /// Returns which record there is no answer for, where it is one alone.
    pub fn row(&self) -> Option<usize> {
        match self {
            Self::Graph(_) => None,
            Self::Missing { row, .. } | Self::NotFinite { row } => Some(*row),
        }
    }

    /// Says the same of records that stand behind some others.
    pub(super) fn behind(self, others: usize) -> Self {
        match self {
            Self::NotFinite { row } => Self::NotFinite { row: others + row },
            error => error,
        }
    }
}
