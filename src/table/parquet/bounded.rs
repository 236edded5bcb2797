//! A file of which no more is read than it has: what a damaged one says of itself may be anything.

use std::fs::File;
use std::io::{BufReader, Read, Seek, SeekFrom};

use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::reader::{ChunkReader, Length};
use bytes::Bytes;

use crate::table::read_error::ReadError;

/// A whole Parquet file.
#[derive(Debug)]
pub(super) struct Bounded {
    file: File,
    bytes: u64,
}

impl Bounded {
    /// Takes a file that ends as it begins.
    pub(super) fn new(mut file: File) -> std::result::Result<Self, ReadError> {
        let bytes = file.metadata()?.len();
        let mut end = [0; 4];
        file.seek(SeekFrom::Start(bytes.saturating_sub(4)))?;
        let is_whole = file.read_exact(&mut end).is_ok() && bytes >= 12 && &end == b"PAR1";
        if is_whole {
            return Ok(Self { file, bytes });
        }
        let detail = "the Parquet file is truncated: it does not end as one does, so copy or download it again";
        Err(ReadError::input(detail))
    }
}

impl Length for Bounded {
    fn len(&self) -> u64 {
        self.bytes
    }
}

impl ChunkReader for Bounded {
    type T = BufReader<File>;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        self.file.get_read(start)
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        if start.checked_add(length as u64).is_none_or(|end| end > self.bytes) {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} are beyond the end")));
        }
        self.file.get_bytes(start, length)
    }
}
