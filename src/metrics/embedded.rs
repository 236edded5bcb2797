//! Counts as lines of the log, which CloudWatch makes metrics of: its Embedded Metric Format, with the names that users of Powertools know.
//!
//! A line is the JSON object of one request or report. What did not happen is not in it.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;
use serde::ser::{SerializeMap, SerializeSeq, Serializer};
use tokio::task::yield_now;
use tracing::warn;

use super::{Answered, Measurement};

/// CloudWatch takes no more values of a metric in one line.
const MOST_VALUES: usize = 100;

/// CloudWatch takes no more metrics in one directive.
const MOST_METRICS: usize = 100;

/// Whose metrics they are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EmbeddedConfig {
    /// `POWERTOOLS_METRICS_NAMESPACE`: the metrics' namespace.
    pub namespace: String,
    /// `POWERTOOLS_SERVICE_NAME`: the dimension `service`. Default: `lifeboat`.
    pub service: String,
    /// `AWS_LAMBDA_FUNCTION_NAME`, as Lambda sets it: the dimension `function_name` of cold starts.
    pub function_name: Option<String>,
}

/// Writes a line for each request that there is something to tell of.
#[derive(Debug)]
pub struct EmbeddedMetrics {
    config: Arc<EmbeddedConfig>,
    fields: Arc<[Box<str>]>,
    is_started: AtomicBool,
}

impl EmbeddedMetrics {
    /// Counts from a cold start on; missing values are told by the fields' names, in the schema's order.
    pub fn new(config: EmbeddedConfig, fields: Box<[Box<str>]>) -> Self {
        Self { config: Arc::new(config), fields: fields.into(), is_started: AtomicBool::new(false) }
    }

    /// Writes the line of a request, once its answer is on its way: a function is stopped only when it asks for the next one.
    pub(super) fn record(&self, answered: Answered) {
        let is_cold = !self.is_started.swap(true, Ordering::Relaxed);
        let (config, fields) = (Arc::clone(&self.config), Arc::clone(&self.fields));
        tokio::spawn(async move {
            yield_now().await;
            let document = Document::of_request(&config, &fields, &answered, is_cold, Timestamp::now());
            if !document.metrics.is_empty() {
                document.write();
            }
        });
    }
}

/// A line: metrics, and what else there is to know of them.
#[derive(Debug)]
pub struct Document<'a> {
    config: &'a EmbeddedConfig,
    time: Timestamp,
    /// Members that are no metrics, dimensions among them.
    properties: Vec<(&'static str, Cow<'a, str>)>,
    metrics: Vec<Metric>,
}

#[derive(Debug)]
struct Metric {
    dimensions: &'static [&'static str],
    name: Cow<'static, str>,
    unit: Unit,
    values: Values,
}

/// What a metric's values are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub(super) enum Unit {
    /// How many.
    Count,
    /// Millionths of a second.
    Microseconds,
    /// Seconds.
    Seconds,
    /// Thousandths of a second.
    Milliseconds,
    /// A number without a unit.
    None,
}

/// One value of a metric, or several.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Values {
    Count(u64),
    Number(f64),
    Numbers(Vec<f32>),
}

const MICROSECOND: Duration = Duration::from_micros(1);
const MILLISECOND: Duration = Duration::from_millis(1);

const BY_SERVICE: &[&str] = &["service"];
const BY_KIND: &[&str] = &["service", "kind"];
const BY_FUNCTION: &[&str] = &["function_name", "service"];

impl<'a> Document<'a> {
    /// Starts a line of this moment.
    pub(super) fn new(config: &'a EmbeddedConfig, time: Timestamp) -> Self {
        Self { config, time, properties: Vec::new(), metrics: Vec::new() }
    }

    /// Adds something to know that is no metric.
    pub(super) fn property(&mut self, name: &'static str, value: impl Into<Cow<'a, str>>) {
        self.properties.push((name, value.into()));
    }

    /// Adds how often something happened, if it did.
    pub(super) fn count(&mut self, name: impl Into<Cow<'static, str>>, count: u64) {
        if count > 0 {
            self.push(BY_SERVICE, name, Unit::Count, Values::Count(count));
        }
    }

    /// Adds a number.
    pub(super) fn number(&mut self, name: &'static str, unit: Unit, value: f64) {
        self.push(BY_SERVICE, name, unit, Values::Number(value));
    }

