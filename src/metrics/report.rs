//! What a monitoring report tells, as metrics that alarms can watch.

use jiff::Timestamp;

use super::embedded::{Document, EmbeddedConfig, Unit};
use crate::lifecycle::column_drift::ColumnDrift;
use crate::lifecycle::drift::{Drift, ENOUGH_ROWS};
use crate::lifecycle::performance::Performance;
use crate::lifecycle::report::Report;
use crate::lifecycle::statistics::to_float;
use crate::lifecycle::verdict::Verdict;

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
        let columns = || report.fields.iter().chain(&report.features);
        let major = columns().filter(|column| column.drift == Some(Drift::Major));
        let names: Vec<&str> = major.map(|column| column.name.as_str()).collect();
        self.number("DriftedFeatures", Unit::Count, to_float(names.len() as u64));
        self.property("drifted", names.join(" "));
        let worst = columns().filter_map(ColumnDrift::judged_index).reduce(f64::max);
        let missing =
            columns().filter_map(|column| Some(column.missing_rate? - column.baseline_missing_rate?)).reduce(f64::max);
        let (observed_accuracy, observed_loss) = match &report.observed {
            Some(Performance::Binary(binary)) => (Some(binary.accuracy), Some(binary.log_loss)),
            Some(Performance::Multiclass(classes)) => (Some(classes.accuracy), Some(classes.log_loss)),
            Some(Performance::Regression(_)) | None => (None, None),
        };
        let rmse = match &report.observed {
            Some(Performance::Regression(numbers)) => Some(numbers.rmse),
            _ => None,
        };
        let prediction = report.predictions.judged_index();
        // A warning is for people: no alarm may come of it.
        let (worst, prediction) =
            if report.verdict == Verdict::DriftWarning { (None, None) } else { (worst, prediction) };
        let is_worse = report.standing.as_ref().and_then(|standing| standing.is_worse);
        for (name, value) in [
            ("WorseAnswers", is_worse.map(|is_worse| f64::from(u8::from(is_worse)))),
            ("FeatureDrift", worst),
            ("PredictionDrift", prediction),
            ("MissingRateIncrease", missing),
            ("MeanPrediction", report.predictions.mean),
            ("ExpectedAccuracy", report.expected.map(|expected| expected.accuracy)),
            ("ExpectedLogLoss", report.expected.map(|expected| expected.log_loss)),
            ("ObservedAccuracy", observed_accuracy),
            ("ObservedLogLoss", observed_loss),
            ("ObservedError", rmse),
        ] {
            if let Some(value) = value {
                self.number(name, Unit::None, value);
            }
        }
    }
}
