//! The values of some rows of a column, as the file has them.

use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::{ByteArray, DataType, FixedLenByteArray, Int96};
use ::parquet::errors::{ParquetError, Result};

use super::cell::ParquetCell;
use super::kind::Kind;

/// The values of some rows.
#[derive(Debug)]
pub(super) struct Values {
    stored: Stored,
    levels: Vec<i16>,
    /// For each row the place of its value, where the column may miss some; [`MISSING`] where it does.
    places: Option<Vec<u32>>,
}

const MISSING: u32 = u32::MAX;

#[derive(Debug)]
enum Stored {
    Booleans(Vec<bool>),
    Shorts(Vec<i32>),
    Longs(Vec<i64>),
    Singles(Vec<f32>),
    Doubles(Vec<f64>),
    Bytes(Vec<ByteArray>),
    Fixed(Vec<FixedLenByteArray>),
    Old(Vec<Int96>),
}

impl Values {
    pub(super) fn new(kind: Kind) -> Self {
        let stored = match kind {
            Kind::Boolean => Stored::Booleans(Vec::new()),
            Kind::Short | Kind::UnsignedShort | Kind::Date | Kind::ShortDecimal(_) => Stored::Shorts(Vec::new()),
            Kind::Long | Kind::UnsignedLong | Kind::Timestamp(..) | Kind::LongDecimal(_) => Stored::Longs(Vec::new()),
            Kind::Single => Stored::Singles(Vec::new()),
            Kind::Double => Stored::Doubles(Vec::new()),
            Kind::Text | Kind::BytesDecimal(_) => Stored::Bytes(Vec::new()),
            Kind::FixedDecimal(_) => Stored::Fixed(Vec::new()),
            Kind::OldTimestamp => Stored::Old(Vec::new()),
        };
        Self { stored, levels: Vec::new(), places: None }
    }

    /// Reads the next rows in the place of those that stood here; returns how many there were.
    pub(super) fn read(&mut self, reader: &mut ColumnReader, is_optional: bool, rows: usize) -> Result<usize> {
        let levels = &mut self.levels;
        let count = match (&mut self.stored, reader) {
            (Stored::Booleans(values), ColumnReader::BoolColumnReader(reader)) => read(reader, rows, levels, values),
            (Stored::Shorts(values), ColumnReader::Int32ColumnReader(reader)) => read(reader, rows, levels, values),
            (Stored::Longs(values), ColumnReader::Int64ColumnReader(reader)) => read(reader, rows, levels, values),
            (Stored::Singles(values), ColumnReader::FloatColumnReader(reader)) => read(reader, rows, levels, values),
            (Stored::Doubles(values), ColumnReader::DoubleColumnReader(reader)) => read(reader, rows, levels, values),
            (Stored::Bytes(values), ColumnReader::ByteArrayColumnReader(reader)) => read(reader, rows, levels, values),
            (Stored::Fixed(values), ColumnReader::FixedLenByteArrayColumnReader(reader)) => {
                read(reader, rows, levels, values)
            }
            (Stored::Old(values), ColumnReader::Int96ColumnReader(reader)) => read(reader, rows, levels, values),
            _ => Err(ParquetError::General("a column is not of the type that it says".to_owned())),
        }?;
        self.find_places(is_optional);
        Ok(count)
    }

    fn find_places(&mut self, is_optional: bool) {
        if !is_optional {
            self.places = None;
            return;
        }
        let places = self.places.get_or_insert_default();
        places.clear();
        let mut next = 0;
        places.extend(self.levels.iter().map(|level| {
            if *level == 0 {
                return MISSING;
            }
            next += 1;
            next - 1
        }));
    }

    /// Returns a row's cell.
    pub(super) fn get(&self, row: usize, kind: Kind) -> ParquetCell<'_> {
        let place = match &self.places {
            None => row,
            Some(places) => match places[row] {
                MISSING => return ParquetCell::Missing,
                place => place as usize,
            },
        };
        match &self.stored {
            Stored::Booleans(values) => ParquetCell::Boolean(values[place]),
            Stored::Shorts(values) => ParquetCell::from_short(values[place], kind),
            Stored::Longs(values) => ParquetCell::from_long(values[place], kind),
            Stored::Singles(values) => ParquetCell::Single(values[place]),
            Stored::Doubles(values) => ParquetCell::Double(values[place]),
            Stored::Bytes(values) => ParquetCell::from_bytes(values[place].data(), kind),
            Stored::Fixed(values) => ParquetCell::from_bytes(values[place].data(), kind),
            Stored::Old(values) => ParquetCell::from_old(values[place]),
        }
    }
}

/// Reads whole rows in the place of those that stood there; returns how many there were.
pub(super) fn read<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    rows: usize,
    levels: &mut Vec<i16>,
    values: &mut Vec<T::T>,
) -> Result<usize> {
    levels.clear();
    values.clear();
    reader.read_records(rows, Some(levels), None, values).map(|(rows, _, _)| rows)
}

/// Passes over rows; returns how many there were.
pub(super) fn skip(reader: &mut ColumnReader, rows: usize) -> Result<usize> {
    match reader {
        ColumnReader::BoolColumnReader(reader) => reader.skip_records(rows),
        ColumnReader::Int32ColumnReader(reader) => reader.skip_records(rows),
        ColumnReader::Int64ColumnReader(reader) => reader.skip_records(rows),
        ColumnReader::Int96ColumnReader(reader) => reader.skip_records(rows),
        ColumnReader::FloatColumnReader(reader) => reader.skip_records(rows),
        ColumnReader::DoubleColumnReader(reader) => reader.skip_records(rows),
        ColumnReader::ByteArrayColumnReader(reader) => reader.skip_records(rows),
        ColumnReader::FixedLenByteArrayColumnReader(reader) => reader.skip_records(rows),
    }
}
