//! What stands in a table that is written, whatever its format.

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use super::descriptor::FieldType;
use super::field::{Field, Written};

/// What a column holds that is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ColumnType {
    /// Texts.
    Text,
    /// Whole numbers.
    Integer,
    /// Numbers, FP64.
    Number,
    /// Numbers, FP32.
    Single,
    /// True or false.
    Boolean,
    /// Days.
    Date,
    /// Moments.
    Time,
    /// Times of a clock whose zone is not known.
    LocalTime,
    /// Values of JSON, as their text.
    Json,
}

impl ColumnType {
    /// Returns what a column of this field holds.
    pub fn of(field: &Field) -> Self {
        match field.kind {
            FieldType::Integer => Self::Integer,
            FieldType::Number => Self::Number,
            FieldType::String => Self::Text,
            FieldType::Boolean => Self::Boolean,
            FieldType::Date => Self::Date,
            FieldType::Datetime => Self::Time,
        }
    }
}

/// A column that is written.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutputColumn {
    /// Its name.
    pub name: String,
    /// What it holds.
    pub kind: ColumnType,
}

impl OutputColumn {
    /// Makes a column.
    pub fn new(name: impl Into<String>, kind: ColumnType) -> Self {
        Self { name: name.into(), kind }
    }
}

/// A cell that is written; of its column's type, or missing.
#[derive(Debug, Clone, Copy)]
pub enum OutputCell<'a> {
    /// Nothing.
    Missing,
    /// A text.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// A number; one that is not finite is a missing one.
    Number(f64),
    /// A number that is written as the shortest decimal that names it; one that is not finite is a missing one.
    Single(f32),
    /// True or false.
    Boolean(bool),
    /// A day.
    Date(Date),
    /// A moment; Parquet keeps its microseconds.
    Time(Timestamp),
    /// A time of a clock whose zone is not known.
    LocalTime(DateTime),
    /// The text of a value of JSON.
    Json(&'a RawValue),
}

impl<'a> From<Option<Written<'a>>> for OutputCell<'a> {
    fn from(written: Option<Written<'a>>) -> Self {
        match written {
            None => Self::Missing,
            Some(Written::Boolean(value)) => Self::Boolean(value),
            Some(Written::Integer(number)) => Self::Integer(number),
            Some(Written::Number(number)) => Self::Number(number),
            Some(Written::Text(text)) => Self::Text(text),
            Some(Written::Date(date)) => Self::Date(date),
            Some(Written::Datetime(moment)) => Self::Time(moment),
        }
    }
}

impl OutputCell<'_> {
    /// Returns a number that is not finite as a missing one: no format has one that every reader takes.
    pub(super) fn finite(self) -> Self {
        match self {
            Self::Number(number) if !number.is_finite() => Self::Missing,
            Self::Single(number) if !number.is_finite() => Self::Missing,
            other => other,
        }
    }
}

impl Serialize for OutputCell<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.finite() {
            Self::Missing => serializer.serialize_unit(),
            Self::Text(text) => serializer.serialize_str(text),
            Self::Integer(number) => serializer.serialize_i64(number),
            Self::Number(number) => serializer.serialize_f64(number),
            Self::Single(number) => serializer.serialize_f32(number),
            Self::Boolean(value) => serializer.serialize_bool(value),
            Self::Date(date) => serializer.collect_str(&date),
            Self::Time(moment) => serializer.serialize_str(&written_time(moment)),
            Self::LocalTime(time) => serializer.collect_str(&time),
            Self::Json(text) => text.serialize(serializer),
        }
    }
}

/// Writes a moment with three decimals, so that texts sort as times do; with more where it has more.
pub(super) fn written_time(moment: Timestamp) -> String {
    if moment.subsec_nanosecond() % 1_000_000 == 0 { format!("{moment:.3}") } else { moment.to_string() }
}
