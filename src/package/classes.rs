//! The classes of a label as the graph has them: its order of probabilities, and its numbers for labels.

use rustc_hash::FxHashMap;

use super::error::LoadError;
use super::files::MANIFEST;
use super::manifest::Manifest;
use crate::table::descriptor::Scalar;
use crate::table::field::Domain;
use crate::table::{Schema, Task, Value};

/// Which class stands where in the graph's outputs. A class is its place in [`Schema::classes`].
#[derive(Debug)]
pub(super) struct ClassOrder {
    /// The class of each column of probabilities.
    pub(super) columns: Box<[usize]>,
    /// The class of each number that a label output may hold.
    pub(super) labels: FxHashMap<i64, usize>,
    /// Whether the manifest tells the order; else it is the schema's.
    pub(super) is_told: bool,
}

/// Returns the order of classes, none where the label is a number, and checks that the manifest speaks of this label.
pub(super) fn order(schema: &Schema, manifest: &Manifest) -> Result<Option<ClassOrder>, LoadError> {
    check_task(schema, manifest)?;
    let Some(classes) = schema.classes() else { return Ok(None) };
    let columns = match &manifest.classes {
        None => (0..classes.len()).collect(),
        Some(told) => told_order(schema, classes, told)?,
    };
    let labels = (0..).zip(&columns).map(|(column, &class)| (label_number(schema, &classes[class], column), class));
    Ok(Some(ClassOrder { labels: labels.collect(), columns, is_told: manifest.classes.is_some() }))
}

fn check_task(schema: &Schema, manifest: &Manifest) -> Result<(), LoadError> {
    let task = schema.task();
    let label = &schema.label_field().name;
    if let Some(told) = manifest.task
        && told != task
    {
        let expected = format!("{:?}, which the label {label:?} of the schema makes it", task.name());
        let mend = "correct the task, or the label's type and categories in schema.json";
        return Err(LoadError::mismatch(MANIFEST, "/task", expected, format!("{:?}", told.name()), mend));
    }
    if manifest.classes.is_some() && task == Task::Regression {
        let mend = "remove them, or give the label categories in schema.json";
        return Err(LoadError::mismatch(
            MANIFEST,
            "/classes",
            format!("absent for {label:?}, which is a number"),
            "a list",
            mend,
        ));
    }
    match manifest.threshold {
        Some(threshold) if task != Task::Binary => Err(LoadError::mismatch(
            MANIFEST,
            "/threshold",
            format!("absent for {label:?}, which has not two classes"),
            threshold.to_string(),
            "remove it",
        )),
        Some(threshold) if !(0.0..=1.0).contains(&threshold) => Err(LoadError::mismatch(
            MANIFEST,
            "/threshold",
            "a probability",
            threshold.to_string(),
            "write a number from 0 to 1",
        )),
        _ => Ok(()),
    }
}

fn told_order(schema: &Schema, classes: &[Value], told: &[Scalar]) -> Result<Box<[usize]>, LoadError> {
    let label = schema.label_field();
    let mend =
        "list the label's values in the order in which the graph has their probabilities: a classifier's `classes_`";
    let mut columns = Vec::with_capacity(told.len());
    for (index, scalar) in told.iter().enumerate() {
        let value = match (&label.domain, scalar) {
            (Domain::Boolean, Scalar::Boolean(value)) => Some(Value::Boolean(*value)),
            (Domain::Categories(categories), scalar) => categories.find(scalar).map(Value::Category),
            _ => None,
        };
        let class = value.and_then(|value| classes.iter().position(|class| *class == value));
        let place = format!("/classes/{index}");
        let wrong = |expected: String| LoadError::mismatch(MANIFEST, place, expected, scalar.to_string(), mend);
        match class {
            None => return Err(wrong(format!("a value of the label {:?}", label.name))),
            Some(class) if columns.contains(&class) => {
                return Err(wrong("a value that did not come before".to_owned()));
            }
            Some(class) => columns.push(class),
        }
    }
    if columns.len() != classes.len() {
        let (expected, found) = (classes.len().to_string(), columns.len().to_string());
        return Err(LoadError::mismatch(MANIFEST, "the number of /classes", expected, found, mend));
    }
    Ok(columns.into())
}

/// Returns the number that a label output has for a class: the class itself where it is a number or a boolean, else its column, since
/// libraries that know no texts count the classes.
fn label_number(schema: &Schema, class: &Value, column: i64) -> i64 {
    let categories = schema.label_field().categories();
    match class {
        Value::Boolean(value) => i64::from(*value),
        Value::Category(category) => match categories.map(|categories| categories.value(*category)) {
            Some(Scalar::Integer(number)) => *number,
            _ => column,
        },
        _ => column,
    }
}
