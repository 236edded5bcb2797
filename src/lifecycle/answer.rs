//! What a model answers, and what really happens, for each kind of task.

use crate::lifecycle::statistics;
use crate::table::{Schema, Value};

/// What a model answers for one record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Answer<'a> {
    /// One of two classes.
    Binary {
        /// The probability of the positive class, 0 to 1.
        probability: f32,
        /// Whether the positive class is predicted.
        is_positive: bool,
    },
    /// One of several classes.
    Multiclass {
        /// The probability of each class, in the order of the schema's classes.
        probabilities: &'a [f32],
        /// The place of the class that is predicted.
        predicted: usize,
    },
    /// A number.
    Regression(f64),
}

/// What really happened to one record.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Outcome {
    /// The place of a class among the schema's; of two, 1 is the positive one.
    Class(usize),
    /// A number.
    Number(f64),
}

impl Outcome {
    /// Returns the outcome that a value of the label stands for; nothing for a value that the label does not have.
    pub fn from_label(schema: &Schema, label: &Value) -> Option<Self> {
        Self::among(schema.classes(), label)
    }

    /// Returns the outcome that a value of the label stands for, among the classes where it has some.
    #[expect(clippy::cast_precision_loss, reason = "integers of a record are within 2^53")]
    pub fn among(classes: Option<&[Value]>, label: &Value) -> Option<Self> {
        match (classes, label) {
            (Some(classes), label) => classes.iter().position(|class| class == label).map(Self::Class),
            (None, Value::Integer(number)) => Some(Self::Number(*number as f64)),
            (None, Value::Number(number)) => Some(Self::Number(*number)),
            (None, _) => None,
        }
    }
}

/// Returns what an answer costs where this happened: the log loss for classes, the squared error for numbers. Returns nothing where the
/// two are of different tasks.
pub fn loss(answer: Answer<'_>, outcome: Outcome) -> Option<f64> {
    match (answer, outcome) {
        (Answer::Binary { probability, .. }, Outcome::Class(class @ (0 | 1))) => {
            Some(statistics::loss(&(probability.into(), class == 1)))
        }
        (Answer::Multiclass { probabilities, .. }, Outcome::Class(class)) => {
            probabilities.get(class).map(|&probability| statistics::loss(&(probability.into(), true)))
        }
        (Answer::Regression(value), Outcome::Number(number)) => Some((value - number).powi(2)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_costs_by_its_task() {
        let binary = Answer::Binary { probability: 0.25, is_positive: false };
        assert_eq!(loss(binary, Outcome::Class(1)), Some(-0.25_f64.ln()));
        let several = Answer::Multiclass { probabilities: &[0.5, 0.25, 0.25], predicted: 0 };
        assert_eq!(loss(several, Outcome::Class(2)), Some(-0.25_f64.ln()));
        assert_eq!(loss(Answer::Regression(3.0), Outcome::Number(1.0)), Some(4.0));
        let mismatches = [(binary, Outcome::Number(1.0)), (binary, Outcome::Class(2)), (several, Outcome::Class(3))];
        for (answer, outcome) in mismatches {
            assert_eq!(loss(answer, outcome), None, "{answer:?} {outcome:?}");
        }
    }
}
