//! Why a package cannot be used.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use thiserror::Error;

use super::recipe::RecipeError;

/// Why a package cannot be used: the file, the place in it, what was expected, what was found, and what to do.
#[derive(Debug, Error)]
pub enum LoadError {
    /// A file of the package cannot be read.
    #[error("cannot read {path}")]
    Read {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file cannot be written.
    #[error("cannot write {path}")]
    Write {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
    /// A file that is needed is not there.
    #[error("{file} is missing: {mend}")]
    Missing {
        /// The file.
        file: &'static str,
        /// What to do.
        mend: String,
    },
    /// A file is larger than any of its kind.
    #[error("{file} has {bytes} bytes, but may have {limit}: is it the right file?")]
    TooLarge {
        /// The file.
        file: &'static str,
        /// Its size.
        bytes: u64,
        /// The largest that there may be.
        limit: u64,
    },
    /// A file is not of its format, or means nothing to this program.
    #[error("{file} is not {expected}")]
    Malformed {
        /// The file.
        file: &'static str,
        /// Its format.
        expected: &'static str,
        /// The reader's reason.
        source: Box<dyn Error + Send + Sync>,
    },
    /// The recipe cannot work, or its state or history is another recipe's; it names file and place itself.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// Two parts of the package do not belong together.
    #[error("{file}: {place} should be {expected}, found {found}; {mend}")]
    Mismatch {
        /// The file.
        file: &'static str,
        /// The place in it: a JSON pointer, or an input or output of the graph.
        place: String,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
        /// What to do.
        mend: String,
    },
}

impl LoadError {
    /// Makes an error of two parts that do not belong together.
    pub(super) fn mismatch(
        file: &'static str,
        place: impl Into<String>,
        expected: impl Into<String>,
        found: impl Into<String>,
        mend: impl Into<String>,
    ) -> Self {
        Self::Mismatch { file, place: place.into(), expected: expected.into(), found: found.into(), mend: mend.into() }
    }

    /// Makes an error of a file that is not of its format.
    pub(super) fn malformed(
        file: &'static str,
        expected: &'static str,
        source: impl Into<Box<dyn Error + Send + Sync>>,
    ) -> Self {
        Self::Malformed { file, expected, source: source.into() }
    }
}
