//! How good the answers of one day are.

use super::super::answer::{Answer, Outcome, loss};
use super::super::performance::expected::expected_log_loss;
use super::super::statistics::to_float;
use super::super::sum::Sum;

/// Probabilities are ranked by so many equal steps; those of one step count as equal.
const STEPS: usize = 512;

/// The answers of a day whose outcome is known.
#[derive(Debug, Clone, Default)]
pub(in crate::lifecycle) struct DayScores {
    /// Of classes, the log loss without what is expected; of numbers, the squared error.
    pub(super) loss: Sum,
    /// The answer without what happens: of two classes, and of numbers.
    pub(super) error: Sum,
    /// Of two classes: how many probabilities of each step happened, and how many did not.
    pub(super) ranks: Vec<[u32; 2]>,
}

impl DayScores {
    /// Takes an answer, and what happened. Those of different tasks are left out.
    pub(in crate::lifecycle) fn add(&mut self, answer: Answer<'_>, outcome: Outcome) {
        let Some(loss) = loss(answer, outcome).filter(|loss| loss.is_finite()) else { return };
        self.loss.add(loss - expected_log_loss(answer).unwrap_or_default());
        match (answer, outcome) {
            (Answer::Binary { probability, .. }, Outcome::Class(class)) => {
                self.error.add(f64::from(probability) - f64::from(u8::from(class == 1)));
                self.ranks.resize(STEPS, [0, 0]);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    clippy::cast_precision_loss,
                    reason = "a cast to an integer keeps to its range"
                )]
                let step = (probability * STEPS as f32) as usize;
                self.ranks[step.min(STEPS - 1)][usize::from(class != 1)] += 1;
            }
            (Answer::Regression(value), Outcome::Number(number)) => self.error.add(value - number),
            _ => {}
        }
    }

    /// Returns the number of outcomes.
    pub(in crate::lifecycle) fn rows(&self) -> u64 {
        self.loss.count()
    }
}

/// Returns the area under the receiver operating characteristic of steps, where both happen.
pub(super) fn area(ranks: &[[u64; 2]]) -> Option<f64> {
    let (mut below, mut won) = (0, 0.0);
    for [happened, not] in ranks {
        won += to_float(*happened) * (to_float(below) + to_float(*not) / 2.0);
        below += not;
    }
    let pairs = to_float(below) * to_float(ranks.iter().map(|[happened, _]| happened).sum());
    (pairs > 0.0).then(|| won / pairs)
}
