//! Rows as Apache Parquet: gathered column by column, and written as groups.

use std::fmt;
use std::io::Write;
use std::sync::Arc;

use ::parquet::basic::{Compression, LogicalType, Repetition, TimeUnit, Type as Physical};
use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, FloatType, Int32Type, Int64Type};
use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::types::Type;
use jiff::tz::TimeZone;

use super::text::plain;
use super::{Layout, WriteError};
use crate::table::output_cell::{ColumnType, OutputCell, OutputColumn};
use crate::table::parquet::{AsideRow, AsideRows};

/// A group is written when it has as many rows, or takes as many bytes of memory: a wide table has smaller groups.
const GROUP_ROWS: usize = 1 << 16;
const GROUP_BYTES: usize = 16 << 20;

/// A group has as many rows where columns of the input are read for it: as those of most files have, so that a page is read once.
const ASIDE_GROUP_ROWS: usize = 1 << 18;

/// A column of a group that has more bytes of different values is written without a dictionary: it would cost more than it saves.
const DICTIONARY_BYTES: usize = 1 << 17;

/// The bytes that a cell takes beside its text, about.
const CELL_BYTES: usize = 10;
const TEXT_CELL_BYTES: usize = 34;

/// Rows, column by column.
#[derive(Debug, Default)]
pub(super) struct ParquetBatch {
    columns: Vec<Column>,
    rows: usize,
    bytes: usize,
    /// Of which rows the last columns are read when they are written.
    aside: AsideRows,
}

/// The values of a column, and a 1 for each cell that has one, else a 0.
#[derive(Debug)]
struct Column {
    values: Values,
    levels: Vec<i16>,
}

#[derive(Debug)]
enum Values {
    Texts(Vec<ByteArray>),
    Longs(Vec<i64>),
    Days(Vec<i32>),
    Doubles(Vec<f64>),
    Singles(Vec<f32>),
    Booleans(Vec<bool>),
}

impl ParquetBatch {
    pub(super) fn new(layout: &Layout) -> Self {
        let columns = layout.columns.iter().map(|column| Column::new(column.kind)).collect();
        Self { columns, ..Self::default() }
    }

