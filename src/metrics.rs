//! What the service counts while it runs: for Prometheus where a server can be asked, as lines of the log where a function cannot.

pub mod embedded;
pub mod prometheus;
mod report;

use std::time::Duration;

use crate::passenger::Passenger;
use crate::store::Put;
use embedded::EmbeddedMetrics;
use prometheus::PrometheusMetrics;

/// Where answers are counted.
#[derive(Debug)]
pub enum Metrics {
    /// In memory, for a server that is asked for them.
    Prometheus(Box<PrometheusMetrics>),
    /// In lines of the log, for a function.
    Embedded(EmbeddedMetrics),
}

impl Metrics {
    /// Counts an answer.
    pub fn record(&self, answered: Answered) {
        match self {
            Self::Prometheus(metrics) => metrics.record(&answered),
            Self::Embedded(metrics) => metrics.record(answered),
        }
    }

    /// Returns all counts as text, where they are kept.
    pub fn text(&self) -> Option<String> {
        match self {
            Self::Prometheus(metrics) => Some(metrics.text()),
            Self::Embedded(_) => None,
        }
    }
}

/// What is counted of a request once it is answered.
#[derive(Debug, Clone)]
pub struct Answered {
    /// Its name in the log.
    pub request_id: String,
    /// The path's pattern, or `none`.
    pub route: String,
    /// The status of its answer.
    pub status: u16,
    /// The kind of problem that it was answered with.
    pub problem: Option<&'static str>,
    /// What predicting took and came to, if it predicted.
    pub measurement: Option<Measurement>,
}

/// What predicting the passengers of a request took and came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// How many predictions were stored.
    pub created: u64,
    /// How many were there already.
    pub existing: u64,
    /// The probabilities of those that were stored.
    pub probabilities: Vec<f32>,
    /// How many of their passengers had no value in a field, by [`Self::missing`].
    missing: [u64; Passenger::OPTIONAL.len()],
    /// How long features and model took.
    pub model: Duration,
    /// How long the store took.
    pub store: Duration,
}

impl Measurement {
    /// Counts what came of passengers that were predicted and put into the store.
    pub fn of(puts: &[Put], model: Duration, store: Duration) -> Self {
        let created = || puts.iter().filter(|put| put.is_created()).map(Put::prediction);
        let mut missing = [0; Passenger::OPTIONAL.len()];
        created().for_each(|prediction| count_missing(&prediction.passenger, &mut missing));
        let probabilities: Vec<f32> = created().map(|prediction| prediction.probability).collect();
        let created = probabilities.len() as u64;
        Self { created, existing: puts.len() as u64 - created, probabilities, missing, model, store }
    }

    /// Returns the fields that had no value, and how often.
    pub fn missing(&self) -> impl Iterator<Item = (&'static str, u64)> {
        Passenger::OPTIONAL.into_iter().zip(self.missing).filter(|(_, count)| *count > 0)
    }
}

fn count_missing(passenger: &Passenger, missing: &mut [u64]) {
    for (field, count) in Passenger::OPTIONAL.into_iter().zip(missing) {
        *count += u64::from(passenger.is_missing(field));
    }
}
