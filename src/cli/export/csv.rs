//! An export as comma-separated values.

use anyhow::Context;
use csv::{IntoInnerError, Writer};

use super::Table;
use super::columns::{Cell, cells, columns};
use crate::cli::output::Output;
use crate::prediction::{Prediction, format_time};

/// A table whose header is written.
pub(super) struct CsvTable(Writer<Output>);

impl CsvTable {
    pub(super) fn create(output: Output) -> anyhow::Result<Self> {
        let mut writer = Writer::from_writer(output);
        writer.write_record(columns().map(|(name, _)| name))?;
        Ok(Self(writer))
    }
}

impl Table for CsvTable {
    fn write(&mut self, prediction: &Prediction) -> anyhow::Result<()> {
        let (mut integer, mut float) = (itoa::Buffer::new(), ryu::Buffer::new());
        cells(prediction, |cell| match cell {
            None => self.0.write_field(""),
            Some(Cell::Text(text)) => self.0.write_field(text),
            Some(Cell::Integer(number)) => self.0.write_field(integer.format(number)),
            Some(Cell::Double(number)) => self.0.write_field(float.format_finite(number)),
            Some(Cell::Single(number)) => self.0.write_field(float.format_finite(number)),
            Some(Cell::Time(time)) => self.0.write_field(format_time(time)),
        })?;
        Ok(self.0.write_record(None::<&[u8]>)?)
    }

    fn finish(self: Box<Self>) -> anyhow::Result<()> {
        self.0.into_inner().map_err(IntoInnerError::into_error).context("cannot write the table")?.finish()
    }
}
