//! Scores a whole table: chunks of it go from a reader to every processor, and what comes of them goes on in the order of the table.
//!
//! Memory follows the processors, not the table. Nothing is stored here, and nothing is written: whoever takes a [`Scored`] chunk does that.
//!
//! - [`pipeline`]: the threads.

pub mod pipeline;

use std::sync::Arc;

use jiff::Timestamp;
use thiserror::Error;

use crate::package::explanation::{ExplainError, explain};
use crate::package::{InferenceError, Package};
use crate::prediction::columns::{AnswerColumns, AnswerRow, Part};
use crate::prediction::{Answer, Prediction};
use crate::service;
use crate::table::chunk::{Chunk, Row};
use crate::table::fault::Fault;
use crate::table::format::Format;
use crate::table::output_cell::OutputColumn;
use crate::table::place::Place;
use crate::table::writer::{Batch, Layout, WriteError};
use crate::table::{ReadError, Record};

/// What is made of each record.
#[derive(Debug, Clone, Copy, Default)]
#[expect(clippy::struct_excessive_bools, reason = "each is a wish of its own")]
pub struct Wishes {
    /// Key and label alone are written; a record without a whole key is invalid.
    pub key_and_label: bool,
    /// How far each group of fields moved an answer is written, too.
    pub explains: bool,
    /// Predictions are made, to be stored.
    pub stores: bool,
    /// Records and answers are handed on beside what is written.
    pub hands_on: bool,
}

/// Columns that cannot stand side by side.
#[derive(Debug, Error)]
pub enum LayoutError {
    /// A column that is kept has the name of one that is written.
    #[error("column {0:?} of the input has the name of one that is written")]
    Taken(String),
    /// The table cannot have these columns.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Why a table cannot be scored to its end.
#[derive(Debug, Error)]
pub enum ScoringError {
    /// The rest of the input cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The graph gave no answer.
    #[error(transparent)]
    Inference(#[from] InferenceError),
    /// An answer cannot be explained.
    #[error(transparent)]
    Explain(#[from] ExplainError),
    /// What came out does not fit the table that is written.
    #[error(transparent)]
    Write(#[from] WriteError),
    /// A thread ended before its work did.
    #[error("a thread of the program failed")]
    Thread,
}

/// Scores chunks of a table, on any thread.
#[derive(Debug)]
pub struct Scorer<'a> {
    package: &'a Package,
    columns: AnswerColumns<'a>,
    layout: Arc<Layout>,
    wishes: Wishes,
    /// When the predictions are made, to the millisecond.
    now: Timestamp,
}

/// What became of a chunk.
#[derive(Debug)]
pub struct Scored {
    /// The chunk's part of the output.
    pub batch: Batch,
    /// The number of records that were answered.
    pub rows: u64,
    /// What is to be stored, where that is wished.
    pub predictions: Vec<Prediction>,
    /// Each record and its answer, where that is wished.
    pub answered: Vec<(Record, Answer)>,
    /// Rows that are no records.
    pub invalid: Vec<InvalidRow>,
}

/// A row that is no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InvalidRow {
    /// Where it stands.
    pub place: Place,
    /// All that is wrong with it, in words.
    pub faults: Vec<String>,
}

impl std::fmt::Display for InvalidRow {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.faults.join("; "))
    }
}

impl<'a> Scorer<'a> {
    /// Lays out what is written: the columns of the answers, then those that are kept of the input.
    pub fn new(
        package: &'a Package,
        wishes: Wishes,
        format: Format,
        extras: &[OutputColumn],
        now: Timestamp,
    ) -> Result<Self, LayoutError> {
        let part = match (wishes.key_and_label, wishes.stores) {
            (true, _) => Part::KeyAndLabel,
            // What is not stored cannot be found by an id.
            (false, false) => Part::Answer,
            (false, true) => Part::Named,
        };
        let groups = if wishes.explains { package.groups() } else { &[] };
        let columns = AnswerColumns::new(package.schema(), part, groups);
        let answers = columns.columns();
        if let Some(extra) = extras.iter().find(|extra| answers.iter().any(|column| column.name == extra.name)) {
            return Err(LayoutError::Taken(extra.name.clone()));
        }
        let layout = Layout::new(format, answers.iter().chain(extras).cloned().collect())?;
        Ok(Self { package, columns, layout, wishes, now })
    }

