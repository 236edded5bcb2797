//! The columns of a row that one input reads.

use super::evaluator::{Data, Fault, Tensor, Text};
use super::interface::{ColumnKind, Entry};

/// One input: so many of a row's columns.
#[derive(Debug)]
pub(super) struct Matrix {
    pub(super) kind: ColumnKind,
    pub(super) first: usize,
    pub(super) columns: usize,
}

impl Matrix {
    /// Writes this input's numbers of rows whose entries stand one after another.
    pub(super) fn fill<T>(
        &self,
        cells: &mut [T],
        entries: &[Entry<'_>],
        all_columns: usize,
        convert: impl Fn(f64) -> T,
    ) {
        for (cells, row) in cells.chunks_exact_mut(self.columns).zip(self.rows(entries, all_columns)) {
            for (cell, entry) in cells.iter_mut().zip(row) {
                *cell = convert(number(entry));
            }
        }
    }

    /// Returns this input of the rows.
    #[expect(clippy::cast_possible_truncation, reason = "floats are rounded, and integers are within 2^53")]
    pub(super) fn tensor(&self, entries: &[Entry<'_>], all_columns: usize) -> Result<Tensor, Fault> {
        let rows = entries.len() / all_columns;
        let cells = self.rows(entries, all_columns).flatten();
        let data = match self.kind {
            ColumnKind::Float => Data::Float(cells.map(|entry| number(entry) as f32).collect()),
            ColumnKind::Double => Data::Double(cells.map(number).collect()),
            ColumnKind::Integer => Data::Integer(cells.map(|entry| number(entry) as i64).collect()),
            ColumnKind::Boolean => Data::Boolean(cells.map(|entry| number(entry) != 0.0).collect()),
            ColumnKind::Text => {
                let empty = Text::from("");
                Data::Text(cells.map(|entry| text(entry, &empty)).collect())
            }
        };
        Tensor::new([rows, self.columns], data)
    }

    fn rows<'a>(&self, entries: &'a [Entry<'a>], all_columns: usize) -> impl Iterator<Item = &'a [Entry<'a>]> {
        let (first, columns) = (self.first, self.columns);
        entries.chunks_exact(all_columns).map(move |row| &row[first..first + columns])
    }
}

/// A package that loads gives no text to a column of numbers, and nothing missing to one that has no NaN.
fn number(entry: &Entry<'_>) -> f64 {
    if let Entry::Number(number) = entry { *number } else { f64::NAN }
}

/// A missing text is an empty one, and an integer is written as people write it.
fn text(entry: &Entry<'_>, empty: &Text) -> Text {
    match entry {
        Entry::Missing => empty.clone(),
        Entry::Number(number) => number.to_string().into(),
        Entry::Text(text) => Text::from(*text),
    }
}
