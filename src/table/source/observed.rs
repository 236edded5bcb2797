//! Bytes of which it is told how many are read: that shows how far a table is.

use std::io::{self, Read};
use std::sync::Arc;

use super::access::RandomAccess;

/// Bytes, and who is told.
pub(super) struct Observed<B, O> {
    bytes: B,
    observe: O,
}

impl<B, O: Fn(u64)> Observed<B, O> {
    pub(super) fn new(bytes: B, observe: O) -> Self {
        Self { bytes, observe }
    }

    fn tell(&self, read: usize) -> usize {
        (self.observe)(read as u64);
        read
    }
}

impl<B: Read, O: Fn(u64)> Read for Observed<B, O> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.read(buffer).map(|read| self.tell(read))
    }
}

impl<O: Fn(u64) + Send + Sync> RandomAccess for Observed<Arc<dyn RandomAccess>, O> {
    fn len(&self) -> u64 {
        self.bytes.len()
    }

    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        self.bytes.read_at(offset, buffer).map(|read| self.tell(read))
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write;
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::super::Source;
    use super::*;

    #[test]
    fn bytes_are_told_of_in_order_and_from_any_place() {
        let mut file = tempfile::NamedTempFile::new().unwrap();
        file.write_all(&[7; 1000]).unwrap();
        let read = Arc::new(AtomicU64::new(0));
        let counting = Arc::clone(&read);
        let source = Source::from_path(file.path()).unwrap();
        let mut source = source.observed(move |bytes| {
            counting.fetch_add(bytes, Ordering::Relaxed);
        });
        let access = source.access.take().unwrap();
        assert_eq!((access.len(), access.read_at(900, &mut [0; 400]).unwrap()), (1000, 100));
        assert_eq!(read.load(Ordering::Relaxed), 100);
        io::copy(&mut source.input, &mut io::sink()).unwrap();
        assert_eq!(read.load(Ordering::Relaxed), 1100);
    }
}
