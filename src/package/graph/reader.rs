//! Answers from the numbers that a graph gives.

use std::borrow::Cow;

use super::outputs::{Answering, Chosen};
use super::values::{Label, Output};
use crate::package::answer::{Answer, InferenceError};
use crate::package::classes::ClassOrder;
use crate::package::error::LoadError;
use crate::package::files::{GRAPH, MANIFEST};

/// How far from 1 probabilities may add up to.
const SUM_TOLERANCE: f32 = 1e-3;

/// How far beyond 0 and 1 a probability may be that is meant to be one of them: sums of single precision end there.
const ROUNDING: f32 = 1e-5;

/// The threshold where neither the graph nor the manifest has one.
const DEFAULT_THRESHOLD: f32 = 0.5;

/// Makes answers of what a run of the graph gave.
#[derive(Debug)]
pub(super) enum Reader {
    /// One of two classes.
    Binary {
        /// 1, or 2 with those of the negative class.
        columns: usize,
        /// The column of the positive class.
        positive: usize,
        threshold: f32,
        /// None where the label is not read.
        labels: Option<ClassOrder>,
    },
    /// One of several classes.
    Multiclass { classes: ClassOrder, reads_label: bool },
    /// A number.
    Regression,
}

impl Reader {
    /// Checks that an output of so many columns can be read so.
    pub(super) fn new(answering: Answering<'_>, chosen: &Chosen, columns: usize) -> Result<Self, LoadError> {
        let wrong = |expected: String| {
            let (place, found) = (format!("output {:?}", chosen.main), format!("[N, {columns}]"));
            let mend = "export the model for this label, or name another output in manifest.json at /outputs";
            LoadError::mismatch(GRAPH, place, expected, found, mend)
        };
        let Some(classes) = answering.classes else {
            return if columns == 1 {
                Ok(Self::Regression)
            } else {
                Err(wrong("[N, 1], a number for each record".to_owned()))
            };
        };
        let count = classes.columns.len();
        if columns == 1 && count == 2 {
            if classes.columns[..] != [0, 1] {
                let expected = "the negative class and then the positive one, whose probability alone the graph has";
                let mend = "turn them around, or set /lifeboat/positive in schema.json";
                return Err(LoadError::mismatch(MANIFEST, "/classes", expected, "the other order", mend));
            }
        } else if columns != count {
            return Err(wrong(format!("[N, {count}], a column for each class")));
        } else if !classes.is_told {
            let expected = format!("a list of the label's {count} classes in the order of output {:?}", chosen.main);
            let mend = "write a classifier's `classes_`";
            return Err(LoadError::mismatch(MANIFEST, "/classes", expected, "nothing", mend));
        }
        let reads_label = chosen.label.is_some();
        if count > 2 {
            return Ok(Self::Multiclass { classes, reads_label });
        }
        let positive = if columns == 1 { 0 } else { classes.columns.iter().position(|class| *class == 1).unwrap_or(1) };
        let threshold = answering.threshold.unwrap_or(DEFAULT_THRESHOLD);
        Ok(Self::Binary { columns, positive, threshold, labels: reads_label.then_some(classes) })
    }

    /// Returns the class of each probability, of two classes also where the graph has that of the positive one alone.
    pub(super) fn class_order(&self) -> Vec<usize> {
        match self {
            Self::Binary { columns: 2, positive: 0, .. } => vec![1, 0],
            Self::Binary { .. } => vec![0, 1],
            Self::Multiclass { classes, .. } => classes.columns.to_vec(),
            Self::Regression => Vec::new(),
        }
    }

