//! What models in the shadow said, gathered beside what was answered.

use super::report::{ShadowObserved, ShadowReport};
use super::{mean, rate};
use crate::prediction::Prediction;
use crate::statistics::{Judged, auc, log_loss};

/// The words of one model in the shadow.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    said: Vec<f64>,
    answered: Vec<f64>,
    decided_otherwise: u64,
    judged: Vec<Judged>,
    judged_answers: Vec<Judged>,
}

impl Gathered {
    /// Takes in what the model said where this was answered; from the threshold on, a passenger is predicted to survive.
    pub(super) fn observe(&mut self, probability: f32, prediction: &Prediction, threshold: f32) {
        let (said, answered) = (f64::from(probability), f64::from(prediction.probability));
        self.said.push(said);
        self.answered.push(answered);
        self.decided_otherwise += u64::from((probability >= threshold) != prediction.survived);
        if let Some(outcome) = prediction.outcome {
            self.judged.push((said, outcome.survived));
            self.judged_answers.push((answered, outcome.survived));
        }
    }

    /// Compares; there is at least one word.
    pub(super) fn report(&self) -> Option<ShadowReport> {
        let rows = self.said.len() as u64;
        let differences = || self.said.iter().zip(&self.answered).map(|(said, answered)| (said - answered).abs());
        Some(ShadowReport {
            rows,
            mean_probability: mean(self.said.iter().copied())?,
            answered_mean_probability: mean(self.answered.iter().copied())?,
            mean_difference: mean(differences())?,
            largest_difference: differences().fold(0.0, f64::max),
            decided_otherwise_rate: rate(self.decided_otherwise, rows),
            observed: self.observed(),
        })
    }

    fn observed(&self) -> Option<ShadowObserved> {
        Some(ShadowObserved {
            rows: self.judged.len() as u64,
            log_loss: log_loss(&self.judged)?,
            answered_log_loss: log_loss(&self.judged_answers)?,
            auc: auc(&self.judged),
            answered_auc: auc(&self.judged_answers),
        })
    }
}
