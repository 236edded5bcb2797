//! Reads the records of a source, whatever its format, in chunks that several threads can work on.

use super::chunk::{Chunk, Row, Rows};
use super::columns::{ExtraColumns, Selection};
use super::csv::{CsvReader, CsvRows};
use super::format::Format;
use super::json_rows::{JsonReader, JsonRows};
use super::output_cell::{ColumnType, OutputColumn};
use super::parquet::{ParquetReader, ParquetRows};
use super::read_error::ReadError;
use super::schema::Schema;
use super::source::{Content, Peek, Source};

/// Records that make a chunk.
const CHUNK_RECORDS: usize = 1024;

/// As many bytes are looked at to tell an object a line from one that has several lines.
const SNIFFED_BYTES: usize = 1 << 16;

/// How a source is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Options {
    /// The format, whatever the source's name or its first bytes say.
    pub format: Option<Format>,
    /// Which columns are read.
    pub selection: Selection,
}

/// Reads the records of a source.
pub struct Reader {
    input: Input,
    format: Format,
    extras: Vec<OutputColumn>,
    /// Records that were read to learn their extra members, and not handed out yet.
    first: Option<Chunk>,
}

enum Input {
    Csv(Box<CsvReader>),
    Json(JsonReader),
    Parquet(Box<ParquetReader>),
}

impl Reader {
    /// Unpacks a source, finds its format and reads its header.
    pub fn open(source: Source, schema: &Schema, options: &Options) -> Result<Self, ReadError> {
        let declared = options.format.or(source.named_format());
        let selection = options.selection;
        let (input, format) = match (source.unpack()?, declared) {
            (Content::Parquet(file), None | Some(Format::Parquet)) => {
                (Input::Parquet(Box::new(ParquetReader::new(file, schema, selection)?)), Format::Parquet)
            }
            (Content::Parquet(_), Some(declared)) => {
                return Err(ReadError::input(format!(
                    "the input is Parquet, but is said to be {declared}: name its format as parquet"
                )));
            }
            (Content::Text(_), Some(Format::Parquet)) => {
                return Err(ReadError::input(
                    "the input is said to be Parquet, but does not begin as such a file does: name its own format",
                ));
            }
            (Content::Text(text), declared) => open_text(text, declared, schema, selection)?,
        };
        let mut reader = Self { extras: input.extras(), input, format, first: None };
        if selection.extra_columns == ExtraColumns::Keep {
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

fn open_text(
    mut text: Peek,
    declared: Option<Format>,
    schema: &Schema,
    selection: Selection,
) -> Result<(Input, Format), ReadError> {
    let start = text.fill(SNIFFED_BYTES)?;
    let format = declared.unwrap_or_else(|| sniff(start));
    let input = match format {
        Format::Json => Input::Json(JsonReader::of_elements(text, schema, selection)),
        Format::Ndjson => Input::Json(JsonReader::of_lines(text, schema, selection)),
        Format::Csv | Format::Parquet => Input::Csv(Box::new(CsvReader::new(text, schema, selection)?)),
    };
    Ok((input, format))
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
