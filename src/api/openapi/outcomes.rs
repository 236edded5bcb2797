//! What the contract says of the outcomes of one table.

use serde_json::{Map, Value, json};

use super::field::{ID, cell, label_object, value};
use crate::api::size::MAX_RECORDS;
use crate::outcome::OwnNames;
use crate::table::Schema;
use crate::table::descriptor::Scalar;

/// What a request says that changes what was told.
const CORRECTS: &str = "Whether this takes the place of another outcome that was told before.";

/// What an answer says in one word.
const RESULTS: [&str; 6] = ["recorded", "stands", "corrected", "contradicts", "not_found", "invalid"];

/// Returns the components that follow from the schema, by their names.
pub(super) fn components(schema: &Schema) -> Vec<(&'static str, Value)> {
    vec![
        ("NewOutcome", new_outcome(schema)),
        ("RecordedOutcome", recorded_outcome(schema)),
        ("NewOutcomes", new_outcomes(schema)),
        ("OutcomeTable", table(schema)),
        ("OutcomeAnswers", answers(schema)),
    ]
}

/// Returns what is said of an outcome that was told.
pub(super) fn properties(schema: &Schema) -> Value {
    let known_at = "When it became known: recorded here.";
    json!({
        "outcome": label_object(schema),
        "known_at": {"type": "string", "format": "date-time", "description": known_at},
    })
}

/// Returns what a client may send, as a list: by id, and by the fields of the key where there are some.
pub(super) fn examples(schema: &Schema, id: &str, record: &Map<String, Value>, label: &Scalar) -> Value {
    let (name, names) = (&*schema.label_field().name, OwnNames::new(schema));
    let mut by_key = key_of(schema, record).unwrap_or_else(|| json!({names.id.as_str(): id}));
    by_key[name] = json!(label);
    by_key[names.corrects.as_str()] = json!(true);
    json!([{names.id.as_str(): id, name: label}, by_key])
}

/// Returns the fields of the key of a record, where it has a whole one.
fn key_of(schema: &Schema, record: &Map<String, Value>) -> Option<Value> {
    let names = schema.key().iter().map(|&place| schema.fields()[place].name.to_string());
    let key: Option<Map<String, Value>> = names
        .map(|name| record.get(&name).filter(|value| !value.is_null()).cloned().map(|value| (name, value)))
        .collect();
    key.filter(|key| !key.is_empty()).map(Value::Object)
}

/// Returns the same as a table of one row.
pub(super) fn example_table(schema: &Schema, id: &str, label: &Scalar) -> String {
    let names = OwnNames::new(schema);
    format!("{},{}\n{id},{}\n", names.id, schema.label_field().name, label.text())
}

fn new_outcome(schema: &Schema) -> Value {
    let mut object = label_object(schema);
    object["properties"][OwnNames::new(schema).corrects] = corrects();
    object
}

fn corrects() -> Value {
    json!({"type": "boolean", "default": false, "description": CORRECTS})
}

fn recorded_outcome(schema: &Schema) -> Value {
    let mut properties = properties(schema);
    properties["id"] = json!({"$ref": "#/components/schemas/PredictionId"});
    json!({"type": "object", "properties": properties, "required": ["id", "outcome", "known_at"]})
}

/// Returns a list of outcomes. Other fields of the table are not named, though they may be there: they tell nothing.
fn new_outcomes(schema: &Schema) -> Value {
    let names = OwnNames::new(schema);
    let label = schema.label_field();
    let key = schema.key().iter().map(|&place| &schema.fields()[place]);
    let mut properties: Map<String, Value> = key.map(|field| (field.name.to_string(), value(field, true))).collect();
    properties.insert(names.id, json!({"$ref": "#/components/schemas/PredictionId"}));
    properties.insert(label.name.to_string(), value(label, true));
    properties.insert(names.corrects, corrects());
    let description = "What happened, and of which prediction: by its id, or the latest one of a key. Other fields of a record are ignored.";
    let item =
        json!({"type": "object", "description": description, "properties": properties, "required": [label.name]});
    json!({"type": "array", "items": item, "minItems": 1, "maxItems": MAX_RECORDS})
}

/// Returns what a table of outcomes is. The pattern is narrower than what is read.
fn table(schema: &Schema) -> Value {
    let names = OwnNames::new(schema);
    let label = schema.label_field();
    let description = format!(
        "A header with {} and either {} or the fields of the key, and 1 to {MAX_RECORDS} rows; {} may be true. Other fields of a record \
         are ignored.",
        label.name, names.id, names.corrects
    );
    let cell = cell(label).unwrap_or_else(|| "1".to_owned());
    let header = format!("{},{}", regex::escape(&names.id), regex::escape(&label.name));
    let pattern = format!("^{header}\\n({ID},{cell}\\n){{1,20}}$");
    json!({"type": "string", "description": description, "pattern": pattern})
}

fn answers(schema: &Schema) -> Value {
    let mut properties = properties(schema);
    let result = "What came of it: recorded as the first; stands, since it was told before; corrected, by this one; contradicts what stands, \
        which stays; there is no such prediction; or it is no outcome.";
    properties["result"] = json!({"type": "string", "enum": RESULTS, "description": result});
    properties["id"] = json!({"$ref": "#/components/schemas/PredictionId"});
    properties["problem"] = json!({"$ref": "#/components/schemas/Problem"});
    let item = json!({"type": "object", "properties": properties, "required": ["result"]});
    json!({"type": "array", "items": item})
}
