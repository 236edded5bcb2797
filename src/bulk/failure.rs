//! Why a task fails. The name of each kind is what the state machine decides by whether to try again.

use std::io;

use thiserror::Error;

use crate::objects::ObjectError;
use crate::scoring::{LayoutError, ScoringError};
use crate::store::StoreError;
use crate::table::{ReadError, WriteError};

/// The names of the kinds, as `infra/bulk.asl.json` has them.
pub mod kind {
    /// What the job is asked to do cannot be done.
    pub const INVALID_INPUT: &str = "InvalidInput";
    /// The output has another job.
    pub const OTHER_JOB: &str = "OtherJob";
    /// A file is no table.
    pub const NOT_READABLE: &str = "NotReadable";
    /// A file has other columns.
    pub const OTHER_COLUMNS: &str = "OtherColumns";
    /// Rows are no records.
    pub const INVALID_ROWS: &str = "InvalidRows";
    /// An object was changed.
    pub const OBJECT_CHANGED: &str = "ObjectChanged";
    /// Slices are missing.
    pub const INCOMPLETE: &str = "Incomplete";
    /// S3 or the table does not answer.
    pub const UNAVAILABLE: &str = "Unavailable";
    /// The program is at fault.
    pub const BROKEN: &str = "Broken";
}

/// Why a task fails, in words for whoever started the job.
#[derive(Debug, Error)]
pub enum Failure {
    /// What the job is asked to do cannot be done as it was asked.
    #[error("{0}")]
    InvalidInput(String),
    /// The output prefix has another job.
    #[error("{0}")]
    OtherJob(String),
    /// A file of the input is no table of this model.
    #[error("{0}")]
    NotReadable(String),
    /// The columns of a file are not those of this model, or not those of another file.
    #[error("{0}")]
    OtherColumns(String),
    /// Rows are no records, and more than the job tolerates.
    #[error("{0}")]
    InvalidRows(String),
    /// An object of the input is not what it was when the job began.
    #[error("{0}")]
    ObjectChanged(String),
    /// Slices are missing, or are not what they should be.
    #[error("{0}")]
    Incomplete(String),
    /// S3 or the table does not answer, or takes too long.
    #[error("{0}")]
    Unavailable(String),
    /// The program or its installation is at fault.
    #[error("{0}")]
    Broken(String),
}

impl Failure {
    /// Returns the kind's name.
    pub fn name(&self) -> &'static str {
        match self {
            Self::InvalidInput(_) => kind::INVALID_INPUT,
            Self::OtherJob(_) => kind::OTHER_JOB,
            Self::NotReadable(_) => kind::NOT_READABLE,
            Self::OtherColumns(_) => kind::OTHER_COLUMNS,
            Self::InvalidRows(_) => kind::INVALID_ROWS,
            Self::ObjectChanged(_) => kind::OBJECT_CHANGED,
            Self::Incomplete(_) => kind::INCOMPLETE,
            Self::Unavailable(_) => kind::UNAVAILABLE,
            Self::Broken(_) => kind::BROKEN,
        }
    }

    /// Says of what is not allowed to whom it is not.
    pub(super) fn not_allowed(said: &str) -> Self {
        Self::InvalidInput(format!(
            "{said}. The rights are those of the role of the stack's function, whoever starts the job"
        ))
    }

    /// Says of what is read or written in which file it failed.
    #[must_use]
    pub fn of_file(self, file: &str) -> Self {
        match self {
            Self::NotReadable(said) => Self::NotReadable(format!("{file}: {said}")),
            Self::OtherColumns(said) => Self::OtherColumns(format!("{file}: {said}")),
            other => other,
        }
    }
}

impl From<ObjectError> for Failure {
    fn from(error: ObjectError) -> Self {
        Self::from(&error)
    }
}

impl From<&ObjectError> for Failure {
    fn from(error: &ObjectError) -> Self {
        let said = error.to_string();
        match error {
            ObjectError::Changed(_) | ObjectError::Gone(_) => Self::ObjectChanged(said),
            ObjectError::NoAccess { .. } => Self::not_allowed(&said),
            error if error.is_retryable() => Self::Unavailable(said),
            _ => Self::InvalidInput(said),
        }
    }
}

impl From<ReadError> for Failure {
    fn from(error: ReadError) -> Self {
        of_cause(&error).unwrap_or_else(|| match error {
            ReadError::Header(_) | ReadError::UnknownColumns(_) => Self::OtherColumns(error.to_string()),
            _ => Self::NotReadable(error.to_string()),
        })
    }
}

impl From<WriteError> for Failure {
    fn from(error: WriteError) -> Self {
        of_cause(&error).unwrap_or_else(|| match error {
            WriteError::Kept(error) => error.into(),
            error => Self::Broken(format!("the part cannot be written: {error}")),
        })
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Self {
        of_cause(&error).unwrap_or_else(|| Self::Unavailable(error.to_string()))
    }
}

impl From<LayoutError> for Failure {
    fn from(error: LayoutError) -> Self {
        match error {
            LayoutError::Taken(_) => Self::OtherColumns(format!("{error}: rename it")),
            LayoutError::Write(_) => Self::InvalidInput(error.to_string()),
        }
    }
}

impl From<ScoringError> for Failure {
    fn from(error: ScoringError) -> Self {
        match error {
            ScoringError::Read(error) => error.into(),
            ScoringError::Write(error) => error.into(),
            error => Self::Broken(format!("the model gives no answer: {error}")),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable(error.to_string()),
            StoreError::NotOwned(_) => Self::InvalidInput(error.to_string()),
            StoreError::Unreadable(_) => Self::Broken(error.to_string()),
        }
    }
}

/// Finds what an object failed by under the errors of a reader or a writer.
fn of_cause(error: &(dyn std::error::Error + 'static)) -> Option<Failure> {
    ObjectError::within(error).map(Failure::from)
}
