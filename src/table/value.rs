//! What stands in a field: of an input, which may be anything, and of a record, which is valid.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;

use super::fault::shorten;

/// What stands in one field of an input, whatever its format.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Cell<'a> {
    /// Nothing: JSON's `null`, an empty cell.
    Missing,
    /// `true` or `false`.
    Boolean(bool),
    /// A number with no fraction.
    Integer(i64),
    /// Any other number.
    Float(f64),
    /// A text.
    Text(&'a str),
    /// A list or an object.
    Nested,
}

/// Returns a text without the space around it. Most have none, which the first and the last byte tell.
pub(crate) fn trim(text: &str) -> &str {
    match text.as_bytes() {
        [byte] if byte.is_ascii_graphic() => text,
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => text,
        _ => text.trim(),
    }
}

impl fmt::Display for Cell<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Missing => f.write_str("nothing"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Integer(number) => write!(f, "{number}"),
            Self::Float(number) => write!(f, "{number}"),
            Self::Text(text) => write!(f, "the text \"{}\"", shorten(text)),
            Self::Nested => f.write_str("a list or an object"),
        }
    }
}

impl Cell<'_> {
    /// Returns the integer that a cell stands for: `3` and `3.0` are the same number, as JSON Schema has it.
    pub(super) fn integer(self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(number),
            #[expect(clippy::cast_possible_truncation, reason = "it has no fraction and is small")]
            Self::Float(number) if number.fract() == 0.0 && number.abs() <= MAX_EXACT => Some(number as i64),
            _ => None,
        }
    }

    /// Returns the number that a cell stands for.
    #[expect(clippy::cast_precision_loss, reason = "integers beyond 2^53 are refused by the bounds of their field")]
    pub(super) fn number(self) -> Option<f64> {
        match self {
            Self::Integer(number) => Some(number as f64),
            Self::Float(number) => Some(number),
            _ => None,
        }
    }
}

/// The largest magnitude of a number in a record: the largest integer that every JSON reader keeps exactly, 2^53 − 1.
pub const MAX_INTEGER: i64 = (1 << 53) - 1;

const MAX_EXACT: f64 = 9_007_199_254_740_991.0;

/// What stands in a field of a record.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Of a field of type `boolean`.
    Boolean(bool),
    /// Of a field of type `integer`, -(2^53 − 1) to 2^53 − 1.
    Integer(i64),
    /// Of a field of type `number`; finite, and never -0.
    Number(f64),
    /// Of a field of type `string`; trimmed, and never empty.
    Text(String),
    /// The place of a value among the categories of its field.
    Category(u32),
    /// Of a field of type `date`.
    Date(Date),
    /// Of a field of type `datetime`.
    Datetime(Timestamp),
}
