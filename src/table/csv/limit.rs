//! The longest row: behind a quotation mark that is never closed, the whole rest of a file would be one cell.

use std::io::{self, Read};

use crate::table::read_error::{Damage, ReadError};
use crate::table::source::Peek;

/// The longest row, in bytes, give or take a buffer.
const MAX_ROW_BYTES: usize = 8 << 20;

/// Bytes of rows of which none is too long.
#[derive(Debug)]
pub(super) struct Limited {
    input: Peek,
    left: usize,
}

impl Limited {
    pub(super) fn new(input: Peek) -> Self {
        Self { input, left: MAX_ROW_BYTES }
    }

    /// Begins to count anew.
    pub(super) fn begin_row(&mut self) {
        self.left = MAX_ROW_BYTES;
    }

    /// Returns whether the row takes more bytes than one may.
    pub(super) fn is_exceeded(&self) -> bool {
        self.left == 0
    }
}

/// Says where the row begins that is too long.
pub(super) fn too_long(line: u64) -> ReadError {
    ReadError::input(format!(
        "line {line} begins a row of more than {} MB: is a quotation mark not closed?",
        MAX_ROW_BYTES >> 20
    ))
}

impl Read for Limited {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left == 0 {
            return Err(Damage::error("the header is too long"));
        }
        let count = self.input.read(buffer)?;
        self.left = self.left.saturating_sub(count);
        Ok(count)
    }
}
