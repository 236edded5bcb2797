//! Records as rows of cells behind a header, in any order of columns.

mod delimiter;
mod limit;

use std::borrow::Cow;
use std::sync::Arc;

use ::csv::{ByteRecord, Position, ReaderBuilder};

use super::columns::{Selection, Slot, Slots};
use super::fault::shorten;
use super::output_cell::OutputCell;
use super::place::Place;
use super::read_error::ReadError;
use super::record::Draft;
use super::schema::{Column, Schema};
use super::source::Peek;
use delimiter::Delimiter;
use limit::Limited;

const BUFFER_BYTES: usize = 1 << 16;

/// What the rows of a file have in common.
#[derive(Debug)]
struct Header {
    columns: Vec<CsvColumn>,
    extras: usize,
    /// Lines that the reader is behind.
    behind: u64,
}

#[derive(Debug, Clone, Copy)]
enum CsvColumn {
    Field(Column),
    /// A number, of which the decimal point may be a comma.
    Decimal(Column),
    Extra,
    Skipped,
}

/// Reads rows.
pub(super) struct CsvReader {
    rows: ::csv::Reader<Limited>,
    header: Arc<Header>,
    extras: Vec<String>,
    has_decimal_comma: bool,
}

/// Some rows. Those that are read next take the memory of those that stood here.
#[derive(Debug, Default)]
pub(super) struct CsvRows {
    header: Option<Arc<Header>>,
    rows: Vec<ByteRecord>,
    /// Rows behind these are old.
    count: usize,
}

impl CsvReader {
    /// Finds the delimiter, and reads the header.
    pub(super) fn new(mut input: Peek, schema: &Schema, selection: Selection) -> Result<Self, ReadError> {
        let delimiter = Delimiter::find(&mut input, schema)?;
        let mut rows = ReaderBuilder::new()
            .flexible(true)
            .delimiter(delimiter.byte())
            .buffer_capacity(BUFFER_BYTES)
            .from_reader(Limited::new(input));
        let cells = rows.byte_headers()?.clone();
        if cells.is_empty() {
            return Err(ReadError::input("the input is empty: expected a header of columns"));
        }
        let names = names(&cells)?;
        let Slots { slots, extras } =
            Slots::new(&names, schema, selection).map_err(|error| say_json(error, names[0]))?;
        let is_decimal = |column: Column| delimiter.has_decimal_comma() && schema.fields()[column.field()].is_numeric();
        let columns = slots.into_iter().map(|slot| match slot {
            Slot::Field(column) if is_decimal(column) => CsvColumn::Decimal(column),
            Slot::Field(column) => CsvColumn::Field(column),
            Slot::Extra(_) => CsvColumn::Extra,
            Slot::Skipped => CsvColumn::Skipped,
        });
        let behind = lines_behind(&cells, rows.position());
        let header = Header { columns: columns.collect(), extras: extras.len(), behind };
        Ok(Self { rows, header: Arc::new(header), extras, has_decimal_comma: delimiter.has_decimal_comma() })
    }

    /// Says in which line the rows behind the header begin: they are a part of a file.
    pub(super) fn set_first_line(&mut self, line: u64) {
        let before = self.rows.position().line();
        if let Some(header) = Arc::get_mut(&mut self.header) {
            header.behind = line.saturating_sub(before);
        }
    }

    /// Returns where the next row begins: its byte, counted from the first of the text, and its line.
    pub(super) fn position(&self) -> (u64, u64) {
        let position = self.rows.position();
        (position.byte(), position.line() + self.header.behind)
    }

    /// Returns whether numbers may have a decimal comma.
    pub(super) fn has_decimal_comma(&self) -> bool {
        self.has_decimal_comma
    }

    /// Returns the names of the columns that are kept.
    pub(super) fn extras(&self) -> &[String] {
        &self.extras
    }

    /// Reads at most so many rows; tells whether there were any.
    pub(super) fn read(&mut self, chunk: &mut CsvRows, most: usize) -> Result<bool, ReadError> {
        if !chunk.header.as_ref().is_some_and(|header| Arc::ptr_eq(header, &self.header)) {
            chunk.header = Some(Arc::clone(&self.header));
        }
        chunk.count = 0;
        while chunk.count < most {
            if chunk.count == chunk.rows.len() {
                chunk.rows.push(ByteRecord::new());
            }
            if !self.read_row(&mut chunk.rows[chunk.count])? {
                break;
            }
            chunk.count += 1;
        }
        Ok(chunk.count > 0)
    }

