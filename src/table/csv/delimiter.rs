//! What stands between the cells of a file: the header tells.

use ::csv::{ByteRecord, ReaderBuilder};

use crate::table::read_error::ReadError;
use crate::table::schema::Schema;
use crate::table::source::Peek;

/// The longest header, in bytes.
const MAX_HEADER_BYTES: usize = 4 << 20;

const FIRST_BYTES: usize = 4096;

/// What stands between cells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Delimiter {
    Comma,
    Semicolon,
    Tab,
    Bar,
}

impl Delimiter {
    const ALL: [Self; 4] = [Self::Comma, Self::Semicolon, Self::Tab, Self::Bar];

    pub(super) fn byte(self) -> u8 {
        match self {
            Self::Comma => b',',
            Self::Semicolon => b';',
            Self::Tab => b'\t',
            Self::Bar => b'|',
        }
    }

    /// Returns whether numbers may have a decimal comma: programs that write one put semicolons between cells.
    pub(super) fn has_decimal_comma(self) -> bool {
        self == Self::Semicolon
    }

    fn reader(self, text: &[u8]) -> ::csv::Reader<&[u8]> {
        ReaderBuilder::new().has_headers(false).delimiter(self.byte()).from_reader(text)
    }

    /// Returns the one that makes most columns that the schema knows; of equals, the one that makes most columns.
    pub(super) fn find(input: &mut Peek, schema: &Schema) -> Result<Self, ReadError> {
        let line = header(input)?;
        let count = |delimiter: Self| {
            let cells = delimiter.reader(line).byte_records().next().and_then(Result::ok).unwrap_or_default();
            let is_known =
                |cell: &&[u8]| std::str::from_utf8(cell).is_ok_and(|name| schema.column(name.trim()).is_some());
            (cells.iter().filter(is_known).count(), cells.len())
        };
        // The last of equals is the largest, so the usual one stands last.
        Ok(Self::ALL.into_iter().rev().max_by_key(|delimiter| count(*delimiter)).unwrap_or(Self::Comma))
    }
}

/// Looks at the header, up to the line break that ends it first for some delimiter. What stands behind that break tells nothing, so the
/// delimiter of a part of a file, which is the header and some rows, is the same.
fn header(input: &mut Peek) -> Result<&[u8], ReadError> {
    let mut wanted = FIRST_BYTES;
    loop {
        let seen = input.fill(wanted)?;
        let (end, is_whole) = (end_of_header(seen), seen.len() < wanted);
        if let Some(end) = end {
            return Ok(&input.fill(wanted)?[..end]);
        }
        if is_whole {
            return Ok(input.fill(wanted)?);
        }
        if wanted >= MAX_HEADER_BYTES {
            return Err(ReadError::input(format!(
                "the input is no CSV: its first line has more than {} MB, where a header of columns is expected",
                MAX_HEADER_BYTES >> 20
            )));
        }
        wanted *= 4;
    }
}

fn end_of_header(text: &[u8]) -> Option<usize> {
    let ends = Delimiter::ALL.into_iter().filter_map(|delimiter| {
        let mut reader = delimiter.reader(text);
        reader.read_byte_record(&mut ByteRecord::new()).ok()?;
        usize::try_from(reader.position().byte()).ok().filter(|end| *end < text.len())
    });
    ends.min()
}
