//! Records as rows of an Apache Parquet file, read group by group and column by column.

mod ahead;
mod anew;
mod aside;
mod bounded;
mod cell;
mod kind;
mod values;

use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use ::parquet::column::reader::{ColumnReader, get_column_reader};
use ::parquet::errors::ParquetError;
use ::parquet::file::metadata::{ParquetMetaData, ParquetMetaDataReader, RowGroupMetaData};
use ::parquet::file::serialized_reader::SerializedPageReader;
use ::parquet::schema::types::ColumnDescriptor;

use super::columns::{Selection, Slot, Slots};
use super::output_cell::{OutputCell, OutputColumn};
use super::place::Place;
use super::read_error::ReadError;
use super::record::Draft;
use super::schema::Schema;
use super::source::RandomAccess;
use ahead::{ColumnBytes, GroupBytes};
use aside::Aside;
pub(super) use aside::{AsideRow, AsideRows};
use bounded::{Bounded, Unread};
use kind::Kind;
use values::Values;

/// A chunk of a wide table has fewer rows, so that it has no more cells than this.
const CHUNK_CELLS: usize = 1 << 16;

/// Reads rows.
pub(super) struct ParquetReader {
    file: Arc<Bounded>,
    metadata: Arc<ParquetMetaData>,
    columns: Arc<[Column]>,
    extras: Vec<OutputColumn>,
    /// The columns that are kept, where they are not read with the others.
    aside: Option<Arc<Aside>>,
    /// The rows that are read.
    span: Range<u64>,
    /// The next group of rows, and its first row.
    group: usize,
    group_start: u64,
    /// The rows of the group that are read, but for those that are open.
    unopened: Range<usize>,
    /// The columns of the rows that are open, and how many of these are left.
    readers: Vec<ColumnReader>,
    left: usize,
    /// The next row.
    row: u64,
}

/// A column that is read.
#[derive(Debug, Clone)]
struct Column {
    /// Its place in the file.
    leaf: usize,
    name: Box<str>,
    slot: Slot,
    kind: Kind,
    is_optional: bool,
}

/// Some rows, column by column. Those that are read next take the memory of those that stood here.
#[derive(Debug, Default)]
pub(super) struct ParquetRows {
    columns: Option<Arc<[Column]>>,
    values: Vec<Values>,
    /// Rows before these.
    before: u64,
    count: usize,
    /// What is read later of them, with their group and the place of the first of them there.
    aside: Option<(Arc<Aside>, usize, usize)>,
}

impl ParquetReader {
    /// Reads what a file says of its columns.
    pub(super) fn new(file: Arc<dyn RandomAccess>, schema: &Schema, selection: Selection) -> Result<Self, ReadError> {
        let file = Arc::new(Bounded::new(file)?);
        let metadata = caught(|| ParquetMetaDataReader::new().parse_and_finish(&*file))?;
        let (columns, extras) = columns(&metadata, schema, selection)?;
        Ok(Self {
            file,
            columns: columns.into(),
            extras,
            span: 0..metadata.row_groups().iter().map(rows).sum(),
            metadata: Arc::new(metadata),
            aside: None,
            group: 0,
            group_start: 0,
            unopened: 0..0,
            readers: Vec::new(),
            left: 0,
            row: 0,
        })
    }

    /// Says which rows are read, before any was.
    pub(super) fn set_rows(&mut self, span: Range<u64>) -> Result<(), ReadError> {
        let Range { start, end } = span;
        if start > end || end > self.span.end {
            return Err(ReadError::input(format!(
                "the Parquet file has {} rows, but rows {} to {end} are asked for",
                self.span.end,
                start + 1,
            )));
        }
        self.span = span;
        Ok(())
    }

    /// Returns the number of rows of each group.
    pub(super) fn groups(&self) -> Vec<u64> {
        self.metadata.row_groups().iter().map(rows).collect()
    }

    /// Returns the columns that are kept.
    pub(super) fn extras(&self) -> &[OutputColumn] {
        &self.extras
    }

    /// Reads the columns that are kept only when they are written, each by itself, unless they are small.
    pub(super) fn set_aside(&mut self) {
        let is_kept = |column: &&Column| matches!(column.slot, Slot::Extra(_));
        let kept = self.columns.iter().filter(is_kept).cloned().collect();
        if let Some(aside) = Aside::new(&self.file, &self.metadata, kept) {
            self.columns = self.columns.iter().filter(|column| !is_kept(column)).cloned().collect();
            self.aside = Some(Arc::new(aside));
        }
    }

