//! A table of comma-separated values in memory, read and written.
//!
//! Files come in many formats, packed in several ways; what is sent over a network comes as text. A program that uses this part alone
//! holds no reader of Parquet and no decoder, which are a fifth of its code.

use std::io::Cursor;

use super::Selection;
use super::csv::{CsvReader, CsvRows};
use super::fault::Fault;
use super::format::Format;
use super::output_cell::{OutputCell, OutputColumn};
use super::place::Place;
use super::read_error::ReadError;
use super::record::{Draft, Record};
use super::schema::Schema;
use super::source::{Peek, as_text};
use super::writer::{Layout, TextTable, WriteError};

/// Rows that are read at a time.
const ROWS: usize = 256;

/// A row that is not looked at unless its record is asked for.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    rows: &'a CsvRows,
    index: usize,
    schema: &'a Schema,
}

impl Row<'_> {
    /// Returns where the row stands.
    pub fn place(self) -> Place {
        self.rows.place(self.index)
    }

    /// Returns the record, or every fault of it.
    pub fn record(self) -> Result<Record, Vec<Fault>> {
        let mut draft = Draft::new(self.schema);
        self.rows.fill(self.index, &mut draft);
        draft.finish()
    }
}

/// Hands each row on, in order.
pub fn read(text: &[u8], schema: &Schema, mut take: impl FnMut(Row<'_>)) -> Result<(), ReadError> {
    let text = as_text(Peek::new(Box::new(Cursor::new(text.to_vec()))))?;
    let mut reader = CsvReader::new(text, schema, Selection::default())?;
    let mut rows = CsvRows::default();
    while reader.read(&mut rows, ROWS)? {
        (0..rows.count()).for_each(|index| take(Row { rows: &rows, index, schema }));
    }
    Ok(())
}

/// Writes a header and rows: a cell for each column, of its type.
pub fn write<'a>(
    columns: Vec<OutputColumn>,
    rows: impl Iterator<Item = Vec<OutputCell<'a>>>,
) -> Result<Vec<u8>, WriteError> {
    let mut table = TextTable::new(&Layout::new(Format::Csv, columns)?, Vec::new())?;
    for row in rows {
        table.push(&row)?;
    }
    table.finish()
}
