//! Writes a table as CSV, JSON, NDJSON or Parquet, row by row, without holding it.
//!
//! Rows are gathered in a [`Batch`], which any thread can fill; a [`TableWriter`] takes the batches in the order of the output.

mod parquet;
mod text;

use std::io::{self, Write};
use std::sync::Arc;

use thiserror::Error;

use super::chunk::Row;
use super::format::Format;
use super::output_cell::{OutputCell, OutputColumn};
use super::read_error::ReadError;
use parquet::{ParquetBatch, ParquetSink};
use text::{TextBatch, TextSink};

/// As many rows are gathered by [`TableWriter::write_row`] before they are written.
const BATCH_ROWS: usize = 1024;

/// What a table that is written has for columns, and its format.
#[derive(Debug)]
pub struct Layout {
    format: Format,
    columns: Vec<OutputColumn>,
    /// The names as they stand before the values of JSON: `"age":`.
    json_names: Vec<String>,
}

impl Layout {
    /// Lays a table out; the names of its columns differ.
    pub fn new(format: Format, columns: Vec<OutputColumn>) -> Result<Arc<Self>, WriteError> {
        for (place, column) in columns.iter().enumerate() {
            if columns[..place].iter().any(|earlier| earlier.name == column.name) {
                return Err(WriteError::Layout(format!("the table would have two columns {:?}", column.name)));
            }
        }
        let json_names = columns.iter().map(|column| format!("{}:", serde_json::Value::from(&*column.name))).collect();
        Ok(Arc::new(Self { format, columns, json_names }))
    }

    /// Returns the format.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Returns the columns.
    pub fn columns(&self) -> &[OutputColumn] {
        &self.columns
    }
}

