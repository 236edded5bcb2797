//! What a package says of itself.

use std::collections::{BTreeMap, HashMap};

use schemars::JsonSchema;
use serde::de::{Error, IgnoredAny};
use serde::{Deserialize, Serialize};

use super::agreement::Agreement;
use super::error::LoadError;
use super::files::MANIFEST;
use crate::table::Task;
use crate::table::descriptor::{Names, Scalar};

/// `manifest.json`.
///
/// Unknown properties are refused: a misspelt `threshold` that nobody reads would silently change answers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What the model is called.
    pub name: String,
    /// Semantic version and the first eight digits of the content hash, as in `1.0.0-3fa9c1d2`.
    #[serde(default)]
    pub version: String,
    /// The semantic version alone.
    pub semantic_version: String,
    /// The SHA-256 of all that decides an answer.
    #[serde(default)]
    pub content_hash: String,
    /// The SHA-256 of `history.json`, where there is one: the snapshot by which the package answers.
    #[serde(default)]
    pub history_hash: Option<String>,
    /// The SHA-256 of each file.
    #[serde(default)]
    pub files: BTreeMap<String, String>,
    /// What kind of label the graph predicts, checked against the schema's.
    #[serde(default)]
    pub task: Option<Task>,
    /// The classes, in the order in which the graph has their probabilities.
    #[serde(default)]
    pub classes: Option<Vec<Scalar>>,
    /// What the graph's inputs are.
    #[serde(default)]
    pub inputs: Option<Inputs>,
    /// Which of the graph's outputs is what.
    #[serde(default)]
    pub outputs: Outputs,
    /// What the graph reads where a text is missing, by the field: an empty text otherwise.
    #[serde(default)]
    pub missing_texts: BTreeMap<String, String>,
    /// The probability from which on the positive one of two classes is predicted.
    #[serde(default)]
    pub threshold: Option<f32>,
    /// The SHA-256 of what the recipe computes.
    #[serde(default)]
    pub recipe_hash: Option<String>,
    /// The SHA-256 of the training file.
    #[serde(default)]
    pub data_hash: Option<String>,
    /// What stands for a record of which nothing is known: for each feature, or each field that the graph reads, the mean of the training
    /// data, or of texts the most frequent one.
    #[serde(default)]
    pub means: HashMap<String, Scalar>,
    /// How the graph was compared with the model that it was exported from; absent where it was not.
    #[serde(default)]
    pub agreement: Option<Agreement>,
    /// What was decided when the package was made, in words.
    #[serde(default, rename = "decisions")]
    #[schemars(with = "Vec<String>")]
    _decisions: IgnoredAny,
    /// What kind of model it is, in words.
    #[serde(default, rename = "algorithm")]
    #[schemars(with = "serde_json::Value")]
    _algorithm: IgnoredAny,
    /// The training: `rows`, `positives`, and whatever else it tells.
    #[serde(default, rename = "training")]
    #[schemars(with = "serde_json::Value")]
    _training: IgnoredAny,
    /// How the model was chosen.
    #[serde(default, rename = "choice")]
    #[schemars(with = "serde_json::Value")]
    _choice: IgnoredAny,
    /// How good it is by cross-validation.
    #[serde(default, rename = "cross_validation")]
    #[schemars(with = "serde_json::Value")]
    _cross_validation: IgnoredAny,
    /// How good it is by other means.
    #[serde(default, rename = "evaluation")]
    #[schemars(with = "serde_json::Value")]
    _evaluation: IgnoredAny,
}

/// What the graph's inputs are, where names alone do not tell.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Inputs {
    /// The fields or features of a single input, in its order of columns.
    Ordered(Vec<String>),
    /// The field or feature of each input, by the input's name; of an input of several columns, a list of them in their order.
    Named(BTreeMap<String, Names>),
}

/// Which of the graph's outputs is what, where names and types alone do not tell.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Outputs {
    /// The output with the predicted class.
    #[serde(default)]
    pub label: Option<String>,
    /// The output with the probability of each class, or of the positive one.
    #[serde(default)]
    pub probabilities: Option<String>,
    /// The output with the predicted number.
    #[serde(default)]
    pub value: Option<String>,
}

impl Manifest {
    /// Reads a manifest and returns it with its text, which is what `GET /model` answers.
    pub(super) fn parse(text: &[u8]) -> Result<(Self, Box<str>), LoadError> {
        let malformed = |error| LoadError::malformed(MANIFEST, "a manifest", error);
        let text = std::str::from_utf8(text).map_err(|error| malformed(serde_json::Error::custom(error)))?;
        Ok((serde_json::from_str(text).map_err(malformed)?, text.trim_ascii().into()))
    }

    /// Returns what of the manifest decides answers, as one text.
    pub(super) fn computing_parts(&self) -> String {
        let mut parts = serde_json::json!({
            "classes": self.classes, "inputs": self.inputs, "outputs": self.outputs, "threshold": self.threshold,
        });
        if !self.missing_texts.is_empty() {
            parts["missing_texts"] = serde_json::json!(self.missing_texts);
        }
        parts.to_string()
    }

    /// Returns the version that the semantic one and the content hash make.
    pub(super) fn expected_version(&self) -> String {
        version(&self.semantic_version, &self.content_hash)
    }
}

/// Returns the version of a package: `1.0.0-3fa9c1d2`.
pub(super) fn version(semantic_version: &str, content_hash: &str) -> String {
    format!("{semantic_version}-{}", content_hash.get(..8).unwrap_or_default())
}