    fn push(
        &mut self,
        dimensions: &'static [&'static str],
        name: impl Into<Cow<'static, str>>,
        unit: Unit,
        values: Values,
    ) {
        self.metrics.push(Metric { dimensions, name: name.into(), unit, values });
    }

    fn of_request(
        config: &'a EmbeddedConfig,
        fields: &[Box<str>],
        answered: &'a Answered,
        is_cold: bool,
        time: Timestamp,
    ) -> Self {
        let mut document = Self::new(config, time);
        document.property("request_id", &answered.request_id);
        document.property("route", &answered.route);
        if let Some(measurement) = &answered.measurement {
            document.predicted(measurement, fields);
        }
        if let Some(kind) = answered.problem {
            document.property("kind", kind);
            document.push(BY_KIND, "Problems", Unit::Count, Values::Count(1));
        }
        if is_cold {
            document.property("function_name", config.function_name.as_deref().unwrap_or("unknown"));
            document.push(BY_FUNCTION, "ColdStart", Unit::Count, Values::Count(1));
        }
        document
    }

    fn predicted(&mut self, measurement: &Measurement, fields: &[Box<str>]) {
        self.count("PredictionsCreated", measurement.created);
        self.count("PredictionsExisting", measurement.existing);
        if !measurement.probabilities.is_empty() {
            let probabilities = Values::Numbers(spread(&measurement.probabilities));
            self.push(BY_SERVICE, "Probability", Unit::None, probabilities);
        }
        self.number("ModelLatency", Unit::Microseconds, measurement.inference.div_duration_f64(MICROSECOND));
        self.number("StoreLatency", Unit::Milliseconds, measurement.storing.div_duration_f64(MILLISECOND));
        if let Some(age) = measurement.snapshot_age {
            self.number("SnapshotAge", Unit::Seconds, age.as_secs_f64());
        }
        for (field, &count) in fields.iter().zip(&measurement.missing) {
            self.count(format!("Missing{field}"), count);
        }
    }

    /// Writes the line to standard output, in one piece. A log that takes no lines keeps nobody from an answer.
    pub fn write(&self) {
        if let Err(error) = self.try_to_write() {
            warn!(%error, "metrics could not be written");
        }
    }

    fn try_to_write(&self) -> io::Result<()> {
        let mut line = serde_json::to_vec(self)?;
        line.push(b'\n');
        io::stdout().write_all(&line)
    }
}

/// Returns all values, or the hundred that stand for them: of an array of records, every so many-th in the order of their size.
fn spread(values: &[f32]) -> Vec<f32> {
    let mut values = values.to_vec();
    let count = values.len();
    if count <= MOST_VALUES {
        return values;
    }
    values.sort_unstable_by(f32::total_cmp);
    (0..MOST_VALUES).map(|place| values[(2 * place + 1) * count / (2 * MOST_VALUES)]).collect()
}

impl Serialize for Document<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut root = serializer.serialize_map(None)?;
        root.serialize_entry(
            "_aws",
            &Metadata { timestamp: self.time.as_millisecond(), directives: Directives(self) },
        )?;
        root.serialize_entry("service", &self.config.service)?;
        for (name, value) in &self.properties {
            root.serialize_entry(name, value)?;
        }
        for metric in &self.metrics {
            root.serialize_entry(&metric.name, &metric.values)?;
        }
        root.end()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Metadata<'a> {
    timestamp: i64,
    #[serde(rename = "CloudWatchMetrics")]
    directives: Directives<'a>,
}

/// The metrics by their dimensions.
struct Directives<'a>(&'a Document<'a>);

impl Serialize for Directives<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let metrics = &self.0.metrics;
        let mut directives = serializer.serialize_seq(None)?;
        for alike in metrics.chunk_by(|left, right| left.dimensions == right.dimensions) {
            // A table may have more fields than a directive may have metrics.
            for some in alike.chunks(MOST_METRICS) {
                directives.serialize_element(&Directive {
                    namespace: &self.0.config.namespace,
                    dimensions: [alike[0].dimensions],
                    metrics: some.iter().map(|metric| Definition { name: &metric.name, unit: metric.unit }).collect(),
                })?;
            }
        }
        directives.end()
    }
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Directive<'a> {
    namespace: &'a str,
    dimensions: [&'a [&'a str]; 1],
    metrics: Vec<Definition<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Definition<'a> {
    name: &'a str,
    unit: Unit,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_has_no_more_metrics_than_cloudwatch_takes() {
        let config = EmbeddedConfig { namespace: "n".to_owned(), service: "s".to_owned(), function_name: None };
        let mut document = Document::new(&config, Timestamp::UNIX_EPOCH);
        for field in 0..250 {
            document.count(format!("Missing{field}"), 1);
        }
        let line = serde_json::to_value(&document).unwrap();
        let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap();
        let lengths: Vec<usize> = directives.iter().map(|one| one["Metrics"].as_array().unwrap().len()).collect();
        assert_eq!(lengths, [100, 100, 50]);
    }
}
