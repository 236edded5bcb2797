//! An export as comma-separated values.

use anyhow::Context;
use csv::{IntoInnerError, Writer};

use super::Table;
use super::columns::{Cell, cells, columns};
use crate::cli::output::Output;
use crate::prediction::{Prediction, format_time};

/// A table whose header is written.
pub(super) struct CsvTable {
    writer: Writer<Output>,
    columns: usize,
}

impl CsvTable {
    pub(super) fn create(output: Output, kaggle: bool) -> anyhow::Result<Self> {
        let mut writer = Writer::from_writer(output);
        let names: Vec<String> = columns(kaggle).map(|(name, _)| name).collect();
        writer.write_record(&names)?;
        Ok(Self { writer, columns: names.len() })
    }
}

impl Table for CsvTable {
    fn write(&mut self, prediction: &Prediction) -> anyhow::Result<()> {
        let (mut integer, mut float) = (itoa::Buffer::new(), ryu::Buffer::new());
        let mut left = self.columns;
        cells(prediction, |cell| {
            if left == 0 {
                return Ok(());
            }
            left -= 1;
            match cell {
                None => self.writer.write_field(""),
                Some(Cell::Text(text)) => self.writer.write_field(text),
                Some(Cell::Integer(number)) => self.writer.write_field(integer.format(number)),
                Some(Cell::Double(number)) => self.writer.write_field(float.format_finite(number)),
                Some(Cell::Single(number)) => self.writer.write_field(float.format_finite(number)),
                Some(Cell::Time(time)) => self.writer.write_field(format_time(time)),
            }
        })?;
        Ok(self.writer.write_record(None::<&[u8]>)?)
    }

    fn finish(self: Box<Self>) -> anyhow::Result<()> {
        self.writer.into_inner().map_err(IntoInnerError::into_error).context("cannot write the table")?.finish()
    }
}
