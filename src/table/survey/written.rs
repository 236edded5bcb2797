//! The text of a schema that was inferred, a line a field, for people to review.

use std::io;

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};

use crate::table::descriptor::{FieldType, Names, Scalar};

/// A table: its fields, and what is predicted of its records.
#[derive(Debug, Clone, Serialize)]
pub struct WrittenSchema {
    /// The fields.
    pub fields: Vec<WrittenField>,
    /// What this program adds to the standard.
    pub lifeboat: WrittenTable,
}

/// One field.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WrittenField {
    /// The name of the column.
    pub name: String,
    /// What its values are.
    #[serde(rename = "type")]
    pub kind: FieldType,
    /// The values that there are.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub categories: Vec<Scalar>,
    /// What a value must be like.
    #[serde(skip_serializing_if = "WrittenConstraints::is_empty")]
    pub constraints: WrittenConstraints,
    /// What stands for a missing value in a file.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing_values: Vec<String>,
    /// A value that documents show.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub example: Option<Scalar>,
}

/// What a value must be like.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct WrittenConstraints {
    /// Whether a record must have a value.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub required: bool,
    /// The least value.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub minimum: Option<Scalar>,
}

/// What the standard lacks of a table.
#[derive(Debug, Clone, Default, Serialize)]
pub struct WrittenTable {
    /// The field that is predicted.
    pub label: String,
    /// The value of the label whose probability is told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub positive: Option<Scalar>,
    /// The fields that name what a record is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Names>,
    /// The field that tells when what a record is about takes place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// The fields by whose values models are compared.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub compare_by: Vec<String>,
}

impl WrittenConstraints {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl WrittenSchema {
    /// Writes the schema, a line a field.
    pub fn text(&self) -> serde_json::Result<String> {
        let fields = self.fields.iter().map(|field| line(field).map(|line| format!("    {line}")));
        let fields: Vec<String> = fields.collect::<Result<_, _>>()?;
        let table = line(&self.lifeboat)?;
        Ok(format!("{{\n  \"fields\": [\n{}\n  ],\n  \"lifeboat\": {table}\n}}\n", fields.join(",\n")))
    }
}

/// Writes a value in one line, with a space behind each colon and comma.
fn line(value: &impl Serialize) -> serde_json::Result<String> {
    let mut text = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut text, OneLine))?;
    String::from_utf8(text).map_err(serde::ser::Error::custom)
}

struct OneLine;

impl Formatter for OneLine {
    fn begin_array_value<W: ?Sized + io::Write>(&mut self, writer: &mut W, is_first: bool) -> io::Result<()> {
        if is_first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_key<W: ?Sized + io::Write>(&mut self, writer: &mut W, is_first: bool) -> io::Result<()> {
        if is_first { Ok(()) } else { writer.write_all(b", ") }
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, writer: &mut W) -> io::Result<()> {
        writer.write_all(b": ")
    }
}
