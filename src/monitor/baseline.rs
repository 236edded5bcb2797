//! What the training data looked like, as the manifest has it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::model::Model;

/// The part of a manifest that monitoring compares with.
#[derive(Debug, Deserialize)]
pub(super) struct Baseline {
    pub(super) features: BTreeMap<String, FeatureBaseline>,
    /// By Kaggle's names.
    pub(super) missing_rates: BTreeMap<String, f64>,
    pub(super) prediction_histogram: Histogram,
    pub(super) survival_rate: f64,
    pub(super) mean_probability: f64,
}

/// A feature's distribution. The bin of a value is the number of edges that are not greater.
#[derive(Debug, Deserialize)]
pub(super) struct FeatureBaseline {
    pub(super) edges: Vec<f64>,
    pub(super) counts: Vec<u64>,
    pub(super) mean: f64,
    /// The distinct values, ascending.
    pub(super) values: Vec<f32>,
    /// How often each occurs, where they are not a bin each.
    #[serde(default)]
    value_counts: Option<Vec<u64>>,
}

/// Counts of out-of-fold probabilities by tenths.
#[derive(Debug, Deserialize)]
pub(super) struct Histogram {
    pub(super) counts: Vec<u64>,
}

#[derive(Deserialize)]
struct Manifest {
    baseline: Baseline,
}

impl Baseline {
    pub(super) fn of(model: &Model) -> Result<Self, serde_json::Error> {
        serde_json::from_str::<Manifest>(model.manifest_json()).map(|manifest| manifest.baseline)
    }
}

impl FeatureBaseline {
    /// Tells whether the feature has so few values that each counts by itself.
    pub(super) fn is_category(&self) -> bool {
        self.value_counts.is_none()
    }

    /// Returns the distinct values with how often they occur.
    pub(super) fn sample(&self) -> Vec<(f64, u64)> {
        let counts = self.value_counts.as_ref().unwrap_or(&self.counts);
        self.values.iter().map(|&value| f64::from(value)).zip(counts.iter().copied()).collect()
    }
}
