//! How good probabilities were, gathered one outcome at a time.

use super::rate;
use super::report::Observed;
use crate::statistics::{Area, Calibration, Mean, Ranking, loss, squared_error};

/// What is known of those whose outcome is recorded.
#[derive(Debug, Default)]
pub(super) struct Judgement {
    right: u64,
    log_loss: Mean,
    squared_error: Mean,
    calibration: Calibration,
    ranking: Ranking,
}

impl Judgement {
    /// Takes in a probability, whether survival was predicted of it, and whether the passenger survived.
    pub(super) fn add(&mut self, probability: f32, predicted: bool, survived: bool) {
        let judged = (probability.into(), survived);
        self.right += u64::from(predicted == survived);
        self.log_loss.add(loss(&judged));
        self.squared_error.add(squared_error(&judged));
        self.calibration.add(&judged);
        self.ranking.add(probability, survived);
    }

    pub(super) fn report(&self) -> Option<Observed> {
        let rows = self.log_loss.count();
        let (auc, auc_error) = value_and_error(self.ranking.area());
        Some(Observed {
            rows,
            accuracy: rate(self.right, rows),
            auc,
            auc_error,
            log_loss: self.log_loss.value()?,
            brier: self.squared_error.value()?,
            calibration: self.calibration.tenths().into_iter().map(Into::into).collect(),
        })
    }
}

/// Returns an area and its error, which is 0 where there is no area.
pub(super) fn value_and_error(area: Option<Area>) -> (Option<f64>, f64) {
    (area.map(|area| area.value), area.map_or(0.0, |area| area.error))
}
