//! What each field is: its type, its values, and whether it may be missing.

use std::collections::BTreeMap;

use super::notes::{Notes, in_words};
use super::sources::{Source, wanted};
use super::wishes::Wishes;
use crate::package::graph::{ColumnKind, Outline, Vocabulary};
use crate::table::descriptor::{FieldType, Scalar};
use crate::table::survey::{ColumnSurvey, Survey, Wanted, WrittenConstraints, WrittenField};

/// Texts are taken for categories if there are no more different ones than this,
const FEW: usize = 20;

/// and each occurs so often on average.
const OFTEN: u64 = 5;

/// The least number is near to zero if it is below this share of what all span.
const NEAR: f64 = 0.1;

/// What pipelines call a missing text where they made a category of it.
const MISSING: [&str; 3] = ["nan", "None", "<NA>"];

/// Finds all fields but the label, in the order of the data.
pub(super) fn find(
    outline: &Outline,
    survey: &Survey,
    wishes: &Wishes,
    sources: &[Source],
    notes: &mut Notes,
) -> Vec<WrittenField> {
    let mut fields = Vec::new();
    let (mut listed, mut empty, mut from_zero) = (Vec::new(), Vec::new(), Vec::new());
    for column in &survey.columns {
        let source = sources.iter().find(|source| *source.name == *column.name);
        let is_key = wishes.key.iter().any(|key| **key == *column.name);
        let is_time = wishes.time.as_deref() == Some(&*column.name);
        let is_compared = wishes.compare_by.iter().any(|one| **one == *column.name);
        if source.is_none() && !is_key && !is_time && !is_compared || *column.name == *wishes.target {
            continue;
        }
        let kind = source.map(|source| outline.inputs[source.input].kind);
        let vocabulary = source.and_then(|source| vocabulary(outline, source));
        let found = match column.field_type(kind.map_or(Wanted::Anything, wanted)) {
            Ok(found) => found,
            Err(misfit) => {
                notes.fault(format!("{:?}, which the graph reads, should be {misfit}: {}", column.name, mend(kind)));
                continue;
            }
        };
        if is_time && !matches!(found, FieldType::Date | FieldType::Datetime) {
            notes.fault(format!(
                "--time: {:?} should be dates or datetimes, as 2013-11-03 or 2013-11-03T01:30:00Z",
                column.name
            ));
        }
        if kind.is_none() && column.is_code() {
            notes.doubt(format!("{}: a text, since some values begin with zeros", column.name));
        }
        if column.values() == 0 {
            empty.push(&*column.name);
        }
        let mut field = field(column, found);
        if is_key {
            // Who only asks what would be has no key to name.
            field.constraints = WrittenConstraints::default();
            field.example = None;
        } else if found == FieldType::String {
            let (categories, is_sure) = categories(column, vocabulary, notes);
            if !is_sure {
                listed.push(&*column.name);
            }
            field.categories = categories;
        } else if field.constraints.minimum.is_some() {
            from_zero.push(&*column.name);
        }
        let texts = column.missing_texts().filter(|text| !text.is_empty()).map(str::to_owned);
        field.missing_values = texts.collect();
        if !field.missing_values.is_empty() {
            let texts = field.missing_values.join(", ");
            if found == FieldType::String {
                notes.doubt(format!("{}: {texts} is taken for a missing value, as pandas does", column.name));
            }
            field.missing_values.insert(0, String::new());
        }
        fields.push(field);
    }
    if fields.iter().any(|field| matches!(field.kind, FieldType::Integer | FieldType::Number)) {
        let told = if from_zero.is_empty() {
            String::new()
        } else {
            format!("; at least 0, where they begin: {}", in_words(from_zero))
        };
        notes.decide(format!(
            "numbers are not bounded by what the data has: a value beyond it is drift, and no fault{told}"
        ));
    }
    if !listed.is_empty() {
        notes.doubt(format!(
            "only the values that the data has are taken of {}: delete `categories` where others may come",
            in_words(listed)
        ));
    }
    if !empty.is_empty() {
        notes.doubt(format!("{} has no value in any row", in_words(empty)));
    }
    fields
}

fn mend(kind: Option<ColumnKind>) -> &'static str {
    match kind {
        Some(ColumnKind::Text) => "export that input as a number, or write its values as texts",
        _ => "export that input as a text, or name another column with --inputs",
    }
}

fn vocabulary<'a>(outline: &'a Outline, source: &Source) -> Option<&'a Vocabulary> {
    outline.vocabularies.get(source.input)?.get(source.place)?.as_ref()
}

/// Describes a field by its column, without categories.
fn field(column: &ColumnSurvey, kind: FieldType) -> WrittenField {
    let required = column.missing() == 0 && column.values() > 0;
    let mut constraints = WrittenConstraints { required, ..Default::default() };
    let mut example = None;
    if let (FieldType::Integer | FieldType::Number, Some(range), Some(mean)) = (kind, column.range(), column.mean()) {
        constraints.minimum = begin_at_zero(range).then_some(Scalar::Integer(0));
        example = Some(if kind == FieldType::Integer { integer(mean.round()) } else { number(rounded(mean, 3)) });
    }
    WrittenField {
        name: column.name.to_string(),
        kind,
        categories: Vec::new(),
        constraints,
        missing_values: Vec::new(),
        example,
    }
}

