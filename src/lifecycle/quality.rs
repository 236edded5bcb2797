//! Whether a table of records is fit to train on: schema, types, ranges, duplicates, missing values, labels, drift.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;
use thiserror::Error;

use super::drift::Drift;
use super::monitor::{Monitor, NoBaseline};
use super::report::Report;
use super::statistics::to_float;
use crate::package::{InferenceError, Package};
use crate::service;
use crate::store::Window;
use crate::table::chunk::Row;
use crate::table::fault::{Fault, in_words, shorten};
use crate::table::place::Place;
use crate::table::read_error::ReadError;
use crate::table::reader::{Options, Reader};
use crate::table::source::Source;
use crate::table::{Record, Schema, Value};

/// A share of missing values that is higher than the baseline's by more than this is worth a warning.
const MORE_MISSING: f64 = 0.1;

/// Classes of which one is rarer than this are worth a warning.
const RARE_CLASS: f64 = 0.05;

/// What was found in a table.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Quality {
    /// The number of rows.
    pub rows: u64,
    /// What makes it unfit, in the order of the rows.
    pub errors: Vec<Finding>,
    /// What is worth a look.
    pub warnings: Vec<Finding>,
    /// The share of rows without a value, by the fields' names.
    pub missing_rates: BTreeMap<String, f64>,
    /// The share of each class among the labels; empty of numbers, and where there are no labels.
    pub class_rates: BTreeMap<String, f64>,
}

/// One thing that was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The line, row or element, where it is one; a header is line 1.
    pub line: Option<u64>,
    /// What kind of thing it is.
    pub kind: FindingKind,
    /// What was expected and what was found.
    pub detail: String,
}

/// Kinds of findings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum FindingKind {
    /// The columns do not fit, or the file is no table.
    Schema,
    /// A row is no record: a type, a range, a missing value that is required, a cell too many.
    Row,
    /// Values that may stand once stand twice: a key, a unique field, or unique fields together.
    Duplicate,
    /// Labels are missing, wrong or all the same.
    Label,
    /// More values are missing than in the training data.
    Missing,
    /// A field's or a feature's distribution is not that of the training data.
    Drift,
}

/// Why a table cannot be compared with the training data of a package.
#[derive(Debug, Error)]
pub enum QualityError {
    /// The package does not tell of its training data.
    #[error(transparent)]
    NoBaseline(#[from] NoBaseline),
    /// The package does not answer for a record of the table.
    #[error(transparent)]
    Inference(#[from] InferenceError),
    /// The bytes do not arrive.
    #[error(transparent)]
    Read(ReadError),
}

impl Quality {
    /// Reads a table by a schema.
    pub fn of_table(schema: &Schema, source: Source, options: &Options) -> Result<(Self, Vec<Record>), QualityError> {
        let mut reading = Reading::new(schema);
        match reading.read(source, options) {
            Ok(()) => {}
            Err(ReadError::Header(faults) | ReadError::UnknownColumns(faults)) => {
                for fault in faults {
                    reading.quality.error(Some(1), FindingKind::Schema, fault);
                }
            }
            Err(ReadError::Input(fault)) => reading.quality.error(None, FindingKind::Schema, fault),
            Err(error) => return Err(QualityError::Read(error)),
        }
        Ok(reading.finish())
    }

    fn error(&mut self, line: Option<u64>, kind: FindingKind, detail: String) {
        self.errors.push(Finding { line, kind, detail });
    }

    fn warn(&mut self, kind: FindingKind, detail: String) {
        self.warnings.push(Finding { line: None, kind, detail });
    }

    /// Compares records with the training data of a package, as monitoring does.
    pub fn compare(&mut self, package: &Arc<Package>, records: &[Record]) -> Result<(), QualityError> {
        if records.is_empty() {
            return Ok(());
        }
        let window = Window { from: Timestamp::UNIX_EPOCH, to: Timestamp::MAX };
        let mut monitor = Monitor::new(Arc::clone(package), window)?;
        for prediction in service::predict(package, records, Timestamp::UNIX_EPOCH)? {
            monitor.observe(&prediction, None);
        }
        self.judge(&monitor.report());
        Ok(())
    }

    fn judge(&mut self, report: &Report) {
        for field in &report.fields {
            if let (Some(rate), Some(baseline)) = (field.missing_rate, field.baseline_missing_rate)
                && rate > baseline + MORE_MISSING
            {
                let (rate, baseline) = (rate * 100.0, baseline * 100.0);
                let detail =
                    format!("{} is missing in {rate:.1} % of the rows, in training in {baseline:.1} %", field.name);
                self.warn(FindingKind::Missing, detail);
            }
        }
        for column in report.fields.iter().chain(&report.features) {
            let index = column.index.map_or(0.0, |index| index.judged);
            let detail =
                |how| format!("{} has {how} drifted from the training data: stability index {index:.3}", column.name);
            match column.drift {
                Some(Drift::Major) => self.error(None, FindingKind::Drift, detail("far")),
                Some(Drift::Moderate) => self.warn(FindingKind::Drift, detail("moderately")),
                Some(Drift::None) | None => {}
            }
        }
    }
}

/// Values that no two records may have together, and where each was seen.
struct UniqueValues {
    fields: Vec<usize>,
    name: String,
    seen: HashMap<Vec<String>, Place>,
}

/// A table on its way.
struct Reading<'s> {
    schema: &'s Schema,
    quality: Quality,
    records: Vec<Record>,
    missing: Vec<u64>,
    classes: BTreeMap<String, u64>,
    labels: u64,
    has_labels: bool,
    unlabelled: Vec<Place>,
    unique: Vec<UniqueValues>,
}

impl<'s> Reading<'s> {
    fn new(schema: &'s Schema) -> Self {
        let fields = schema.fields();
        let single = schema.inputs().filter(|(_, field)| field.is_unique).map(|(place, _)| vec![place]);
        let key = (!schema.key().is_empty()).then(|| schema.key().to_vec());
        let together = schema.unique_keys().iter().map(|places| places.to_vec());
        let unique = single.chain(key).chain(together).map(|places| {
            let names: Vec<&str> = places.iter().map(|&place| &*fields[place].name).collect();
            UniqueValues { name: names.join(" and "), fields: places, seen: HashMap::new() }
        });
        Self {
            unique: unique.collect(),
            schema,
            quality: Quality::default(),
            records: Vec::new(),
            missing: vec![0; fields.len()],
            classes: BTreeMap::new(),
            labels: 0,
            has_labels: false,
            unlabelled: Vec::new(),
        }
    }

