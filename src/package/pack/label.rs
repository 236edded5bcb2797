//! What is predicted, and the order of its classes.

use super::notes::{Notes, in_words};
use super::wishes::Wishes;
use crate::package::graph::Outline;
use crate::table::counted;
use crate::table::descriptor::{FieldType, Scalar, SchemaDescriptor};
use crate::table::survey::{ColumnSurvey, Survey, Wanted, WrittenConstraints, WrittenField};

/// As many classes are taken for classes.
const MOST_CLASSES: usize = 1000;

/// Texts of which nobody doubts that they are the positive one.
const PLAIN: [&str; 7] = ["1", "positive", "t", "true", "y", "yes", "+"];

/// What is predicted.
#[derive(Debug)]
pub(super) struct Label {
    /// The field.
    pub(super) field: WrittenField,
    /// Of two classes, the positive one.
    pub(super) positive: Option<Scalar>,
    /// The classes in the graph's order.
    pub(super) classes: Option<Vec<Scalar>>,
}

/// Finds what is predicted: classes where the graph answers classes.
pub(super) fn find(
    outline: &Outline,
    survey: &Survey,
    wishes: &Wishes,
    reviewed: Option<&SchemaDescriptor>,
    notes: &mut Notes,
) -> Label {
    let field = WrittenField {
        name: wishes.target.clone(),
        kind: FieldType::Number,
        categories: Vec::new(),
        constraints: WrittenConstraints::default(),
        missing_values: Vec::new(),
        example: None,
    };
    let mut label = Label { field, positive: None, classes: None };
    let Some(column) = survey.column(&wishes.target) else { return label };
    if column.missing() > 0 {
        notes.fault(format!(
            "{:?} has no value in {} of {}: leave out rows without a label",
            wishes.target,
            column.missing(),
            counted(survey.rows, "row")
        ));
    }
    if column.values() == 0 {
        return label;
    }
    if outline.is_classifier {
        of_classes(outline, column, wishes, reviewed, &mut label, notes);
    } else {
        of_numbers(column, wishes, &mut label, notes);
    }
    label
}

fn of_numbers(column: &ColumnSurvey, wishes: &Wishes, label: &mut Label, notes: &mut Notes) {
    if let Err(misfit) = column.field_type(Wanted::Number) {
        notes.fault(format!(
            "the graph answers a number, so {:?} should be {misfit}: export a classifier with its label and probabilities",
            wishes.target
        ));
    }
    if wishes.positive.is_some() || !wishes.classes.is_empty() {
        notes.fault("--positive, --classes: the graph answers a number, which has no classes");
    }
    if column.distinct().is_some_and(|values| values.len() == 2) {
        notes.doubt(format!(
            "{:?} has two values, but the graph answers a number: a classifier is exported with its label and probabilities",
            wishes.target
        ));
    }
    // A later label may be a fraction.
    label.field.kind = FieldType::Number;
}

fn of_classes(
    outline: &Outline,
    column: &ColumnSurvey,
    wishes: &Wishes,
    reviewed: Option<&SchemaDescriptor>,
    label: &mut Label,
    notes: &mut Notes,
) {
    let target = &wishes.target;
    let Some((kind, values)) = classes_of(column, target, reviewed, notes) else { return };
    match values.len() {
        1 => notes.fault(format!("{target:?} is {} in every row: a model of classes has two at least", values[0])),
        count if count > MOST_CLASSES => {
            notes.fault(format!(
                "{target:?} has {count} different values, too many for classes: is it the right column?"
            ));
        }
        _ => {}
    }
    label.classes = order(outline, &values, wishes, notes);
    label.field.kind = kind;
    if kind != FieldType::Boolean {
        label.field.categories.clone_from(&values);
    }
    let named = wishes.positive.as_ref().map(|told| (told, values.iter().find(|value| value.text() == **told)));
    match named {
        Some((told, None)) => {
            notes.fault(format!("--positive: {told:?} is no value of {target:?}, which has {}", list(&values)));
        }
        Some(_) if values.len() != 2 => {
            notes.fault(format!(
                "--positive: {target:?} has {}; one is positive only of two",
                counted(values.len(), "value")
            ));
        }
        Some((_, Some(value))) => label.positive = Some(value.clone()),
        None if values.len() == 2 && reviewed.is_none() => {
            notes.decide(format!("the probability is that of {target} = {}", values[1]));
            let is_plain = PLAIN.contains(&values[1].text().to_lowercase().as_str());
            if kind == FieldType::String && !is_plain {
                notes.doubt(format!(
                    "{} is taken for the positive value of {target}; --positive turns it around",
                    values[1]
                ));
            }
            label.positive = Some(values[1].clone());
        }
        None => {}
    }
}

