//! Records that have the same values in the fields of the schema's `compare_by`.

use std::fmt::Write as _;

use jiff::Timestamp;
use jiff::civil::Date;
use serde_json::{Map, Value as Json, json};

use crate::table::{Record, Schema, Value};

/// What the records of a group have in common; groups are ordered by the fields, categories in the schema's order.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct GroupKey(Vec<Common>);

#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Common {
    Nothing,
    Boolean(bool),
    Category(u32),
    Integer(i64),
    /// The bits of a number, and whether it is not below 0, so that they have the order of the numbers.
    Number(bool, u64),
    Text(Box<str>),
    Date(Date),
    Datetime(Timestamp),
}

impl GroupKey {
    /// Returns the group of a record.
    pub fn new(schema: &Schema, record: &Record) -> Self {
        let value = |place: &usize| record.values().get(*place).and_then(Option::as_ref);
        Self(schema.compare_by().iter().map(|place| Common::new(value(place))).collect())
    }
}

impl Common {
    fn new(value: Option<&Value>) -> Self {
        match value {
            None => Self::Nothing,
            Some(Value::Boolean(value)) => Self::Boolean(*value),
            Some(Value::Category(category)) => Self::Category(*category),
            Some(Value::Integer(number)) => Self::Integer(*number),
            Some(Value::Number(number)) if *number < 0.0 => Self::Number(false, !number.to_bits()),
            Some(Value::Number(number)) => Self::Number(true, number.to_bits()),
            Some(Value::Text(text)) => Self::Text(text.as_str().into()),
            Some(Value::Date(date)) => Self::Date(*date),
            Some(Value::Datetime(moment)) => Self::Datetime(*moment),
        }
    }
}

/// Returns the fields by which a record is compared, by their names; one without a value is null.
pub fn values(schema: &Schema, record: &Record) -> Map<String, Json> {
    let value = |place: &usize| {
        let field = &schema.fields()[*place];
        let value = record.values().get(*place).and_then(Option::as_ref);
        (field.name.to_string(), value.map_or(Json::Null, |value| json!(field.written(value))))
    };
    schema.compare_by().iter().map(value).collect()
}

/// Returns what a group has in common as a message says it: `region north, size 3`.
pub fn in_words(values: &Map<String, Json>) -> String {
    let mut words = String::new();
    for (name, value) in values {
        let comma = if words.is_empty() { "" } else { ", " };
        let _ = match value {
            Json::Null => write!(words, "{comma}{name} missing"),
            Json::String(text) => write!(words, "{comma}{name} {text}"),
            other => write!(words, "{comma}{name} {other}"),
        };
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_have_the_order_of_their_values() {
        let numbers = [-2.5, -1.0, 0.0, 0.5, 3.0].map(|number| Common::new(Some(&Value::Number(number))));
        assert!(numbers.is_sorted() && Common::new(None) < numbers[0]);
    }

    #[test]
    fn a_group_is_said_in_words() {
        let values = json!({"region": "north", "size": 3, "week": null});
        assert_eq!(in_words(values.as_object().unwrap()), "region north, size 3, week missing");
    }
}
