//! What a model package says of itself.

use std::collections::HashMap;

use serde::Deserialize;
use serde::de::Error;
use utoipa::ToSchema;

/// The parts of `manifest.json` that serving needs; the rest is for people and for monitoring.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Manifest {
    /// What the model is called.
    pub name: String,
    /// Semantic version and the first eight digits of the content hash, as in `1.0.0-3fa9c1d2`.
    pub version: String,
    /// The semantic version alone; the graph carries the same.
    pub semantic_version: String,
    /// The SHA-256 of `survival.onnx` followed by `features.json`.
    pub content_hash: String,
    /// The names of the features, in the order in which the graph reads them.
    pub feature_names: Vec<String>,
    /// The SHA-256 of those names, one a line.
    pub feature_set_hash: String,
    /// The SHA-256 of the training file.
    pub data_hash: String,
    /// From this probability on, a passenger is predicted to survive.
    pub threshold: f32,
    /// The training data in numbers.
    pub baseline: Baseline,
}

/// What the training data looked like, feature by feature.
#[derive(Debug, Deserialize, ToSchema)]
pub struct Baseline {
    /// By the features' names.
    pub features: HashMap<String, FeatureBaseline>,
}

/// What a feature looked like in the training data.
#[derive(Debug, Deserialize, ToSchema)]
pub struct FeatureBaseline {
    /// Its mean.
    pub mean: f32,
}

impl Manifest {
    /// Reads a manifest and returns it with its text, which is what `GET /model` answers.
    ///
    /// The text is read once, at each start: what is parsed is whole JSON.
    pub(super) fn parse(text: &[u8]) -> Result<(Self, Box<str>), serde_json::Error> {
        let text = std::str::from_utf8(text).map_err(serde_json::Error::custom)?;
        Ok((serde_json::from_str(text)?, text.trim_ascii().into()))
    }
}
