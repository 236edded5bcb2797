//! What the contract says of one table: a record, an answer, an outcome and a key, by its schema.

use serde_json::{Map, Value, json};

use super::field::{ID, cell, label_object, object_of_label, set, value};
use super::outcomes;
use crate::api::size::MAX_RECORDS;
use crate::package::Package;
use crate::table::{Field, Schema, Task};

/// Returns the components that follow from a package, by their names.
pub(super) fn components(package: &Package) -> Vec<(&'static str, Value)> {
    let schema = package.schema();
    vec![
        ("Record", record(schema)),
        ("Records", one_or_many("Record", Some(MAX_RECORDS))),
        ("Prediction", answer(package)),
        ("Predictions", one_or_many("Prediction", None)),
        ("StoredPrediction", full_answer(package)),
        ("History", history()),
        ("Table", table(schema)),
        ("PredictionId", json!({"type": "string", "pattern": format!("^{ID}$")})),
        ("ModelName", json!({"type": "string", "enum": [package.name()]})),
        ("Explanation", explanation(schema)),
    ]
}

/// Returns the fields of the key as parameters of a query.
pub(super) fn key_parameters(schema: &Schema) -> Vec<Value> {
    let parameter = |&place: &usize| {
        let field = &schema.fields()[place];
        let example =
            schema.examples().iter().find_map(|(_, record)| record.get(&*field.name)).or(field.example.as_ref());
        let mut parameter = json!({"name": field.name, "in": "query", "required": true, "schema": value(field, true)});
        set(&mut parameter, "description", field.description.as_deref());
        set(&mut parameter, "example", example.cloned());
        parameter
    };
    schema.key().iter().map(parameter).collect()
}

/// Returns what a client may send.
fn record(schema: &Schema) -> Value {
    let properties: Map<String, Value> = schema
        .fields()
        .iter()
        .enumerate()
        .map(|(place, field)| {
            let ignored = || json!({"description": "The label; ignored, so that a labelled row can be sent as it is."});
            (field.name.to_string(), if place == schema.label() { ignored() } else { value(field, false) })
        })
        .collect();
    let required: Vec<&str> =
        schema.inputs().filter(|(_, field)| field.is_required).map(|(_, field)| &*field.name).collect();
    let mut object = json!({
        "type": "object", "title": schema.noun().one, "properties": properties, "additionalProperties": false,
    });
    if !required.is_empty() {
        object["required"] = json!(required);
    }
    object
}

