//! Records that are made up to try a package: of which only what is required is given, and of which all is.

use serde_json::Value as Json;

use crate::table::descriptor::Scalar;
use crate::table::field::Domain;
use crate::table::{Cell, Draft, Field, Record, Schema};

/// Values that are tried for a field, behind its example and the first of its categories.
const TRIED: [Cell<'static>; 6] = [
    Cell::Boolean(false),
    Cell::Integer(1),
    Cell::Integer(0),
    Cell::Text("x"),
    Cell::Text("2000-01-01"),
    Cell::Text("2000-01-01T00:00:00Z"),
];

/// Makes up a record with the required fields alone, or with all; none where no value is found that is valid for a field.
pub(super) fn made_up(schema: &Schema, with_all: bool) -> Option<Record> {
    let mut draft = Draft::new(schema);
    for (_, field) in schema.inputs().filter(|(_, field)| with_all || field.is_required) {
        draft.set(schema.column(&field.name)?, value(field)?);
    }
    draft.finish().ok()
}

fn value(field: &Field) -> Option<Cell<'_>> {
    let example = field.example.as_ref().map(cell);
    let category = field.categories().and_then(|categories| categories.values().first()).map(scalar_cell);
    let bound = match &field.domain {
        Domain::Integer(bounds) => bounds.low.as_ref().or(bounds.high.as_ref()).map(|bound| Cell::Integer(bound.at)),
        Domain::Number(bounds) => bounds.low.as_ref().or(bounds.high.as_ref()).map(|bound| Cell::Float(bound.at)),
        _ => None,
    };
    let mut tried = example.into_iter().chain(category).chain(TRIED).chain(bound);
    tried.find(|cell| matches!(field.read(*cell), Ok(Some(_))))
}

fn cell(value: &Json) -> Cell<'_> {
    match value {
        Json::Null => Cell::Missing,
        Json::Bool(value) => Cell::Boolean(*value),
        Json::Number(number) => match (number.as_i64(), number.as_f64()) {
            (Some(integer), _) => Cell::Integer(integer),
            (None, Some(number)) => Cell::Float(number),
            (None, None) => Cell::Nested,
        },
        Json::String(text) => Cell::Text(text),
        Json::Array(_) | Json::Object(_) => Cell::Nested,
    }
}

fn scalar_cell(scalar: &Scalar) -> Cell<'_> {
    match scalar {
        Scalar::Boolean(value) => Cell::Boolean(*value),
        Scalar::Integer(number) => Cell::Integer(*number),
        Scalar::Number(number) => Cell::Float(*number),
        Scalar::Text(text) => Cell::Text(text),
    }
}
