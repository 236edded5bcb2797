//! Whether a table of passengers is fit to train on: schema, types, ranges, duplicates, missing values, labels, drift.

use std::collections::{BTreeMap, HashMap};

use csv::{ByteRecord, ReaderBuilder};
use jiff::Timestamp;
use serde::Serialize;
use thiserror::Error;

use crate::model::{InferenceError, Model};
use crate::monitor::report::{Drift, Report};
use crate::monitor::{Monitor, NoBaseline};
use crate::passenger::csv::{Header, Lines};
use crate::passenger::{Passenger, in_words};
use crate::service;
use crate::store::Window;

/// A share of missing values that is higher than the baseline's by more than this is worth a warning.
const MORE_MISSING: f64 = 0.1;

/// Labels of which one is rarer than this are worth a warning.
const RARE_LABEL: f64 = 0.05;

/// What was found in a table.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Quality {
    /// How many rows it has.
    pub rows: u64,
    /// What makes it unfit, line by line.
    pub errors: Vec<Finding>,
    /// What is worth a look.
    pub warnings: Vec<Finding>,
    /// The share of rows without a value, by Kaggle's names of fields.
    pub missing_rates: BTreeMap<&'static str, f64>,
    /// The share of survivors among the labels; null where there are none.
    pub survival_rate: Option<f64>,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The line, where it is one; the header's is 1.
    pub line: Option<u64>,
    /// What kind of thing it is.
    pub kind: Kind,
    /// What was expected and what was found.
    pub detail: String,
}

/// Kinds of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// The header does not fit, or the file is not CSV.
    Schema,
    /// A row is no passenger: a type, a range, a missing value that is required, a cell too many.
    Row,
    /// A passenger, by name and ticket, stands there twice.
    Duplicate,
    /// A `PassengerId` stands there twice.
    PassengerId,
    /// Labels are missing, wrong or all the same.
    Label,
    /// More values are missing than in the training data.
    Missing,
    /// A feature's distribution is not that of the training data.
    Drift,
}

