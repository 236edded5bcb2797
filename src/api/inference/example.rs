//! An inference request that works when it is pasted.

use serde_json::{Map, Value, json};

use super::output::Output;
use super::tensor::Datatype;
use crate::table::Schema;

/// Returns a request of some records, which ask for the label and the ids.
pub(in crate::api) fn example(schema: &Schema, records: &[&Map<String, Value>]) -> Value {
    let given = schema.inputs().filter(|(_, field)| records.iter().any(|record| record.contains_key(&*field.name)));
    let inputs: Vec<Value> = given
        .map(|(_, field)| {
            let data: Vec<Option<&Value>> = records.iter().map(|record| record.get(&*field.name)).collect();
            json!({"name": field.name, "datatype": Datatype::of(field), "shape": [records.len()], "data": data})
        })
        .collect();
    let outputs = Output::all(schema).map(|output| json!({"name": output.name(schema)}));
    json!({"id": "an example", "inputs": inputs, "outputs": outputs.collect::<Vec<_>>()})
}
