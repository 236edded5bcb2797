//! The columns of a row that one input reads.

use std::borrow::Cow;

use super::evaluator::{Data, Fault, Tensor, Text};
use super::interface::{Cell, ColumnKind};

/// One input: so many of a row's columns.
#[derive(Debug)]
pub(super) struct Matrix {
    pub(super) kind: ColumnKind,
    pub(super) first: usize,
    pub(super) columns: usize,
}

impl Matrix {
    /// Writes this input's numbers of rows whose cells stand one after another.
    pub(super) fn fill<T>(
        &self,
        numbers: &mut [T],
        cells: &[impl Cell],
        all_columns: usize,
        convert: impl Fn(f64) -> T,
    ) {
        for (numbers, row) in numbers.chunks_exact_mut(self.columns).zip(self.rows(cells, all_columns)) {
            for (number, cell) in numbers.iter_mut().zip(row) {
                *number = convert(cell.number());
            }
        }
    }

    /// Returns this input of the rows.
    #[expect(clippy::cast_possible_truncation, reason = "floats are rounded, and integers are within 2^53")]
    pub(super) fn tensor(&self, cells: &[impl Cell], all_columns: usize) -> Result<Tensor, Fault> {
        let rows = cells.len() / all_columns;
        let cells = self.rows(cells, all_columns).flatten();
        let numbers = cells.clone().map(|cell| cell.number());
        let data = match self.kind {
            ColumnKind::Float => Data::Float(numbers.map(|number| number as f32).collect()),
            ColumnKind::Double => Data::Double(numbers.collect()),
            ColumnKind::Integer => Data::Integer(numbers.map(|number| number as i64).collect()),
            ColumnKind::Boolean => Data::Boolean(numbers.map(|number| number != 0.0).collect()),
            ColumnKind::Text => {
                let empty = Text::from("");
                let text = |text: Cow<'_, str>| if text.is_empty() { empty.clone() } else { Text::from(text) };
                Data::Text(cells.map(|cell| text(cell.text())).collect())
            }
        };
        Tensor::new([rows, self.columns], data)
    }

    fn rows<'a, C: Cell>(&self, cells: &'a [C], all_columns: usize) -> impl Iterator<Item = &'a [C]> + Clone {
        let (first, columns) = (self.first, self.columns);
        cells.chunks_exact(all_columns).map(move |row| &row[first..first + columns])
    }
}