/// Returns the type of a label of classes and its values, as scikit-learn sorts them.
fn classes_of(
    column: &ColumnSurvey,
    target: &str,
    reviewed: Option<&SchemaDescriptor>,
    notes: &mut Notes,
) -> Option<(FieldType, Vec<Scalar>)> {
    if let Some(reviewed) = reviewed {
        let field = reviewed.fields.iter().find(|field| field.name == target)?;
        let categories = field.categories.as_ref().map(|all| all.iter().map(|one| one.value().clone()).collect());
        let mut values: Vec<Scalar> = categories.or_else(|| field.constraints.choices.clone()).unwrap_or_default();
        if field.kind == FieldType::Boolean {
            values = vec![Scalar::Boolean(false), Scalar::Boolean(true)];
        }
        sort(&mut values);
        return Some((field.kind, values));
    }
    let Some(distinct) = column.distinct() else {
        notes.fault(format!("{target:?} has more values than there can be classes: is it the right column?"));
        return None;
    };
    let mut values: Vec<Scalar> = match column.field_type(Wanted::Anything) {
        Ok(FieldType::Boolean) => {
            return Some((FieldType::Boolean, vec![Scalar::Boolean(false), Scalar::Boolean(true)]));
        }
        Ok(FieldType::Integer | FieldType::Number) => {
            let whole = distinct.keys().map(|text| whole(text).map(Scalar::Integer)).collect::<Option<_>>();
            let Some(whole) = whole else {
                notes.fault(format!(
                    "the graph answers classes, but {target:?} has numbers with fractions: classes are texts, whole numbers, or true and false"
                ));
                return None;
            };
            whole
        }
        Ok(_) => distinct.keys().map(|text| Scalar::Text(text.to_string())).collect(),
        Err(misfit) => {
            notes.fault(format!("{target:?} should be {misfit}"));
            return None;
        }
    };
    sort(&mut values);
    values.dedup();
    let kind = if matches!(values.first(), Some(Scalar::Integer(_))) { FieldType::Integer } else { FieldType::String };
    Some((kind, values))
}

/// Returns a whole number, which may be written with a fraction of zero: `1.0`.
#[expect(clippy::cast_possible_truncation, reason = "it has no fraction and is small")]
fn whole(text: &str) -> Option<i64> {
    const MOST: f64 = 9_007_199_254_740_991.0;
    text.parse().ok().or_else(|| {
        let number: f64 = text.replace(',', ".").parse().ok()?;
        (number.fract() == 0.0 && number.abs() <= MOST).then_some(number as i64)
    })
}

fn sort(values: &mut [Scalar]) {
    values.sort_by(|one, other| match (one, other) {
        (Scalar::Integer(one), Scalar::Integer(other)) => one.cmp(other),
        (one, other) => one.text().cmp(&other.text()),
    });
}

/// Returns the classes in the graph's order.
fn order(outline: &Outline, values: &[Scalar], wishes: &Wishes, notes: &mut Notes) -> Option<Vec<Scalar>> {
    let target = &wishes.target;
    let told = told(values, wishes, notes);
    let Some(classes) = &outline.classes else {
        if told.is_some() {
            return told;
        }
        notes.decide(format!("the graph's classes are the sorted values of {target}: {}", list(values)));
        notes.doubt_unless_proven(format!(
            "the graph does not tell the order of its classes: {} was taken; --classes says another",
            list(values)
        ));
        return Some(values.to_vec());
    };
    let named = whole_order(values, classes.iter().map(|class| place(values, &class.text())));
    if let Some(named) = named {
        if let Some(told) = told.filter(|told| *told != named) {
            notes.fault(format!(
                "--classes says {}, but the graph itself names its classes: {}, in this order: leave --classes out; if {target:?} calls them otherwise than the model's training did, write the names of the training into it",
                list(&told),
                list(&named)
            ));
        }
        return Some(named);
    }
    let counted = classes.iter().map(|class| match class {
        Scalar::Integer(number) => usize::try_from(*number).ok(),
        _ => None,
    });
    if let Some(counted) = whole_order(values, counted) {
        if told.is_some() {
            return told;
        }
        notes.decide(format!(
            "the graph's classes 0 to {} are the sorted values of {target}: {}",
            values.len() - 1,
            list(values)
        ));
        return Some(counted);
    }
    notes.fault(format!(
        "the graph answers {}, but {target:?} has {}: is it the column, and are these the data, that the model was trained on?",
        list(classes),
        list(values)
    ));
    None
}

/// Returns the classes that --classes lists, where it lists any.
fn told(values: &[Scalar], wishes: &Wishes, notes: &mut Notes) -> Option<Vec<Scalar>> {
    let found = |told: &String| values.iter().find(|value| value.text() == **told).cloned();
    for told in wishes.classes.iter().filter(|told| found(told).is_none()) {
        notes.fault(format!("--classes: {told:?} is no value of {:?}, which has {}", wishes.target, list(values)));
    }
    let told: Vec<Scalar> = wishes.classes.iter().map(found).collect::<Option<_>>()?;
    (!told.is_empty()).then_some(told)
}

/// Returns which of the values a graph calls so.
fn place(values: &[Scalar], class: &str) -> Option<usize> {
    values.iter().position(|value| match value {
        Scalar::Boolean(truth) => {
            class.eq_ignore_ascii_case(&truth.to_string()) || class == i64::from(*truth).to_string()
        }
        value => value.text() == class,
    })
}

/// Returns the values at these places, if each is named once.
fn whole_order(values: &[Scalar], places: impl Iterator<Item = Option<usize>>) -> Option<Vec<Scalar>> {
    let places: Vec<usize> = places.collect::<Option<_>>()?;
    let is_whole = places.len() == values.len() && (0..values.len()).all(|one| places.contains(&one));
    is_whole.then(|| places.into_iter().map(|place| values[place].clone()).collect())
}

fn list(values: &[Scalar]) -> String {
    let texts: Vec<String> = values.iter().map(Scalar::to_string).collect();
    in_words(texts.iter().map(String::as_str))
}
