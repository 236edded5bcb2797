//! A small table of parcels, with every type of field, and recipes for it.

use lifeboat::package::recipe::{self, Fitted, Recipe, RecipeDescriptor};
use lifeboat::table::record::Labelled;
use lifeboat::table::{Record, Schema, json, load};
use serde::de::DeserializeSeed;
use serde_json::{Value, json as object};

/// Returns the schema of parcels that came late or not, or by how many hours.
pub(crate) fn schema(label: &Value) -> Schema {
    let schema = object!({
        "fields": [
            {"name": "id", "type": "integer"},
            {"name": "code", "type": "string"},
            {"name": "carrier", "type": "string", "categories": ["north", "south", "east"], "lifeboat": {"ignore_case": true}},
            {"name": "zone", "type": "integer", "categories": [10, 20, 30]},
            {"name": "weight", "type": "number", "constraints": {"minimum": 0}},
            {"name": "pieces", "type": "integer"},
            {"name": "fragile", "type": "boolean"},
            {"name": "day", "type": "date"},
            {"name": "sent", "type": "datetime"},
            label,
        ],
        "lifeboat": {"label": "late", "key": "id", "timezone": "America/New_York", "record": "parcel"},
    });
    load::schema(schema.to_string().as_bytes()).unwrap()
}

pub(crate) fn binary() -> Schema {
    schema(&object!({"name": "late", "type": "boolean"}))
}

pub(crate) fn regression() -> Schema {
    schema(&object!({"name": "late", "type": "number"}))
}

pub(crate) fn multiclass() -> Schema {
    schema(&object!({"name": "late", "type": "string", "categories": ["no", "yes", "never"]}))
}

#[expect(clippy::needless_pass_by_value, reason = "called with what json! makes")]
pub(crate) fn descriptor(steps: Value, features: Value) -> RecipeDescriptor {
    recipe::parse(object!({"steps": steps, "features": features}).to_string().as_bytes()).unwrap()
}

pub(crate) fn record(schema: &Schema, record: &Value) -> Record {
    json::from_slice(schema, record.to_string().as_bytes()).unwrap().unwrap()
}

pub(crate) fn labelled(schema: &Schema, record: &Value) -> Labelled {
    let text = record.to_string();
    json::LabelledSeed(schema).deserialize(&mut serde_json::Deserializer::from_str(&text)).unwrap().unwrap()
}

/// Fits a recipe to rows, writes and reads what was learnt, and compiles it.
pub(crate) fn compile(schema: &Schema, descriptor: &RecipeDescriptor, rows: &[Value]) -> Recipe {
    let rows: Vec<Labelled> = rows.iter().map(|row| labelled(schema, row)).collect();
    let Fitted { state, history, .. } = recipe::fit(descriptor, schema, &rows, "").unwrap();
    let state = recipe::State::parse(serde_json::to_string(&state).unwrap().as_bytes()).unwrap();
    let history = history.map(|history| {
        let text = serde_json::to_string(&history).unwrap();
        let read = recipe::HistoryRecords::parse(text.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&read).unwrap(), text);
        read
    });
    Recipe::compile(descriptor, schema, &state, history.as_ref()).unwrap()
}

/// Returns what a recipe of these steps computes of a record, one number a feature.
pub(crate) fn computed(steps: &Value, features: &Value, asked: &Value) -> Vec<f32> {
    let schema = binary();
    let recipe = compile(&schema, &descriptor(steps.clone(), features.clone()), &[object!({"late": true})]);
    features_of(&recipe, &record(&schema, asked))
}

pub(crate) fn features_of(recipe: &Recipe, record: &Record) -> Vec<f32> {
    let mut row = vec![0.5; recipe.feature_names().len()];
    recipe.features(record, &mut row);
    row
}

/// Compares numbers to the bit; NaN is missing.
#[track_caller]
pub(crate) fn assert_numbers(found: &[f32], expected: &[f32]) {
    let are_same = found.len() == expected.len()
        && found
            .iter()
            .zip(expected)
            .all(|(one, other)| one.to_bits() == other.to_bits() || one.is_nan() && other.is_nan());
    assert!(are_same, "{found:?}, expected {expected:?}");
}