/// Returns the categories of a text, none of a free one; and whether that is sure.
fn categories(column: &ColumnSurvey, vocabulary: Option<&Vocabulary>, notes: &mut Notes) -> (Vec<Scalar>, bool) {
    let text = |text: &str| Scalar::Text(text.to_owned());
    if let Some(known) = vocabulary {
        let spaced = known.texts.iter().filter(|known| known.trim() != &***known);
        for spaced in spaced {
            notes.fault(format!(
                "{}: the encoder knows {spaced:?}, but texts are trimmed: strip them before training, as pandas.read_csv(…, skipinitialspace=True) does",
                column.name
            ));
        }
        if !known.takes_others {
            let listed = known.texts.iter().filter(|text| !text.is_empty() && !MISSING.contains(&&***text));
            return (listed.map(|known| text(known)).collect(), true);
        }
    }
    match column.distinct() {
        Some(values) if !values.is_empty() && values.len() <= FEW && values.len() as u64 * OFTEN <= column.values() => {
            (values.keys().map(|value| text(value)).collect(), false)
        }
        _ => (Vec::new(), true),
    }
}

/// Finds what the graph reads where a text is missing: what its encoder calls that.
pub(super) fn missing_texts(
    outline: &Outline,
    survey: &Survey,
    wishes: &Wishes,
    sources: &[Source],
    notes: &mut Notes,
) -> BTreeMap<String, String> {
    let mut texts = wishes.missing_texts.clone();
    for source in sources.iter().filter(|source| outline.inputs[source.input].kind == ColumnKind::Text) {
        let known = vocabulary(outline, source).map_or(&[][..], |vocabulary| &vocabulary.texts);
        let missing = MISSING.into_iter().find(|missing| known.iter().any(|known| **known == **missing));
        let (Some(missing), false) = (missing, texts.contains_key(&source.name)) else { continue };
        if survey.column(&source.name).is_some_and(|column| column.missing() > 0) {
            notes.decide(format!("a missing value of {} is fed as {missing:?}, a category of the graph", source.name));
            texts.insert(source.name.clone(), missing.to_owned());
        }
    }
    // An empty text is what is read without a word.
    texts.retain(|_, text| !text.is_empty());
    texts
}

/// Names the columns of which no text that the data has is known to the graph's encoder.
pub(super) fn unknown_texts(outline: &Outline, survey: &Survey, sources: &[Source]) -> Vec<String> {
    let unknown = |source: &Source| {
        let known = vocabulary(outline, source)?;
        let found = survey.column(&source.name)?.distinct().filter(|found| !found.is_empty())?;
        let is_known = |text: &str| known.texts.iter().any(|known| known.trim() == text);
        let list = |texts: &mut dyn Iterator<Item = &Box<str>>| {
            let texts: Vec<String> = texts.map(|text| format!("{text:?}")).collect();
            in_words(texts.iter().map(String::as_str))
        };
        (!found.keys().any(|text| is_known(text))).then(|| {
            format!(
                "{}: the graph's encoder knows none of its texts: the data has {}, the encoder {}",
                source.name,
                list(&mut found.keys()),
                list(&mut known.texts.iter())
            )
        })
    };
    sources.iter().filter_map(unknown).collect()
}

/// Returns whether numbers begin at zero, as counts, ages and prices do: none is below, and the least is nearer to it than a tenth of what
/// they span. Of others, as degrees or coordinates, the data does not tell whether they may be negative.
fn begin_at_zero((least, greatest): (f64, f64)) -> bool {
    least >= 0.0 && least < NEAR * (greatest - least)
}

/// Rounds to so many digits behind the first.
fn rounded(value: f64, digits: usize) -> f64 {
    format!("{value:.digits$e}").parse().unwrap_or(value)
}

#[expect(clippy::cast_possible_truncation, reason = "integers of a table are within 2^53")]
fn integer(value: f64) -> Scalar {
    Scalar::Integer(value as i64)
}

fn number(value: f64) -> Scalar {
    // Without a fraction it is written as people write it.
    if value.fract() == 0.0 && value.abs() < 1e15 { integer(value) } else { Scalar::Number(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_a_sign_where_they_begin_at_zero() {
        for range in [(0.0, 80.0), (0.42, 80.0), (0.0, 1.0), (1.0, 31.0)] {
            assert!(begin_at_zero(range), "{range:?}");
        }
        for range in [(-3.0, 4.0), (-9.0, -2.0), (7.0, 7.0), (0.0, 0.0), (10.0, 20.0), (-0.5, 0.0)] {
            assert!(!begin_at_zero(range), "{range:?}");
        }
    }
}