    fn read(&mut self, source: Source, options: &Options) -> Result<(), ReadError> {
        let reader = Reader::open(source, self.schema, options)?;
        reader.for_each(|row| {
            self.quality.rows += 1;
            self.row(row);
            Ok(())
        })
    }

    fn row(&mut self, row: Row<'_>) {
        match row.labelled(self.schema) {
            Ok(labelled) => {
                self.label(labelled.label.as_ref(), row.place());
                self.record(labelled.record, row.place());
            }
            Err(faults) => self.faults(row, faults),
        }
    }

    /// Tells faults of the label from others, and takes a label that is not at fault.
    fn faults(&mut self, row: Row<'_>, faults: Vec<Fault>) {
        let (schema, place) = (self.schema, row.place());
        let is_of_label = |fault: &Fault| {
            let column = fault.field.as_deref().and_then(|name| schema.column(name));
            column.is_some_and(|column| column.field() == schema.label())
        };
        let (of_label, others): (Vec<Fault>, Vec<Fault>) = faults.into_iter().partition(is_of_label);
        if !of_label.is_empty() {
            self.has_labels = true;
            self.quality.error(Some(line(place)), FindingKind::Label, in_words(&of_label));
        } else if let Ok(values) = row.fields(schema, &[schema.label()]) {
            self.label(values[schema.label()].as_ref(), place);
        }
        if !others.is_empty() {
            self.quality.error(Some(line(place)), FindingKind::Row, in_words(&others));
        }
    }

    fn label(&mut self, label: Option<&Value>, place: Place) {
        match label {
            Some(label) => {
                self.has_labels = true;
                self.labels += 1;
                if self.schema.classes().is_some() {
                    *self.classes.entry(self.schema.label_field().written(label).to_string()).or_default() += 1;
                }
            }
            None => self.unlabelled.push(place),
        }
    }

    fn record(&mut self, record: Record, place: Place) {
        for (field, _) in self.schema.inputs() {
            self.missing[field] += u64::from(record.get(field).is_none());
        }
        for unique in &mut self.unique {
            let fields = self.schema.fields();
            let values: Option<Vec<String>> = unique
                .fields
                .iter()
                .map(|&place| Some(fields[place].written(record.get(place)?).to_string()))
                .collect();
            let Some(values) = values else { continue };
            if let Some(first) = unique.seen.get(&values) {
                let value = if let [value] = &*values { format!(" {}", shorten(value)) } else { String::new() };
                let detail = format!("has the {}{value} of {first}", unique.name);
                self.quality.error(Some(line(place)), FindingKind::Duplicate, detail);
            } else {
                unique.seen.insert(values, place);
            }
        }
        self.records.push(record);
    }

    /// Says what can be said once all rows are read.
    fn finish(mut self) -> (Quality, Vec<Record>) {
        let quality = &mut self.quality;
        if quality.rows == 0 && quality.errors.is_empty() {
            quality.error(None, FindingKind::Schema, "has no rows".to_owned());
        }
        let label = &self.schema.label_field().name;
        if self.has_labels {
            for &place in &self.unlabelled {
                quality.error(Some(line(place)), FindingKind::Label, format!("{label} must have a value"));
            }
        }
        let share = |part: u64, whole: u64| to_float(part) / to_float(whole.max(1));
        let rows = self.records.len() as u64;
        let missing = self.schema.inputs().filter(|(_, field)| !field.is_required);
        quality.missing_rates =
            missing.map(|(place, field)| (field.name.to_string(), share(self.missing[place], rows))).collect();
        quality.class_rates =
            self.classes.iter().map(|(class, count)| (class.clone(), share(*count, self.labels))).collect();
        match self.classes.iter().next() {
            Some((class, _)) if self.classes.len() == 1 => {
                let detail = format!("{label} is {class} in each row: there is nothing to tell apart");
                quality.error(None, FindingKind::Label, detail);
            }
            _ => {
                let rare: Vec<String> = quality
                    .class_rates
                    .iter()
                    .filter(|(_, rate)| **rate < RARE_CLASS)
                    .map(|(class, rate)| format!("{label} is {class} in {:.1} % of the rows", rate * 100.0))
                    .collect();
                for detail in rare {
                    quality.warn(FindingKind::Label, detail);
                }
            }
        }
        quality.errors.sort_by_key(|finding| (finding.line, finding.kind));
        (self.quality, self.records)
    }
}

/// Returns the number of a place.
fn line(place: Place) -> u64 {
    match place {
        Place::Line(number) | Place::Element(number) | Place::Row(number) => number,
    }
}
