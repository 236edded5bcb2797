//! How good answers are of two classes.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::sum::{Sum, share};
use super::calibration::{Calibration, CalibrationBin, expected_calibration_error};
use super::ranking::Ranking;
use super::recalibration::Recalibration;
use crate::lifecycle::statistics::{loss, squared_error};

/// Gathers answers and what happens.
#[derive(Debug, Clone, Default)]
pub struct BinaryOutcomes {
    right: u64,
    positive: u64,
    log_loss: Sum,
    squared_error: Sum,
    calibration: Calibration,
    ranking: Ranking,
}

/// How good answers are of two classes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BinaryPerformance {
    /// The number of outcomes.
    pub rows: u64,
    /// The share of those that are the positive class.
    pub base_rate: f64,
    /// The share of right answers.
    pub accuracy: f64,
    /// The area under the receiver operating characteristic; null unless there are both classes.
    pub auc: Option<f64>,
    /// How far the exact area is from `auc` at the most: 0 for up to 50,000 outcomes.
    #[serde(default)]
    pub auc_error: f64,
    /// The log loss.
    pub log_loss: f64,
    /// The Brier score.
    pub brier: f64,
    /// The expected calibration error, by tenths.
    pub ece: f64,
    /// Slope and intercept of the calibration; null where no line fits best.
    pub recalibration: Option<Recalibration>,
    /// How often what is given a probability happens, by tenths.
    pub calibration: Vec<CalibrationBin>,
}

impl BinaryOutcomes {
    /// Takes the probability of the positive class, whether that class is predicted, and whether it is what happens. A probability that is
    /// no number is left out.
    pub fn add(&mut self, probability: f32, is_positive: bool, happened: bool) {
        if !probability.is_finite() {
            return;
        }
        let judged = (probability.into(), happened);
        self.right += u64::from(is_positive == happened);
        self.positive += u64::from(happened);
        self.log_loss.add(loss(&judged));
        self.squared_error.add(squared_error(&judged));
        self.calibration.add(judged.0, happened);
        self.ranking.add(probability, happened);
    }

    /// Adds what others gathered.
    pub fn merge(&mut self, other: &Self) {
        self.right += other.right;
        self.positive += other.positive;
        self.log_loss.merge(&other.log_loss);
        self.squared_error.merge(&other.squared_error);
        self.calibration.merge(&other.calibration);
        self.ranking.merge(&other.ranking);
    }

    /// Returns how good the answers are, or nothing without outcomes.
    pub fn performance(&self) -> Option<BinaryPerformance> {
        let rows = self.log_loss.count();
        let (area, calibration) = (self.ranking.area(), self.calibration.bins());
        Some(BinaryPerformance {
            rows,
            base_rate: share(self.positive, rows),
            accuracy: share(self.right, rows),
            auc: area.map(|area| area.value),
            auc_error: area.map_or(0.0, |area| area.error),
            log_loss: self.log_loss.mean()?,
            brier: self.squared_error.mean()?,
            ece: expected_calibration_error(&calibration),
            recalibration: Recalibration::fit(&self.ranking.points()),
            calibration,
        })
    }
}
