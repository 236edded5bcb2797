//! All columns of a window, counted by the baseline of a table.

use std::collections::BTreeMap;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::baseline::{Baseline, FieldBaseline};
use super::column_drift::ColumnDrift;
use super::columns::{FeatureWatch, FieldCounts, FieldWatch};
use super::daily::DailyBaseline;
use super::days::{RecordDays, effective_days, of_day};
use super::drift::{Drift, OtherBaseline};
use super::numbers::NumberCounts;
use super::values::watched;
use crate::table::{Record, Schema, Value};

/// Counts the records of a window: what a client sends, what the graph reads, and what really happens.
#[derive(Debug)]
pub struct TableWatch {
    /// Those that the baseline knows, each with its place among the features.
    features: Vec<(usize, FeatureWatch)>,
    /// Those that the baseline knows, each with its place in the schema.
    fields: Vec<(usize, FieldWatch)>,
    outcomes: Option<FieldWatch>,
    /// Where the schema has a time.
    record_days: Option<RecordDays>,
    /// The number of records of each day.
    days: BTreeMap<Date, u64>,
    /// The training data by day, where the baseline tells.
    by_day: Option<DailyBaseline>,
    /// Tells baselines apart.
    fingerprint: u32,
}

/// What is counted of a window; counts by the same baseline can be merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TableCounts {
    fingerprint: u32,
    features: Vec<NumberCounts>,
    fields: Vec<FieldCounts>,
    outcomes: Option<FieldCounts>,
    /// The number of records of each day, where the schema has a time.
    #[serde(default)]
    days: BTreeMap<Date, u64>,
}

impl TableWatch {
    /// Starts to count records of a schema, whose features have these names; columns that the baseline does not know are left out.
    pub fn new(schema: &Schema, features: &[impl AsRef<str>], baseline: &Baseline) -> Self {
        let features = features.iter().map(AsRef::as_ref).enumerate();
        let features = features
            .filter_map(|(place, name)| Some((place, FeatureWatch::new(name, baseline.features.get(name)?.clone()))));
        let fields = watched(schema).filter_map(|place| {
            let field = &schema.fields()[place];
            let watch = FieldWatch::new(field, baseline.fields.get(&*field.name)?.clone())?;
            Some((place, if schema.time() == Some(place) { watch.unjudged() } else { watch }))
        });
        let outcomes = baseline
            .label
            .clone()
            .and_then(|values| FieldWatch::new(schema.label_field(), FieldBaseline { missing: 0, values }));
        let fingerprint = baseline.fingerprint();
        Self {
            features: features.collect(),
            fields: fields.collect(),
            outcomes,
            record_days: RecordDays::new(schema),
            days: BTreeMap::new(),
            by_day: baseline.by_day.clone(),
            fingerprint,
        }
    }

    /// Counts what the graph reads of a record.
    pub fn observe_features(&mut self, features: &[f32]) {
        for (place, watch) in &mut self.features {
            if let Some(value) = features.get(*place) {
                watch.observe(*value);
            }
        }
    }

    /// Counts what a client sends.
    pub fn observe_record(&mut self, record: &Record) {
        for (place, watch) in &mut self.fields {
            watch.observe(record.values().get(*place).and_then(Option::as_ref));
        }
        let date = self.record_days.as_ref().and_then(|record_days| record_days.date(record));
        if let Some(rows) = date.and_then(|date| of_day(&mut self.days, date)) {
            *rows += 1;
        }
    }

    /// Counts what really happens to a record, by the label's value.
    pub fn observe_outcome(&mut self, label: &Value) {
        if let Some(outcomes) = &mut self.outcomes {
            outcomes.observe(Some(label));
        }
    }

    /// Returns what is counted.
    pub fn counts(&self) -> TableCounts {
        TableCounts {
            fingerprint: self.fingerprint,
            features: self.features.iter().map(|(_, watch)| watch.counts().clone()).collect(),
            fields: self.fields.iter().map(|(_, watch)| watch.counts()).collect(),
            outcomes: self.outcomes.as_ref().map(FieldWatch::counts),
            days: self.days.clone(),
        }
    }

    /// Adds the counts of another part of the window; those of another baseline are refused as a whole.
    pub fn merge(&mut self, counts: &TableCounts) -> Result<(), OtherBaseline> {
        if self.fingerprint != counts.fingerprint
            || self.features.len() != counts.features.len()
            || self.fields.len() != counts.fields.len()
        {
            return Err(OtherBaseline);
        }
        for ((_, watch), counts) in self.features.iter_mut().zip(&counts.features) {
            watch.merge(counts)?;
        }
        for ((_, watch), counts) in self.fields.iter_mut().zip(&counts.fields) {
            watch.merge(counts)?;
        }
        for (date, rows) in &counts.days {
            if let Some(ours) = of_day(&mut self.days, *date) {
                *ours += rows;
            }
        }
        match (&mut self.outcomes, &counts.outcomes) {
            (Some(watch), Some(counts)) => watch.merge(counts),
            (None, None) => Ok(()),
            _ => Err(OtherBaseline),
        }
    }

    /// Returns from how many days the records come, where the schema has a time and they have one.
    pub fn window_days(&self) -> Option<usize> {
        Some(effective_days(self.days.values().copied())).filter(|days| *days > 0)
    }

    /// Compares the features with the baseline, in the order in which the graph reads them.
    pub fn features(&self) -> Vec<ColumnDrift> {
        let (days, by_day) = (self.window_days(), self.by_day.as_ref());
        let daily = |name: &str| by_day?.features.get(name);
        self.features.iter().map(|(_, watch)| watch.drift().by_days(daily(watch.name()), days)).collect()
    }

    /// Compares the fields with the baseline, in the order of the schema.
    pub fn fields(&self) -> Vec<ColumnDrift> {
        let (days, by_day) = (self.window_days(), self.by_day.as_ref());
        let daily = |name: &str| by_day?.fields.get(name);
        self.fields.iter().map(|(_, watch)| watch.drift().by_days(daily(watch.name()), days)).collect()
    }

    /// Compares what really happens with the label of the training data.
    pub fn outcomes(&self) -> Option<ColumnDrift> {
        self.outcomes.as_ref().map(FieldWatch::drift)
    }
}

/// Returns the worst drift of columns, or nothing where nothing could be judged.
pub fn worst<'a>(columns: impl IntoIterator<Item = &'a ColumnDrift>) -> Option<Drift> {
    columns.into_iter().filter_map(|column| column.drift).max()
}
