//! What a model answers to the training data.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number_baseline::NumberBaseline;

/// What the model answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PredictionBaseline {
    /// Which answers these are: of folds that the model was not trained on, or of the training data itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The answers.
    #[serde(flatten)]
    pub answers: AnswerBaseline,
}

/// How answers are distributed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "task", rename_all = "snake_case")]
pub enum AnswerBaseline {
    /// Of two classes.
    Binary {
        /// The number of probabilities in each tenth from 0 to 1.
        counts: Vec<u64>,
        /// Their mean.
        mean_probability: Option<f64>,
    },
    /// Of several classes.
    Multiclass {
        /// How often each is predicted, in the order of the schema's classes.
        counts: Vec<u64>,
        /// The mean probability of each.
        mean_probabilities: Vec<f64>,
    },
    /// Of numbers.
    Regression {
        /// The values.
        values: NumberBaseline,
    },
}

impl AnswerBaseline {
    /// Returns how many counts a day has.
    pub fn daily_bins(&self) -> usize {
        match self {
            Self::Binary { counts, .. } | Self::Multiclass { counts, .. } => counts.len(),
            Self::Regression { values } => values.counts.len(),
        }
    }
}
