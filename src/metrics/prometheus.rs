//! Counts of a process since its start, in the text format that Prometheus reads.

use std::sync::atomic::AtomicU64;

use jiff::SignedDuration;
use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets, linear_buckets};
use prometheus_client::registry::{Registry, Unit};

use super::{Answered, Measurement};

/// A counter for each value of a label.
type Counters = Family<[(&'static str, &'static str); 1], Counter>;

/// Requests by route and status.
type Requests = Family<Request, Counter>;

/// Missing values by field.
type Missing = Family<[(&'static str, String); 1], Counter>;

type Request = [(&'static str, String); 2];

/// The counts of a process since its start.
#[derive(Debug)]
pub struct PrometheusMetrics {
    registry: Registry,
    predictions: Counters,
    probability: Histogram,
    model: Histogram,
    store: Histogram,
    problems: Counters,
    missing: Missing,
    fields: Box<[Box<str>]>,
    requests: Requests,
    /// Only where the history changes.
    snapshot_age: Option<Gauge<f64, AtomicU64>>,
}

impl PrometheusMetrics {
    /// Starts counting; missing values are told by the fields' names, in the schema's order.
    pub fn new(fields: Box<[Box<str>]>) -> Self {
        let mut registry = Registry::with_prefix("lifeboat");
        let metrics = Self {
            predictions: Family::default(),
            probability: Histogram::new(linear_buckets(0.1, 0.1, 10)),
            model: Histogram::new(exponential_buckets(2e-6, 2.0, 14)),
            store: Histogram::new(exponential_buckets(1e-4, 2.0, 17)),
            problems: Family::default(),
            missing: Family::default(),
            fields,
            requests: Family::default(),
            snapshot_age: None,
            registry: Registry::default(),
        };
        registry.register(
            "predictions",
            "Predictions, by whether this process stored them or found them",
            metrics.predictions.clone(),
        );
        registry.register(
            "probability",
            "Predicted probabilities of the positive class, of new predictions",
            metrics.probability.clone(),
        );
        registry.register_with_unit(
            "model_duration",
            "Features and model, a request",
            Unit::Seconds,
            metrics.model.clone(),
        );
        registry.register_with_unit(
            "store_duration",
            "The store's answer, a request",
            Unit::Seconds,
            metrics.store.clone(),
        );
        registry.register(
            "problems",
            "Requests that were answered with a problem, by its kind",
            metrics.problems.clone(),
        );
        registry.register("missing_values", "Fields without a value, of new predictions", metrics.missing.clone());
        registry.register("requests", "Requests, by route and status", metrics.requests.clone());
        Self { registry, ..metrics }
    }

    /// Tells the age of the snapshot as well, as of a package whose history changes.
    #[must_use]
    pub fn with_snapshot_age(mut self) -> Self {
        let age = Gauge::default();
        self.registry.register_with_unit(
            "snapshot_age",
            "The time since the moment of the history that is looked up",
            Unit::Seconds,
            age.clone(),
        );
        Self { snapshot_age: Some(age), ..self }
    }

    /// Counts an answer: a problem by its kind, and what was predicted.
    pub(super) fn record(&self, answered: &Answered) {
        let Answered { route, status, .. } = answered;
        self.requests.get_or_create(&[("route", route.clone()), ("status", status.to_string())]).inc();
        if let Some(kind) = answered.problem {
            self.problems.get_or_create(&[("kind", kind)]).inc();
        }
        if let Some(measurement) = &answered.measurement {
            self.predicted(measurement);
        }
    }

    fn predicted(&self, measurement: &Measurement) {
        self.model.observe(measurement.inference.as_secs_f64());
        self.store.observe(measurement.storing.as_secs_f64());
        measurement.probabilities.iter().for_each(|&probability| self.probability.observe(probability.into()));
        let missing = self.fields.iter().zip(&measurement.missing).filter(|(_, count)| **count > 0);
        for (field, count) in missing {
            self.missing.get_or_create(&[("field", field.to_string())]).inc_by(*count);
        }
        for (outcome, count) in [("created", measurement.created), ("existing", measurement.existing)] {
            // What did not happen is not told of.
            if count > 0 {
                self.predictions.get_or_create(&[("outcome", outcome)]).inc_by(count);
            }
        }
    }

    /// Returns all counts as text, with the age of the snapshot that serves.
    pub fn text(&self, snapshot_age: Option<SignedDuration>) -> String {
        if let (Some(gauge), Some(age)) = (&self.snapshot_age, snapshot_age) {
            gauge.set(age.as_secs_f64());
        }
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
