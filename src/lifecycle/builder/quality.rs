//! How good the answers to the training data are.

use super::super::answer::{Answer, Outcome, loss};
use super::super::binning::significant;
use super::super::performance::expected::expected_log_loss;
use super::super::performance::ranking::Ranking;
use super::super::quality_baseline::QualityBaseline;
use super::super::sum::Sum;

/// Gathers how good the answers to the training data are.
#[derive(Debug, Clone, Default)]
pub(super) struct QualityBuilder {
    loss: Sum,
    error: Sum,
    ranking: Ranking,
    outcomes: Sum,
    squares: Sum,
}

impl QualityBuilder {
    /// Takes an answer, and what happened. Those of different tasks are left out.
    pub(super) fn add(&mut self, answer: Answer<'_>, outcome: Outcome) {
        let Some(loss) = loss(answer, outcome).filter(|loss| loss.is_finite()) else { return };
        self.loss.add(loss - expected_log_loss(answer).unwrap_or_default());
        match (answer, outcome) {
            (Answer::Binary { probability, .. }, Outcome::Class(class)) => {
                self.error.add(f64::from(probability) - f64::from(u8::from(class == 1)));
                self.ranking.add(probability, class == 1);
            }
            (Answer::Regression(value), Outcome::Number(number)) => {
                self.error.add(value - number);
                self.outcomes.add(number);
                self.squares.add(number * number);
            }
            _ => {}
        }
    }

    pub(super) fn merge(&mut self, other: &Self) {
        self.loss.merge(&other.loss);
        self.error.merge(&other.error);
        self.ranking.merge(&other.ranking);
        self.outcomes.merge(&other.outcomes);
        self.squares.merge(&other.squares);
    }

    /// Returns how good they are, or nothing without outcomes.
    pub(super) fn build(&self) -> Option<QualityBaseline> {
        let variance =
            self.outcomes.mean().zip(self.squares.mean()).map(|(mean, squares)| (squares - mean * mean).max(0.0));
        Some(QualityBaseline {
            rows: self.loss.count(),
            loss: significant(self.loss.mean()?),
            auc: self.ranking.area().map(|area| significant(area.value)),
            mean_error: self.error.mean().map(significant),
            outcomes_std: variance.map(|variance| significant(variance.sqrt())),
        })
    }
}
