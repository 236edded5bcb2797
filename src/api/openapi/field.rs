//! What the contract says of one field.

use serde_json::{Value, json};

use crate::table::descriptor::{FieldType, Scalar};
use crate::table::field::{Bounds, Domain};
use crate::table::{Field, Schema};

/// Of more categories, the contract names none.
const MAX_LISTED_CATEGORIES: usize = 100;

/// The pattern of an id: of this form, or as the first program gave them.
pub(super) const ID: &str = r"(p\.([A-Za-z0-9-]|_[0-9a-f]{2}|\.)*)?([0-9]+-)?[0-9a-f]{32}";

/// Returns what a value of a field is; null is one unless it is required, here or by the schema.
pub(super) fn value(field: &Field, is_required: bool) -> Value {
    let mut property = match &field.domain {
        Domain::Categories(categories) if categories.values().len() <= MAX_LISTED_CATEGORIES => {
            let values: Vec<&Scalar> = categories.values().iter().collect();
            json!({"enum": values})
        }
        Domain::Boolean | Domain::Categories(_) => json!({}),
        Domain::Integer(bounds) => bounded(bounds),
        Domain::Number(bounds) => bounded(bounds),
        Domain::Text(rule) => {
            let mut text = json!({});
            set(&mut text, "minLength", (rule.min_chars > 1).then_some(rule.min_chars));
            set(&mut text, "maxLength", rule.max_chars);
            set(&mut text, "pattern", rule.pattern.as_ref().map(|pattern| format!("^(?:{pattern})$")));
            text
        }
        Domain::Date(_) => json!({"format": "date"}),
        Domain::Datetime(..) => json!({"format": "date-time"}),
    };
    let name = match field.kind {
        FieldType::Integer => "integer",
        FieldType::Number => "number",
        FieldType::Boolean => "boolean",
        FieldType::String | FieldType::Date | FieldType::Datetime => "string",
    };
    let is_nullable = !is_required && !field.is_required;
    property["type"] = if is_nullable { json!([name, "null"]) } else { json!(name) };
    if let Some(values) = property.get_mut("enum").and_then(Value::as_array_mut).filter(|_| is_nullable) {
        values.push(Value::Null);
    }
    set(&mut property, "title", field.title.as_deref());
    set(&mut property, "description", field.description.as_deref());
    set(&mut property, "examples", field.example.as_ref().map(|example| json!([example])));
    property
}

fn bounded<T: Copy + serde::Serialize>(bounds: &Bounds<T>) -> Value {
    let mut number = json!({});
    let low = bounds.low.map(|low| (if low.is_inclusive { "minimum" } else { "exclusiveMinimum" }, low.at));
    let high = bounds.high.map(|high| (if high.is_inclusive { "maximum" } else { "exclusiveMaximum" }, high.at));
    for (name, at) in [low, high].into_iter().flatten() {
        number[name] = json!(at);
    }
    number
}

/// Sets a property that there is.
pub(super) fn set(object: &mut Value, name: &str, value: Option<impl Into<Value>>) {
    if let Some(value) = value {
        object[name] = value.into();
    }
}

/// Returns the label under its name.
pub(super) fn label_object(schema: &Schema) -> Value {
    object_of_label(schema, &value(schema.label_field(), true))
}

/// Returns an object with nothing but the label.
pub(super) fn object_of_label(schema: &Schema, value: &Value) -> Value {
    let name = &*schema.label_field().name;
    json!({"type": "object", "properties": {name: value}, "required": [name], "additionalProperties": false})
}

/// Returns a pattern of cells that need no quotation marks.
pub(super) fn cell(field: &Field) -> Option<String> {
    let is_plain = |text: &String| !text.contains([',', ';', '|', '\t', '"', '\n', '\r']);
    let texts: Vec<String> = match (&field.domain, &field.example) {
        (Domain::Categories(categories), _) => categories.values().iter().take(10).map(Scalar::text).collect(),
        (_, Some(Value::String(text))) => vec![text.clone()],
        (_, Some(example)) => vec![example.to_string()],
        (Domain::Boolean, None) => vec!["true".to_owned()],
        (Domain::Integer(bounds), None) => vec![bounds.low.map_or(0, |low| low.at.max(0)).to_string()],
        _ => vec![],
    };
    let texts: Vec<String> = texts.into_iter().filter(is_plain).map(|text| regex::escape(&text)).collect();
    (!texts.is_empty()).then(|| format!("({})", texts.join("|")))
}
