//! Records to try a model with, for the page, for the contract, and for who asks a new service whether it works.

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::json_cell::cell;
use crate::package::Package;
use crate::prediction::Prediction;
use crate::service;
use crate::table::field::Domain;
use crate::table::{Field, Schema, json};

/// When the prediction of an example was made: the contract is the same at every start.
const CREATED_AT: Timestamp = Timestamp::constant(1_795_464_440, 289_000_000);

/// Returns records, each with its title: those of the schema, else one of the fields' own examples and of made-up values where a field
/// has none and the model needs one.
pub(super) fn of(package: &Package) -> Vec<(String, Map<String, Value>)> {
    let schema = package.schema();
    let of_schema = schema.examples().iter().map(|(title, record)| (title.to_string(), record.clone()));
    let records: Vec<_> = of_schema.collect();
    if !records.is_empty() {
        return records;
    }
    let [least, whole] = [false, true].map(|is_whole| made_up(schema, is_whole));
    let record =
        if predicted(package, &least).is_none() && predicted(package, &whole).is_some() { whole } else { least };
    vec![(schema.noun().one.to_string(), record)]
}

/// Returns what the package says of a record, if it is one that the model answers.
pub(super) fn predicted(package: &Package, record: &Map<String, Value>) -> Option<Prediction> {
    let text = serde_json::to_vec(record).ok()?;
    let record = json::from_slice(package.schema(), &text).ok()?.ok()?;
    service::predict(package, &[record], CREATED_AT).ok()?.pop()
}

/// Makes up what is required and the key, or all; the fields' own examples are there anyway.
fn made_up(schema: &Schema, is_whole: bool) -> Map<String, Value> {
    let values = schema.inputs().filter_map(|(place, field)| {
        let is_wanted = is_whole || field.is_required || schema.key().contains(&place);
        let value = field.example.clone().or_else(|| if is_wanted { valid_value(field) } else { None });
        Some((field.name.to_string(), value?))
    });
    values.collect()
}

fn valid_value(field: &Field) -> Option<Value> {
    let category = field.categories().and_then(|categories| categories.values().first()).map(|first| json!(first));
    let bounds = match &field.domain {
        Domain::Integer(bounds) => [bounds.low.map(|low| json!(low.at)), bounds.high.map(|high| json!(high.at))],
        Domain::Number(bounds) => [bounds.low.map(|low| json!(low.at)), bounds.high.map(|high| json!(high.at))],
        _ => [None, None],
    };
    let simple = [json!(1), json!(0), json!(false), json!("x"), json!("2000-01-01"), json!("2000-01-01T00:00:00Z")];
    let mut tried = category.into_iter().chain(simple).chain(bounds.into_iter().flatten());
    tried.find(|value| matches!(field.read(cell(value)), Ok(Some(_))))
}
