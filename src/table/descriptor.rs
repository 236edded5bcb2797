//! The text of `schema.json`: a Frictionless Table Schema v2 (<https://datapackage.org/standard/table-schema/>) with the property
//! `lifeboat` for what the standard lacks.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

pub use super::scalar::Scalar;

/// A table: its fields, and what is predicted of its records.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
pub struct SchemaDescriptor {
    /// What a page about the table is called.
    #[serde(default)]
    pub title: Option<String>,
    /// What the table is about.
    #[serde(default)]
    pub description: Option<String>,
    /// The fields, in the order in which they are shown.
    #[schemars(length(min = 1))]
    pub fields: Vec<FieldDescriptor>,
    /// What stands for a missing value in a file. An empty cell always does.
    #[serde(default, rename = "missingValues")]
    pub missing_values: Vec<MissingValue>,
    /// Fields whose values no two records of a file have together; only checks of files look.
    #[serde(default, rename = "uniqueKeys")]
    pub unique_keys: Vec<Vec<String>>,
    /// What this program adds to the standard.
    pub lifeboat: TableProperties,
}

/// One field of the table.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
pub struct FieldDescriptor {
    /// The name of the column. No two differ in case only.
    pub name: String,
    /// What the field is called where people read it; its name otherwise.
    #[serde(default)]
    pub title: Option<String>,
    /// What the field says of a record, with its unit.
    #[serde(default)]
    pub description: Option<String>,
    /// What its values are.
    #[serde(default, rename = "type")]
    pub kind: FieldType,
    /// `default`, the only one that is read.
    #[serde(default)]
    pub format: Option<String>,
    /// The values that there are, of texts and integers.
    #[serde(default)]
    pub categories: Option<Vec<Category>>,
    /// What a value must be like.
    #[serde(default)]
    pub constraints: Constraints,
    /// What stands for a missing value in a file, in place of the schema's own list.
    #[serde(default, rename = "missingValues")]
    pub missing_values: Option<Vec<MissingValue>>,
    /// What is read as true; `true`, `True`, `TRUE` and `1` otherwise.
    #[serde(default, rename = "trueValues")]
    pub true_values: Option<Vec<String>>,
    /// What is read as false; `false`, `False`, `FALSE` and `0` otherwise.
    #[serde(default, rename = "falseValues")]
    pub false_values: Option<Vec<String>>,
    /// A value that documents show.
    #[serde(default)]
    pub example: Option<Value>,
    /// What this program adds to the standard.
    #[serde(default)]
    pub lifeboat: FieldProperties,
    /// Other properties of the standard, and anybody's own.
    #[serde(flatten)]
    #[schemars(skip)]
    pub others: Map<String, Value>,
}

/// The types of the standard that a field may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum FieldType {
    /// A whole number within 2^53.
    Integer,
    /// Any finite number.
    Number,
    /// A text.
    #[default]
    String,
    /// True or false.
    Boolean,
    /// A day, as in `2013-11-03`.
    Date,
    /// A moment, as in `2013-11-03T01:30:00-04:00`; without a zone, it is of the table's `timezone`.
    Datetime,
}

impl FieldType {
    /// Returns the name that the standard gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Integer => "integer",
            Self::Number => "number",
            Self::String => "string",
            Self::Boolean => "boolean",
            Self::Date => "date",
            Self::Datetime => "datetime",
        }
    }
}

/// One of the values of a field that has categories.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Category {
    /// The value alone.
    Value(Scalar),
    /// The value, and what it is called where people read it.
    Labelled {
        /// The value.
        value: Scalar,
        /// What it is called.
        #[serde(default)]
        label: Option<String>,
    },
}

impl Category {
    /// Returns the value.
    pub fn value(&self) -> &Scalar {
        let (Self::Value(value) | Self::Labelled { value, .. }) = self;
        value
    }

    /// Returns what it is called, where that is said.
    pub fn label(&self) -> Option<&str> {
        match self {
            Self::Value(_) => None,
            Self::Labelled { label, .. } => label.as_deref(),
        }
    }
}

