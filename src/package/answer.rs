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

/// The graph failed on a record, or answered something that is no answer.
#[derive(Debug, Error)]
#[error("the model gave no answer: {0}")]
pub struct InferenceError(pub(super) String);
