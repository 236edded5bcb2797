//! What training rows tell a manifest: how many there are, from which file, and the mean of each column.

use std::collections::BTreeMap;

use super::recipe::error::RowWithoutTime;
use super::recipe::{Past, Recipe};
use crate::table::descriptor::Scalar;
use crate::table::field::Domain;
use crate::table::record::Labelled;
use crate::table::{Field, Schema, Value};

/// What a manifest says of the training data.
#[derive(Debug, Clone)]
pub struct Training {
    /// The number of rows.
    pub rows: usize,
    /// The SHA-256 of the file.
    pub data_hash: String,
    /// What stands for a record of which nothing is known: for each feature, or each field where there is no recipe, the mean, or of
    /// texts the most frequent one. A column without any value has none.
    pub means: BTreeMap<Box<str>, Scalar>,
}

impl Training {
    /// Looks at the training rows of a package.
    pub fn new(
        schema: &Schema,
        recipe: Option<&Recipe>,
        rows: &[Labelled],
        data_hash: String,
    ) -> Result<Self, RowWithoutTime> {
        let means = match recipe {
            Some(recipe) => of_features(recipe, &recipe.past(schema, rows)?, rows),
            None => of_fields(schema, rows),
        };
        Ok(Self { rows: rows.len(), data_hash, means })
    }
}

fn of_features(recipe: &Recipe, past: &Past<'_>, rows: &[Labelled]) -> BTreeMap<Box<str>, Scalar> {
    let (names, mut computer) = (recipe.feature_names(), recipe.computer());
    let (mut means, mut features) = (vec![Mean::default(); names.len()], vec![0.0; names.len()]);
    for (place, row) in rows.iter().enumerate() {
        past.features(&mut computer, place, &row.record, &mut features);
        for (mean, feature) in means.iter_mut().zip(&features) {
            mean.add(f64::from(*feature));
        }
    }
    names.iter().cloned().zip(means).filter_map(|(name, mean)| Some((name, mean.get()?))).collect()
}

/// Leaves out the key, which is new for each record.
fn of_fields(schema: &Schema, rows: &[Labelled]) -> BTreeMap<Box<str>, Scalar> {
    let fields = schema.inputs().filter(|(place, _)| !schema.key().contains(place));
    let values = |place| rows.iter().filter_map(move |row| row.record.get(place));
    fields.filter_map(|(place, field)| Some((field.name.clone(), of_field(field, values(place))?))).collect()
}

fn of_field<'a>(field: &'a Field, values: impl Iterator<Item = &'a Value>) -> Option<Scalar> {
    if !field.is_numeric() && !matches!(field.domain, Domain::Boolean) {
        return most_frequent(field, values);
    }
    let mut mean = Mean::default();
    for value in values {
        mean.add(number(field, value)?);
    }
    mean.get()
}

fn number(field: &Field, value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => Some(*number),
        Value::Boolean(value) => Some(f64::from(u8::from(*value))),
        #[expect(clippy::cast_precision_loss, reason = "integers of records are within 2^53")]
        Value::Integer(number) => Some(*number as f64),
        Value::Category(category) => match field.categories()?.value(*category) {
            #[expect(clippy::cast_precision_loss, reason = "integers of records are within 2^53")]
            Scalar::Integer(number) => Some(*number as f64),
            _ => None,
        },
        Value::Text(_) | Value::Date(_) | Value::Datetime(_) => None,
    }
}

/// Returns the most frequent text; of those that are as frequent, the first by the alphabet.
fn most_frequent<'a>(field: &'a Field, values: impl Iterator<Item = &'a Value>) -> Option<Scalar> {
    let mut counts: BTreeMap<String, usize> = BTreeMap::new();
    for value in values.filter(|value| matches!(value, Value::Text(_) | Value::Category(_))) {
        *counts.entry(field.written(value).to_string()).or_default() += 1;
    }
    let most = counts.into_iter().rev().max_by_key(|(_, count)| *count);
    most.map(|(text, _)| Scalar::Text(text))
}

/// The mean of numbers; what is no number does not count.
#[derive(Debug, Clone, Copy, Default)]
struct Mean {
    sum: f64,
    count: f64,
}

impl Mean {
    fn add(&mut self, number: f64) {
        if number.is_finite() {
            self.sum += number;
            self.count += 1.0;
        }
    }

    /// Returns the mean to six significant digits.
    fn get(self) -> Option<Scalar> {
        let mean = self.sum / self.count;
        format!("{mean:.5e}").parse().ok().filter(|mean: &f64| mean.is_finite()).map(Scalar::Number)
    }
}