/// A table that cannot be written.
#[derive(Debug, Error)]
pub enum WriteError {
    /// The columns do not fit together.
    #[error("{0}")]
    Layout(String),
    /// The output does not take the bytes.
    #[error("the table cannot be written")]
    Io(#[from] io::Error),
    /// The table cannot be written as Parquet.
    #[error("the table cannot be written as Parquet")]
    Parquet(#[from] ::parquet::errors::ParquetError),
    /// The columns that are kept of an input cannot be read.
    #[error(transparent)]
    Kept(#[from] ReadError),
}

/// Some rows of a table, as they are written.
#[derive(Debug)]
pub struct Batch {
    layout: Arc<Layout>,
    rows: BatchRows,
    count: usize,
}

#[derive(Debug)]
enum BatchRows {
    Text(TextBatch),
    Parquet(ParquetBatch),
}

impl Batch {
    /// Begins to gather rows.
    pub fn new(layout: &Arc<Layout>) -> Self {
        let rows = match layout.format {
            Format::Parquet => BatchRows::Parquet(ParquetBatch::new(layout)),
            Format::Csv | Format::Json | Format::Ndjson => BatchRows::Text(TextBatch::new(layout.format)),
        };
        Self { layout: Arc::clone(layout), rows, count: 0 }
    }

    /// Adds a row: a cell for each column, of its type. Cells that are not there are missing.
    pub fn push(&mut self, cells: &[OutputCell<'_>]) -> Result<(), WriteError> {
        if cells.len() > self.layout.columns.len() {
            return Err(WriteError::Layout(format!(
                "a row has {} cells, but the table has {} columns",
                cells.len(),
                self.layout.columns.len()
            )));
        }
        match &mut self.rows {
            BatchRows::Text(text) => text.push(&self.layout, cells)?,
            BatchRows::Parquet(parquet) => parquet.push(&self.layout, cells)?,
        }
        self.count += 1;
        Ok(())
    }

    /// Adds a row: the cells of the first columns, and behind them what a row of an input has in those that are kept.
    pub fn push_kept<'a>(&mut self, cells: &mut Vec<OutputCell<'a>>, row: Row<'a>) -> Result<(), WriteError> {
        let Some(aside) = row.aside() else {
            row.push_extras(cells);
            return self.push(cells);
        };
        match &mut self.rows {
            BatchRows::Parquet(parquet) if cells.len() + aside.columns() == self.layout.columns.len() => {
                parquet.push_beside(&self.layout, cells, aside)?;
            }
            _ => return Err(WriteError::Layout("the columns that are kept are not of this table".to_owned())),
        }
        self.count += 1;
        Ok(())
    }

    /// Returns the number of rows.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Returns whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }
}

/// Writes a table.
#[derive(Debug)]
pub struct TableWriter<W: Write + Send> {
    sink: Sink<W>,
    batch: Batch,
}

#[derive(Debug)]
enum Sink<W: Write + Send> {
    Text(TextSink<W>),
    Parquet(Box<ParquetSink<W>>),
}

impl<W: Write + Send> TableWriter<W> {
    /// Begins a table, of CSV with its header.
    pub fn new(layout: &Arc<Layout>, output: W) -> Result<Self, WriteError> {
        let sink = match layout.format {
            Format::Parquet => Sink::Parquet(Box::new(ParquetSink::new(layout, output)?)),
            Format::Csv | Format::Json | Format::Ndjson => Sink::Text(TextSink::new(layout, output)?),
        };
        Ok(Self { sink, batch: Batch::new(layout) })
    }

    /// Writes the rows of a batch, and empties it.
    pub fn write(&mut self, batch: &mut Batch) -> Result<(), WriteError> {
        self.flush()?;
        write(&mut self.sink, batch)
    }

    /// Writes one row: a cell for each column, of its type.
    pub fn write_row(&mut self, cells: &[OutputCell<'_>]) -> Result<(), WriteError> {
        self.batch.push(cells)?;
        if self.batch.len() >= BATCH_ROWS { self.flush() } else { Ok(()) }
    }

    /// Reads what is still to be read of an input to write it.
    pub fn end_input(&mut self) -> Result<(), WriteError> {
        self.flush()?;
        match &mut self.sink {
            Sink::Text(_) => Ok(()),
            Sink::Parquet(sink) => sink.end_input(),
        }
    }

    /// Ends the table, and returns the output; without this call, it is not whole.
    pub fn finish(mut self) -> Result<W, WriteError> {
        self.flush()?;
        match self.sink {
            Sink::Text(text) => text.finish(),
            Sink::Parquet(parquet) => parquet.finish(),
        }
    }

    fn flush(&mut self) -> Result<(), WriteError> {
        if self.batch.is_empty() { Ok(()) } else { write(&mut self.sink, &mut self.batch) }
    }
}

/// Writes a table of a format that is text.
#[derive(Debug)]
pub(super) struct TextTable<W: Write> {
    layout: Arc<Layout>,
    sink: TextSink<W>,
    batch: TextBatch,
}

impl<W: Write> TextTable<W> {
    pub(super) fn new(layout: &Arc<Layout>, output: W) -> Result<Self, WriteError> {
        let (sink, batch) = (TextSink::new(layout, output)?, TextBatch::new(layout.format));
        Ok(Self { layout: Arc::clone(layout), sink, batch })
    }

    pub(super) fn push(&mut self, cells: &[OutputCell<'_>]) -> Result<(), WriteError> {
        self.batch.push(&self.layout, cells)
    }

    pub(super) fn finish(mut self) -> Result<W, WriteError> {
        self.sink.write(&mut self.batch)?;
        self.sink.finish()
    }
}

fn write<W: Write + Send>(sink: &mut Sink<W>, batch: &mut Batch) -> Result<(), WriteError> {
    match (sink, &mut batch.rows) {
        (Sink::Text(sink), BatchRows::Text(rows)) => sink.write(rows)?,
        (Sink::Parquet(sink), BatchRows::Parquet(rows)) => sink.write(rows)?,
        _ => return Err(WriteError::Layout("a batch is of another table".to_owned())),
    }
    batch.count = 0;
    Ok(())
}
