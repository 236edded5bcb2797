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
use super::value::Value;
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

    /// Returns the values of some fields only, by their places in the schema, or every fault of those; others are missing.
    pub fn fields(self, fields: &[usize]) -> Result<Vec<Option<Value>>, Vec<Fault>> {
        let mut draft = Draft::of_fields(self.schema, fields);
        self.rows.fill(self.index, &mut draft);
        draft.finish_fields()
    }
}

impl<'a> Row<'a> {
    /// Returns the cells that are kept, in the order of the table's extra columns.
    pub fn extras(self) -> Vec<OutputCell<'a>> {
        let mut cells = Vec::new();
        self.rows.extras(self.index, &mut cells);
        cells
    }
}

/// A table whose header was read.
pub struct Table<'s> {
    reader: CsvReader,
    schema: &'s Schema,
}

impl<'s> Table<'s> {
    /// Reads the header.
    pub fn open(text: &[u8], schema: &'s Schema, selection: Selection) -> Result<Self, ReadError> {
        let text = as_text(Peek::new(Box::new(Cursor::new(text.to_vec()))))?;
        Ok(Self { reader: CsvReader::new(text, schema, selection)?, schema })
    }

    /// Returns the names of the columns that are kept beside the fields.
    pub fn extra_columns(&self) -> &[String] {
        self.reader.extras()
    }

    /// Hands each row on, in order.
    pub fn for_each(mut self, mut take: impl FnMut(Row<'_>)) -> Result<(), ReadError> {
        let mut rows = CsvRows::default();
        while self.reader.read(&mut rows, ROWS)? {
            (0..rows.count()).for_each(|index| take(Row { rows: &rows, index, schema: self.schema }));
        }
        Ok(())
    }
}

impl std::fmt::Debug for Table<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").field("extra_columns", &self.extra_columns()).finish_non_exhaustive()
    }
}

/// Hands each row on, in order.
pub fn read(text: &[u8], schema: &Schema, take: impl FnMut(Row<'_>)) -> Result<(), ReadError> {
    Table::open(text, schema, Selection::default())?.for_each(take)
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