/// Returns a name as it stands in a JSON pointer.
pub(super) fn in_pointer(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn one_or_many(name: &str, most: Option<usize>) -> Value {
    let one = json!({"$ref": format!("#/components/schemas/{name}")});
    let mut many = json!({"type": "array", "items": one});
    if let Some(most) = most {
        (many["minItems"], many["maxItems"]) = (json!(1), json!(most));
    }
    json!({"oneOf": [one, many]})
}

/// Returns what is predicted: a class, or any number, since a model knows neither the bounds of a label nor that it is an integer.
fn predicted_object(schema: &Schema) -> Value {
    if schema.task() != Task::Regression {
        return label_object(schema);
    }
    let mut number = json!({"type": "number"});
    set(&mut number, "title", schema.label_field().title.as_deref());
    set(&mut number, "description", schema.label_field().description.as_deref());
    object_of_label(schema, &number)
}

fn answer(package: &Package) -> Value {
    let schema = package.schema();
    let time = "When the prediction was first made; null where nothing was stored.";
    let mut properties = json!({
        "id": {"$ref": "#/components/schemas/PredictionId"},
        "prediction": predicted_object(schema),
        "model_version": {"type": "string", "description": "The version of the model that said so."},
        "created_at": {"type": ["string", "null"], "format": "date-time", "description": time},
        "explanation": {"$ref": "#/components/schemas/Explanation"},
    });
    let mut required = vec!["id", "prediction", "model_version", "created_at"];
    let probability = json!({"type": "number", "minimum": 0, "maximum": 1});
    match schema.task() {
        Task::Binary => {
            properties["probability"] = probability;
            required.push("probability");
        }
        Task::Multiclass => {
            properties["probabilities"] = json!({"type": "object", "additionalProperties": probability});
            required.push("probabilities");
        }
        Task::Regression => {}
    }
    if !schema.key().is_empty() {
        let fields = schema.key().iter().map(|&place| &schema.fields()[place]);
        let key: Map<String, Value> = fields.map(|field| (field.name.to_string(), value(field, false))).collect();
        let names: Vec<&String> = key.keys().collect();
        properties["key"] = json!({"type": "object", "properties": key, "required": names});
        required.push("key");
    }
    if package.snapshot().is_some() {
        let description = "The snapshot of history that the model looked up.";
        properties["snapshot"] = json!({"type": "string", "description": description});
    }
    json!({"type": "object", "properties": properties, "required": required})
}

fn full_answer(package: &Package) -> Value {
    let mut full = answer(package);
    let properties = &mut full["properties"];
    properties["record"] = json!({"type": "object", "description": "The record as it was read; it can be sent again."});
    let number = json!({"type": ["number", "null"]});
    let description = "What the graph read, where a recipe computes it, by the features' names.";
    properties["features"] = json!({"type": "object", "additionalProperties": number, "description": description});
    let outcome = outcomes::properties(package.schema());
    let told = json!({"type": "object", "properties": outcome});
    properties["outcome"] =
        json!({"type": ["object", "null"], "properties": outcome, "description": "What was told last."});
    let description = "All that was told: the first, and each correction after it.";
    properties["outcomes"] = json!({"type": "array", "items": told, "description": description});
    if let Some(required) = full["required"].as_array_mut() {
        required.extend(["record", "outcome", "outcomes"].map(Value::from));
    }
    full
}

fn explanation(schema: &Schema) -> Value {
    let unit = "What amounts are: log-odds of the class under `of`, or the predicted number's own unit.";
    let part = json!({
        "type": "object",
        "properties": {
            "group": {"type": "string"},
            "amount": {"type": "number"},
            "standard_error": {"type": "number", "minimum": 0, "description": "Where the amount is an estimate."},
        },
        "required": ["group", "amount"],
    });
    json!({
        "type": "object",
        "description": "Why the model answered so; with `explain=true` only.",
        "properties": {
            "unit": {"type": "string", "description": unit},
            "of": value(schema.label_field(), true),
            "baseline": {"type": "number", "description": "What the model says of the average record."},
            "output": {"type": "number", "description": "What it says of this one."},
            "contributions": {"type": "array", "items": part, "description": "What leads from the one to the other, largest first."},
            "method": {"type": "string", "enum": ["exact", "permutation sampling"]},
        },
        "required": ["unit", "baseline", "output", "contributions", "method"],
    })
}

fn history() -> Value {
    let next = "Where the next page is; null on the last one.";
    json!({
        "type": "object",
        "properties": {
            "predictions": {"type": "array", "items": {"$ref": "#/components/schemas/Prediction"}, "description": "Newest first."},
            "next": {"type": ["string", "null"], "description": next},
        },
        "required": ["predictions", "next"],
    })
}

/// Returns what a table of records is. The pattern is narrower than what is read, so that whoever makes tables from it is understood.
fn table(schema: &Schema) -> Value {
    let description =
        format!("A header of the fields in any order, and 1 to {MAX_RECORDS} rows. An empty cell is a missing value.");
    let mut table = json!({"type": "string", "description": description});
    if let Some(pattern) = table_pattern(schema) {
        table["pattern"] = json!(pattern);
    }
    table
}

/// Returns a pattern of tables of the fields that a record must have, of its key and of one field more, where their cells can be written down.
fn table_pattern(schema: &Schema) -> Option<String> {
    let is_needed = |place: &usize, field: &Field| field.is_required || schema.key().contains(place);
    let fields = || schema.inputs().map(|(place, field)| (is_needed(&place, field), field, cell(field)));
    let needed = fields().filter(|(is_needed, ..)| *is_needed);
    let one_more = fields().find(|(is_needed, _, cell)| !is_needed && cell.is_some());
    let columns: Vec<_> = needed.chain(one_more).map(|(_, field, cell)| (field, cell)).collect();
    let header: Vec<String> = columns.iter().map(|(field, _)| regex::escape(&field.name)).collect();
    let cells: Option<Vec<String>> = columns.into_iter().map(|(_, cell)| cell).collect();
    Some(format!("^{}\\n({}\\n){{1,20}}$", header.join(","), cells?.join(",")))
}