    /// Reads at most so many rows; tells whether there were any.
    pub(super) fn read(&mut self, chunk: &mut ParquetRows, most: usize) -> Result<bool, ReadError> {
        while self.left == 0 {
            if !self.unopened.is_empty() {
                self.open_rows()?;
            } else if self.group == self.metadata.num_row_groups() || self.group_start >= self.span.end {
                chunk.count = 0;
                return Ok(false);
            } else {
                self.begin_group()?;
            }
        }
        let count = self.left.min(most).min((CHUNK_CELLS / self.columns.len().max(1)).max(1));
        chunk.prepare(&self.columns);
        for ((column, reader), values) in self.columns.iter().zip(&mut self.readers).zip(&mut chunk.values) {
            let read = caught(|| values.read(reader, column.is_optional, count))?;
            if read != count {
                return Err(too_few(&column.name));
            }
        }
        (chunk.before, chunk.count) = (self.row, count);
        let first = self.unopened.start - self.left;
        chunk.aside = self.aside.as_ref().map(|aside| (Arc::clone(aside), self.group - 1, first));
        self.left -= count;
        self.row += count as u64;
        Ok(true)
    }

    /// Begins the next group, unless all rows that are read are behind it.
    fn begin_group(&mut self) -> Result<(), ReadError> {
        let group = self.metadata.row_group(self.group);
        let start = self.group_start;
        let end = start + rows(group);
        (self.group, self.group_start) = (self.group + 1, end);
        let wanted = start.max(self.span.start)..end.min(self.span.end);
        if wanted.is_empty() {
            return Ok(());
        }
        let count = |rows: u64| usize::try_from(rows).map_err(|_| ReadError::input("the Parquet file is too large"));
        self.unopened = count(wanted.start - start)?..count(wanted.end - start)?;
        self.row = wanted.start;
        Ok(())
    }

    /// Opens the columns of the group's next rows: of all, or of some where a page of each column would be too much.
    fn open_rows(&mut self) -> Result<(), ReadError> {
        self.readers.clear();
        let (group, columns) = (self.metadata.row_group(self.group - 1), &self.columns);
        let Range { start, end } = self.unopened;
        let most = anew::rows_at_once(group, columns);
        let rows = start..most.map_or(end, |most| end.min(start.saturating_add(most)));
        self.readers = if most.is_some() {
            let (file, metadata) = anew::write(&self.file, group, columns, rows.clone())?;
            let group = metadata.row_group(0);
            let readers = (0..columns.len()).map(|leaf| open_column(&file, group, leaf, columns.len(), None));
            caught(|| readers.collect())?
        } else {
            let ranges = columns.iter().map(|column| group.column(column.leaf).byte_range());
            let bytes = caught(|| GroupBytes::read(&self.file, ranges))?;
            let open = |column: &Column| {
                let reader = open_column(&self.file, group, column.leaf, columns.len(), bytes.as_ref())?;
                skipped_to(reader, start)
            };
            caught(|| columns.iter().map(open).collect())?
        };
        (self.unopened.start, self.left) = (rows.end, rows.len());
        Ok(())
    }
}

/// Begins to read a column of a group, one of so many that are read side by side.
fn open_column(
    file: &Arc<Bounded>,
    group: &RowGroupMetaData,
    leaf: usize,
    columns: usize,
    bytes: Option<&GroupBytes>,
) -> Result<ColumnReader, ParquetError> {
    let column = group.column(leaf);
    let bytes = ColumnBytes::new(file, column, columns, bytes);
    let rows = usize::try_from(group.num_rows())?;
    let pages = SerializedPageReader::new(Arc::new(bytes), column, rows, None)?;
    Ok(get_column_reader(column.column_descr_ptr(), Box::new(pages)))
}

/// Passes over the rows of a column that stand before some others.
fn skipped_to(mut reader: ColumnReader, row: usize) -> Result<ColumnReader, ParquetError> {
    if row > 0 && values::skip(&mut reader, row)? != row {
        return Err(ParquetError::General("a column has fewer values than there are rows".to_owned()));
    }
    Ok(reader)
}

fn too_few(column: &str) -> ReadError {
    let said = format!("the Parquet file is damaged: column {column:?} has fewer values than there are rows");
    ReadError::input(said)
}

