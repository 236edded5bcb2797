//! The bytes of a table: decompressed, and as text in UTF-8, whatever they came as. A *signature* is what the files of a format
//! begin with.

mod access;
mod observed;
mod peek;
mod utf16;

use std::fmt;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use flate2::bufread::MultiGzDecoder;

use super::format::Format;
use super::read_error::{Damage, ReadError};
pub(super) use access::FileAccess;
pub use access::RandomAccess;
use observed::Observed;
pub(super) use peek::Peek;
use utf16::{Endian, Utf16};

/// Bytes that are enough to tell a signature.
const SIGNATURE_BYTES: usize = 8;

/// The largest Parquet file that is unpacked to the disk, in bytes: a Parquet file is read from its end, so it cannot be streamed.
const MAX_SPOOLED_BYTES: u64 = 32 << 30;

const BUFFER_BYTES: usize = 1 << 16;

/// Where a table comes from.
pub struct Source {
    input: Box<dyn Read + Send>,
    /// The same bytes, where they can be read from any place.
    access: Option<Arc<dyn RandomAccess>>,
    /// The format that its name tells.
    named: Option<Format>,
}

/// What a source holds once it is unpacked.
pub(super) enum Content {
    /// Text in UTF-8, without a byte-order mark.
    Text(Peek),
    /// A Parquet file.
    Parquet(Arc<dyn RandomAccess>),
}

/// What a source holds as it stands.
pub(super) enum Standing {
    /// Text in UTF-8, and the bytes of the byte-order mark before it.
    Text(Peek, u64),
    /// A Parquet file.
    Parquet(Arc<dyn RandomAccess>),
    /// What has to be read from its beginning, and why.
    Whole(String),
}

impl Source {
    /// Makes a source of a stream, as standard input.
    pub fn new(input: impl Read + Send + 'static) -> Self {
        Self { input: Box::new(input), access: None, named: None }
    }

    /// Makes a source of bytes in memory.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(Cursor::new(bytes.into()))
    }

    /// Opens a file, whose name may tell its format.
    pub fn from_path(path: &Path) -> io::Result<Self> {
        let input = File::open(path)?;
        // A pipe with a name cannot be read twice.
        let access = if input.metadata()?.is_file() { Some(FileAccess::share(input.try_clone()?)?) } else { None };
        Ok(Self { input: Box::new(input), access, named: Format::from_path(path) })
    }

    /// Makes a source of an object of a store, whose name may tell its format: a stream of its bytes or of some of them, and a way to
    /// read any, which Parquet needs.
    pub fn of_object(stream: Box<dyn Read + Send>, access: Option<Arc<dyn RandomAccess>>, name: &Path) -> Self {
        Self { input: stream, access, named: Format::from_path(name) }
    }

    /// Lets somebody know how many bytes are read, each time.
    #[must_use]
    pub fn observed(self, observe: impl Fn(u64) + Clone + Send + Sync + 'static) -> Self {
        let observed = |access| -> Arc<dyn RandomAccess> { Arc::new(Observed::new(access, observe.clone())) };
        let access = self.access.map(observed);
        Self { input: Box::new(Observed::new(self.input, observe)), access, ..self }
    }

    /// Returns the format that the source's name tells.
    pub fn named_format(&self) -> Option<Format> {
        self.named
    }

    /// Unpacks the bytes, by their signatures.
    pub(super) fn unpack(self) -> Result<Content, ReadError> {
        let mut input = Peek::new(self.input);
        let mut access = self.access;
        if let Some(compression) = Compression::from_signature(input.fill(SIGNATURE_BYTES)?) {
            input = Peek::new(compression.decode(input)?);
            access = None;
            if let Some(inner) = Compression::from_signature(input.fill(SIGNATURE_BYTES)?) {
                return Err(ReadError::input(format!(
                    "the input is compressed twice, by {compression} and by {inner}: decompress it once"
                )));
            }
        }
        let start = input.fill(SIGNATURE_BYTES)?;
        if start.starts_with(b"PAR1") {
            return access.map_or_else(|| spool(input), Ok).map(Content::Parquet);
        }
        as_text(input).map(Content::Text)
    }

    /// Tells what the bytes are without unpacking them.
    pub(super) fn standing(self) -> Result<Standing, ReadError> {
        let mut input = Peek::new(self.input);
        let start = input.fill(SIGNATURE_BYTES)?;
        if let Some(compression) = Compression::from_signature(start) {
            return Ok(Standing::Whole(format!("it is compressed by {compression}")));
        }
        if start.starts_with(b"PAR1") {
            return self.access.map_or_else(|| spool(input), Ok).map(Standing::Parquet);
        }
        if Endian::from_start(start).is_some() {
            return Ok(Standing::Whole("it is UTF-16".to_owned()));
        }
        let mark = if start.starts_with(BYTE_ORDER_MARK) { BYTE_ORDER_MARK.len() as u64 } else { 0 };
        as_text(input).map(|text| Standing::Text(text, mark))
    }

    /// Takes the bytes for a part of a text that is not packed: they may begin as anything.
    pub(super) fn part_of_text(self) -> Peek {
        Peek::new(self.input)
    }

    /// Takes the bytes for a Parquet file.
    pub(super) fn parquet(self) -> Result<Arc<dyn RandomAccess>, ReadError> {
        self.access.map_or_else(|| spool(Peek::new(self.input)), Ok)
    }
}

