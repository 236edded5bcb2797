//! The answers to the training data.

use super::super::answer::Answer;
use super::super::baseline::{AnswerBaseline, bin};
use super::super::binning::{Precision, number_baseline, significant};
use super::super::cells::Cells;
use super::super::drift::merge_counts;
use super::super::sum::Sum;
use super::day_fields::numbers_by_bin;
use crate::lifecycle::statistics::TENTHS;

#[derive(Debug)]
pub(super) enum AnswerBuilder {
    Binary(Vec<u64>, Sum),
    Multiclass(Vec<u64>, Vec<Sum>),
    Regression(Cells),
}

impl AnswerBuilder {
    pub(super) fn new(answer: Answer<'_>) -> Self {
        match answer {
            Answer::Binary { .. } => Self::Binary(vec![0; TENTHS.len()], Sum::default()),
            Answer::Multiclass { probabilities, .. } => {
                Self::Multiclass(vec![0; probabilities.len()], vec![Sum::default(); probabilities.len()])
            }
            Answer::Regression(_) => Self::Regression(Cells::default()),
        }
    }

    pub(super) fn add(&mut self, answer: Answer<'_>) {
        match (self, answer) {
            (Self::Binary(counts, sum), Answer::Binary { probability, .. }) if probability.is_finite() => {
                counts[bin(&TENTHS[1..], probability.into())] += 1;
                sum.add(probability.into());
            }
            (Self::Multiclass(counts, sums), Answer::Multiclass { probabilities, predicted }) => {
                if let Some(count) = counts.get_mut(predicted) {
                    *count += 1;
                }
                for (sum, &probability) in sums.iter_mut().zip(probabilities) {
                    sum.add(probability.into());
                }
            }
            (Self::Regression(cells), Answer::Regression(value)) => cells.add(value),
            _ => {}
        }
    }

    pub(super) fn merge(&mut self, other: Self) {
        match (self, other) {
            (Self::Binary(ours, our_sum), Self::Binary(theirs, their_sum)) => {
                merge_counts(ours, &theirs);
                our_sum.merge(&their_sum);
            }
            (Self::Multiclass(ours, our_sums), Self::Multiclass(theirs, their_sums)) => {
                merge_counts(ours, &theirs);
                for (ours, theirs) in our_sums.iter_mut().zip(&their_sums) {
                    ours.merge(theirs);
                }
            }
            (Self::Regression(ours), Self::Regression(theirs)) => ours.merge(&theirs),
            _ => {}
        }
    }

    /// Lets numbers have so many cells from now on.
    pub(super) fn limit_to(&mut self, limit: usize) {
        if let Self::Regression(cells) = self {
            cells.limit_to(limit);
        }
    }

    /// Returns the count of each bin of a baseline.
    pub(super) fn by_bin(&self, baseline: &AnswerBaseline) -> Vec<u64> {
        match (self, baseline) {
            (Self::Binary(counts, _) | Self::Multiclass(counts, _), _) => counts.clone(),
            (Self::Regression(cells), AnswerBaseline::Regression { values }) => numbers_by_bin(cells, values),
            (Self::Regression(_), _) => vec![],
        }
    }

    pub(super) fn build(&self) -> AnswerBaseline {
        match self {
            Self::Binary(counts, sum) => {
                AnswerBaseline::Binary { counts: counts.clone(), mean_probability: sum.mean().map(significant) }
            }
            Self::Multiclass(counts, sums) => AnswerBaseline::Multiclass {
                counts: counts.clone(),
                mean_probabilities: sums.iter().map(|sum| significant(sum.mean().unwrap_or_default())).collect(),
            },
            Self::Regression(cells) => {
                let values = number_baseline(cells, Precision::Double);
                AnswerBaseline::Regression { values }
            }
        }
    }
}
