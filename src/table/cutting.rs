//! The parts of a file that can be read apart from each other, each with what else it takes to read it: a [`super::Span`].
//!
//! Text is cut by the reader that reads it: a line break in quotation marks, a quotation mark that is astray and a file without an end
//! of line are the same for both. What has been cut can be forgotten; a cutter goes on from a [`Mark`].

use std::ops::Range;

use ::csv::ByteRecord;

use super::csv::CsvReader;
use super::format::Format;
use super::json_rows::JsonReader;
use super::parquet::ParquetReader;
use super::read_error::ReadError;
use super::reader::{Input, Options, check_is_parquet, open_part, open_text};
use super::schema::Schema;
use super::source::{Source, Standing};

/// How a file can be cut.
#[derive(Debug)]
pub enum Cutting {
    /// Into pieces of text.
    Text(Box<TextCutter>),
    /// Into rows of Parquet.
    Rows {
        /// The number of rows of each group. Pieces that begin and end where groups do are the quickest.
        groups: Vec<u64>,
    },
    /// Not at all, with the reason: "it is compressed by gzip".
    Whole(String),
}

/// Whole records of a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// Its bytes in the file.
    pub bytes: Range<u64>,
    /// The line in which they begin, for [`super::Span::Lines`].
    pub first_line: u64,
    /// The number of its rows, of which some may be no records.
    pub rows: u64,
}

/// Where the next piece of a text begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    /// Its first byte in the file.
    pub offset: u64,
    /// The line of that byte, the first being 1.
    pub line: u64,
}

/// Cuts a text into pieces, in their order. All bytes that are read are parsed, and none are kept.
pub struct TextCutter {
    input: TextInput,
    format: Format,
    header_bytes: u64,
    /// Where in the file the byte stands that the reader counts as the first.
    shift: u64,
}

enum TextInput {
    Csv { reader: Box<CsvReader>, row: ByteRecord },
    Lines { reader: JsonReader, text: Vec<u8> },
}

/// Looks how a file can be cut; refuses one that is no table of the schema.
pub fn open(source: Source, schema: &Schema, options: &Options) -> Result<Cutting, ReadError> {
    let declared = options.format.or(source.named_format());
    Ok(match source.standing()? {
        Standing::Whole(reason) => Cutting::Whole(reason),
        Standing::Parquet(file) => {
            check_is_parquet(declared)?;
            Cutting::Rows { groups: ParquetReader::new(file, schema, options.selection)?.groups() }
        }
        Standing::Text(text, mark) => match open_text(text, declared, schema, options)? {
            (input, format @ (Format::Csv | Format::Ndjson)) => {
                let input = TextInput::new(input)?;
                let header_bytes = if format == Format::Csv { mark + input.position().0 } else { 0 };
                Cutting::Text(Box::new(TextCutter { input, format, header_bytes, shift: mark }))
            }
            _ => Cutting::Whole("it is one value of JSON".to_owned()),
        },
    })
}

/// Goes on to cut a text. The source has its header, of so many bytes, and behind it what begins at the mark; the format is said.
pub fn go_on(
    source: Source,
    schema: &Schema,
    options: &Options,
    header_bytes: u64,
    mark: Mark,
) -> Result<TextCutter, ReadError> {
    let declared = options.format.or(source.named_format());
    let (mut input, format) = open_part(source, declared, schema, options)?;
    input.set_first_line(mark.line);
    let input = TextInput::new(input)?;
    let shift = mark.offset - input.position().0;
    Ok(TextCutter { input, format, header_bytes, shift })
}

impl TextInput {
    fn new(input: Input) -> Result<Self, ReadError> {
        match input {
            Input::Csv(reader) => Ok(Self::Csv { reader, row: ByteRecord::new() }),
            Input::Json(reader) => Ok(Self::Lines { reader, text: Vec::new() }),
            Input::Parquet(_) => Err(ReadError::input("a Parquet file is cut by its rows")),
        }
    }

    fn position(&self) -> (u64, u64) {
        match self {
            Self::Csv { reader, .. } => reader.position(),
            Self::Lines { reader, .. } => reader.position(),
        }
    }

    fn pass_over(&mut self) -> Result<bool, ReadError> {
        match self {
            Self::Csv { reader, row } => reader.read_row(row),
            Self::Lines { reader, text } => reader.pass_over(text),
        }
    }
}

impl TextCutter {
    /// Returns the format, which is to be said of each piece.
    pub fn format(&self) -> Format {
        self.format
    }

    /// Returns how many bytes the header has: each piece is read behind them. NDJSON has none.
    pub fn header_bytes(&self) -> u64 {
        self.header_bytes
    }

    /// Returns where the next piece begins.
    pub fn mark(&self) -> Mark {
        let (offset, line) = self.input.position();
        Mark { offset: self.shift + offset, line }
    }

    /// Cuts off the next piece: as many rows as have at least so many bytes, or all that are left. Blank lines at the end are of none.
    pub fn next(&mut self, at_least: u64) -> Result<Option<Piece>, ReadError> {
        let (start, mut rows) = (self.mark(), 0);
        while self.mark().offset - start.offset < at_least.max(1) && self.input.pass_over()? {
            rows += 1;
        }
        let bytes = start.offset..self.mark().offset;
        Ok((rows > 0).then_some(Piece { bytes, first_line: start.line, rows }))
    }
}

impl std::fmt::Debug for TextCutter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TextCutter").field("format", &self.format).field("mark", &self.mark()).finish_non_exhaustive()
    }
}
