//! Some records of an input, as it writes them: each is parsed where its record is made, so that several threads can parse.

use super::csv::CsvRows;
use super::fault::Fault;
use super::json_rows::JsonRows;
use super::output_cell::OutputCell;
use super::parquet::{AsideRow, ParquetRows};
use super::place::Place;
use super::record::{Draft, Labelled, Record};
use super::schema::Schema;
use super::value::Value;

/// Some records of an input. A reader fills it anew in the memory that it has.
#[derive(Debug, Default)]
pub struct Chunk(pub(super) Rows);

#[derive(Debug, Default)]
pub(super) enum Rows {
    #[default]
    None,
    Csv(CsvRows),
    Json(JsonRows),
    Parquet(ParquetRows),
}

/// One record as it stands in the input.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    rows: &'a Rows,
    index: usize,
}

impl Chunk {
    /// Returns the number of records.
    pub fn len(&self) -> usize {
        match &self.0 {
            Rows::None => 0,
            Rows::Csv(rows) => rows.count(),
            Rows::Json(rows) => rows.count(),
            Rows::Parquet(rows) => rows.count(),
        }
    }

    /// Returns whether there is no record.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns each record, in the order of the input.
    pub fn rows(&self) -> impl ExactSizeIterator<Item = Row<'_>> {
        (0..self.len()).map(|index| Row { rows: &self.0, index })
    }
}

impl<'a> Row<'a> {
    /// Returns where the record stands.
    pub fn place(self) -> Place {
        match self.rows {
            Rows::None => Place::Row(0),
            Rows::Csv(rows) => rows.place(self.index),
            Rows::Json(rows) => rows.place(self.index),
            Rows::Parquet(rows) => rows.place(self.index),
        }
    }

    /// Returns whether the format has nothing but texts.
    pub(super) fn is_text(self) -> bool {
        matches!(self.rows, Rows::Csv(_))
    }

    /// Returns the record, or every fault of it. The schema is the one that the input was opened with.
    pub fn record(self, schema: &Schema) -> Result<Record, Vec<Fault>> {
        self.fill(Draft::new(schema)).finish()
    }

    /// Does the same in the memory of a record that is no longer needed, where there is one.
    pub fn record_in_place_of(self, old: Option<Record>, schema: &Schema) -> Result<Record, Vec<Fault>> {
        let draft = old.map_or_else(|| Draft::new(schema), |old| Draft::in_place_of(old, schema));
        self.fill(draft).finish()
    }

    /// Returns the record with its label, or every fault of both.
    pub fn labelled(self, schema: &Schema) -> Result<Labelled, Vec<Fault>> {
        self.fill(Draft::labelled(schema)).finish_labelled()
    }

    /// Returns the values of some fields only, by their places in the schema, or every fault of those; others are missing.
    pub fn fields(self, schema: &Schema, fields: &[usize]) -> Result<Vec<Option<Value>>, Vec<Fault>> {
        self.fill(Draft::of_fields(schema, fields)).finish_fields()
    }

    /// Returns the cells that are kept, in the order of the reader's extra columns.
    pub fn extras(self) -> Vec<OutputCell<'a>> {
        let mut cells = Vec::new();
        self.push_extras(&mut cells);
        cells
    }

    /// Adds the cells that are kept, in the order of the reader's extra columns.
    pub fn push_extras<'b>(self, cells: &mut Vec<OutputCell<'b>>)
    where
        'a: 'b,
    {
        match self.rows {
            Rows::None => {}
            Rows::Csv(rows) => rows.extras(self.index, cells),
            Rows::Json(rows) => rows.extras(self.index, cells),
            Rows::Parquet(rows) => rows.extras(self.index, cells),
        }
    }

    /// Returns what is read of the record only when it is written.
    pub(super) fn aside(self) -> Option<AsideRow<'a>> {
        match self.rows {
            Rows::Parquet(rows) => rows.aside(self.index),
            Rows::None | Rows::Csv(_) | Rows::Json(_) => None,
        }
    }

    fn fill(self, mut draft: Draft<'_>) -> Draft<'_> {
        match self.rows {
            Rows::None => {}
            Rows::Csv(rows) => rows.fill(self.index, &mut draft),
            Rows::Json(rows) => rows.fill(self.index, &mut draft),
            Rows::Parquet(rows) => rows.fill(self.index, &mut draft),
        }
        draft
    }
}
