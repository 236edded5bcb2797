//! A window day by day, by the local dates of the field that tells the time.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::answer::{Answer, Outcome};
use super::baseline::{AnswerBaseline, bin};
use super::days::{RecordDays, of_day};
use super::drift::{ENOUGH_ROWS, StabilityIndex};
use super::quality_baseline::QualityBaseline;
use super::standing::{DayScores, Standing};
use super::statistics::TENTHS;
use super::sum::Sum;
use crate::table::{Record, Schema};

/// A day of the window.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct DayReport {
    /// The local date, in the schema's zone.
    pub date: String,
    /// The number of predictions of records of that day.
    pub rows: u64,
    /// The mean of their probabilities of the positive class, or of the numbers; null of several classes.
    pub mean: Option<f64>,
    /// The number of outcomes that are known.
    pub outcomes: u64,
    /// The share of those that are the positive class, or the mean of the numbers; null where none is known, and of several classes.
    pub observed: Option<f64>,
    /// The stability index of the predictions against those of the training data, without what chance adds; null of fewer than 200.
    pub index: Option<f64>,
}

/// Gathers the days of a window.
#[derive(Debug)]
pub(super) struct Timeline {
    record_days: RecordDays,
    baseline: AnswerBaseline,
    days: BTreeMap<Date, Day>,
}

#[derive(Debug, Default)]
struct Day {
    rows: u64,
    predicted: Sum,
    happened: Sum,
    /// The answers by the bins of the baseline.
    bins: Vec<u64>,
    scores: DayScores,
}

impl Timeline {
    /// Begins to gather; returns nothing where the schema has no time.
    pub(super) fn new(schema: &Schema, baseline: AnswerBaseline) -> Option<Self> {
        Some(Self { record_days: RecordDays::new(schema)?, baseline, days: BTreeMap::new() })
    }

    /// Takes a record with its answer, and what happened where that is known.
    pub(super) fn observe(&mut self, record: &Record, answer: Answer<'_>, outcome: Option<Outcome>) {
        let date = self.record_days.date(record);
        let Some(day) = date.and_then(|date| of_day(&mut self.days, date)) else { return };
        day.rows += 1;
        day.bins.resize(self.baseline.daily_bins(), 0);
        let bin = match (answer, &self.baseline) {
            (Answer::Binary { probability, .. }, AnswerBaseline::Binary { .. }) if probability.is_finite() => {
                day.predicted.add(probability.into());
                bin(&TENTHS[1..], probability.into())
            }
            (Answer::Multiclass { predicted, .. }, AnswerBaseline::Multiclass { .. }) => predicted,
            (Answer::Regression(value), AnswerBaseline::Regression { values }) if value.is_finite() => {
                day.predicted.add(value);
                values.bin(value)
            }
            _ => return,
        };
        if let Some(count) = day.bins.get_mut(bin) {
            *count += 1;
        }
        if let Some(outcome) = outcome {
            day.scores.add(answer, outcome);
            match (answer, outcome) {
                (Answer::Binary { .. }, Outcome::Class(class)) => day.happened.add(f64::from(u8::from(class == 1))),
                (_, Outcome::Number(number)) => day.happened.add(number),
                _ => {}
            }
        }
    }

    /// Returns the days, ascending.
    pub(super) fn report(&self) -> Vec<DayReport> {
        let counts = match &self.baseline {
            AnswerBaseline::Binary { counts, .. } | AnswerBaseline::Multiclass { counts, .. } => counts,
            AnswerBaseline::Regression { values } => &values.counts,
        };
        let days = self.days.iter().map(|(date, day)| {
            let index = StabilityIndex::between(counts, &day.bins).filter(|_| day.rows >= ENOUGH_ROWS);
            DayReport {
                date: date.to_string(),
                rows: day.rows,
                mean: day.predicted.mean(),
                outcomes: day.scores.rows(),
                observed: day.happened.mean(),
                index: index.map(|index| index.judged),
            }
        });
        days.collect()
    }

    /// Compares the quality of the answers with that of the training data, where the baseline tells it.
    pub(super) fn standing(&self, training: Option<&QualityBaseline>) -> Option<Standing> {
        let days: Vec<&DayScores> = self.days.values().map(|day| &day.scores).collect();
        Standing::new(&days, self.days.values().map(|day| day.rows).sum(), training?)
    }
}
