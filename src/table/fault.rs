//! What is wrong with an input or with a schema, in words for the one who wrote it.

use std::fmt;

use thiserror::Error;

/// The longest text that a message repeats, in characters.
const MAX_SHOWN_CHARS: usize = 40;

/// One thing that is wrong with an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// The field's name as the input spells it; none when the record as a whole is at fault.
    pub field: Option<String>,
    /// What was expected and what was found.
    pub detail: String,
}

impl Fault {
    /// Makes a fault of the record as a whole.
    pub fn of_record(detail: impl Into<String>) -> Self {
        Self { field: None, detail: detail.into() }
    }

    /// Makes a fault of one field.
    pub fn of_field(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self { field: Some(name.into()), detail: detail.into() }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.field {
            Some(field) => write!(f, "{field} {}", self.detail),
            None => f.write_str(&self.detail),
        }
    }
}

/// Returns faults as a person reads them: `size must be …; color is required`.
pub fn in_words(faults: &[Fault]) -> String {
    let words: Vec<String> = faults.iter().map(Fault::to_string).collect();
    words.join("; ")
}

/// Returns the beginning of a text that may be long.
pub fn shorten(text: &str) -> String {
    match text.char_indices().nth(MAX_SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// A text that is no schema, or a schema that cannot work: each fault with its place, a JSON pointer.
#[derive(Debug, Error)]
#[error("{}", .0.join("; "))]
pub struct SchemaError(pub(super) Vec<String>);

impl SchemaError {
    /// Returns the faults, each with its place.
    pub fn faults(&self) -> &[String] {
        &self.0
    }
}

/// The faults of a schema that is being checked.
#[derive(Debug, Default)]
pub(super) struct SchemaFaults(Vec<String>);

impl SchemaFaults {
    pub(super) fn push(&mut self, pointer: &str, detail: impl fmt::Display) {
        self.0.push(format!("{pointer}: {detail}"));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<SchemaFaults> for SchemaError {
    fn from(faults: SchemaFaults) -> Self {
        Self(faults.0)
    }
}
