//! A stream whose beginning can be looked at before it is read.

use std::fmt;
use std::io::{self, Read};

/// A stream, and what has been looked at of it.
pub(in crate::table) struct Peek {
    /// Bytes that were read from the input and that nobody has taken yet, from `at` on.
    start: Vec<u8>,
    at: usize,
    input: Box<dyn Read + Send>,
}

impl Peek {
    /// Begins to look at a stream.
    pub(in crate::table) fn new(input: impl Read + Send + 'static) -> Self {
        Self { start: Vec::new(), at: 0, input: Box::new(input) }
    }

    /// Returns at least so many bytes that come next, or all that are left.
    pub(in crate::table) fn fill(&mut self, count: usize) -> io::Result<&[u8]> {
        let missing = count.saturating_sub(self.start.len() - self.at);
        if missing > 0 {
            self.input.by_ref().take(missing as u64).read_to_end(&mut self.start)?;
        }
        Ok(&self.start[self.at..])
    }

    /// Passes over bytes that have been looked at.
    pub(in crate::table) fn skip(&mut self, count: usize) {
        self.at = (self.at + count).min(self.start.len());
    }
}

impl Read for Peek {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at < self.start.len() {
            let count = (&self.start[self.at..]).read(buffer)?;
            self.at += count;
            return Ok(count);
        }
        if self.at > 0 {
            (self.start, self.at) = (Vec::new(), 0);
        }
        self.input.read(buffer)
    }
}

impl fmt::Debug for Peek {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Peek").field("start", &self.start.len()).finish_non_exhaustive()
    }
}
