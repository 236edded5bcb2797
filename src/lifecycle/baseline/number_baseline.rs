//! How numbers of the training data are distributed.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How a number is distributed. The bin of a value is the number of edges that are not greater.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NumberBaseline {
    /// What divides the bins, ascending: midway between the values where there are ten at most, else the deciles.
    pub edges: Vec<f64>,
    /// The number of values in each bin: one more than there are edges.
    pub counts: Vec<u64>,
    /// The least value; null without values, as are the next three.
    pub min: Option<f64>,
    /// The greatest value.
    pub max: Option<f64>,
    /// The mean.
    pub mean: Option<f64>,
    /// The standard deviation of the population.
    pub std: Option<f64>,
    /// The distinct values, ascending.
    pub values: Vec<f64>,
    /// How often each occurs; absent where each is a bin of its own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub value_counts: Option<Vec<u64>>,
    /// Whether `values` are a selection, because there are more than a thousand: each then counts for those after the one before.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub is_selection: bool,
}

impl NumberBaseline {
    /// Returns the bin of a value.
    pub fn bin(&self, value: f64) -> usize {
        bin(&self.edges, value)
    }

    /// Returns whether there are so few values that each is a bin of its own.
    pub fn is_category(&self) -> bool {
        self.value_counts.is_none()
    }

    /// Returns the distinct values with how often they occur.
    pub fn sample(&self) -> Vec<(f64, u64)> {
        let counts = self.value_counts.as_ref().unwrap_or(&self.counts);
        self.values.iter().copied().zip(counts.iter().copied()).collect()
    }

    /// Returns the number of values.
    pub fn rows(&self) -> u64 {
        self.counts.iter().sum()
    }
}

/// Returns the bin of a value: the number of edges that are not greater.
pub fn bin(edges: &[f64], value: f64) -> usize {
    edges.partition_point(|&edge| edge <= value)
}