    /// Reads a row in the place of another; tells whether there was one.
    pub(super) fn read_row(&mut self, row: &mut ByteRecord) -> Result<bool, ReadError> {
        self.rows.get_mut().begin_row();
        self.rows.read_byte_record(row).map_err(|error| {
            if self.rows.get_ref().is_exceeded() {
                let line = row.position().map_or(0, Position::line) + self.header.behind;
                return limit::too_long(line);
            }
            error.into()
        })
    }
}

impl CsvRows {
    pub(super) fn count(&self) -> usize {
        self.count
    }

    pub(super) fn place(&self, index: usize) -> Place {
        let behind = self.header.as_ref().map_or(0, |header| header.behind);
        Place::Line(self.rows[index].position().map_or(0, Position::line) + behind)
    }

    /// Puts the cells of a row into a draft.
    pub(super) fn fill(&self, index: usize, draft: &mut Draft<'_>) {
        let (row, Some(header)) = (&self.rows[index], &self.header) else { return };
        if row.len() != header.columns.len() {
            draft.refuse_record(format!("has {} cells, but the header has {}", row.len(), header.columns.len()));
            return;
        }
        // One look at the whole row: only where it is not UTF-8 does each cell need its own.
        let text = std::str::from_utf8(row.as_slice()).unwrap_or_default();
        for (place, &column) in header.columns.iter().enumerate() {
            let cell = row.range(place).and_then(|range| text.get(range));
            let cell = cell.or_else(|| std::str::from_utf8(row.get(place)?).ok());
            match (column, cell) {
                (CsvColumn::Field(column), Some(cell)) => draft.set_from_file(column, cell),
                (CsvColumn::Decimal(column), Some(cell)) => draft.set_from_file(column, &with_point(cell)),
                (CsvColumn::Field(column) | CsvColumn::Decimal(column), None) => draft.fault(column, NOT_UTF8),
                (CsvColumn::Extra, None) => draft.refuse_record(format!("column {} {NOT_UTF8}", place + 1)),
                (CsvColumn::Extra | CsvColumn::Skipped, _) => {}
            }
        }
    }

    /// Hands on the cells that are kept, in the order of their names.
    pub(super) fn extras<'a>(&'a self, index: usize, cells: &mut Vec<OutputCell<'a>>) {
        let Some(header) = self.header.as_ref().filter(|header| header.extras > 0) else { return };
        for (place, _) in header.columns.iter().enumerate().filter(|(_, column)| matches!(column, CsvColumn::Extra)) {
            let cell = self.rows[index].get(place).and_then(|cell| std::str::from_utf8(cell).ok()).unwrap_or_default();
            cells.push(if cell.is_empty() { OutputCell::Missing } else { OutputCell::Text(cell) });
        }
    }
}

const NOT_UTF8: &str = "is not UTF-8: save the file as UTF-8";

fn names(header: &ByteRecord) -> Result<Vec<&str>, ReadError> {
    let name = |(place, cell): (usize, _)| {
        std::str::from_utf8(cell).map_err(|_| format!("the name of column {} {NOT_UTF8}", place + 1))
    };
    let names: Vec<Result<&str, String>> = header.iter().enumerate().map(name).collect();
    let faults: Vec<String> = names.iter().filter_map(|name| name.as_ref().err().cloned()).collect();
    if !faults.is_empty() {
        return Err(ReadError::Header(faults));
    }
    if header.as_slice().contains(&0) {
        return Err(ReadError::input(
            "the input is no text: its first line holds NUL bytes, so name a file of a table",
        ));
    }
    Ok(names.into_iter().flatten().collect())
}

/// Says of a header that begins as JSON does what it seems to be.
fn say_json(error: ReadError, first: &str) -> ReadError {
    if first.trim_start().starts_with(['{', '[']) {
        return ReadError::input(format!(
            "the input is no CSV: it begins with {:?}, as JSON does, so name its format as json or ndjson",
            shorten(first)
        ));
    }
    error
}

/// Looks where a reader stands that has read the header: where lines end in CR and LF, it takes the LF for a part of the row that
/// follows, and would tell of each row that it stands a line higher.
fn lines_behind(header: &ByteRecord, reader: &Position) -> u64 {
    let first = header.position().map_or(1, Position::line);
    let breaks = header.as_slice().split(|byte| *byte == b'\n').skip(1).count() as u64;
    (first + breaks + 1).saturating_sub(reader.line())
}

/// Returns a number with a decimal comma as one with a point. Nothing is guessed of separators between thousands: `1.234,5` stays as it
/// is, and is then no number.
fn with_point(cell: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_digit() || b"+-eE ,".contains(&byte);
    if cell.bytes().filter(|byte| *byte == b',').count() == 1 && cell.bytes().all(is_plain) {
        return Cow::Owned(cell.replace(',', "."));
    }
    Cow::Borrowed(cell)
}
