//! Reads the records of a source, whatever its format, in chunks that several threads can work on.

use std::ops::Range;
use std::sync::Arc;

use super::chunk::{Chunk, Row, Rows};
use super::columns::{ExtraColumns, Selection};
use super::csv::{CsvReader, CsvRows};
use super::format::Format;
use super::json_rows::{JsonReader, JsonRows};
use super::output_cell::{ColumnType, OutputColumn};
use super::parquet::{ParquetReader, ParquetRows};
use super::read_error::ReadError;
use super::schema::Schema;
use super::source::{Content, Peek, RandomAccess, Source, skip_mark};

/// Records that make a chunk.
const CHUNK_RECORDS: usize = 1024;

/// As many bytes are looked at to tell an object a line from one that has several lines.
const SNIFFED_BYTES: usize = 1 << 16;

/// How a source is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Options {
    /// The format, whatever the source's name or its first bytes say.
    pub format: Option<Format>,
    /// Which columns are read.
    pub selection: Selection,
    /// Which part of the file is read.
    pub span: Span,
    /// With columns that are kept, the members of JSON that are, where they are known beforehand; else the first records tell. Files of
    /// other formats say in their header what there is to keep.
    pub members: Option<Arc<[String]>>,
}

/// A part of a file, as [`super::cutting`] finds it. A record is told by its place in the whole file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Span {
    /// All of it.
    #[default]
    Whole,
    /// Whole records of CSV or NDJSON: the source has the header of the file, and behind it these records alone, as plain text.
    Lines {
        /// The line of the file in which they begin, the first being 1.
        first_line: u64,
    },
    /// These rows of a Parquet file, the first being 0. Groups that have none of them are not touched.
    Rows(Range<u64>),
}

/// Reads the records of a source.
pub struct Reader {
    input: Input,
    format: Format,
    extras: Vec<OutputColumn>,
    /// Records that were read to learn their extra members, and not handed out yet.
    first: Option<Chunk>,
}

pub(super) enum Input {
    Csv(Box<CsvReader>),
    Json(JsonReader),
    Parquet(Box<ParquetReader>),
}

impl Reader {
    /// Unpacks a source, finds its format and reads its header.
    pub fn open(source: Source, schema: &Schema, options: &Options) -> Result<Self, ReadError> {
        let declared = options.format.or(source.named_format());
        let (mut input, format) = match &options.span {
            Span::Whole => match source.unpack()? {
                Content::Parquet(file) => open_parquet(file, declared, schema, options)?,
                Content::Text(text) => open_text(text, declared, schema, options)?,
            },
            Span::Lines { first_line } => {
                let (mut input, format) = open_part(source, declared, schema, options)?;
                input.set_first_line(*first_line);
                (input, format)
            }
            Span::Rows(_) => open_parquet(source.parquet()?, declared, schema, options)?,
        };
        let keeps = options.selection.extra_columns == ExtraColumns::Keep;
        if let (Input::Json(json), Some(members), true) = (&mut input, &options.members, keeps) {
            json.keep(members);
        }
        let mut reader = Self { extras: input.extras(), input, format, first: None };
        if keeps && options.members.is_none() {
            reader.learn_members(schema)?;
        }
        Ok(reader)
    }

    /// Returns the format that is read.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Returns the columns that are kept beside the fields: of JSON, the members that the first records have.
    pub fn extra_columns(&self) -> &[OutputColumn] {
        &self.extras
    }

    /// Says in which format the columns that are kept are written. From Parquet to Parquet they go one by one, when [`super::Batch`]es are
    /// written, and rows do not have their cells.
    pub fn set_aside(&mut self, output: Format) {
        if let (Input::Parquet(parquet), Format::Parquet) = (&mut self.input, output) {
            parquet.set_aside();
        }
    }

    /// Returns whether numbers may have a decimal comma.
    pub(super) fn has_decimal_comma(&self) -> bool {
        matches!(&self.input, Input::Csv(csv) if csv.has_decimal_comma())
    }

    /// Fills a chunk with the next records; tells whether there were any.
    pub fn next_chunk(&mut self, chunk: &mut Chunk) -> Result<bool, ReadError> {
        match self.first.take() {
            Some(first) => {
                *chunk = first;
                Ok(!chunk.is_empty())
            }
            None => self.input.read(chunk),
        }
    }

    /// Calls for each record, in the order of the input, up to a first failure.
    pub fn for_each<E: From<ReadError>>(mut self, mut call: impl FnMut(Row<'_>) -> Result<(), E>) -> Result<(), E> {
        let mut chunk = Chunk::default();
        while self.next_chunk(&mut chunk)? {
            chunk.rows().try_for_each(&mut call)?;
        }
        Ok(())
    }

    /// Reads the first records of JSON: what else than fields they have is not said before.
    fn learn_members(&mut self, schema: &Schema) -> Result<(), ReadError> {
        if let Input::Json(json) = &mut self.input {
            let mut rows = JsonRows::default();
            json.read(&mut rows, CHUNK_RECORDS)?;
            json.keep_extras_of(&mut rows, schema);
            self.first = Some(Chunk(Rows::Json(rows)));
            self.extras = self.input.extras();
        }
        Ok(())
    }
}

impl Input {
    /// Says in which line the records behind the header begin.
    pub(super) fn set_first_line(&mut self, line: u64) {
        match self {
            Self::Csv(csv) => csv.set_first_line(line),
            Self::Json(json) => json.set_first_line(line),
            Self::Parquet(_) => {}
        }
    }

