//! Columns that are only carried along. Each is read by itself once it is written, so that one of them is open at a time: side by side, each
//! of them would hold a page.

use std::fmt;
use std::ops::Range;
use std::sync::Arc;

use ::parquet::file::metadata::ParquetMetaData;

use super::bounded::Bounded;
use super::values::{self, Values};
use super::{Column, caught, open_column, too_few};
use crate::table::output_cell::OutputCell;
use crate::table::read_error::ReadError;

/// Columns that have fewer bytes than this are read with the others: what they hold is no more than that, and a file need not be kept open.
const LEAST_BYTES: i64 = 8 << 20;

/// So many values of a column are held at once.
const READ_ROWS: usize = 1024;

/// The columns of a file that are carried along.
pub(in crate::table) struct Aside {
    file: Arc<Bounded>,
    metadata: Arc<ParquetMetaData>,
    columns: Vec<Column>,
}

/// A row whose columns are read later, by its group and its place there.
#[derive(Debug, Clone, Copy)]
pub(in crate::table) struct AsideRow<'a> {
    pub(super) aside: &'a Arc<Aside>,
    pub(super) group: usize,
    pub(super) row: usize,
}

/// Rows whose columns are read later, in the order of the output.
#[derive(Debug, Default)]
pub(in crate::table) struct AsideRows {
    groups: Vec<GroupRows>,
}

#[derive(Debug)]
struct GroupRows {
    aside: Arc<Aside>,
    group: usize,
    /// Ranges that do not touch each other.
    rows: Vec<Range<usize>>,
}

impl Aside {
    /// Takes columns of a file, unless they are so small that they are no matter.
    pub(super) fn new(file: &Arc<Bounded>, metadata: &Arc<ParquetMetaData>, columns: Vec<Column>) -> Option<Self> {
        let groups = metadata.row_groups().iter();
        let bytes = groups.flat_map(|group| columns.iter().map(|column| group.column(column.leaf).uncompressed_size()));
        let is_small = bytes.fold(0, i64::saturating_add) < LEAST_BYTES;
        (!is_small).then(|| Self { file: Arc::clone(file), metadata: Arc::clone(metadata), columns })
    }
}

impl AsideRow<'_> {
    /// Returns the number of columns that are read later.
    pub(in crate::table) fn columns(self) -> usize {
        self.aside.columns.len()
    }
}

impl AsideRows {
    /// Returns whether there is no row.
    pub(in crate::table) fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Returns the number of columns that are read later.
    pub(in crate::table) fn columns(&self) -> usize {
        self.groups.first().map_or(0, |group| group.aside.columns.len())
    }

    /// Adds a row behind the others.
    pub(in crate::table) fn push(&mut self, row: AsideRow<'_>) {
        let AsideRow { aside, group, row } = row;
        self.add(aside, group, row..row + 1);
    }

    /// Takes the rows of others, which are none then.
    pub(in crate::table) fn append(&mut self, others: &mut Self) {
        for GroupRows { aside, group, rows } in others.groups.drain(..) {
            for range in rows {
                self.add(&aside, group, range);
            }
        }
    }

    fn add(&mut self, aside: &Arc<Aside>, group: usize, rows: Range<usize>) {
        match self.groups.last_mut() {
            Some(last) if last.group == group && Arc::ptr_eq(&last.aside, aside) => match last.rows.last_mut() {
                Some(before) if before.end == rows.start => before.end = rows.end,
                _ => last.rows.push(rows),
            },
            _ => self.groups.push(GroupRows { aside: Arc::clone(aside), group, rows: vec![rows] }),
        }
    }

    /// Reads one column, and hands its cells on, some rows at a time.
    pub(in crate::table) fn read<E: From<ReadError>>(
        &self,
        column: usize,
        mut take: impl FnMut(&mut dyn Iterator<Item = OutputCell<'_>>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.groups.iter().try_for_each(|group| group.read(column, &mut take))
    }
}

impl GroupRows {
    fn read<E: From<ReadError>>(
        &self,
        column: usize,
        take: &mut impl FnMut(&mut dyn Iterator<Item = OutputCell<'_>>) -> Result<(), E>,
    ) -> Result<(), E> {
        let Aside { file, metadata, columns } = &*self.aside;
        let (group, column) = (metadata.row_group(self.group), &columns[column]);
        let mut reader = caught(|| open_column(file, group, column.leaf, 1, None))?;
        let (mut values, mut next) = (Values::new(column.kind), 0);
        for rows in &self.rows {
            let gap = rows.start - next;
            if gap > 0 && caught(|| values::skip(&mut reader, gap))? != gap {
                return Err(too_few(&column.name).into());
            }
            next = rows.start;
            while next < rows.end {
                let count = (rows.end - next).min(READ_ROWS);
                if caught(|| values.read(&mut reader, column.is_optional, count))? != count {
                    return Err(too_few(&column.name).into());
                }
                take(&mut (0..count).map(|row| values.get(row, column.kind).written()))?;
                next += count;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for Aside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aside").field("columns", &self.columns).finish_non_exhaustive()
    }
}
