//! A figure of the window beside that of the training data.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A figure of the window with its interval, beside that of the training data.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Measure {
    /// Which.
    pub kind: MeasureKind,
    /// The figure.
    pub value: f64,
    /// The end of the 95 % interval below it.
    pub lower: f64,
    /// The end above it.
    pub upper: f64,
    /// The figure of the training data.
    pub training: f64,
    /// By how much it may be worse.
    pub bound: f64,
    /// Whether all of the interval is worse than that.
    pub is_worse: bool,
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum MeasureKind {
    /// Of classes: the log loss beyond what the probabilities themselves expect.
    ExcessLogLoss,
    /// Of numbers.
    SquaredError,
    /// Of two classes: the area under the receiver operating characteristic.
    Auc,
    /// Of two classes and of numbers: the mean of what was answered without that of what happens.
    MeanError,
}

impl MeasureKind {
    /// Returns what a person reads.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::ExcessLogLoss => "log loss beyond expectation",
            Self::SquaredError => "squared error",
            Self::Auc => "AUC",
            Self::MeanError => "mean error",
        }
    }
}
