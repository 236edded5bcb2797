//! What the service counts while it runs: for Prometheus where a server can be asked, as lines of the log where a function cannot.

mod bulk;
pub mod embedded;
pub mod prometheus;
mod report;
mod scheduled;

use std::time::Duration;

use jiff::SignedDuration;

use crate::service::Predicted;
use crate::table::{Record, Schema};
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

    /// Returns all counts as text, where they are kept, with the age of the snapshot that serves.
    pub fn text(&self, snapshot_age: Option<SignedDuration>) -> Option<String> {
        match self {
            Self::Prometheus(metrics) => Some(metrics.text(snapshot_age)),
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

/// What predicting the records of a request took and came to.
#[derive(Debug, Clone, PartialEq)]
pub struct Measurement {
    /// How many predictions were stored.
    pub created: u64,
    /// How many were there already.
    pub existing: u64,
    /// The probabilities of those that were stored, where there are two classes.
    pub probabilities: Vec<f32>,
    /// How many of their records had no value in a field, by the field's place in the schema.
    pub missing: Box<[u64]>,
    /// How long features and graph took.
    pub inference: Duration,
    /// How long the store took.
    pub storing: Duration,
    /// How old the snapshot was that was looked up, where the history changes.
    pub snapshot_age: Option<SignedDuration>,
}

impl Measurement {
    /// Counts what came of records that were predicted and put into the store.
    pub fn new(schema: &Schema, records: &[Record], predicted: &Predicted) -> Self {
        let mut missing = vec![0; schema.fields().len()];
        let (mut probabilities, mut created) = (Vec::new(), 0);
        for (record, put) in records.iter().zip(&predicted.puts).filter(|(_, put)| put.is_created()) {
            created += 1;
            probabilities.extend(put.prediction().answer.probability);
            for (place, field) in schema.inputs() {
                missing[place] += u64::from(!field.is_required && record.get(place).is_none());
            }
        }
        for &place in schema.key() {
            // A record without a key is no worse for it.
            missing[place] = 0;
        }
        Self {
            created,
            existing: records.len() as u64 - created,
            probabilities,
            missing: missing.into(),
            inference: predicted.inference,
            storing: predicted.storing,
            snapshot_age: predicted.snapshot_age,
        }
    }
}

/// Returns the names of a table's fields, by which missing values are counted.
pub fn field_names(schema: &Schema) -> Box<[Box<str>]> {
    schema.fields().iter().map(|field| field.name.clone()).collect()
}