    /// Returns what the table that is written is like.
    pub fn layout(&self) -> &Arc<Layout> {
        &self.layout
    }

    /// Scores one chunk. Its records take the memory of old ones, and leave it to the next ones, unless they are handed on.
    pub fn score(&self, chunk: &Chunk, old: &mut Vec<Record>) -> Result<Scored, ScoringError> {
        let mut invalid = Vec::new();
        let (mut rows, mut records) = (Vec::with_capacity(chunk.len()), Vec::with_capacity(chunk.len()));
        for row in chunk.rows() {
            match self.record(row, old.pop()) {
                Ok(record) => {
                    rows.push(row);
                    records.push(record);
                }
                Err(faults) => invalid.push(InvalidRow { place: row.place(), faults }),
            }
        }
        let (answers, predictions) = loop {
            match self.answers(&records) {
                Ok(answered) => break answered,
                Err(error) => {
                    // A record that the model has no answer for is left out as one that is none.
                    let Some(place) = error.row() else { return Err(error.into()) };
                    records.remove(place);
                    invalid.push(InvalidRow { place: rows.remove(place).place(), faults: vec![error.to_string()] });
                }
            }
        };
        let batch = self.batch(&rows, &records, &answers, &predictions)?;
        invalid.sort_by_key(|invalid| invalid.place);
        let rows = records.len() as u64;
        let mut answered = Vec::new();
        if self.wishes.hands_on {
            answered.extend(records.into_iter().zip(answers));
        } else {
            old.append(&mut records);
        }
        Ok(Scored { batch, rows, predictions, answered, invalid })
    }

    /// Writes the records' part of the output.
    fn batch(
        &self,
        rows: &[Row<'_>],
        records: &[Record],
        answers: &[Answer],
        predictions: &[Prediction],
    ) -> Result<Batch, ScoringError> {
        let mut explanations = Vec::new();
        if self.wishes.explains {
            // How many may be explained at once is bounded for the sake of those who wait.
            for record in records {
                explanations.append(&mut explain(self.package, std::slice::from_ref(record))?);
            }
        }
        let answered = records.iter().zip(answers).enumerate().map(|(index, (record, answer))| AnswerRow {
            record,
            answer,
            model_version: self.package.version(),
            id: predictions.get(index).map(|prediction| prediction.id.to_string()),
            created_at: None,
            explanation: explanations.get(index),
        });
        // All of them stand, so that the cells of each can be written in the room of the one before.
        let answered: Vec<AnswerRow<'_>> = answered.collect();
        let (mut batch, mut cells) = (Batch::new(&self.layout), Vec::new());
        for (row, answered) in rows.iter().zip(&answered) {
            cells.clear();
            self.columns.push_cells(answered, &mut cells);
            batch.push_kept(&mut cells, *row)?;
        }
        Ok(batch)
    }

    /// Returns what the model says of records, and what is to be stored of that.
    fn answers(&self, records: &[Record]) -> Result<(Vec<Answer>, Vec<Prediction>), InferenceError> {
        if !self.wishes.stores {
            return Ok((service::answers(self.package, records)?, vec![]));
        }
        let predictions = service::predict(self.package, records, self.now)?;
        Ok((predictions.iter().map(|prediction| prediction.answer.clone()).collect(), predictions))
    }

    /// Returns the record of a row, or what is wrong with it.
    fn record(&self, row: Row<'_>, old: Option<Record>) -> Result<Record, Vec<String>> {
        let schema = self.package.schema();
        let record = row.record_in_place_of(old, schema);
        let record = record.map_err(|faults| faults.iter().map(Fault::to_string).collect::<Vec<_>>())?;
        if self.wishes.key_and_label && schema.key().iter().any(|&place| record.get(place).is_none()) {
            return Err(vec!["the key is required where key and label alone are written".to_owned()]);
        }
        Ok(record)
    }
}
