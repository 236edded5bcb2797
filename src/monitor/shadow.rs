//! What models in the shadow said, gathered beside what was answered.

use super::judgement::value_and_error;
use super::rate;
use super::report::{ShadowObserved, ShadowReport};
use crate::observation::Observation;
use crate::statistics::{Mean, Ranking, loss};

/// The words of one model in the shadow.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    said: Mean,
    answered: Mean,
    difference: Mean,
    largest_difference: f64,
    decided_otherwise: u64,
    judged: Judged,
    judged_answers: Judged,
}

/// Probabilities of those whose outcome is recorded.
#[derive(Debug, Default)]
struct Judged {
    log_loss: Mean,
    ranking: Ranking,
}

impl Judged {
    fn add(&mut self, probability: f32, survived: bool) {
        self.log_loss.add(loss(&(probability.into(), survived)));
        self.ranking.add(probability, survived);
    }
}

impl Gathered {
    /// Takes in what the model said where this was answered; from the threshold on, a passenger is predicted to survive.
    pub(super) fn observe(&mut self, probability: f32, observation: &Observation, threshold: f32) {
        let (said, answered) = (f64::from(probability), f64::from(observation.probability));
        self.said.add(said);
        self.answered.add(answered);
        self.difference.add((said - answered).abs());
        self.largest_difference = self.largest_difference.max((said - answered).abs());
        self.decided_otherwise += u64::from((probability >= threshold) != observation.survived);
        if let Some(survived) = observation.outcome {
            self.judged.add(probability, survived);
            self.judged_answers.add(observation.probability, survived);
        }
    }

    /// Compares; there is at least one word.
    pub(super) fn report(&self) -> Option<ShadowReport> {
        Some(ShadowReport {
            rows: self.said.count(),
            mean_probability: self.said.value()?,
            answered_mean_probability: self.answered.value()?,
            mean_difference: self.difference.value()?,
            largest_difference: self.largest_difference,
            decided_otherwise_rate: rate(self.decided_otherwise, self.said.count()),
            observed: self.observed(),
        })
    }

    fn observed(&self) -> Option<ShadowObserved> {
        let (auc, error) = value_and_error(self.judged.ranking.area());
        let (answered_auc, answered_error) = value_and_error(self.judged_answers.ranking.area());
        Some(ShadowObserved {
            rows: self.judged.log_loss.count(),
            log_loss: self.judged.log_loss.value()?,
            answered_log_loss: self.judged_answers.log_loss.value()?,
            auc,
            answered_auc,
            auc_error: error.max(answered_error),
        })
    }
}
