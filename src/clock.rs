//! What tells the time: the system, or a file that a test writes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use jiff::Timestamp;
use thiserror::Error;
use tracing::warn;

/// Tells the time; a test sets its own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Why a file tells no time.
#[derive(Debug, Error)]
pub enum ClockError {
    /// It cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// It holds something else.
    #[error("{path} does not hold a time, as in 2013-04-01T06:00:00Z")]
    NotATime {
        /// The file.
        path: PathBuf,
        /// The reader's reason.
        source: jiff::Error,
    },
}

/// Returns the clock of the system.
pub fn of_system() -> Clock {
    Arc::new(Timestamp::now)
}

/// Returns a clock that reads a file whenever it is asked. While the file cannot be read, the clock stands still and says so in the log.
pub fn of_file(path: PathBuf) -> Result<Clock, ClockError> {
    let last = Mutex::new(read(&path)?);
    Ok(Arc::new(move || {
        let mut last = last.lock().unwrap_or_else(PoisonError::into_inner);
        match read(&path) {
            Ok(now) => *last = now,
            Err(error) => warn!(%error, "the test clock stands still"),
        }
        *last
    }))
}

fn read(path: &Path) -> Result<Timestamp, ClockError> {
    let text = std::fs::read_to_string(path).map_err(|source| ClockError::Read { path: path.into(), source })?;
    text.trim().parse().map_err(|source| ClockError::NotATime { path: path.into(), source })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_read_whenever_the_clock_is_asked() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let set = |text: &str| std::fs::write(file.path(), text).unwrap();
        set("2013-04-01T06:00:00-04:00\n");
        let clock = of_file(file.path().into()).unwrap();
        assert_eq!(clock().to_string(), "2013-04-01T10:00:00Z");
        set("2013-04-02T10:00:00Z");
        assert_eq!(clock().to_string(), "2013-04-02T10:00:00Z");
        // Half of a file, as a writer may leave it for a moment.
        set("2013-04");
        assert_eq!(clock().to_string(), "2013-04-02T10:00:00Z");
    }

    #[test]
    fn a_file_that_tells_no_time_is_named() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let error = of_file(file.path().into()).err().unwrap().to_string();
        assert!(error.ends_with("does not hold a time, as in 2013-04-01T06:00:00Z"), "{error}");
        let error = of_file("no/such/file".into()).err().unwrap();
        assert_eq!(error.to_string(), "cannot read no/such/file");
    }
}
