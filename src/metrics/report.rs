//! What a monitoring report tells, as metrics that alarms can watch.

use jiff::Timestamp;

use super::embedded::{Document, EmbeddedConfig, Unit};
use crate::monitor::ENOUGH_ROWS;
use crate::monitor::report::{Drift, Report};
use crate::statistics::to_float;

impl<'a> Document<'a> {
    /// Tells of a report. Of a window that is too small to be judged, it tells how small it is.
    pub fn of_report(config: &'a EmbeddedConfig, report: &'a Report, time: Timestamp) -> Self {
        let mut document = Self::new(config, time);
        document.property("from", &report.from);
        document.property("to", &report.to);
        document.property("verdict", report.verdict.in_words());
        document.property("model_version", &report.model_version);
        document.number("MonitoredPredictions", Unit::Count, to_float(report.rows));
        if report.rows >= ENOUGH_ROWS {
            document.judged(report);
        }
        document
    }

    fn judged(&mut self, report: &Report) {
        let major = report.features.iter().filter(|feature| feature.drift == Some(Drift::Major));
        let names: Vec<&str> = major.map(|feature| feature.name.as_str()).collect();
        self.number("DriftedFeatures", Unit::Count, to_float(names.len() as u64));
        self.property("drifted", names.join(" "));
        let worst = report.features.iter().filter_map(|feature| feature.psi).reduce(f64::max);
        let missing = report.missing.iter().map(|missing| missing.rate - missing.baseline_rate).reduce(f64::max);
        let observed = report.observed.as_ref();
        for (name, value) in [
            ("FeatureDrift", worst),
            ("PredictionDrift", report.predictions.psi),
            ("MissingRateIncrease", missing),
            ("MeanProbability", report.predictions.mean_probability),
            ("ExpectedAccuracy", report.expected.map(|expected| expected.accuracy)),
            ("ExpectedLogLoss", report.expected.map(|expected| expected.log_loss)),
            ("ObservedAccuracy", observed.map(|observed| observed.accuracy)),
            ("ObservedLogLoss", observed.map(|observed| observed.log_loss)),
        ] {
            if let Some(value) = value {
                self.number(name, Unit::None, value);
            }
        }
    }
}
