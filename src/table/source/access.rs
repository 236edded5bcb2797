//! Bytes that can be read from any place, as a Parquet file is.

use std::fs::File;
use std::io;
use std::sync::Arc;

/// Bytes that can be read from any place, by several threads at once.
pub trait RandomAccess: Send + Sync {
    /// Returns the number of bytes.
    fn len(&self) -> u64;

    /// Reads bytes from a place on, and returns how many: none at the end, else one at least.
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize>;

    /// Returns whether there is no byte.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// A file.
#[derive(Debug)]
pub(in crate::table) struct FileAccess {
    file: File,
    bytes: u64,
}

impl FileAccess {
    /// Shares a file of which nobody reads by its position.
    pub(in crate::table) fn share(file: File) -> io::Result<Arc<dyn RandomAccess>> {
        let bytes = file.metadata()?.len();
        Ok(Arc::new(Self { file, bytes }))
    }
}

impl RandomAccess for FileAccess {
    fn len(&self) -> u64 {
        self.bytes
    }

    #[cfg(unix)]
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        std::os::unix::fs::FileExt::read_at(&self.file, buffer, offset)
    }

    #[cfg(windows)]
    fn read_at(&self, offset: u64, buffer: &mut [u8]) -> io::Result<usize> {
        std::os::windows::fs::FileExt::seek_read(&self.file, buffer, offset)
    }
}