/// Returns the number of rows of a group.
fn rows(group: &RowGroupMetaData) -> u64 {
    u64::try_from(group.num_rows()).unwrap_or_default()
}

/// Reads a part of a file; the crate panics on some that are damaged.
fn caught<T>(read: impl FnOnce() -> Result<T, ParquetError>) -> Result<T, ReadError> {
    let read = catch_unwind(AssertUnwindSafe(read));
    let read = read.unwrap_or_else(|_| Err(ParquetError::General("its parts contradict each other".to_owned())));
    read.map_err(|error| match Unread::find(error) {
        Ok(error) => error.into(),
        Err(error) => ReadError::input(format!("the Parquet file is damaged, or of a kind that is not read: {error}")),
    })
}

/// Finds what each column holds. Of those that are not read, nothing is asked.
fn columns(
    metadata: &ParquetMetaData,
    schema: &Schema,
    selection: Selection,
) -> Result<(Vec<Column>, Vec<OutputColumn>), ReadError> {
    let descriptor = metadata.file_metadata().schema_descr();
    // A nested column has several leaves: each of them is a place, and their name is that of the root.
    let leaves = descriptor.columns();
    let mut roots: Vec<usize> = (0..leaves.len()).map(|leaf| descriptor.get_column_root_idx(leaf)).collect();
    roots.dedup();
    let first_leaves: Vec<usize> = roots
        .iter()
        .filter_map(|root| (0..leaves.len()).find(|leaf| descriptor.get_column_root_idx(*leaf) == *root))
        .collect();
    let names: Vec<&str> = first_leaves.iter().map(|leaf| descriptor.get_column_root(*leaf).name()).collect();
    let Slots { slots, .. } = Slots::new(&names, schema, selection)?;
    let (mut columns, mut extras, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    for ((leaf, slot), name) in first_leaves.into_iter().zip(slots).zip(names) {
        if slot == Slot::Skipped {
            continue;
        }
        match kind_of(&leaves[leaf]) {
            Ok(kind) => {
                if let Slot::Extra(_) = slot {
                    extras.push(OutputColumn::new(name, kind.written()));
                }
                let is_optional = leaves[leaf].max_def_level() > 0;
                columns.push(Column { leaf, name: name.into(), slot, kind, is_optional });
            }
            Err(detail) => faults.push(format!("column {name:?} {detail}")),
        }
    }
    if faults.is_empty() { Ok((columns, extras)) } else { Err(ReadError::Header(faults)) }
}

fn kind_of(leaf: &ColumnDescriptor) -> Result<Kind, String> {
    if leaf.path().parts().len() > 1 || leaf.max_rep_level() > 0 || leaf.max_def_level() > 1 {
        return Err("is nested: give each of its values a column of its own, or leave it out".to_owned());
    }
    Kind::of(leaf)
}

impl ParquetRows {
    fn prepare(&mut self, columns: &Arc<[Column]>) {
        if !self.columns.as_ref().is_some_and(|own| Arc::ptr_eq(own, columns)) {
            self.columns = Some(Arc::clone(columns));
            self.values = columns.iter().map(|column| Values::new(column.kind)).collect();
        }
        self.count = 0;
    }

    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn place(&self, index: usize) -> Place {
        Place::Row(self.before + index as u64 + 1)
    }

    /// Returns what is read later of a row.
    pub(super) fn aside(&self, index: usize) -> Option<AsideRow<'_>> {
        let (aside, group, first) = self.aside.as_ref()?;
        Some(AsideRow { aside, group: *group, row: first + index })
    }

    /// Puts the cells of a row into a draft.
    pub(super) fn fill(&self, index: usize, draft: &mut Draft<'_>) {
        for (column, values) in self.columns.iter().flat_map(|columns| columns.iter()).zip(&self.values) {
            if let Slot::Field(field) = column.slot {
                values.get(index, column.kind).put(field, draft);
            }
        }
    }

    /// Hands on the cells that are kept, in the order of their names.
    pub(super) fn extras<'a>(&'a self, index: usize, cells: &mut Vec<OutputCell<'a>>) {
        for (column, values) in self.columns.iter().flat_map(|columns| columns.iter()).zip(&self.values) {
            if let Slot::Extra(_) = column.slot {
                cells.push(values.get(index, column.kind).written());
            }
        }
    }
}
