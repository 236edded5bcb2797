//! The fields of a table, a line each: type, whether a value is required, and which there are, in short.

use std::fmt::Display;

use super::table::{plain_table, text};
use crate::table::field::{Bounds, Categories, Domain, TextRule};
use crate::table::value::MAX_INTEGER;
use crate::table::{Field, Schema};

/// So many fields are told; the rest is counted.
const TOLD: usize = 100;

/// So many characters of categories are told.
const CATEGORY_CHARS: usize = 80;

/// Tells what the fields are, the label at the end.
pub(super) fn tell(schema: &Schema) -> String {
    let mut table = plain_table();
    table.set_header(["field", "type", "required", "values"]);
    let inputs: Vec<(usize, &Field)> = schema.inputs().collect();
    for &(place, field) in inputs.iter().take(TOLD) {
        let role = match place {
            place if schema.key().contains(&place) => "key",
            place if schema.time() == Some(place) => "time",
            _ => "",
        };
        table.add_row(row(field, role));
    }
    if inputs.len() > TOLD {
        table.add_row([format!("and {} more", inputs.len() - TOLD)]);
    }
    table.add_row(row(schema.label_field(), "label"));
    text(&mut table)
}

fn row(field: &Field, role: &str) -> [String; 4] {
    let values = values(&field.domain);
    let values = if role.is_empty() || values.is_empty() { values + role } else { format!("{role}; {values}") };
    let required = if field.is_required { "yes" } else { "" };
    [field.name.to_string(), field.kind.name().to_owned(), required.to_owned(), values]
}

fn values(domain: &Domain) -> String {
    match domain {
        Domain::Boolean => String::new(),
        // What any integer is bounded by says nothing.
        Domain::Integer(bounds) => {
            let said = |bound: &i64| bound.abs() < MAX_INTEGER;
            bounded(&Bounds {
                low: bounds.low.filter(|bound| said(&bound.at)),
                high: bounds.high.filter(|bound| said(&bound.at)),
            })
        }
        Domain::Number(bounds) => bounded(bounds),
        Domain::Date(bounds) => bounded(bounds),
        Domain::Datetime(bounds, _) => bounded(bounds),
        Domain::Text(rule) => of_text(rule),
        Domain::Categories(categories) => in_short(categories),
    }
}

fn bounded<T: Display>(bounds: &Bounds<T>) -> String {
    bounds.to_string().trim_start().to_owned()
}

fn of_text(rule: &TextRule) -> String {
    let length = match (rule.min_chars, rule.max_chars) {
        (0 | 1, None) => None,
        (min, None) => Some(format!("at least {min} characters")),
        (0 | 1, Some(max)) => Some(format!("at most {max} characters")),
        (min, Some(max)) => Some(format!("{min} to {max} characters")),
    };
    let pattern = rule.pattern.as_ref().map(|pattern| format!("matches {pattern}"));
    length.into_iter().chain(pattern).collect::<Vec<_>>().join("; ")
}

fn in_short(categories: &Categories) -> String {
    let mut told = String::new();
    let values = categories.values();
    for (value, place) in values.iter().zip(0..) {
        let label = categories.label(place).map_or_else(String::new, |label| format!(" ({label})"));
        let word = format!("{}{}{label}", if told.is_empty() { "" } else { ", " }, value.text());
        if told.chars().count() + word.chars().count() > CATEGORY_CHARS && !told.is_empty() {
            return format!("{told}, … of {} values", values.len());
        }
        told += &word;
    }
    told
}
