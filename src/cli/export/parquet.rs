//! An export as Apache Parquet.

use std::fmt::Write as _;
use std::sync::Arc;

use parquet::basic::Compression;
use parquet::data_type::{ByteArray, ByteArrayType, DoubleType, FloatType, Int64Type};
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use parquet::schema::parser::parse_message_type;

use super::Table;
use super::columns::{Cell, Kind, cells, columns};
use crate::cli::output::Output;
use crate::prediction::Prediction;

/// So many rows are gathered, column by column, before they are written as a group.
const GROUP_ROWS: usize = 10_000;

/// A table of which whole groups of rows are written.
pub(super) struct ParquetTable {
    writer: SerializedFileWriter<Output>,
    columns: Vec<Column>,
}

/// What a column has in the group that is being gathered: its values, and a 1 for each cell that has one, else a 0.
struct Column {
    values: Values,
    levels: Vec<i16>,
}

enum Values {
    Texts(Vec<ByteArray>),
    Integers(Vec<i64>),
    Doubles(Vec<f64>),
    Singles(Vec<f32>),
}

impl ParquetTable {
    pub(super) fn create(output: Output, kaggle: bool) -> anyhow::Result<Self> {
        let properties = WriterProperties::builder().set_compression(Compression::SNAPPY).build();
        let schema = Arc::new(parse_message_type(&message_type(kaggle))?);
        let writer = SerializedFileWriter::new(output, schema, Arc::new(properties))?;
        Ok(Self { writer, columns: columns(kaggle).map(|(_, kind)| Column::new(kind)).collect() })
    }

    fn write_group(&mut self) -> Result<(), ParquetError> {
        let mut group = self.writer.next_row_group()?;
        for column in &mut self.columns {
            let mut writer = group.next_column()?.ok_or_else(mixed_up)?;
            column.write(&mut writer)?;
            writer.close()?;
        }
        group.close().map(drop)
    }
}

impl Table for ParquetTable {
    fn write(&mut self, prediction: &Prediction) -> anyhow::Result<()> {
        let mut columns = self.columns.iter_mut();
        cells(prediction, |cell| match columns.next() {
            Some(column) => column.push(cell),
            None => Ok(()),
        })?;
        if self.columns.first().is_some_and(|column| column.levels.len() >= GROUP_ROWS) {
            self.write_group()?;
        }
        Ok(())
    }

    fn finish(mut self: Box<Self>) -> anyhow::Result<()> {
        self.write_group()?;
        self.writer.into_inner()?.finish()
    }
}

impl Column {
    fn new(kind: Kind) -> Self {
        let values = match kind {
            Kind::Text => Values::Texts(Vec::new()),
            Kind::Integer | Kind::Time => Values::Integers(Vec::new()),
            Kind::Double => Values::Doubles(Vec::new()),
            Kind::Single => Values::Singles(Vec::new()),
        };
        Self { values, levels: Vec::new() }
    }

    fn push(&mut self, cell: Option<Cell<'_>>) -> Result<(), ParquetError> {
        self.levels.push(cell.is_some().into());
        match (&mut self.values, cell) {
            (_, None) => {}
            (Values::Texts(values), Some(Cell::Text(text))) => values.push(text.into()),
            (Values::Integers(values), Some(Cell::Integer(number))) => values.push(number),
            (Values::Integers(values), Some(Cell::Time(time))) => values.push(time.as_millisecond()),
            (Values::Doubles(values), Some(Cell::Double(number))) => values.push(number),
            (Values::Singles(values), Some(Cell::Single(number))) => values.push(number),
            _ => return Err(mixed_up()),
        }
        Ok(())
    }

    /// Writes the column's part of a group, and forgets it.
    fn write(&mut self, writer: &mut SerializedColumnWriter<'_>) -> Result<(), ParquetError> {
        let levels = Some(&self.levels[..]);
        match &mut self.values {
            Values::Texts(values) => writer.typed::<ByteArrayType>().write_batch(values, levels, None).map(drop)?,
            Values::Integers(values) => writer.typed::<Int64Type>().write_batch(values, levels, None).map(drop)?,
            Values::Doubles(values) => writer.typed::<DoubleType>().write_batch(values, levels, None).map(drop)?,
            Values::Singles(values) => writer.typed::<FloatType>().write_batch(values, levels, None).map(drop)?,
        }
        self.levels.clear();
        match &mut self.values {
            Values::Texts(values) => values.clear(),
            Values::Integers(values) => values.clear(),
            Values::Doubles(values) => values.clear(),
            Values::Singles(values) => values.clear(),
        }
        Ok(())
    }
}

/// Returns the schema in Parquet's own language.
fn message_type(kaggle: bool) -> String {
    let mut schema = "message predictions {\n".to_owned();
    for (name, kind) in columns(kaggle) {
        let (physical, logical) = match kind {
            Kind::Text => ("BYTE_ARRAY", " (STRING)"),
            Kind::Integer => ("INT64", ""),
            Kind::Double => ("DOUBLE", ""),
            Kind::Single => ("FLOAT", ""),
            Kind::Time => ("INT64", " (TIMESTAMP(MILLIS, true))"),
        };
        let _ = writeln!(schema, "OPTIONAL {physical} {name}{logical};");
    }
    schema + "}"
}

fn mixed_up() -> ParquetError {
    ParquetError::General("a cell is not of its column".to_owned())
}
