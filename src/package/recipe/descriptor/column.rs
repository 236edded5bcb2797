//! The steps that make columns of columns.

use schemars::JsonSchema;
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};

use crate::table::descriptor::Scalar;

/// A part of a text: all groups of the pattern that took part, joined and trimmed. It is missing where the pattern is not found, or
/// nothing is left.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ExtractDescriptor {
    /// The name of the column.
    pub name: String,
    /// The group of an explanation; the name otherwise.
    #[serde(default, skip_serializing)]
    pub group: Option<String>,
    /// The text.
    pub from: String,
    /// A regular expression of Rust's crate `regex`, found anywhere unless it is anchored. Without groups, all of it is taken.
    pub pattern: String,
    /// Whether letters become upper case.
    #[serde(default)]
    pub upper: bool,
    /// What the text becomes; a text otherwise.
    #[serde(default, rename = "as")]
    pub kind: Option<Extracted>,
}

/// What an extracted text becomes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Extracted {
    /// A number; missing where the text is none.
    Number,
}

/// A column with its missing values filled.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ImputeDescriptor {
    /// The name of the column.
    pub name: String,
    /// The group of an explanation; the name otherwise.
    #[serde(default, skip_serializing)]
    pub group: Option<String>,
    /// The column.
    pub from: String,
    /// What stands for a missing value: `"median"`, a number, or the text of a category.
    pub with: Fill,
    /// Lists of columns, tried in order: the median is that of the training rows with the same values. The last resort is the median of all.
    #[serde(default)]
    pub by: Vec<Vec<String>>,
}

/// What stands for a missing value.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Fill {
    /// This number.
    Number(f64),
    /// `median`, or this text.
    Text(String),
}

impl<'de> Deserialize<'de> for Fill {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = "must be \"median\", a number or a text";
        number_or_text(deserializer, EXPECTED, Self::Number, Self::Text)
    }
}

/// A flag for each of some values: 1 for the one that is so, 0 for the others. A missing or another value is all zeros.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct OneHotDescriptor {
    /// The name of the step.
    pub name: String,
    /// The group of an explanation; the name otherwise.
    #[serde(default, skip_serializing)]
    pub group: Option<String>,
    /// A category, a text or an integer with categories.
    pub from: String,
    /// The values; those of the training rows otherwise, sorted.
    #[serde(default)]
    pub values: Option<Vec<Scalar>>,
    /// The names of the columns, one a value; `NAME_VALUE` otherwise.
    #[serde(default)]
    pub names: Option<Vec<String>>,
}

/// A number of numbers: one of the computations. It is missing where an operand is, or where the result is not finite.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct NumberDescriptor {
    /// The name of the column.
    pub name: String,
    /// The group of an explanation; the name otherwise.
    #[serde(default, skip_serializing)]
    pub group: Option<String>,
    /// The sum of these.
    #[serde(default)]
    pub sum: Option<Vec<Operand>>,
    /// The first by the second.
    #[serde(default)]
    pub ratio: Option<[Operand; 2]>,
    /// The product of these.
    #[serde(default)]
    pub product: Option<Vec<Operand>>,
    /// The natural logarithm of 1 + this.
    #[serde(default)]
    pub log1p: Option<Operand>,
    /// This, but no less than `min` and no more than `max`.
    #[serde(default)]
    pub clip: Option<Operand>,
    /// This less the mean of the training rows, by their standard deviation.
    #[serde(default)]
    pub scale: Option<Operand>,
    /// The least result of `clip`.
    #[serde(default)]
    pub min: Option<f64>,
    /// The greatest result of `clip`.
    #[serde(default)]
    pub max: Option<f64>,
}

/// A number, or the name of a column that has numbers; true is 1 and false is 0.
#[derive(Debug, Clone, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Operand {
    /// This number.
    Number(f64),
    /// That of a column.
    Column(String),
}

impl<'de> Deserialize<'de> for Operand {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        const EXPECTED: &str = "an operand must be a number or the name of a column";
        number_or_text(deserializer, EXPECTED, Self::Number, Self::Column)
    }
}

fn number_or_text<'de, T, D: Deserializer<'de>>(
    deserializer: D,
    expected: &str,
    of_number: impl FnOnce(f64) -> T,
    of_text: impl FnOnce(String) -> T,
) -> Result<T, D::Error> {
    match Scalar::deserialize(deserializer)? {
        #[expect(clippy::cast_precision_loss, reason = "features are not exact beyond 2^53")]
        Scalar::Integer(number) => Ok(of_number(number as f64)),
        Scalar::Number(number) => Ok(of_number(number)),
        Scalar::Text(text) => Ok(of_text(text)),
        Scalar::Boolean(_) => Err(D::Error::custom(expected)),
    }
}

/// A part of a date or a datetime, by the schema's zone.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct DatePartDescriptor {
    /// The name of the column.
    pub name: String,
    /// The group of an explanation; the name otherwise.
    #[serde(default, skip_serializing)]
    pub group: Option<String>,
    /// A field of type `date` or `datetime`.
    pub from: String,
    /// The part.
    pub part: DatePart,
}

/// A part of a date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum DatePart {
    /// The year.
    Year,
    /// The month, 1 to 12.
    Month,
    /// The day of the month, 1 to 31.
    Day,
    /// The day of the week, 1 (Monday) to 7.
    Weekday,
    /// The hour, 0 to 23; of a datetime.
    Hour,
    /// The minute, 0 to 59; of a datetime.
    Minute,
    /// The day of the year, 1 to 366.
    DayOfYear,
}