    fn extras(&self) -> Vec<OutputColumn> {
        let all = |names: &[String], kind| names.iter().map(|name| OutputColumn::new(name, kind)).collect();
        match self {
            Self::Csv(csv) => all(csv.extras(), ColumnType::Text),
            Self::Json(json) => all(json.extras(), ColumnType::Json),
            Self::Parquet(parquet) => parquet.extras().to_vec(),
        }
    }

    /// Fills a chunk, in its own memory where it held records of the same format.
    fn read(&mut self, chunk: &mut Chunk) -> Result<bool, ReadError> {
        let old = std::mem::take(&mut chunk.0);
        match self {
            Self::Csv(csv) => {
                let mut rows = if let Rows::Csv(rows) = old { rows } else { CsvRows::default() };
                let read = csv.read(&mut rows, CHUNK_RECORDS);
                chunk.0 = Rows::Csv(rows);
                read
            }
            Self::Json(json) => {
                let mut rows = if let Rows::Json(rows) = old { rows } else { JsonRows::default() };
                let read = json.read(&mut rows, CHUNK_RECORDS);
                chunk.0 = Rows::Json(rows);
                read
            }
            Self::Parquet(parquet) => {
                let mut rows = if let Rows::Parquet(rows) = old { rows } else { ParquetRows::default() };
                let read = parquet.read(&mut rows, CHUNK_RECORDS);
                chunk.0 = Rows::Parquet(rows);
                read
            }
        }
    }
}

/// Opens a Parquet file, unless it is said to be something else.
fn open_parquet(
    file: Arc<dyn RandomAccess>,
    declared: Option<Format>,
    schema: &Schema,
    options: &Options,
) -> Result<(Input, Format), ReadError> {
    check_is_parquet(declared)?;
    let mut reader = ParquetReader::new(file, schema, options.selection)?;
    if let Span::Rows(rows) = &options.span {
        reader.set_rows(rows.clone())?;
    }
    Ok((Input::Parquet(Box::new(reader)), Format::Parquet))
}

/// Refuses a Parquet file that is said to be something else.
pub(super) fn check_is_parquet(declared: Option<Format>) -> Result<(), ReadError> {
    match declared {
        None | Some(Format::Parquet) => Ok(()),
        Some(declared) => Err(ReadError::input(format!(
            "the input is Parquet, but is said to be {declared}: name its format as parquet"
        ))),
    }
}

/// Opens text in UTF-8, of the format that it is said to be, or else that its beginning tells.
pub(super) fn open_text(
    mut text: Peek,
    declared: Option<Format>,
    schema: &Schema,
    options: &Options,
) -> Result<(Input, Format), ReadError> {
    let start = text.fill(SNIFFED_BYTES)?;
    let (format, selection) = (declared.unwrap_or_else(|| sniff(start)), options.selection);
    let input = match format {
        Format::Json => Input::Json(JsonReader::of_elements(text, schema, selection)),
        Format::Ndjson => Input::Json(JsonReader::of_lines(text, schema, selection)),
        Format::Csv => Input::Csv(Box::new(CsvReader::new(text, schema, selection)?)),
        Format::Parquet => {
            return Err(ReadError::input(
                "the input is said to be Parquet, but does not begin as such a file does: name its own format",
            ));
        }
    };
    Ok((input, format))
}

/// Opens a part of a text: the header, which may have a byte-order mark, and whole records.
pub(super) fn open_part(
    source: Source,
    declared: Option<Format>,
    schema: &Schema,
    options: &Options,
) -> Result<(Input, Format), ReadError> {
    let mut text = source.part_of_text();
    match declared {
        Some(Format::Csv) => skip_mark(&mut text)?,
        Some(Format::Ndjson) => {}
        _ => return Err(ReadError::input("a part of a text can be read of CSV and NDJSON: name which of both it is")),
    }
    open_text(text, declared, schema, options)
}

/// Tells the format of text by its beginning.
fn sniff(start: &[u8]) -> Format {
    let start = start.trim_ascii_start();
    match start.first() {
        Some(b'[') => Format::Json,
        Some(b'{') => {
            let first = start.split(|byte| *byte == b'\n').next().unwrap_or_default();
            let is_whole = serde_json::from_slice::<serde::de::IgnoredAny>(first).is_ok();
            if is_whole { Format::Ndjson } else { Format::Json }
        }
        _ => Format::Csv,
    }
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("format", &self.format).field("extras", &self.extras).finish_non_exhaustive()
    }
}