    pub(super) fn push(&mut self, layout: &Layout, cells: &[OutputCell<'_>]) -> std::result::Result<(), WriteError> {
        for (place, (column, named)) in self.columns.iter_mut().zip(&layout.columns).enumerate() {
            self.bytes += column.push(cells.get(place).copied().unwrap_or(OutputCell::Missing), named)?;
        }
        self.rows += 1;
        Ok(())
    }

    /// Adds a row whose last columns are read when they are written.
    pub(super) fn push_beside(
        &mut self,
        layout: &Layout,
        cells: &[OutputCell<'_>],
        aside: AsideRow<'_>,
    ) -> std::result::Result<(), WriteError> {
        for ((column, named), cell) in self.columns.iter_mut().zip(&layout.columns).zip(cells) {
            self.bytes += column.push(*cell, named)?;
        }
        self.aside.push(aside);
        self.rows += 1;
        Ok(())
    }

    /// Takes the rows of another batch, which is empty then.
    fn append(&mut self, other: &mut Self) {
        for (column, from) in self.columns.iter_mut().zip(&mut other.columns) {
            column.levels.append(&mut from.levels);
            match (&mut column.values, &mut from.values) {
                (Values::Texts(values), Values::Texts(from)) => values.append(from),
                (Values::Longs(values), Values::Longs(from)) => values.append(from),
                (Values::Days(values), Values::Days(from)) => values.append(from),
                (Values::Doubles(values), Values::Doubles(from)) => values.append(from),
                (Values::Singles(values), Values::Singles(from)) => values.append(from),
                (Values::Booleans(values), Values::Booleans(from)) => values.append(from),
                _ => {}
            }
        }
        self.aside.append(&mut other.aside);
        self.rows += std::mem::take(&mut other.rows);
        self.bytes += std::mem::take(&mut other.bytes);
    }
}

impl Column {
    fn new(kind: ColumnType) -> Self {
        let values = match kind {
            ColumnType::Text | ColumnType::Json => Values::Texts(Vec::new()),
            ColumnType::Integer | ColumnType::Time | ColumnType::LocalTime => Values::Longs(Vec::new()),
            ColumnType::Date => Values::Days(Vec::new()),
            ColumnType::Number => Values::Doubles(Vec::new()),
            ColumnType::Single => Values::Singles(Vec::new()),
            ColumnType::Boolean => Values::Booleans(Vec::new()),
        };
        Self { values, levels: Vec::new() }
    }

    /// Adds a cell, and returns the bytes that it takes.
    fn push(&mut self, cell: OutputCell<'_>, named: &OutputColumn) -> std::result::Result<usize, WriteError> {
        let (cell, OutputColumn { name, kind }) = (cell.finite(), named);
        let refused = || WriteError::Layout(format!("column {name:?} is {kind:?}, but a cell is {cell:?}"));
        self.push_typed(cell).ok_or_else(refused)
    }

    /// Adds a cell; none where it is not of the column's type.
    fn push_typed(&mut self, cell: OutputCell<'_>) -> Option<usize> {
        let mut bytes = CELL_BYTES;
        match (&mut self.values, cell) {
            (_, OutputCell::Missing) => {
                self.levels.push(0);
                return Some(size_of::<i16>());
            }
            (Values::Texts(values), OutputCell::Text(text)) => bytes = push_text(values, text),
            (Values::Texts(values), OutputCell::Json(value)) => bytes = push_text(values, &plain(value)),
            (Values::Longs(values), OutputCell::Integer(number)) => values.push(number),
            (Values::Longs(values), OutputCell::Time(moment)) => values.push(moment.as_microsecond()),
            (Values::Longs(values), OutputCell::LocalTime(time)) => {
                values.push(TimeZone::UTC.to_timestamp(time).ok()?.as_microsecond());
            }
            (Values::Days(values), OutputCell::Date(date)) => {
                let midnight = TimeZone::UTC.to_timestamp(date.into()).ok()?;
                values.push(i32::try_from(midnight.as_second().div_euclid(86_400)).ok()?);
            }
            (Values::Doubles(values), OutputCell::Number(number)) => values.push(number),
            // So that a whole number may stand among others.
            #[expect(clippy::cast_precision_loss, reason = "the column is of FP64")]
            (Values::Doubles(values), OutputCell::Integer(number)) => values.push(number as f64),
            (Values::Singles(values), OutputCell::Single(number)) => values.push(number),
            (Values::Booleans(values), OutputCell::Boolean(value)) => values.push(value),
            _ => return None,
        }
        self.levels.push(1);
        Some(bytes)
    }

    /// Writes the column's part of a group, and forgets it.
    fn write(&mut self, writer: &mut SerializedColumnWriter<'_>) -> Result<()> {
        match &mut self.values {
            Values::Texts(values) => write::<ByteArrayType>(writer, values, &self.levels)?,
            Values::Longs(values) => write::<Int64Type>(writer, values, &self.levels)?,
            Values::Days(values) => write::<Int32Type>(writer, values, &self.levels)?,
            Values::Doubles(values) => write::<DoubleType>(writer, values, &self.levels)?,
            Values::Singles(values) => write::<FloatType>(writer, values, &self.levels)?,
            Values::Booleans(values) => write::<BoolType>(writer, values, &self.levels)?,
        }
        self.levels.clear();
        Ok(())
    }
}

/// Adds a text, which shares the memory of the one before it where both are equal, and returns the bytes that it takes.
fn push_text(values: &mut Vec<ByteArray>, text: &str) -> usize {
    if let Some(last) = values.last().filter(|last| last.data() == text.as_bytes()) {
        values.push(last.clone());
        return TEXT_CELL_BYTES;
    }
    values.push(text.into());
    TEXT_CELL_BYTES + text.len()
}

fn write<T: DataType>(writer: &mut SerializedColumnWriter<'_>, values: &mut Vec<T::T>, levels: &[i16]) -> Result<()> {
    writer.typed::<T>().write_batch(values, Some(levels), None)?;
    values.clear();
    Ok(())
}

/// Writes groups.
pub(super) struct ParquetSink<W: Write + Send> {
    columns: Vec<OutputColumn>,
    writer: SerializedFileWriter<W>,
    group: ParquetBatch,
}

impl<W: Write + Send> fmt::Debug for ParquetSink<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ParquetSink").field("rows", &self.group.rows).finish_non_exhaustive()
    }
}