    /// Makes answers of the first rows of the outputs: the main one, and then the label where it is read.
    pub(super) fn read(
        &self,
        outputs: &[Output],
        rows: usize,
        answers: &mut Vec<Answer>,
    ) -> Result<(), InferenceError> {
        let main = outputs.first().ok_or_else(|| InferenceError::Graph("the graph has no output".to_owned()))?;
        let label_of = |row, classes| label_of(outputs.get(1), row, classes);
        match self {
            Self::Regression => read_values(main, rows, answers),
            Self::Binary { columns, positive, threshold, labels } => {
                let numbers = floats(main, rows * columns)?;
                for (row, numbers) in numbers.chunks_exact(*columns).take(rows).enumerate() {
                    check_probabilities(numbers, answers.len())?;
                    let probability = numbers[*positive].clamp(0.0, 1.0);
                    let label = match labels {
                        Some(classes) => label_of(row, classes)?,
                        None => usize::from(probability >= *threshold),
                    };
                    answers.push(Answer::Binary { label, probability });
                }
                Ok(())
            }
            Self::Multiclass { classes, reads_label } => {
                let columns = classes.columns.len();
                let numbers = floats(main, rows * columns)?;
                for (row, numbers) in numbers.chunks_exact(columns).take(rows).enumerate() {
                    check_probabilities(numbers, answers.len())?;
                    let mut probabilities: Box<[f32]> = numbers.into();
                    for (&class, &number) in classes.columns.iter().zip(numbers) {
                        probabilities[class] = number.clamp(0.0, 1.0);
                    }
                    let label =
                        if *reads_label { label_of(row, classes)? } else { classes.columns[likeliest(numbers)] };
                    answers.push(Answer::Multiclass { label, probabilities });
                }
                Ok(())
            }
        }
    }
}

/// Returns the column of the greatest probability, the first of equal ones.
fn likeliest(numbers: &[f32]) -> usize {
    let mut best = 0;
    for (column, number) in numbers.iter().enumerate() {
        if *number > numbers[best] {
            best = column;
        }
    }
    best
}

fn check_probabilities(numbers: &[f32], row: usize) -> Result<(), InferenceError> {
    if numbers.iter().any(|number| number.is_nan()) {
        return Err(InferenceError::NotFinite { row });
    }
    if let Some(number) = numbers.iter().find(|number| !(-ROUNDING..=1.0 + ROUNDING).contains(*number)) {
        return Err(InferenceError::Graph(format!("{number} is not between 0 and 1")));
    }
    let sum: f32 = numbers.iter().sum();
    if numbers.len() > 1 && (sum - 1.0).abs() > SUM_TOLERANCE {
        return Err(InferenceError::Graph(format!("the probabilities of the classes add up to {sum}")));
    }
    Ok(())
}

fn read_values(output: &Output, rows: usize, answers: &mut Vec<Answer>) -> Result<(), InferenceError> {
    let values: Vec<f64> = if output.is_double() {
        output.doubles().map_err(InferenceError::Graph)?.iter().copied().take(rows).collect()
    } else {
        floats(output, rows)?.iter().copied().take(rows).map(shortest).collect()
    };
    for row in 0..rows {
        let value = values.get(row).copied().filter(|value| value.is_finite());
        let value = value.ok_or(InferenceError::NotFinite { row: answers.len() })?;
        answers.push(Answer::Regression { value });
    }
    Ok(())
}

/// Returns the number whose decimal is the shortest that names an FP32: 0.1, not 0.10000000149.
fn shortest(number: f32) -> f64 {
    if number.is_finite() { ryu::Buffer::new().format_finite(number).parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

/// Returns an output as FP32, and checks that it has as many as the rows need; rows that were padded stand behind them.
fn floats(output: &Output, count: usize) -> Result<Cow<'_, [f32]>, InferenceError> {
    let numbers = output.floats().map_err(InferenceError::Graph)?;
    if numbers.len() < count {
        return Err(InferenceError::Graph(format!("{} numbers where {count} are expected", numbers.len())));
    }
    Ok(numbers)
}

fn label_of(output: Option<&Output>, row: usize, classes: &ClassOrder) -> Result<usize, InferenceError> {
    let unknown = |label: &str| InferenceError::Graph(format!("the label {label} is none of the classes"));
    match output.and_then(|output| output.label(row)) {
        Some(Label::Number(number)) => classes.of_number(number).ok_or_else(|| unknown(&number.to_string())),
        Some(Label::Text(text)) => classes.of_text(text).ok_or_else(|| unknown(&format!("{text:?}"))),
        None => Err(InferenceError::Graph("there is no label".to_owned())),
    }
}
