//! What stands in each column that the graph reads, for a record and for none.

use super::binding::{Names, bind};
use super::error::LoadError;
use super::files::{GRAPH, MANIFEST};
use super::graph::{ColumnKind, Entry, Input};
use super::manifest::Manifest;
use crate::table::descriptor::Scalar;
use crate::table::field::Domain;
use crate::table::{Field, Record, Schema, Value};

/// What each column of a graph reads.
#[derive(Debug)]
pub(super) struct Columns {
    /// For each column, the place of a feature of the recipe, or of a field of the schema where there is no recipe.
    sources: Box<[usize]>,
    /// For each column, what stands for a record of which nothing is known.
    means: Box<[Scalar]>,
    /// For each column, what stands for a missing text, where that is not an empty one.
    missing: Box<[Option<Box<str>>]>,
    /// How many columns each input has.
    by_input: Box<[usize]>,
}

impl Columns {
    /// Finds what each input reads, and checks that it can hold that.
    pub(super) fn new(inputs: &[Input], names: Names<'_>, manifest: &Manifest) -> Result<Self, LoadError> {
        let by_input = bind(inputs, names, manifest)?;
        let (mut means, mut missing) = (Vec::new(), Vec::new());
        let columns =
            inputs.iter().zip(&by_input).flat_map(|(input, sources)| sources.iter().map(move |&one| (input, one)));
        for (input, source) in columns {
            check(names, input, source)?;
            means.push(mean(input.kind, names, source, manifest)?);
            let text = manifest.missing_texts.get(names.name(source)).filter(|_| input.kind == ColumnKind::Text);
            missing.push(text.map(|text| text.as_str().into()));
        }
        let sources: Box<[usize]> = by_input.iter().flatten().copied().collect();
        check_missing_texts(names, &sources, &missing, manifest)?;
        let by_input = by_input.iter().map(Vec::len).collect();
        Ok(Self { sources, means: means.into(), missing: missing.into(), by_input })
    }

    /// Returns how many columns each input has.
    pub(super) fn by_input(&self) -> &[usize] {
        &self.by_input
    }

    /// Returns the place of the feature or field in each column.
    pub(super) fn sources(&self) -> &[usize] {
        &self.sources
    }

    /// Returns what stands in each column for a record of which nothing is known.
    pub(super) fn means(&self) -> impl Iterator<Item = Entry<'_>> {
        self.means.iter().map(scalar_entry)
    }

    /// Returns whether the columns are so many features as they stand.
    pub(super) fn are_in_order(&self, count: usize) -> bool {
        self.sources.iter().copied().eq(0..count)
    }

    /// Returns what stands in each column for these features.
    pub(super) fn of_features(&self, features: &[f32]) -> impl Iterator<Item = f32> {
        self.sources.iter().map(|&source| features[source])
    }

    /// Returns what stands in each column for this record.
    pub(super) fn of_record<'a>(&'a self, record: &'a Record, schema: &'a Schema) -> impl Iterator<Item = Entry<'a>> {
        self.sources.iter().enumerate().map(|(column, &source)| {
            match field_entry(&schema.fields()[source], record.get(source)) {
                Entry::Missing => self.missing(column),
                entry => entry,
            }
        })
    }

    /// Returns what stands in a column for a value that a record lacks.
    pub(super) fn missing(&self, column: usize) -> Entry<'_> {
        self.missing[column].as_deref().map_or(Entry::Missing, Entry::Text)
    }
}

/// Checks that each missing text is one of a field that the graph reads as a text.
fn check_missing_texts(
    names: Names<'_>,
    sources: &[usize],
    missing: &[Option<Box<str>>],
    manifest: &Manifest,
) -> Result<(), LoadError> {
    let is_read =
        |name: &str| sources.iter().zip(missing).any(|(&source, text)| text.is_some() && names.name(source) == name);
    match manifest.missing_texts.keys().find(|name| !is_read(name)) {
        Some(stranger) => {
            let place = format!("/missing_texts/{stranger}");
            let mend = "a missing number is NaN, and what the graph does not read needs none";
            Err(LoadError::mismatch(MANIFEST, place, "of a field that the graph reads as a text", "another", mend))
        }
        None => Ok(()),
    }
}

