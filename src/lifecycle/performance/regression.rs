//! How good answers are that are numbers.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::super::baseline::{AnswerBaseline, Baseline, Distribution, bin};
use super::super::sum::Sum;
use crate::lifecycle::statistics::to_float;

/// Gathers answers and what happens.
#[derive(Debug, Clone, Default)]
pub struct NumberOutcomes {
    /// What divides the answers of the training data into tenths.
    edges: Vec<f64>,
    /// About where outcomes are: distances from there can be squared without losing digits.
    center: f64,
    error: Sum,
    absolute_error: Sum,
    squared_error: Sum,
    distance: Sum,
    squared_distance: Sum,
    /// By tenths: the answers, and what happens.
    tenths: Vec<(Sum, Sum)>,
}

/// How good answers are that are numbers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct NumberPerformance {
    /// The number of outcomes.
    pub rows: u64,
    /// The root of the mean squared error.
    pub rmse: f64,
    /// The mean absolute error.
    pub mae: f64,
    /// The mean error, answer less outcome: above 0 where answers are too high.
    pub mean_error: f64,
    /// The share of the outcomes' variance that the answers explain; null where all outcomes are equal.
    pub r2: Option<f64>,
    /// The mean outcome.
    pub mean_outcome: f64,
    /// What happens by what is answered, in bins that divide the answers of the training data into tenths.
    pub calibration: Vec<ValueBin>,
}

/// Answers that are about the same.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ValueBin {
    /// Where the bin begins; null of the first one.
    pub from: Option<f64>,
    /// The number of answers in it.
    pub rows: u64,
    /// Their mean.
    pub mean_answer: f64,
    /// The mean of what happens.
    pub mean_outcome: f64,
}

impl NumberOutcomes {
    /// Begins with what divides answers into bins, ascending, and a number about where outcomes are.
    pub fn new(edges: &[f64], center: f64) -> Self {
        let center = if center.is_finite() { center } else { 0.0 };
        let tenths = vec![(Sum::default(), Sum::default()); edges.len() + 1];
        Self { edges: edges.to_vec(), center, tenths, ..Self::default() }
    }

    /// Begins with the bins of the training data.
    pub fn from_baseline(baseline: &Baseline) -> Self {
        let edges = match baseline.predictions.as_ref().map(|predictions| &predictions.answers) {
            Some(AnswerBaseline::Regression { values }) => &values.edges[..],
            _ => &[],
        };
        let center = match &baseline.label {
            Some(Distribution::Number(number)) => number.mean,
            _ => None,
        };
        Self::new(edges, center.unwrap_or_default())
    }

    /// Takes an answer, and what happens. Those that are no numbers are left out.
    pub fn add(&mut self, answer: f64, outcome: f64) {
        if !answer.is_finite() || !outcome.is_finite() {
            return;
        }
        let (error, distance) = (answer - outcome, outcome - self.center);
        self.error.add(error);
        self.absolute_error.add(error.abs());
        self.squared_error.add(error * error);
        self.distance.add(distance);
        self.squared_distance.add(distance * distance);
        let place = bin(&self.edges, answer);
        if let Some((answers, outcomes)) = self.tenths.get_mut(place) {
            answers.add(answer);
            outcomes.add(outcome);
        }
    }

    /// Adds what others gathered that began with the same bins and center.
    pub fn merge(&mut self, other: &Self) {
        self.error.merge(&other.error);
        self.absolute_error.merge(&other.absolute_error);
        self.squared_error.merge(&other.squared_error);
        self.distance.merge(&other.distance);
        self.squared_distance.merge(&other.squared_distance);
        for ((answers, outcomes), (their_answers, their_outcomes)) in self.tenths.iter_mut().zip(&other.tenths) {
            answers.merge(their_answers);
            outcomes.merge(their_outcomes);
        }
    }

    /// Returns the variance of the outcomes, or nothing without any.
    pub fn variance(&self) -> Option<f64> {
        let mean = self.distance.mean()?;
        Some((self.squared_distance.mean()? - mean * mean).max(0.0))
    }

    /// Returns how good the answers are, or nothing without outcomes.
    pub fn performance(&self) -> Option<NumberPerformance> {
        let rows = self.error.count();
        let (squared_error, variance) = (self.squared_error.mean()?, self.variance()?);
        // What rounding leaves of equal outcomes is no variance.
        let least = self.squared_distance.mean()? * f64::EPSILON * to_float(8);
        Some(NumberPerformance {
            rows,
            rmse: squared_error.sqrt(),
            mae: self.absolute_error.mean()?,
            mean_error: self.error.mean()?,
            r2: (variance > least).then(|| 1.0 - squared_error / variance),
            mean_outcome: self.center + self.distance.mean()?,
            calibration: self.calibration(),
        })
    }

    fn calibration(&self) -> Vec<ValueBin> {
        let begins = [None].into_iter().chain(self.edges.iter().copied().map(Some));
        let bins = begins.zip(&self.tenths).filter_map(|(from, (answers, outcomes))| {
            Some(ValueBin { from, rows: answers.count(), mean_answer: answers.mean()?, mean_outcome: outcomes.mean()? })
        });
        bins.collect()
    }
}
