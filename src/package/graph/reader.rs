//! Answers from the numbers that a graph gives.

use std::borrow::Cow;

use tract_onnx::prelude::{DatumType, TValue, Tensor, TractError, TractResult};

use super::interface::PLAN_ROWS;
use super::outputs::{Answering, Chosen};
use crate::package::answer::{Answer, InferenceError};
use crate::package::classes::ClassOrder;
use crate::package::error::LoadError;
use crate::package::files::{GRAPH, MANIFEST};

/// How far from 1 probabilities may add up to.
const SUM_TOLERANCE: f32 = 1e-3;

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
    /// Checks that an output of this shape can be read so.
    pub(super) fn new(answering: Answering<'_>, chosen: &Chosen, shape: &[usize]) -> Result<Self, LoadError> {
        let wrong = |expected: String| {
            let (place, found) = (format!("output {:?}", chosen.main), in_brackets(shape));
            let mend = "export the model for this label, or name another output in manifest.json at /outputs";
            LoadError::mismatch(GRAPH, place, expected, found, mend)
        };
        let columns = match shape {
            [PLAN_ROWS] => 1,
            [PLAN_ROWS, columns] => *columns,
            _ => return Err(wrong("a row for each record".to_owned())),
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

    /// Makes answers of the first rows of the outputs: the main one, and then the label where it is read.
    pub(super) fn read(
        &self,
        outputs: &[TValue],
        rows: usize,
        answers: &mut Vec<Answer>,
    ) -> Result<(), InferenceError> {
        let main = outputs.first().ok_or_else(|| InferenceError::Graph("the graph has no output".to_owned()))?;
        let label_of = |row, classes| label_of(outputs.get(1), row, classes);
        match self {
            Self::Regression => read_values(main, rows, answers),
            Self::Binary { columns, positive, threshold, labels } => {
                let numbers = floats(main, PLAN_ROWS * columns)?;
                for (row, numbers) in slice(&numbers)?.chunks_exact(*columns).take(rows).enumerate() {
                    check_probabilities(numbers, answers.len())?;
                    let probability = numbers[*positive];
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
                let numbers = floats(main, PLAN_ROWS * columns)?;
                for (row, numbers) in slice(&numbers)?.chunks_exact(columns).take(rows).enumerate() {
                    check_probabilities(numbers, answers.len())?;
                    let mut probabilities: Box<[f32]> = numbers.into();
                    for (&class, &number) in classes.columns.iter().zip(numbers) {
                        probabilities[class] = number;
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

fn in_brackets(shape: &[usize]) -> String {
    let dimensions: Vec<String> =
        shape.iter().map(|&size| if size == PLAN_ROWS { "N".to_owned() } else { size.to_string() }).collect();
    format!("[{}]", dimensions.join(", "))
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
    if let Some(number) = numbers.iter().find(|number| !(0.0..=1.0).contains(*number)) {
        return Err(InferenceError::Graph(format!("{number} is not between 0 and 1")));
    }
    let sum: f32 = numbers.iter().sum();
    if numbers.len() > 1 && (sum - 1.0).abs() > SUM_TOLERANCE {
        return Err(InferenceError::Graph(format!("the probabilities of the classes add up to {sum}")));
    }
    Ok(())
}

fn read_values(output: &TValue, rows: usize, answers: &mut Vec<Answer>) -> Result<(), InferenceError> {
    let is_double = output.datum_type() == DatumType::F64;
    let numbers = if is_double { Cow::Borrowed(&**output) } else { floats(output, PLAN_ROWS)? };
    let plain = numbers.try_as_plain_ram().map_err(inference_error)?;
    for row in 0..rows {
        let value = if is_double {
            plain.as_slice::<f64>().map_err(inference_error)?.get(row).copied()
        } else {
            plain.as_slice::<f32>().map_err(inference_error)?.get(row).copied().map(shortest)
        };
        let value = value.filter(|value| value.is_finite()).ok_or(InferenceError::NotFinite { row: answers.len() })?;
        answers.push(Answer::Regression { value });
    }
    Ok(())
}

/// Returns the number whose decimal is the shortest that names an FP32: 0.1, not 0.10000000149.
fn shortest(number: f32) -> f64 {
    if number.is_finite() { ryu::Buffer::new().format_finite(number).parse().unwrap_or(f64::NAN) } else { f64::NAN }
}

/// Returns an output as FP32, and checks its size.
fn floats(output: &TValue, count: usize) -> Result<Cow<'_, Tensor>, InferenceError> {
    if output.len() != count {
        return Err(InferenceError::Graph(format!("{} numbers where {count} are expected", output.len())));
    }
    output.cast_to::<f32>().map_err(inference_error)
}

fn slice(tensor: &Tensor) -> Result<&[f32], InferenceError> {
    let read = || -> TractResult<&[f32]> { tensor.try_as_plain_ram()?.as_slice() };
    read().map_err(inference_error)
}

fn label_of(output: Option<&TValue>, row: usize, classes: &ClassOrder) -> Result<usize, InferenceError> {
    let read = |output: &TValue| -> TractResult<Option<i64>> {
        let numbers = output.cast_to::<i64>()?;
        Ok(numbers.try_as_plain_ram()?.as_slice::<i64>()?.get(row).copied())
    };
    let number = output.map(read).transpose().map_err(inference_error)?.flatten();
    let class = number.and_then(|number| classes.labels.get(&number));
    class.copied().ok_or_else(|| match number {
        Some(number) => InferenceError::Graph(format!("the label {number} is none of the classes")),
        None => InferenceError::Graph("there is no label".to_owned()),
    })
}

/// Makes an error of one of tract's.
#[expect(clippy::needless_pass_by_value, reason = "called by map_err")]
pub(super) fn inference_error(error: TractError) -> InferenceError {
    InferenceError::Graph(format!("{error:#}"))
}