/// Checks that a column of this type can hold these values.
fn check(names: Names<'_>, input: &Input, source: usize) -> Result<(), LoadError> {
    let refuse = |expected: &str, found: String, mend: &str| {
        let place = format!("input {:?}, which reads {:?},", input.name, names.name(source));
        Err(LoadError::mismatch(GRAPH, place, expected, found, mend))
    };
    let kind = input.kind;
    let schema = match names {
        Names::Fields(schema) => schema,
        Names::Features(_) if matches!(kind, ColumnKind::Float | ColumnKind::Double) => return Ok(()),
        Names::Features(_) => {
            return refuse("float or double, as features are", kind.name().to_owned(), "export the input as float");
        }
    };
    let field = &schema.fields()[source];
    let is_number = matches!(field.domain, Domain::Number(_));
    let is_boolean = matches!(field.domain, Domain::Boolean);
    if kind == ColumnKind::Text {
        return match field.domain {
            Domain::Text(_) | Domain::Categories(_) | Domain::Integer(_) => Ok(()),
            _ => refuse(
                "of texts, categories or integers",
                format!("a field of type {}", field.kind.name()),
                "export the input as float, or make the field a string in schema.json",
            ),
        };
    }
    if !field.is_numeric() && !is_boolean {
        let mend = "export the input as string, or make a number of it with a recipe, or before sending";
        return refuse("of a number or a boolean", format!("a field of type {}", field.kind.name()), mend);
    }
    match kind {
        ColumnKind::Integer if is_number => refuse(
            "float or double",
            kind.name().to_owned(),
            "export the input as float, or make the field an integer in schema.json",
        ),
        ColumnKind::Boolean if !is_boolean => {
            refuse("of a boolean", format!("a field of type {}", field.kind.name()), "export the input as float")
        }
        ColumnKind::Integer | ColumnKind::Boolean if !field.is_required => {
            let found = format!("{}, which has no missing values", kind.name());
            refuse(
                "float or double, since the field may be missing",
                found,
                "export the input as float, or require the field in schema.json",
            )
        }
        _ => Ok(()),
    }
}

/// Returns what stands for a value of which nothing is known. Columns without fractions have the nearest number that they can hold.
fn mean(kind: ColumnKind, names: Names<'_>, source: usize, manifest: &Manifest) -> Result<Scalar, LoadError> {
    let name = names.name(source);
    let found = manifest.means.get(name);
    let mend = "`lifeboat pack DIR --data FILE` writes the means of the training data";
    if let (ColumnKind::Text, Some(Scalar::Text(text))) = (kind, found) {
        return Ok(Scalar::Text(text.clone()));
    }
    let number = match found {
        Some(Scalar::Boolean(value)) => Some(f64::from(u8::from(*value))),
        #[expect(clippy::cast_precision_loss, reason = "a mean beyond 2^53 is a mean still")]
        Some(Scalar::Integer(number)) => Some(*number as f64),
        Some(Scalar::Number(number)) => Some(*number),
        Some(Scalar::Text(_)) | None => None,
    };
    let Some(number) = number.filter(|number| number.is_finite()) else {
        let found = found.map_or("nothing".to_owned(), Scalar::to_string);
        let expected = if kind == ColumnKind::Text { "a text" } else { "a number" };
        return Err(LoadError::mismatch(MANIFEST, format!("/means/{name}"), expected, found, mend));
    };
    let has_fractions = matches!(kind, ColumnKind::Float | ColumnKind::Double);
    Ok(Scalar::Number(if has_fractions { number } else { number.round() }))
}

fn scalar_entry(scalar: &Scalar) -> Entry<'_> {
    match scalar {
        Scalar::Boolean(value) => Entry::Number(f64::from(u8::from(*value))),
        #[expect(clippy::cast_precision_loss, reason = "integers of records are within 2^53")]
        Scalar::Integer(number) => Entry::Number(*number as f64),
        Scalar::Number(number) => Entry::Number(*number),
        Scalar::Text(text) => Entry::Text(text),
    }
}

fn field_entry<'a>(field: &'a Field, value: Option<&'a Value>) -> Entry<'a> {
    match (value, &field.domain) {
        (Some(Value::Number(number)), _) => Entry::Number(*number),
        #[expect(clippy::cast_precision_loss, reason = "integers of records are within 2^53")]
        (Some(Value::Integer(number)), _) => Entry::Number(*number as f64),
        (Some(Value::Boolean(value)), _) => Entry::Number(f64::from(u8::from(*value))),
        (Some(Value::Category(category)), Domain::Categories(categories)) => scalar_entry(categories.value(*category)),
        (Some(Value::Text(text)), _) => Entry::Text(text),
        (Some(Value::Category(_) | Value::Date(_) | Value::Datetime(_)) | None, _) => Entry::Missing,
    }
}
