//! What the service counts while it runs, in the text format that Prometheus reads.

use std::time::Duration;

use prometheus_client::encoding::text::encode;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets, linear_buckets};
use prometheus_client::registry::{Registry, Unit};

use crate::passenger::Passenger;
use crate::store::Put;

/// Fields whose absence is counted.
const OPTIONAL: [&str; 6] = ["Name", "Age", "Ticket", "Fare", "Cabin", "Embarked"];

/// A counter for each value of a label.
type Counters = Family<[(&'static str, &'static str); 1], Counter>;

/// Requests by route and status.
type Requests = Family<Request, Counter>;

type Request = [(&'static str, String); 2];

/// The counts of a process since its start.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    predictions: Counters,
    probability: Histogram,
    model: Histogram,
    store: Histogram,
    problems: Counters,
    missing: Counters,
    requests: Requests,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Starts counting.
    pub fn new() -> Self {
        let mut registry = Registry::with_prefix("lifeboat");
        let metrics = Self {
            predictions: Family::default(),
            probability: Histogram::new(linear_buckets(0.1, 0.1, 10)),
            model: Histogram::new(exponential_buckets(2e-6, 2.0, 14)),
            store: Histogram::new(exponential_buckets(1e-4, 2.0, 17)),
            problems: Family::default(),
            missing: Family::default(),
            requests: Family::default(),
            registry: Registry::default(),
        };
        registry.register(
            "predictions",
            "Predictions, by whether this process stored them or found them",
            metrics.predictions.clone(),
        );
        registry.register(
            "probability",
            "Predicted probabilities of survival, of new predictions",
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

    /// Counts what came of passengers that were predicted and put into the store.
    pub(crate) fn predicted(&self, puts: &[Put], model: Duration, store: Duration) {
        self.model.observe(model.as_secs_f64());
        self.store.observe(store.as_secs_f64());
        let created = puts.iter().filter(|put| put.is_created());
        let mut new = 0;
        for put in created {
            new += 1;
            let prediction = put.prediction();
            self.probability.observe(prediction.probability.into());
            self.count_missing(&prediction.passenger);
        }
        for (outcome, count) in [("created", new), ("existing", puts.len() as u64 - new)] {
            // What did not happen is not told of.
            if count > 0 {
                self.predictions.get_or_create(&[("outcome", outcome)]).inc_by(count);
            }
        }
    }

    fn count_missing(&self, passenger: &Passenger) {
        for field in OPTIONAL.into_iter().filter(|field| passenger.is_missing(field)) {
            self.missing.get_or_create(&[("field", field)]).inc();
        }
    }

    /// Counts an answer; a problem by its kind.
    pub(crate) fn answered(&self, route: &str, status: u16, problem: Option<&'static str>) {
        self.requests.get_or_create(&[("route", route.to_owned()), ("status", status.to_string())]).inc();
        if let Some(kind) = problem {
            self.problems.get_or_create(&[("kind", kind)]).inc();
        }
    }

    /// Returns all counts as text.
    pub fn text(&self) -> String {
        let mut text = String::new();
        // Writing to a string cannot fail.
        let _ = encode(&mut text, &self.registry);
        text
    }
}
