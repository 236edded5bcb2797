//! The classes of a label as the graph has them: its order of probabilities, and its labels.

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
    /// Whether the manifest or the graph tells the order; else it is the schema's.
    pub(super) is_told: bool,
    /// The class of each column's number, where a label output has that in the class's stead.
    counted: FxHashMap<i64, usize>,
    /// The class of each number that is a class.
    numbers: FxHashMap<i64, usize>,
    /// The class of each text that is a class.
    texts: FxHashMap<Box<str>, usize>,
}

impl ClassOrder {
    fn new(schema: &Schema, classes: &[Value], columns: Box<[usize]>, is_told: bool) -> Self {
        let (mut numbers, mut texts) = (FxHashMap::default(), FxHashMap::default());
        let categories = schema.label_field().categories();
        for (class, value) in classes.iter().enumerate() {
            match (value, categories) {
                (Value::Boolean(value), _) => {
                    numbers.insert(i64::from(*value), class);
                    let names = if *value { ["true", "True", "TRUE"] } else { ["false", "False", "FALSE"] };
                    texts.extend(names.map(|name| (name.into(), class)));
                }
                (Value::Category(category), Some(categories)) => match categories.value(*category) {
                    Scalar::Integer(number) => {
                        numbers.insert(*number, class);
                        texts.insert(number.to_string().into(), class);
                    }
                    Scalar::Text(text) => {
                        texts.insert(text.as_str().into(), class);
                    }
                    Scalar::Boolean(_) | Scalar::Number(_) => {}
                },
                _ => {}
            }
        }
        let counted =
            if numbers.is_empty() { (0..).zip(columns.iter().copied()).collect() } else { FxHashMap::default() };
        Self { columns, is_told, counted, numbers, texts }
    }

    /// Returns the class of a number that a label output has: the class itself where classes are numbers or booleans, else its column,
    /// since libraries that know no texts count the classes.
    pub(super) fn of_number(&self, number: i64) -> Option<usize> {
        self.numbers.get(&number).or_else(|| self.counted.get(&number)).copied()
    }

    /// Returns the class of a text that a label output has.
    pub(super) fn of_text(&self, text: &str) -> Option<usize> {
        self.texts.get(text).copied()
    }

    /// Takes the order that a graph tells, if it names each class once.
    pub(super) fn told_by_graph(self, names: GraphClasses<'_>) -> Self {
        if self.is_told && self.counts(&names) {
            let counted = (0..).zip(self.columns.iter().copied()).collect();
            return Self { counted, numbers: FxHashMap::default(), ..self };
        }
        let columns: Option<Box<[usize]>> = match names {
            GraphClasses::Numbers(numbers) => numbers.iter().map(|number| self.numbers.get(number).copied()).collect(),
            GraphClasses::Texts(texts) => texts.iter().map(|text| self.of_text(text)).collect(),
        };
        let Some(columns) = columns.filter(|columns| !self.is_told && is_permutation(columns, self.columns.len()))
        else {
            return self;
        };
        let counted = if self.counted.is_empty() { self.counted } else { (0..).zip(columns.iter().copied()).collect() };
        Self { columns, is_told: true, counted, ..self }
    }
}

impl ClassOrder {
    /// Returns whether a graph counts the classes from 0, although they are numbers themselves: 1, 2 and 3.
    fn counts(&self, names: &GraphClasses<'_>) -> bool {
        let GraphClasses::Numbers(numbers) = names else { return false };
        numbers.len() == self.columns.len()
            && numbers.iter().copied().eq((0..).take(numbers.len()))
            && numbers.iter().any(|number| !self.numbers.contains_key(number))
    }
}

/// What a graph calls its classes, in the order of its probabilities.
#[derive(Debug)]
pub(super) enum GraphClasses<'a> {
    /// Integers.
    Numbers(&'a [i64]),
    /// Texts.
    Texts(Vec<&'a str>),
}

fn is_permutation(columns: &[usize], count: usize) -> bool {
    columns.len() == count && (0..count).all(|class| columns.contains(&class))
}

/// Returns the order of classes, none where the label is a number, and checks that the manifest speaks of this label.
pub(super) fn order(schema: &Schema, manifest: &Manifest) -> Result<Option<ClassOrder>, LoadError> {
    check_task(schema, manifest)?;
    let Some(classes) = schema.classes() else { return Ok(None) };
    let columns = match &manifest.classes {
        None => (0..classes.len()).collect(),
        Some(told) => told_order(schema, classes, told)?,
    };
    Ok(Some(ClassOrder::new(schema, classes, columns, manifest.classes.is_some())))
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
