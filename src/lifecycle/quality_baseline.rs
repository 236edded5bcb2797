//! How good the answers to the training data are, as `baseline.json` has it where the table has a time.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How good the answers to the training data are. Those of the training data itself look better than those out of fold, which later ones are
/// like.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct QualityBaseline {
    /// The number of outcomes.
    pub rows: u64,
    /// Of classes, the log loss beyond what the probabilities themselves expect; of numbers, the squared error.
    pub loss: f64,
    /// The area under the receiver operating characteristic, of two classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auc: Option<f64>,
    /// The mean of what is answered without that of what happens: of two classes, and of numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mean_error: Option<f64>,
    /// The standard deviation of outcomes that are numbers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcomes_std: Option<f64>,
}
