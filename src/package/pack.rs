//! A package for a graph that somebody exported: what its records are, what stands in each of its inputs, and what its classes are, by the
//! data that it was trained on. Each decision is told, so that it can be overruled.
//!
//! - `wishes`: what the one who packs says.
//! - `notes`: what is gathered on the way.
//! - `sources`: which column of the data each column of the graph reads.
//! - `fields`: what each field is.
//! - `label`: what is predicted, and the order of its classes.

mod fields;
mod label;
mod notes;
mod sources;
mod wishes;

use serde_json::{Value as Json, json};

use self::label::Label;
pub use self::notes::Misfits;
use self::notes::{Notes, in_words};
pub use self::wishes::Wishes;
use super::graph::Outline;
use super::manifest::Inputs;
use crate::table::descriptor::{Names, SchemaDescriptor};
use crate::table::survey::{Survey, WrittenField, WrittenSchema, WrittenTable};

/// What was found out.
#[derive(Debug, Default)]
pub struct Found {
    /// The text of `schema.json`; none where it was there already.
    pub schema: Option<String>,
    /// Properties of `manifest.json`.
    pub properties: Vec<(&'static str, Json)>,
    /// What was decided, in words.
    pub decisions: Vec<String>,
    /// What should be looked at, in words.
    pub doubts: Vec<String>,
    /// What should be looked at unless the graph was seen to answer as its model does.
    pub unproven: Vec<String>,
    /// The columns of which the graph's encoder knows no text that the data has, each in words.
    pub unknown: Vec<String>,
}

/// Finds out what a graph and the data that it was trained on make of a package. A schema that was written or reviewed is taken as it is.
pub fn find_out(
    outline: &Outline,
    survey: &Survey,
    wishes: &Wishes,
    reviewed: Option<&SchemaDescriptor>,
) -> Result<Found, Misfits> {
    let mut notes = Notes::default();
    check_wishes(survey, wishes, &mut notes);
    notes.check()?;
    let sources = sources::find(outline, survey, wishes, &mut notes);
    notes.check()?;
    let label = label::find(outline, survey, wishes, reviewed, &mut notes);
    let fields = match reviewed {
        None => fields::find(outline, survey, wishes, &sources.columns, &mut notes),
        Some(_) => Vec::new(),
    };
    let missing_texts = fields::missing_texts(outline, survey, wishes, &sources.columns, &mut notes);
    let unknown = fields::unknown_texts(outline, survey, &sources.columns);
    for unknown in &unknown {
        notes.doubt(unknown);
    }
    notes.check()?;
    let mut properties = Vec::new();
    properties.extend(sources.told.as_ref().map(|inputs: &Inputs| ("inputs", json!(inputs))));
    properties.extend(label.classes.as_ref().map(|classes| ("classes", json!(classes))));
    if !missing_texts.is_empty() {
        properties.push(("missing_texts", json!(missing_texts)));
    }
    let Notes { decisions, doubts, unproven, .. } = notes;
    let schema = match reviewed {
        Some(_) => None,
        None => Some(written(survey, wishes, fields, label)?),
    };
    Ok(Found { schema, properties, decisions, doubts, unproven, unknown })
}

/// Checks that what is named is there, and that nothing is two things at once.
fn check_wishes(survey: &Survey, wishes: &Wishes, notes: &mut Notes) {
    let named =
        [("target", std::slice::from_ref(&wishes.target)), ("key", &wishes.key), ("compare-by", &wishes.compare_by)];
    let named = named.into_iter().chain(wishes.time.as_ref().map(|time| ("time", std::slice::from_ref(time))));
    for (option, columns) in named {
        for column in columns.iter().filter(|column| survey.column(column).is_none()) {
            notes.fault(format!("--{option}: the data has no column {column:?}; it has {}", in_words(survey.names())));
        }
    }
    let target = &wishes.target;
    if wishes.key.contains(target) {
        notes.fault(format!("--key: {target:?} is what is predicted, so it cannot name what a record is about"));
    }
    if wishes.time.as_ref() == Some(target) {
        notes.fault(format!("--time: {target:?} is what is predicted"));
    }
    if wishes.inputs.iter().any(|input| input.rsplit('=').next() == Some(target)) {
        notes.fault(format!("--inputs: {target:?} is what is predicted: a model that reads it has nothing to predict"));
    }
    for column in wishes.missing_texts.keys().filter(|column| survey.column(column).is_none()) {
        notes.fault(format!("--missing-text: the data has no column {column:?}; it has {}", in_words(survey.names())));
    }
}

/// Writes the schema, with the label where the data has it.
fn written(survey: &Survey, wishes: &Wishes, mut fields: Vec<WrittenField>, label: Label) -> Result<String, Misfits> {
    let before = survey.names().take_while(|name| *name != wishes.target);
    let place = before.filter(|name| fields.iter().any(|field| field.name == *name)).count();
    fields.insert(place, label.field);
    let schema = WrittenSchema {
        fields,
        lifeboat: WrittenTable {
            label: wishes.target.clone(),
            positive: label.positive,
            key: match wishes.key.as_slice() {
                [] => None,
                [one] => Some(Names::One(one.clone())),
                several => Some(Names::Several(several.to_vec())),
            },
            time: wishes.time.clone(),
            compare_by: wishes.compare_by.clone(),
        },
    };
    schema.text().map_err(|error| Misfits(vec![error.to_string()]))
}
