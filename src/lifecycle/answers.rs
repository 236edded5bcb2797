//! What a model answers in a window, counted by its baseline and compared with it.

use serde::{Deserialize, Serialize};

use super::answer::Answer;
use super::baseline::{AnswerBaseline, bin};
use super::binning::Precision;
use super::column_drift::ColumnDrift;
use super::described::of_numbers;
use super::drift::{ENOUGH_ROWS, Histograms, OtherBaseline, StabilityIndex, merge_counts};
use super::numbers::{NumberCounts, NumberWatch};
use super::sum::Sum;
use crate::lifecycle::statistics::{TENTHS, to_float};

/// What is counted of answers; counts of the same task can be merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerCounts {
    /// Of two classes: the probabilities by tenths, their sum, and the number of positive answers.
    Binary {
        /// The number of probabilities in each tenth.
        counts: Vec<u64>,
        /// The probabilities.
        sum: Sum,
        /// The number of answers that are the positive class.
        positive: u64,
    },
    /// Of several classes: the number of answers that are each.
    Multiclass(Vec<u64>),
    /// Of numbers.
    Regression(NumberCounts),
}

/// Counts the answers of a window.
#[derive(Debug)]
pub struct AnswerWatch {
    baseline: AnswerBaseline,
    /// The classes, as a report names them.
    classes: Vec<String>,
    counts: AnswerCounts,
    /// Counts numbers; of no use to classes.
    numbers: NumberWatch,
}

impl AnswerWatch {
    /// Starts to count; `classes` are named in the order of the schema's.
    pub fn new(baseline: AnswerBaseline, classes: Vec<String>) -> Self {
        let values = match &baseline {
            AnswerBaseline::Regression { values } => values.clone(),
            _ => super::baseline::NumberBaseline::default(),
        };
        let numbers = NumberWatch::new(values, Precision::Double);
        let counts = match &baseline {
            AnswerBaseline::Binary { .. } => {
                AnswerCounts::Binary { counts: vec![0; TENTHS.len()], sum: Sum::default(), positive: 0 }
            }
            AnswerBaseline::Multiclass { counts, .. } => AnswerCounts::Multiclass(vec![0; counts.len()]),
            AnswerBaseline::Regression { .. } => AnswerCounts::Regression(numbers.counts().clone()),
        };
        Self { baseline, classes, counts, numbers }
    }

    /// Counts an answer; one of another task, or that is no number, is left out.
    pub fn observe(&mut self, answer: Answer<'_>) {
        match (&mut self.counts, answer) {
            (AnswerCounts::Binary { counts, sum, positive }, Answer::Binary { probability, is_positive })
                if probability.is_finite() =>
            {
                counts[bin(&TENTHS[1..], probability.into())] += 1;
                sum.add(probability.into());
                *positive += u64::from(is_positive);
            }
            (AnswerCounts::Multiclass(counts), Answer::Multiclass { predicted, .. }) => {
                if let Some(count) = counts.get_mut(predicted) {
                    *count += 1;
                }
            }
            (AnswerCounts::Regression(_), Answer::Regression(value)) => self.numbers.observe(value),
            _ => {}
        }
    }

    /// Returns what is counted.
    pub fn counts(&self) -> AnswerCounts {
        match &self.counts {
            AnswerCounts::Regression(_) => AnswerCounts::Regression(self.numbers.counts().clone()),
            counts => counts.clone(),
        }
    }

    /// Adds the counts of another part of the window.
    pub fn merge(&mut self, other: &AnswerCounts) -> Result<(), OtherBaseline> {
        match (&mut self.counts, other) {
            (
                AnswerCounts::Binary { counts, sum, positive },
                AnswerCounts::Binary { counts: theirs, sum: their_sum, positive: their_positive },
            ) if counts.len() == theirs.len() => {
                merge_counts(counts, theirs);
                sum.merge(their_sum);
                *positive += their_positive;
                Ok(())
            }
            (AnswerCounts::Multiclass(ours), AnswerCounts::Multiclass(theirs)) if ours.len() == theirs.len() => {
                merge_counts(ours, theirs);
                Ok(())
            }
            (AnswerCounts::Regression(_), AnswerCounts::Regression(theirs)) => self.numbers.merge(theirs),
            _ => Err(OtherBaseline),
        }
    }

    /// Returns the share of answers that are the positive class, of two.
    pub fn positive_rate(&self) -> Option<f64> {
        match &self.counts {
            AnswerCounts::Binary { sum, positive, .. } if sum.count() > 0 => {
                Some(to_float(*positive) / to_float(sum.count()))
            }
            _ => None,
        }
    }

    /// Compares what is counted with the baseline.
    pub fn drift(&self, name: &str) -> ColumnDrift {
        let found = match (&self.counts, &self.baseline) {
            (
                AnswerCounts::Binary { counts, sum, .. },
                AnswerBaseline::Binary { counts: baseline, mean_probability },
            ) => {
                let bins = Histograms {
                    edges: Some(TENTHS[1..].to_vec()),
                    labels: None,
                    baseline: baseline.clone(),
                    window: counts.clone(),
                };
                ColumnDrift { mean: sum.mean(), baseline_mean: *mean_probability, ..self.described(name, bins) }
            }
            (AnswerCounts::Multiclass(counts), AnswerBaseline::Multiclass { counts: baseline, .. }) => {
                let bins = Histograms {
                    edges: None,
                    labels: Some(self.classes.clone()),
                    baseline: baseline.clone(),
                    window: counts.clone(),
                };
                self.described(name, bins)
            }
            _ => of_numbers(name, &self.numbers, self.numbers.histograms()),
        };
        let is_enough = found.rows >= ENOUGH_ROWS;
        let index = is_enough.then(|| StabilityIndex::between(&found.bins.baseline, &found.bins.window)).flatten();
        ColumnDrift { drift: index.map(|index| index.drift()), index, test: found.test.filter(|_| is_enough), ..found }
    }

    fn described(&self, name: &str, bins: Histograms) -> ColumnDrift {
        let rows = bins.window.iter().sum();
        let nothing = of_numbers(name, &self.numbers, Histograms::default());
        ColumnDrift { rows, test: None, out_of_range_rate: None, unseen: None, unseen_rate: None, bins, ..nothing }
    }
}
