//! A file of which no more is read than it has: what a damaged one says of itself may be anything.

use std::fmt;
use std::io;
use std::ops::Range;
use std::sync::Arc;

use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::reader::{ChunkReader, Length};
use bytes::{Buf, Bytes, buf};
use thiserror::Error;

use crate::table::read_error::ReadError;
use crate::table::source::RandomAccess;

/// As many bytes of the end are read at once: most files have there all that they say of themselves.
const END_BYTES: u64 = 1 << 16;

/// The shortest Parquet file.
const LEAST_BYTES: u64 = 12;

/// A whole Parquet file.
pub(super) struct Bounded {
    file: Arc<dyn RandomAccess>,
    bytes: u64,
    end: Bytes,
}

impl Bounded {
    /// Takes a file that ends as it begins.
    pub(super) fn new(file: Arc<dyn RandomAccess>) -> std::result::Result<Self, ReadError> {
        let bytes = file.len();
        let mut bounded = Self { file, bytes, end: Bytes::new() };
        bounded.end = bounded.read_bytes(bytes.saturating_sub(END_BYTES)..bytes)?.into();
        if bytes >= LEAST_BYTES && bounded.end.ends_with(b"PAR1") {
            return Ok(bounded);
        }
        let detail = "the Parquet file is truncated: it does not end as one does, so copy or download it again";
        Err(ReadError::input(detail))
    }

    /// Reads a range of bytes.
    pub(super) fn read(&self, range: Range<u64>) -> Result<Bytes> {
        if range.start > range.end || range.end > self.bytes {
            return Err(ParquetError::EOF(format!("bytes {} to {} are beyond the end", range.start, range.end)));
        }
        let end_start = self.bytes - self.end.len() as u64;
        if let Some(start) = range.start.checked_sub(end_start) {
            let place = |at: u64| usize::try_from(at);
            return Ok(self.end.slice(place(start)?..place(range.end - end_start)?));
        }
        Ok(self.read_file(range).map_err(|unread| ParquetError::External(Box::new(unread)))?.into())
    }

    fn read_file(&self, range: Range<u64>) -> std::result::Result<Vec<u8>, Unread> {
        self.read_bytes(range).map_err(Unread)
    }

    fn read_bytes(&self, range: Range<u64>) -> io::Result<Vec<u8>> {
        let length = usize::try_from(range.end - range.start).map_err(|_| io::ErrorKind::OutOfMemory)?;
        let mut bytes = vec![0; length];
        let mut filled = 0;
        while filled < length {
            match self.file.read_at(range.start + filled as u64, &mut bytes[filled..]) {
                Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
                Ok(count) => filled += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(bytes)
    }
}

/// Bytes that do not arrive, as what is wrong travels through the crate: decoders have errors of I/O as well, which are of damage.
#[derive(Debug, Error)]
#[error("the file cannot be read")]
pub(super) struct Unread(#[source] io::Error);

impl Unread {
    /// Finds in an error why bytes do not arrive, or returns the error.
    pub(super) fn find(error: ParquetError) -> std::result::Result<io::Error, ParquetError> {
        let ParquetError::External(error) = error else { return Err(error) };
        let error = match error.downcast::<Self>() {
            Ok(unread) => return Ok(unread.0),
            Err(error) => error,
        };
        let io = error.downcast::<io::Error>().map_err(ParquetError::External)?;
        io.downcast::<Self>().map(|unread| unread.0).map_err(ParquetError::from)
    }
}

impl fmt::Debug for Bounded {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bounded").field("bytes", &self.bytes).finish_non_exhaustive()
    }
}

impl Length for Bounded {
    fn len(&self) -> u64 {
        self.bytes
    }
}

/// What the file says of itself is read by this; of its columns each has bytes of its own.
impl ChunkReader for Bounded {
    type T = buf::Reader<Bytes>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(self.read(start..self.bytes.min(start.saturating_add(END_BYTES)))?.reader())
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        self.read(start..start.saturating_add(length as u64))
    }
}