impl<W: Write + Send> ParquetSink<W> {
    pub(super) fn new(layout: &Layout, output: W) -> Result<Self> {
        let properties = WriterProperties::builder()
            .set_compression(Compression::SNAPPY)
            .set_dictionary_page_size_limit(DICTIONARY_BYTES)
            .build();
        let fields = layout.columns.iter().map(|column| field(column).map(Arc::new)).collect::<Result<_>>()?;
        let schema = Type::group_type_builder("table").with_fields(fields).build()?;
        let writer = SerializedFileWriter::new(output, Arc::new(schema), Arc::new(properties))?;
        Ok(Self { columns: layout.columns.clone(), writer, group: ParquetBatch::new(layout) })
    }

    /// Writes the rows of a batch, once there are enough for a group, and empties it.
    pub(super) fn write(&mut self, batch: &mut ParquetBatch) -> std::result::Result<(), WriteError> {
        if batch.rows > 0 && self.group.aside.is_empty() != batch.aside.is_empty() {
            self.write_group()?;
        }
        self.group.append(batch);
        let most_rows = if self.group.aside.is_empty() { GROUP_ROWS } else { ASIDE_GROUP_ROWS };
        if self.group.rows >= most_rows || self.group.bytes >= GROUP_BYTES { self.write_group() } else { Ok(()) }
    }

    /// Writes the rows of which columns are still to be read.
    pub(super) fn end_input(&mut self) -> std::result::Result<(), WriteError> {
        if self.group.aside.is_empty() { Ok(()) } else { self.write_group() }
    }

    pub(super) fn finish(mut self) -> std::result::Result<W, WriteError> {
        self.write_group()?;
        let mut output = self.writer.into_inner()?;
        output.flush()?;
        Ok(output)
    }

    /// Writes the rows that are gathered, if there are any.
    fn write_group(&mut self) -> std::result::Result<(), WriteError> {
        let ParquetBatch { columns, rows, bytes, aside } = &mut self.group;
        if *rows == 0 {
            return Ok(());
        }
        let own = columns.len() - aside.columns();
        let mut group = self.writer.next_row_group()?;
        for (place, (column, named)) in columns.iter_mut().zip(&self.columns).enumerate() {
            let mut writer =
                group.next_column()?.ok_or_else(|| ParquetError::General("a column is missing".to_owned()))?;
            match place.checked_sub(own) {
                None => column.write(&mut writer)?,
                Some(kept) => {
                    let mut column = Column::new(named.kind);
                    aside.read(kept, |cells| {
                        for cell in cells {
                            column.push(cell, named)?;
                        }
                        Ok::<_, WriteError>(column.write(&mut writer)?)
                    })?;
                }
            }
            writer.close()?;
        }
        group.close()?;
        (*rows, *bytes, *aside) = (0, 0, AsideRows::default());
        Ok(())
    }
}

fn field(column: &OutputColumn) -> Result<Type> {
    let (physical, logical) = match column.kind {
        ColumnType::Text | ColumnType::Json => (Physical::BYTE_ARRAY, Some(LogicalType::String)),
        ColumnType::Integer => (Physical::INT64, None),
        ColumnType::Number => (Physical::DOUBLE, None),
        ColumnType::Single => (Physical::FLOAT, None),
        ColumnType::Boolean => (Physical::BOOLEAN, None),
        ColumnType::Date => (Physical::INT32, Some(LogicalType::Date)),
        ColumnType::Time => (Physical::INT64, Some(LogicalType::timestamp(true, TimeUnit::MICROS))),
        ColumnType::LocalTime => (Physical::INT64, Some(LogicalType::timestamp(false, TimeUnit::MICROS))),
    };
    Type::primitive_type_builder(&column.name, physical)
        .with_repetition(Repetition::OPTIONAL)
        .with_logical_type(logical)
        .build()
}