/// Why a table cannot be compared with the training data of a model.
#[derive(Debug, Error)]
pub enum BaselineError {
    /// The model does not tell of its training data.
    #[error(transparent)]
    NoBaseline(#[from] NoBaseline),
    /// The model does not answer for a passenger of the table.
    #[error(transparent)]
    Inference(#[from] InferenceError),
}

impl Quality {
    /// Reads a table, and compares it with the training data of a model where one is given.
    pub fn of(table: &[u8], baseline: Option<&Model>) -> Result<Self, BaselineError> {
        let mut reading = Reading::default();
        if let Err(error) = reading.read(table) {
            reading.quality.error(None, Kind::Schema, format!("is not CSV: {error}"));
        }
        reading.finish();
        let Reading { mut quality, passengers, .. } = reading;
        if let Some(model) = baseline
            && !passengers.is_empty()
        {
            quality.compare(model, passengers)?;
        }
        Ok(quality)
    }

    fn error(&mut self, line: Option<u64>, kind: Kind, detail: String) {
        self.errors.push(Finding { line, kind, detail });
    }

    fn warn(&mut self, kind: Kind, detail: String) {
        self.warnings.push(Finding { line: None, kind, detail });
    }

    /// Compares with the training data as monitoring does.
    fn compare(&mut self, model: &Model, passengers: Vec<Passenger>) -> Result<(), BaselineError> {
        let window = Window { from: Timestamp::UNIX_EPOCH, to: Timestamp::MAX };
        let mut monitor = Monitor::new(model, window)?;
        for prediction in service::predict(model, passengers, Timestamp::UNIX_EPOCH)? {
            monitor.observe(&prediction);
        }
        self.judge(&monitor.report());
        Ok(())
    }

    fn judge(&mut self, report: &Report) {
        for missing in report.missing.iter().filter(|missing| missing.rate > missing.baseline_rate + MORE_MISSING) {
            let (rate, baseline) = (missing.rate * 100.0, missing.baseline_rate * 100.0);
            let detail =
                format!("{} is missing in {rate:.1} % of the rows, in training in {baseline:.1} %", missing.field);
            self.warn(Kind::Missing, detail);
        }
        for feature in &report.features {
            let detail = |how| {
                format!(
                    "{} has {how} drifted from the training data: stability index {:.3}",
                    feature.name,
                    feature.psi.unwrap_or_default()
                )
            };
            match feature.drift {
                Some(Drift::Major) => self.error(None, Kind::Drift, detail("far")),
                Some(Drift::Moderate) => self.warn(Kind::Drift, detail("moderately")),
                Some(Drift::None) | None => {}
            }
        }
    }
}

/// A table on its way.
#[derive(Default)]
struct Reading {
    quality: Quality,
    passengers: Vec<Passenger>,
    missing: BTreeMap<&'static str, u64>,
    survivors: u64,
    labels: u64,
    /// Lines of rows without a label.
    unlabelled: Vec<u64>,
    /// The line of each name and ticket.
    known: HashMap<(String, String), u64>,
    /// The line of each `PassengerId`.
    ids: HashMap<u64, u64>,
}

impl Reading {
    fn read(&mut self, table: &[u8]) -> csv::Result<()> {
        let mut reader = ReaderBuilder::new().flexible(true).from_reader(table);
        let header = match Header::parse(reader.byte_headers()?) {
            Ok(header) => header,
            Err(error) => {
                let faults = error.faults().iter();
                faults.for_each(|fault| self.quality.error(Some(1), Kind::Schema, fault.clone()));
                return Ok(());
            }
        };
        let lines = Lines::after_header(&reader);
        let mut row = ByteRecord::new();
        while reader.read_byte_record(&mut row)? {
            let line = lines.line(&row);
            self.quality.rows += 1;
            match header.passenger(&row) {
                Ok(passenger) => self.passenger(passenger, line),
                Err(faults) => self.quality.error(Some(line), Kind::Row, in_words(&faults)),
            }
            match (header.label(&row), header.has_label()) {
                (Some(survived), _) => {
                    self.labels += 1;
                    self.survivors += u64::from(survived);
                }
                (None, true) => self.unlabelled.push(line),
                (None, false) => {}
            }
        }
        Ok(())
    }

    fn passenger(&mut self, passenger: Passenger, line: u64) {
        for field in Passenger::OPTIONAL {
            *self.missing.entry(field).or_default() += u64::from(passenger.is_missing(field));
        }
        if let (Some(name), Some(ticket)) = (&passenger.name, &passenger.ticket)
            && let Some(first) = self.known.insert((name.clone(), ticket.clone()), line)
        {
            let detail = format!("is the passenger of line {first}, by name and ticket");
            self.quality.error(Some(line), Kind::Duplicate, detail);
        }
        if let Some(id) = passenger.passenger_id
            && let Some(first) = self.ids.insert(id, line)
        {
            self.quality.error(Some(line), Kind::PassengerId, format!("has the PassengerId {id} of line {first}"));
        }
        self.passengers.push(passenger);
    }

    /// Says what can be said once all rows are read.
    fn finish(&mut self) {
        let quality = &mut self.quality;
        if quality.rows == 0 && quality.errors.is_empty() {
            quality.error(None, Kind::Schema, "has no rows".to_owned());
        }
        for &line in &self.unlabelled {
            quality.error(Some(line), Kind::Label, "Survived must be 0 or 1".to_owned());
        }
        let share = |part: u64, whole: usize| {
            crate::statistics::to_float(part) / crate::statistics::to_float(whole.max(1) as u64)
        };
        quality.missing_rates =
            self.missing.iter().map(|(field, count)| (*field, share(*count, self.passengers.len()))).collect();
        if self.labels > 0 {
            let rate = share(self.survivors, usize::try_from(self.labels).unwrap_or(usize::MAX));
            quality.survival_rate = Some(rate);
            if self.survivors == 0 || self.survivors == self.labels {
                let what = if self.survivors == 0 { "nobody survived" } else { "everybody survived" };
                quality.error(None, Kind::Label, format!("{what}: there is nothing to tell apart"));
            } else if !(RARE_LABEL..=1.0 - RARE_LABEL).contains(&rate) {
                quality.warn(Kind::Label, format!("{:.1} % survived", rate * 100.0));
            }
        }
        quality.errors.sort_by_key(|finding| (finding.line, finding.kind));
    }
}