/// A text that stands for a missing value.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum MissingValue {
    /// The text alone.
    Text(String),
    /// The text, and why a value is missing where it stands.
    Labelled {
        /// The text.
        value: String,
    },
}

impl MissingValue {
    /// Returns the text.
    pub fn text(&self) -> &str {
        let (Self::Text(text) | Self::Labelled { value: text, .. }) = self;
        text
    }
}

/// What a value must be like. Bounds are of the field's own type: a date's is a text.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct Constraints {
    /// Whether a record must have a value.
    #[serde(default)]
    pub required: bool,
    /// Whether no two records of a file may have the same value; only checks of files look.
    #[serde(default)]
    pub unique: bool,
    /// The least value.
    #[serde(default)]
    pub minimum: Option<Scalar>,
    /// The greatest value.
    #[serde(default)]
    pub maximum: Option<Scalar>,
    /// What every value is greater than.
    #[serde(default)]
    pub exclusive_minimum: Option<Scalar>,
    /// What every value is less than.
    #[serde(default)]
    pub exclusive_maximum: Option<Scalar>,
    /// The fewest characters of a text.
    #[serde(default)]
    pub min_length: Option<usize>,
    /// The most characters of a text.
    #[serde(default)]
    pub max_length: Option<usize>,
    /// What the whole of a text matches: a regular expression as XML Schema has it.
    #[serde(default)]
    pub pattern: Option<String>,
    /// The values that there are.
    #[serde(default, rename = "enum")]
    pub choices: Option<Vec<Scalar>>,
}

/// What the standard lacks of a field.
#[derive(Debug, Clone, Default, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FieldProperties {
    /// Other names of the column.
    #[serde(default)]
    pub aliases: Vec<String>,
    /// Whether upper and lower case are the same in a category.
    #[serde(default)]
    pub ignore_case: bool,
}

/// What the standard lacks of a table.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TableProperties {
    /// The field that is predicted.
    pub label: String,
    /// The value of the label whose probability is told, where there are two; the greater or later one otherwise.
    #[serde(default)]
    pub positive: Option<Scalar>,
    /// The field or fields that name what a record is about.
    #[serde(default)]
    pub key: Names,
    /// The field that tells when what a record is about takes place.
    #[serde(default)]
    pub time: Option<String>,
    /// The zone of datetimes that name none, and of the parts of a date.
    #[serde(default)]
    pub timezone: Option<Timezone>,
    /// The fields by whose values models are compared.
    #[serde(default)]
    pub compare_by: Vec<String>,
    /// What a record is called where people read it: `flower`.
    #[serde(default)]
    pub record: Option<String>,
    /// What several records are called; the singular with an `s` otherwise.
    #[serde(default)]
    pub records: Option<String>,
    /// Records that the page and the documents show.
    #[serde(default)]
    pub examples: Vec<Example>,
}

/// One name or several.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Names {
    /// A single name.
    One(String),
    /// Several names, or none.
    Several(Vec<String>),
}

impl Default for Names {
    fn default() -> Self {
        Self::Several(vec![])
    }
}

impl Names {
    /// Returns the names.
    pub fn as_slice(&self) -> &[String] {
        match self {
            Self::One(name) => std::slice::from_ref(name),
            Self::Several(names) => names,
        }
    }
}

/// A zone, and what a local time means that its clocks show twice or never.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(untagged)]
pub enum Timezone {
    /// The IANA name: `America/New_York`.
    Name(String),
    /// The name with a rule.
    Rule {
        /// The IANA name.
        name: String,
        /// What a local time means that comes twice or never.
        #[serde(default)]
        disambiguation: Disambiguation,
    },
}

/// What a local time means that comes twice or never, by the words of the Temporal proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Disambiguation {
    /// The first of two; a time that never comes is moved on by as much as the clocks are (RFC 5545).
    #[default]
    Compatible,
    /// The first of two; the time before the clocks were moved.
    Earlier,
    /// The second of two; the time after the clocks were moved.
    Later,
    /// Such a time is refused.
    Reject,
}

/// A record that is shown.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Example {
    /// What it is called.
    pub title: String,
    /// The record, as a client sends it.
    pub record: Map<String, Value>,
}
