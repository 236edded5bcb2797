//! What models in the shadow said, gathered beside what was answered.

use super::answer::Outcome;
use super::performance::Outcomes;
use super::report::ShadowReport;
use super::statistics::to_float;
use super::stored::StoredAnswer;
use super::sum::Sum;

/// The words of one model in the shadow.
#[derive(Debug, Clone)]
pub(super) struct ShadowWatch {
    rows: u64,
    said: Sum,
    answered: Sum,
    difference: Sum,
    largest_difference: Option<f64>,
    decided: u64,
    decided_otherwise: u64,
    observed: Outcomes,
    answered_observed: Outcomes,
}

impl ShadowWatch {
    /// Begins to gather; `outcomes` are empty ones of the table.
    pub(super) fn new(outcomes: Outcomes) -> Self {
        Self {
            rows: 0,
            said: Sum::default(),
            answered: Sum::default(),
            difference: Sum::default(),
            largest_difference: None,
            decided: 0,
            decided_otherwise: 0,
            observed: outcomes.clone(),
            answered_observed: outcomes,
        }
    }

    /// Takes in what the model said where this was answered, and what really happened.
    pub(super) fn observe(&mut self, said: &StoredAnswer, answered: &StoredAnswer, outcome: Option<Outcome>) {
        self.rows += 1;
        if let (Some(one), Some(other)) = (said.number(), answered.number()) {
            self.said.add(one);
            self.answered.add(other);
            let difference = (one - other).abs();
            self.difference.add(difference);
            self.largest_difference =
                Some(self.largest_difference.map_or(difference, |largest| largest.max(difference)));
        }
        if let Some(agrees) = said.agrees_with(answered) {
            self.decided += 1;
            self.decided_otherwise += u64::from(!agrees);
        }
        if let Some(outcome) = outcome {
            self.observed.add(said.as_answer(), outcome);
            self.answered_observed.add(answered.as_answer(), outcome);
        }
    }

    pub(super) fn report(&self) -> ShadowReport {
        ShadowReport {
            rows: self.rows,
            mean: self.said.mean(),
            answered_mean: self.answered.mean(),
            mean_difference: self.difference.mean(),
            largest_difference: self.largest_difference,
            decided_otherwise_rate: (self.decided > 0)
                .then(|| to_float(self.decided_otherwise) / to_float(self.decided)),
            observed: self.observed.performance(),
            answered_observed: self.answered_observed.performance(),
        }
    }
}