const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// Passes over a byte-order mark of UTF-8.
pub(super) fn skip_mark(input: &mut Peek) -> io::Result<()> {
    if input.fill(BYTE_ORDER_MARK.len())?.starts_with(BYTE_ORDER_MARK) {
        input.skip(BYTE_ORDER_MARK.len());
    }
    Ok(())
}

/// Takes bytes that are not packed as text in UTF-8, without its byte-order mark; refuses what is no text, and none at all.
pub(super) fn as_text(mut input: Peek) -> Result<Peek, ReadError> {
    let start = input.fill(SIGNATURE_BYTES)?;
    if let Some(refusal) = refusal(start) {
        return Err(ReadError::input(refusal));
    }
    if let Some(endian) = Endian::from_start(start) {
        input = Peek::new(Utf16::new(input, endian));
    } else {
        skip_mark(&mut input)?;
    }
    if input.fill(1)?.is_empty() {
        return Err(ReadError::input("the input is empty: expected a table"));
    }
    Ok(input)
}

impl fmt::Debug for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Source").field("named", &self.named).finish_non_exhaustive()
    }
}

/// Says of bytes that are no table that can be read what they are, and what to do.
fn refusal(start: &[u8]) -> Option<&'static str> {
    match start {
        [b'P', b'K', 3 | 5, 4 | 6, ..] => Some(
            "the input is a zip archive or an Excel workbook: save its table as \"CSV UTF-8\" in the spreadsheet program, or \
             unpack the archive",
        ),
        [0xd0, 0xcf, 0x11, 0xe0, ..] => {
            Some("the input is an old Excel workbook: save its table as \"CSV UTF-8\" in the spreadsheet program")
        }
        [b'B', b'Z', b'h', ..] => Some("the input is compressed by bzip2: decompress it first, or use gzip or zstd"),
        [0xfd, b'7', b'z', b'X', b'Z', ..] => {
            Some("the input is compressed by xz: decompress it first, or use gzip or zstd")
        }
        [b'A', b'R', b'R', b'O', b'W', b'1', ..] => Some("the input is an Arrow file: save its table as Parquet"),
        [0x89, b'P', b'N', b'G', ..] | [0xff, 0xd8, 0xff, ..] | [b'G', b'I', b'F', b'8', ..] => {
            Some("the input is a picture: name a file that holds a table")
        }
        [b'%', b'P', b'D', b'F', b'-', ..] => Some("the input is a PDF document: save its table as CSV"),
        [b'S', b'Q', b'L', b'i', b't', b'e', b' ', b'f', ..] => {
            Some("the input is an SQLite database: export its table as CSV")
        }
        _ => None,
    }
}

/// Writes a stream of Parquet into a file that has no name, and goes with its last reader.
fn spool(input: Peek) -> Result<Arc<dyn RandomAccess>, ReadError> {
    let mut file = tempfile::tempfile()?;
    let mut input = input.take(MAX_SPOOLED_BYTES);
    io::copy(&mut input, &mut file)?;
    if input.limit() == 0 {
        return Err(ReadError::input(format!(
            "the Parquet file has more than {} GB: unpack it, and name the file",
            MAX_SPOOLED_BYTES >> 30
        )));
    }
    Ok(FileAccess::share(file)?)
}

/// How bytes are compressed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Compression {
    Gzip,
    Zstandard,
}

impl Compression {
    fn from_signature(start: &[u8]) -> Option<Self> {
        match start {
            [0x1f, 0x8b, ..] => Some(Self::Gzip),
            // A frame, or a skippable one before it, as `pzstd` writes.
            [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => Some(Self::Zstandard),
            _ => None,
        }
    }

    /// Decompresses all members or frames, one after the other.
    fn decode(self, input: Peek) -> io::Result<Box<dyn Read + Send>> {
        let input = BufReader::with_capacity(BUFFER_BYTES, input);
        Ok(match self {
            Self::Gzip => Box::new(Decoded { decoder: MultiGzDecoder::new(input), compression: self }),
            Self::Zstandard => {
                Box::new(Decoded { decoder: zstd::stream::read::Decoder::with_buffer(input)?, compression: self })
            }
        })
    }
}

impl fmt::Display for Compression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gzip => "gzip",
            Self::Zstandard => "zstd",
        })
    }
}

/// A decoder that says in plain words how its input is damaged.
struct Decoded<D> {
    decoder: D,
    compression: Compression,
}

impl<D: Read> Read for Decoded<D> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let compression = self.compression;
        self.decoder.read(buffer).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => Damage::error(format!(
                "the input is truncated: its {compression} data end too early, so copy or download it again"
            )),
            // Decoders have no other failures of their own than these; others are of what they read from.
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData | io::ErrorKind::Other => Damage::error(format!(
                "the input is damaged: its {compression} data cannot be decompressed ({error}), so copy or download it again"
            )),
            _ => error,
        })
    }
}
