//! Many columns that are read side by side, row by row. A page of each of them would be open, which is a megabyte with most programs; so their
//! rows are written anew first, column after column, into a file that has no name, with pages as small as the chunks that are read.

use std::fs::File;
use std::ops::Range;
use std::sync::Arc;

use ::parquet::basic::Compression;
use ::parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use ::parquet::data_type::{
    BoolType, ByteArrayType, DataType, DoubleType, FixedLenByteArrayType, FloatType, Int32Type, Int64Type, Int96Type,
};
use ::parquet::errors::Result;
use ::parquet::file::metadata::{ParquetMetaData, RowGroupMetaData};
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter};
use ::parquet::schema::types::Type;

use super::bounded::Bounded;
use super::{Column, caught, open_column, rows, skipped_to, too_few, values};
use crate::table::read_error::ReadError;
use crate::table::source::FileAccess;

/// Columns are read from their own pages where these take no more bytes than this, all together.
const MOST_OPEN_BYTES: u64 = 24 << 20;

/// A column has as much open, unless it has less.
const PAGE_BYTES: u64 = 1 << 20;

/// About as many bytes are written anew at a time: so much of the disk is needed.
const MOST_DISK_BYTES: u64 = 1 << 28;

/// So many rows make a page that is written anew.
const PAGE_ROWS: usize = 512;

/// Returns how many rows of a group are to be written anew at a time; none where it can be read as it is.
pub(super) fn rows_at_once(group: &RowGroupMetaData, columns: &[Column]) -> Option<usize> {
    let bytes = |column: &Column| u64::try_from(group.column(column.leaf).uncompressed_size()).unwrap_or_default();
    let open = columns.iter().map(|column| bytes(column).min(PAGE_BYTES)).sum::<u64>();
    if open <= MOST_OPEN_BYTES {
        return None;
    }
    let all = columns.iter().map(bytes).fold(0, u64::saturating_add);
    let most = u128::from(rows(group)) * u128::from(MOST_DISK_BYTES) / u128::from(all.max(1));
    Some(usize::try_from(most).unwrap_or(usize::MAX).max(PAGE_ROWS))
}

/// Writes rows of a group anew; returns the file, which goes with its last reader, and what it says of itself.
pub(super) fn write(
    file: &Arc<Bounded>,
    group: &RowGroupMetaData,
    columns: &[Column],
    rows: Range<usize>,
) -> std::result::Result<(Arc<Bounded>, ParquetMetaData), ReadError> {
    let disk = tempfile::tempfile().map_err(no_room)?;
    let mut writer = caught(|| new_writer(disk.try_clone()?, group, columns))?;
    let mut anew = caught(|| writer.next_row_group())?;
    for column in columns {
        let mut reader = caught(|| skipped_to(open_column(file, group, column.leaf, 1, None)?, rows.start))?;
        let mut output = caught(|| anew.next_column())?.ok_or_else(|| too_few(&column.name))?;
        if copy(&mut reader, &mut output, rows.len())? != rows.len() {
            return Err(too_few(&column.name));
        }
        output.close().map_err(no_room)?;
    }
    anew.close().map_err(no_room)?;
    let metadata = writer.finish().map_err(no_room)?;
    Ok((Arc::new(Bounded::new(FileAccess::share(disk)?)?), metadata))
}

fn new_writer(disk: File, group: &RowGroupMetaData, columns: &[Column]) -> Result<SerializedFileWriter<File>> {
    let fields = columns.iter().map(|column| group.column(column.leaf).column_descr().self_type_ptr()).collect();
    let schema = Type::group_type_builder("rows").with_fields(fields).build()?;
    let properties = WriterProperties::builder()
        .set_compression(Compression::SNAPPY)
        .set_dictionary_enabled(false)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .set_write_batch_size(PAGE_ROWS)
        .set_data_page_row_count_limit(PAGE_ROWS)
        .build();
    SerializedFileWriter::new(disk, Arc::new(schema), Arc::new(properties))
}

/// Copies rows of a column; returns how many there were.
fn copy(
    reader: &mut ColumnReader,
    writer: &mut SerializedColumnWriter<'_>,
    rows: usize,
) -> std::result::Result<usize, ReadError> {
    match reader {
        ColumnReader::BoolColumnReader(reader) => copy_typed::<BoolType>(reader, writer, rows),
        ColumnReader::Int32ColumnReader(reader) => copy_typed::<Int32Type>(reader, writer, rows),
        ColumnReader::Int64ColumnReader(reader) => copy_typed::<Int64Type>(reader, writer, rows),
        ColumnReader::Int96ColumnReader(reader) => copy_typed::<Int96Type>(reader, writer, rows),
        ColumnReader::FloatColumnReader(reader) => copy_typed::<FloatType>(reader, writer, rows),
        ColumnReader::DoubleColumnReader(reader) => copy_typed::<DoubleType>(reader, writer, rows),
        ColumnReader::ByteArrayColumnReader(reader) => copy_typed::<ByteArrayType>(reader, writer, rows),
        ColumnReader::FixedLenByteArrayColumnReader(reader) => {
            copy_typed::<FixedLenByteArrayType>(reader, writer, rows)
        }
    }
}

fn copy_typed<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    writer: &mut SerializedColumnWriter<'_>,
    rows: usize,
) -> std::result::Result<usize, ReadError> {
    let (mut levels, mut values, mut copied) = (Vec::new(), Vec::new(), 0);
    while copied < rows {
        let count = caught(|| values::read(reader, (rows - copied).min(PAGE_ROWS), &mut levels, &mut values))?;
        if count == 0 {
            break;
        }
        let levels = (!levels.is_empty()).then_some(&*levels);
        writer.typed::<T>().write_batch(&values, levels, None).map_err(no_room)?;
        copied += count;
    }
    Ok(copied)
}

/// Says that the disk does not take what is written anew.
fn no_room(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> ReadError {
    let folder = std::env::temp_dir();
    let detail = format!(
        "so many columns need {} MB for a while in {}: make room there, or let TMPDIR name another folder: {}",
        MOST_DISK_BYTES >> 20,
        folder.display(),
        error.into()
    );
    ReadError::input(detail)
}
