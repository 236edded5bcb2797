//! How good answers are if their own probabilities are right: what to expect before any outcome is known.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::answer::Answer;
use super::super::sum::Sum;

/// Gathers what is expected of answers; numbers tell nothing of themselves.
#[derive(Debug, Clone, Copy, Default)]
pub struct Expectation {
    accuracy: Sum,
    log_loss: Sum,
}

/// How good answers are if their probabilities are right.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Expected {
    /// The share that will be right.
    pub accuracy: f64,
    /// The log loss.
    pub log_loss: f64,
}

impl Expectation {
    /// Takes an answer.
    pub fn add(&mut self, answer: Answer<'_>) {
        match answer {
            Answer::Binary { probability, is_positive } if probability.is_finite() => {
                let probability = f64::from(probability);
                self.accuracy.add(if is_positive { probability } else { 1.0 - probability });
                self.log_loss.add(entropy([probability, 1.0 - probability].into_iter()));
            }
            Answer::Multiclass { probabilities, predicted } if probabilities.iter().all(|one| one.is_finite()) => {
                let Some(&probability) = probabilities.get(predicted) else { return };
                self.accuracy.add(probability.into());
                self.log_loss.add(entropy(probabilities.iter().copied().map(f64::from)));
            }
            _ => {}
        }
    }

    /// Adds what another gathered.
    pub fn merge(&mut self, other: &Self) {
        self.accuracy.merge(&other.accuracy);
        self.log_loss.merge(&other.log_loss);
    }

    /// Returns what is expected, or nothing without answers.
    pub fn expected(&self) -> Option<Expected> {
        Some(Expected { accuracy: self.accuracy.mean()?, log_loss: self.log_loss.mean()? })
    }
}

/// Returns the log loss to be expected of an answer, if its probabilities are right; nothing of numbers.
pub fn expected_log_loss(answer: Answer<'_>) -> Option<f64> {
    match answer {
        Answer::Binary { probability, .. } => {
            let probability = f64::from(probability);
            Some(entropy([probability, 1.0 - probability].into_iter()))
        }
        Answer::Multiclass { probabilities, .. } => Some(entropy(probabilities.iter().copied().map(f64::from))),
        Answer::Regression(_) => None,
    }
}

/// Returns the log loss to be expected of classes with these probabilities.
fn entropy(probabilities: impl Iterator<Item = f64>) -> f64 {
    probabilities.map(|share| if share > 0.0 { -share * share.ln() } else { 0.0 }).sum()
}
