//! Columns of events as a text has them, and back.

use super::events::{EventColumn, KeyValue};
use crate::package::recipe::compile::{Column, Kind, category};
use crate::package::recipe::history::numbers::Numbers;
use crate::package::recipe::history::stored::Stored;
use crate::package::recipe::key::PartValue;
use crate::package::recipe::slots;
use crate::table::Schema;

/// Writes what some events have in a column.
pub(super) fn stored<'a>(column: &Column, values: impl Iterator<Item = Option<&'a KeyValue>>) -> Stored {
    match &column.kind {
        Kind::Text => Stored::of_texts(&values.map(text).collect::<Vec<_>>()),
        Kind::Category(texts, _) => Stored::of_texts(&values.map(|value| name(texts, value)).collect::<Vec<_>>()),
        kind => Stored::of_numbers(values.map(number).collect(), matches!(kind, Kind::Boolean)),
    }
}

fn text(value: Option<&KeyValue>) -> Option<Box<str>> {
    match value? {
        KeyValue::Text(text) => Some(text.clone()),
        KeyValue::Number(_) => None,
    }
}

fn name(texts: &[Box<str>], value: Option<&KeyValue>) -> Option<Box<str>> {
    crate::package::recipe::step::when::at(texts, number(value)).cloned()
}

fn number(value: Option<&KeyValue>) -> f64 {
    match value {
        Some(KeyValue::Number(number)) => *number,
        Some(KeyValue::Text(_)) | None => slots::MISSING,
    }
}

/// Adds what a text has to what events have in a column, or says what is wrong with it.
pub(super) fn take_in(
    taken: &mut EventColumn,
    column: &Column,
    stored: &Stored,
    schema: &Schema,
) -> Result<(), String> {
    match (&column.kind, stored) {
        (_, Stored::Nothing(count)) => (0..*count).for_each(|_| taken.push(PartValue::Missing)),
        (Kind::Text, Stored::Texts(texts, codes, _)) => {
            let codes_taken: Vec<u32> = texts.iter().map(|text| taken.code(PartValue::Text(text))).collect();
            taken.extend(&codes_taken, &codes.0);
        }
        (Kind::Category(known, field), Stored::Texts(texts, codes, _)) => {
            let code = |text| {
                let place = category(schema, known, *field, text);
                let place = place.ok_or_else(|| format!("{text:?} is no category of this column"))?;
                Ok(taken.code(PartValue::Number(place)))
            };
            let codes_taken: Vec<u32> = texts.iter().map(code).collect::<Result<_, String>>()?;
            taken.extend(&codes_taken, &codes.0);
        }
        (Kind::Number | Kind::Choices(_), Stored::Numbers(Numbers(numbers)))
        | (Kind::Boolean, Stored::Flags(Numbers(numbers))) => {
            for number in numbers.iter() {
                taken.push(if number.is_nan() { PartValue::Missing } else { PartValue::Number(*number) });
            }
        }
        (kind, _) => return Err(format!("must be {kind}")),
    }
    Ok(())
}
