//! The bytes of a column of a group, read ahead: its pages are small and follow each other, as do the columns of a small group.

use std::io::{self, Read};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use ::parquet::errors::{ParquetError, Result};
use ::parquet::file::metadata::ColumnChunkMetaData;
use ::parquet::file::reader::{ChunkReader, Length};
use bytes::Bytes;

use super::bounded::Bounded;

/// As many bytes are read ahead, of all columns together.
const AHEAD_BYTES: u64 = 8 << 20;

/// The least and the most that are read ahead of one column.
const LEAST_BYTES: u64 = 1 << 14;
const MOST_BYTES: u64 = 1 << 20;

/// The bytes of a column of a group.
pub(super) struct ColumnBytes(Arc<Ahead>);

struct Ahead {
    file: Arc<Bounded>,
    /// Where the column ends.
    end: u64,
    /// As many bytes are read at once, unless a page has more.
    step: u64,
    /// Where the bytes begin that were read last, and these bytes.
    held: Mutex<(u64, Bytes)>,
}

impl ColumnBytes {
    /// Begins to read one of some columns that are read side by side; of a small group, its bytes are there already.
    pub(super) fn new(
        file: &Arc<Bounded>,
        column: &ColumnChunkMetaData,
        columns: usize,
        group: Option<&GroupBytes>,
    ) -> Self {
        let (start, length) = column.byte_range();
        let step = (AHEAD_BYTES / columns.max(1) as u64).clamp(LEAST_BYTES, MOST_BYTES);
        let end = start.saturating_add(length).min(file.len());
        let held = group.and_then(|group| group.of(start..end)).unwrap_or_default();
        Self(Arc::new(Ahead { file: Arc::clone(file), end, step, held: Mutex::new((start, held)) }))
    }
}

/// The bytes of all columns of a small group, read at once: an object is asked once for them, not once for each.
pub(super) struct GroupBytes {
    start: u64,
    bytes: Bytes,
}

impl GroupBytes {
    /// Reads the bytes of some columns, unless they are many, or have much between them that nobody wants.
    pub(super) fn read(file: &Bounded, columns: impl Iterator<Item = (u64, u64)>) -> Result<Option<Self>> {
        let (mut start, mut end, mut wanted) = (u64::MAX, 0, 0_u64);
        for (from, length) in columns {
            start = start.min(from);
            end = end.max(from.saturating_add(length));
            wanted = wanted.saturating_add(length);
        }
        let span = end.saturating_sub(start);
        if span == 0 || span > AHEAD_BYTES || wanted < span / 2 || end > file.len() {
            return Ok(None);
        }
        Ok(Some(Self { start, bytes: file.read(start..end)? }))
    }

    fn of(&self, range: Range<u64>) -> Option<Bytes> {
        let place = |at: u64| usize::try_from(at.checked_sub(self.start)?).ok();
        let (from, to) = (place(range.start)?, place(range.end)?);
        (from <= to && to <= self.bytes.len()).then(|| self.bytes.slice(from..to))
    }
}

impl Ahead {
    /// Returns a range of bytes, at least.
    fn read(&self, range: Range<u64>) -> Result<Bytes> {
        let mut held = self.held.lock().unwrap_or_else(PoisonError::into_inner);
        let (start, bytes) = &*held;
        let held_end = *start + bytes.len() as u64;
        if range.start < *start || range.end > held_end {
            // What is held of it is not read again: an object goes on where the last read of it ended, and is asked anew otherwise.
            let kept = match range.start.checked_sub(*start) {
                Some(skip) if range.start <= held_end => bytes.slice(usize::try_from(skip)?..),
                _ => Bytes::new(),
            };
            let next = range.start + kept.len() as u64;
            let ahead = next.saturating_add(self.step).min(self.end);
            let read = self.file.read(next..ahead.max(range.end))?;
            let whole: Bytes = if kept.is_empty() { read } else { [kept, read].concat().into() };
            if range.end > ahead {
                // A large page is decoded at once, so nothing of it is held.
                *held = (range.end, Bytes::new());
                return Ok(whole);
            }
            *held = (range.start, whole);
        }
        let (start, bytes) = &*held;
        Ok(bytes.slice(usize::try_from(range.start - start)?..))
    }
}

impl Length for ColumnBytes {
    fn len(&self) -> u64 {
        self.0.file.len()
    }
}

impl ChunkReader for ColumnBytes {
    type T = HeaderBytes;

    fn get_read(&self, start: u64) -> Result<Self::T> {
        Ok(HeaderBytes { ahead: Arc::clone(&self.0), at: start })
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<Bytes> {
        Ok(self.0.read(start..start.saturating_add(length as u64))?.slice(..length))
    }
}

/// The bytes before a page, which say what it is.
pub(super) struct HeaderBytes {
    ahead: Arc<Ahead>,
    at: u64,
}

impl Read for HeaderBytes {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at >= self.ahead.end || buffer.is_empty() {
            return Ok(0);
        }
        let bytes = self.ahead.read(self.at..self.at + 1).map_err(|error| match error {
            ParquetError::External(error) => io::Error::other(error),
            error => io::Error::other(error),
        })?;
        let count = (&*bytes).read(buffer)?;
        self.at += count as u64;
        Ok(count)
    }
}
