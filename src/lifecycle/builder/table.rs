//! All columns of the training data.

use std::collections::BTreeMap;

use super::super::answer::{Answer, Outcome};
use super::super::baseline::{Baseline, PredictionBaseline};
use super::super::binning::{Precision, number_baseline};
use super::super::cells::Cells;
use super::super::days::RecordDays;
use super::super::values::watched;
use super::days::DailyBuilder;
use super::fields::FieldBuilder;
use super::predictions::AnswerBuilder;
use super::quality::QualityBuilder;
use crate::table::{Record, Schema, Value};

/// Takes training records, and makes their baseline.
#[derive(Debug)]
pub struct BaselineBuilder {
    rows: u64,
    features: Vec<(String, Cells)>,
    fields: Vec<FieldBuilder>,
    /// The places of the key's fields.
    key: Box<[usize]>,
    label: FieldBuilder,
    answers: Option<AnswerBuilder>,
    /// Where the schema has a time.
    days: Option<DailyBuilder>,
    /// The classes of the label, and how good the answers are; where the schema has a time, too.
    quality: Option<(Option<Box<[Value]>>, QualityBuilder)>,
}

impl BaselineBuilder {
    /// Begins a baseline of records of this schema, whose features have these names.
    pub fn new(schema: &Schema, features: &[impl AsRef<str>]) -> Self {
        let builder = |place| FieldBuilder::new(place, &schema.fields()[place]);
        let fields: Vec<FieldBuilder> = watched(schema).map(builder).collect();
        Self {
            rows: 0,
            features: features.iter().map(|name| (name.as_ref().to_owned(), Cells::default())).collect(),
            quality: schema.time().map(|_| (schema.classes().map(Into::into), QualityBuilder::default())),
            days: RecordDays::new(schema).map(|record_days| DailyBuilder::new(record_days, fields.len())),
            fields,
            key: schema.key().into(),
            label: builder(schema.label()),
            answers: None,
        }
    }

    /// Takes a record with what the graph reads of it, with its label and the model's answer where these are known.
    ///
    /// A feature that is no number is left out. Answers must all be of one task.
    pub fn add(&mut self, record: &Record, features: &[f32], label: Option<&Value>, answer: Option<Answer<'_>>) {
        self.rows += 1;
        for ((_, cells), feature) in self.features.iter_mut().zip(features) {
            cells.add(f64::from(*feature));
        }
        for field in &mut self.fields {
            field.add(record.values().get(field.place).and_then(Option::as_ref));
        }
        self.label.add(label);
        if let Some(days) = &mut self.days {
            days.add(record, features, &self.fields, answer);
        }
        if let (Some((classes, quality)), Some(answer), Some(label)) = (&mut self.quality, answer, label)
            && let Some(outcome) = Outcome::among(classes.as_deref(), label)
        {
            quality.add(answer, outcome);
        }
        if let Some(answer) = answer {
            self.answers.get_or_insert_with(|| AnswerBuilder::new(answer)).add(answer);
        }
    }

    /// Adds what a builder of the same schema and features took.
    pub fn merge(&mut self, other: Self) {
        self.rows += other.rows;
        for ((_, ours), (_, theirs)) in self.features.iter_mut().zip(&other.features) {
            ours.merge(theirs);
        }
        for (ours, theirs) in self.fields.iter_mut().zip(other.fields) {
            ours.merge(theirs);
        }
        self.label.merge(other.label);
        match (&mut self.answers, other.answers) {
            (Some(ours), Some(theirs)) => ours.merge(theirs),
            (ours, theirs) => *ours = ours.take().or(theirs),
        }
        if let (Some(ours), Some(theirs)) = (&mut self.days, other.days) {
            ours.merge(theirs);
        }
        if let (Some((_, ours)), Some((_, theirs))) = (&mut self.quality, &other.quality) {
            ours.merge(theirs);
        }
    }

    /// Returns the baseline; `source` says which answers the model gave: of folds that it was not trained on, or of its training data.
    pub fn build(&self, source: Option<&str>) -> Baseline {
        let features =
            self.features.iter().map(|(name, cells)| (name.clone(), number_baseline(cells, Precision::Single)));
        let fields = self.fields.iter().map(|field| (field, field.build()));
        let fields = fields.filter(|(field, found)| !self.key.contains(&field.place) || found.is_category());
        let fields = fields.map(|(field, found)| (field.name.clone(), found));
        let answers = self.answers.as_ref();
        let mut baseline = Baseline {
            rows: self.rows,
            features: features.collect(),
            fields: fields.collect::<BTreeMap<_, _>>(),
            label: (self.label.missing < self.rows).then(|| self.label.build().values),
            predictions: answers
                .map(|answers| PredictionBaseline { source: source.map(str::to_owned), answers: answers.build() }),
            quality: self.quality.as_ref().and_then(|(_, quality)| quality.build()),
            by_day: None,
        };
        let features = self.features.iter().map(|(name, _)| name.as_str());
        baseline.by_day = self.days.as_ref().map(|days| days.build(features, &self.fields, &baseline));
        baseline
    }
}
