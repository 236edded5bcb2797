//! The records of `golden.csv`, with the answers that another program gave: does the package answer so?

use super::answer::Answer;
use super::error::LoadError;
use super::files::GOLDEN;
use super::load::Package;
use crate::table::fault::in_words;
use crate::table::{
    Chunk, ExtraColumns, Options, OutputCell, Place, Purpose, Reader, Record, Row, Schema, Selection, Source, Task,
};

/// How far an answer may be from the other program's: a probability by so much, a number above 1 in proportion to its size. The
/// numbers of a graph have 32 bits, and those of a training 64.
const TOLERANCE: f64 = 1e-5;

/// What came of trying the golden records.
#[derive(Debug, Clone, PartialEq)]
pub struct Golden {
    /// The number of records that were tried.
    pub rows: usize,
    /// The number of those that were answered as they should be.
    pub agreeing: usize,
    /// The largest difference, measured as the tolerance is.
    pub largest_difference: f64,
    /// The first record that was answered otherwise.
    pub first: Option<Difference>,
}

/// An answer that is another than it should be.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Where the record stands.
    pub place: Place,
    /// The column of the answer.
    pub column: String,
    /// What the other program answered.
    pub expected: f64,
    /// What the package answers.
    pub found: f64,
}

/// Tries a package by its golden records; none where the file names records without holding them.
pub(super) fn try_golden(package: &Package, bytes: Vec<u8>) -> Result<Option<Golden>, LoadError> {
    let schema = package.schema();
    let selection = Selection { extra_columns: ExtraColumns::Keep, purpose: Purpose::Fields };
    let options = Options { selection, ..Options::default() };
    let mut reader = Reader::open(Source::from_bytes(bytes), schema, &options).map_err(malformed)?;
    let columns = answer_columns(schema);
    let places = columns.iter().map(|column| {
        let found = reader.extra_columns().iter().position(|extra| extra.name == *column);
        found.ok_or_else(|| malformed(format!("it has no column {column}")))
    });
    let places = places.collect::<Result<Vec<usize>, LoadError>>()?;
    let mut golden = Golden { rows: 0, agreeing: 0, largest_difference: 0.0, first: None };
    let (mut chunk, mut has_records) = (Chunk::default(), false);
    while reader.next_chunk(&mut chunk).map_err(malformed)? {
        has_records = has_records || chunk.rows().any(|row| holds_record(row, schema));
        if !has_records {
            return Ok(None);
        }
        let records = chunk.rows().map(|row| record(row, schema)).collect::<Result<Vec<Record>, LoadError>>()?;
        let answers = package.answers(&records).map_err(malformed)?;
        for (row, answered) in chunk.rows().zip(answers) {
            let expected = expected(row, &places)?;
            golden.add(row.place(), &columns, &expected, &numbers(answered.answer));
        }
    }
    Ok(Some(golden))
}

impl Golden {
    fn add(&mut self, place: Place, columns: &[String], expected: &[f64], found: &[f64]) {
        self.rows += 1;
        let mut agrees = true;
        for ((column, &expected), &found) in columns.iter().zip(expected).zip(found) {
            let difference = (found - expected).abs() / expected.abs().max(1.0);
            self.largest_difference = self.largest_difference.max(difference);
            // A difference that is no number is none that is small.
            if difference.is_nan() || difference > TOLERANCE {
                agrees = false;
                let column = column.clone();
                self.first.get_or_insert(Difference { place, column, expected, found });
            }
        }
        self.agreeing += usize::from(agrees);
    }
}

/// Returns the columns in which the answer stands.
fn answer_columns(schema: &Schema) -> Vec<String> {
    let label = schema.label_field();
    match (schema.task(), schema.classes()) {
        (Task::Multiclass, Some(classes)) => {
            classes.iter().map(|class| format!("probability_{}", label.written(class))).collect()
        }
        (Task::Binary, _) => vec!["probability".to_owned()],
        _ => vec!["value".to_owned()],
    }
}

fn numbers(answer: Answer) -> Vec<f64> {
    match answer {
        Answer::Binary { probability, .. } => vec![shortest(probability)],
        Answer::Multiclass { probabilities, .. } => probabilities.iter().copied().map(shortest).collect(),
        Answer::Regression { value } => vec![value],
    }
}

/// Returns the shortest decimal that names a number, which a message shows.
fn shortest(number: f32) -> f64 {
    number.to_string().parse().unwrap_or_else(|_| number.into())
}

/// Returns whether a row has a value beside its key and its label.
fn holds_record(row: Row<'_>, schema: &Schema) -> bool {
    let inputs = schema.inputs().map(|(place, _)| place).filter(|place| !schema.key().contains(place));
    let inputs: Vec<usize> = inputs.collect();
    // A value at fault is one as well.
    row.fields(schema, &inputs).map_or(true, |values| values.iter().any(Option::is_some))
}

fn record(row: Row<'_>, schema: &Schema) -> Result<Record, LoadError> {
    row.record(schema).map_err(|faults| malformed(format!("{}: {}", row.place(), in_words(&faults))))
}

fn expected(row: Row<'_>, places: &[usize]) -> Result<Vec<f64>, LoadError> {
    let cells = row.extras();
    let number = |&place: &usize| match cells.get(place) {
        Some(OutputCell::Text(text)) => text.trim().parse().ok(),
        _ => None,
    };
    let expected = places.iter().map(number).collect::<Option<_>>();
    expected.ok_or_else(|| malformed(format!("{}: an answer is no number", row.place())))
}

fn malformed(source: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> LoadError {
    LoadError::malformed(GOLDEN, "a table of records with their answers", source)
}
