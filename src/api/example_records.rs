//! Records to try a model with, for the page and for the contract.

use serde_json::{Map, Value};

use crate::table::Schema;

/// Returns records to try, each with its title: those of the schema, else one of the fields' own examples.
pub(super) fn of(schema: &Schema) -> Vec<(String, Map<String, Value>)> {
    let of_schema = schema.examples().iter().map(|(title, record)| (title.to_string(), record.clone()));
    let mut records: Vec<_> = of_schema.collect();
    if records.is_empty() {
        let fields = schema.inputs().filter_map(|(_, field)| Some((field.name.to_string(), field.example.clone()?)));
        records.push((schema.noun().one.to_string(), fields.collect()));
    }
    records
}
