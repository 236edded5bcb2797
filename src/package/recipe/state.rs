//! The text of `state.json`: what the steps of a recipe learnt from training rows.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{RecipeError, STATE, read};
use crate::table::descriptor::Scalar;

/// What the steps of a recipe learnt.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct State {
    /// The hash of the recipe that learnt it.
    pub recipe_hash: String,
    /// The SHA-256 of the training file.
    pub data_hash: String,
    /// How many training rows there were.
    pub rows: usize,
    /// What each step learnt, by its name.
    pub steps: BTreeMap<String, StepState>,
}

impl State {
    /// Reads the text of `state.json`.
    pub fn parse(text: &[u8]) -> Result<Self, RecipeError> {
        read(STATE, text)
    }
}

/// What one step learnt.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(untagged, expecting = "must be what a step learnt: medians, values, or a mean and a deviation")]
pub enum StepState {
    /// Of `impute`.
    Medians(Medians),
    /// Of `one_hot`.
    Values(Values),
    /// Of `scale`.
    Spread(Spread),
}

/// The medians that stand for missing values.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Medians {
    /// The median of all rows.
    pub overall: f64,
    /// For each list of columns, the values of each group of rows with its median.
    pub by: Vec<Vec<(Vec<Scalar>, f64)>>,
}

/// The values that have a flag.
#[derive(Debug, Clone, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Values {
    /// The values, sorted.
    pub values: Vec<Scalar>,
}

/// What numbers are like.
#[derive(Debug, Clone, Copy, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub struct Spread {
    /// The mean.
    pub mean: f64,
    /// The standard deviation of the population.
    pub deviation: f64,
}
