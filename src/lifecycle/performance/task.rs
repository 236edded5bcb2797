//! The three kinds of task as one type.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::answer::{Answer, Outcome};
use super::super::baseline::Baseline;
use super::binary::{BinaryOutcomes, BinaryPerformance};
use super::multiclass::{ClassOutcomes, ClassPerformance};
use super::regression::{NumberOutcomes, NumberPerformance};
use crate::table::Schema;

/// Gathers answers and what happens.
#[derive(Debug, Clone)]
pub enum Outcomes {
    /// Of two classes.
    Binary(Box<BinaryOutcomes>),
    /// Of several classes.
    Multiclass(Box<ClassOutcomes>),
    /// Of numbers.
    Regression(Box<NumberOutcomes>),
}

/// How good answers are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum Performance {
    /// Of two classes.
    Binary(BinaryPerformance),
    /// Of several classes.
    Multiclass(ClassPerformance),
    /// Of numbers.
    Regression(NumberPerformance),
}

impl Outcomes {
    /// Begins to gather answers of a table; without a baseline, numbers are not divided into bins.
    pub fn new(schema: &Schema, baseline: Option<&Baseline>) -> Self {
        match schema.classes().map(<[_]>::len) {
            None => {
                let numbers = baseline.map_or_else(|| NumberOutcomes::new(&[], 0.0), NumberOutcomes::from_baseline);
                Self::Regression(Box::new(numbers))
            }
            Some(2) => Self::Binary(Box::default()),
            Some(classes) => Self::Multiclass(Box::new(ClassOutcomes::new(classes))),
        }
    }

    /// Takes an answer, and what happens. Those of another task are left out.
    pub fn add(&mut self, answer: Answer<'_>, outcome: Outcome) {
        match (self, answer, outcome) {
            (Self::Binary(outcomes), Answer::Binary { probability, is_positive }, Outcome::Class(class @ (0 | 1))) => {
                outcomes.add(probability, is_positive, class == 1);
            }
            (Self::Multiclass(outcomes), Answer::Multiclass { probabilities, predicted }, Outcome::Class(class)) => {
                outcomes.add(probabilities, predicted, class);
            }
            (Self::Regression(outcomes), Answer::Regression(value), Outcome::Number(number)) => {
                outcomes.add(value, number);
            }
            _ => {}
        }
    }

    /// Adds what others of the same table gathered.
    pub fn merge(&mut self, other: &Self) {
        match (self, other) {
            (Self::Binary(ours), Self::Binary(theirs)) => ours.merge(theirs),
            (Self::Multiclass(ours), Self::Multiclass(theirs)) => ours.merge(theirs),
            (Self::Regression(ours), Self::Regression(theirs)) => ours.merge(theirs),
            _ => {}
        }
    }

    /// Returns how good the answers are, or nothing without outcomes.
    pub fn performance(&self) -> Option<Performance> {
        match self {
            Self::Binary(outcomes) => outcomes.performance().map(Performance::Binary),
            Self::Multiclass(outcomes) => outcomes.performance().map(Performance::Multiclass),
            Self::Regression(outcomes) => outcomes.performance().map(Performance::Regression),
        }
    }
}
