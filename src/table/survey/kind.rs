//! Which type of field a column is.

use thiserror::Error;

use super::column::ColumnSurvey;
use crate::table::descriptor::FieldType;
use crate::table::fault::shorten;

/// What somebody reads a column as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// As what it is.
    Anything,
    /// As a number.
    Number,
    /// As a whole number.
    Integer,
    /// As true or false.
    Boolean,
    /// As a text.
    Text,
}

/// What a column should be, and what it has instead.
#[derive(Debug, Error, PartialEq, Eq)]
#[error("{expected}, but has {found}")]
pub struct Misfit {
    expected: &'static str,
    found: String,
}

impl ColumnSurvey {
    /// Returns the type of field that takes all values of the column, for one who reads it so.
    pub fn field_type(&self, wanted: Wanted) -> Result<FieldType, Misfit> {
        let all = |count: u64| count == self.values && self.values > 0;
        let misfit = |expected, found: String| Err(Misfit { expected, found });
        if self.nested > 0 {
            return misfit("of plain values", "lists or objects".to_owned());
        }
        let is_number = all(self.numbers);
        // Of a column of 0 and 1, only the reader can tell whether it is true or false.
        let is_truth = all(self.booleans) && !is_number;
        match wanted {
            Wanted::Text if self.values == 0 || all(self.texts) => Ok(FieldType::String),
            Wanted::Text if all(self.integers) => Ok(FieldType::Integer),
            Wanted::Text => misfit("a text", self.example()),
            Wanted::Boolean if all(self.booleans) => Ok(FieldType::Boolean),
            Wanted::Boolean => misfit("true or false", self.example()),
            Wanted::Integer | Wanted::Number | Wanted::Anything if is_truth => Ok(FieldType::Boolean),
            Wanted::Integer if all(self.integers) => Ok(FieldType::Integer),
            Wanted::Integer => misfit("a whole number", self.example()),
            Wanted::Number if self.values == 0 => Ok(FieldType::Number),
            Wanted::Number if is_number => Ok(self.number()),
            Wanted::Number => misfit("a number", self.example()),
            Wanted::Anything if is_number && self.padded == 0 => Ok(self.number()),
            Wanted::Anything if all(self.dates) => Ok(FieldType::Date),
            Wanted::Anything if all(self.datetimes) => Ok(FieldType::Datetime),
            Wanted::Anything => Ok(FieldType::String),
        }
    }

    /// Returns whether the values look like whole numbers, but are codes: `007`.
    pub fn is_code(&self) -> bool {
        self.padded > 0 && self.numbers == self.values
    }

    fn number(&self) -> FieldType {
        if self.integers == self.values { FieldType::Integer } else { FieldType::Number }
    }

    fn example(&self) -> String {
        match (&self.text, self.distinct().and_then(|values| values.keys().last())) {
            (Some(text), _) => format!("texts such as {:?}", shorten(text)),
            (None, Some(value)) => format!("values such as {}", shorten(value)),
            (None, None) => "no values".to_owned(),
        }
    }
}
