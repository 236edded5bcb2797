//! Why an input cannot be read as a table, in words for the one who sent it.

use std::io;

use thiserror::Error;

/// An input that is no table of the schema, or that cannot be read.
#[derive(Debug, Error)]
pub enum ReadError {
    /// The columns do not fit the schema: each fault, in words.
    #[error("{}", .0.join("; "))]
    Header(Vec<String>),
    /// The columns do not fit the schema, and some are no fields of it, which whoever reads may allow: each fault, in words.
    #[error("{}", .0.join("; "))]
    UnknownColumns(Vec<String>),
    /// The bytes are no table: what is wrong with them, and what to do.
    #[error("{0}")]
    Input(String),
    /// The bytes do not arrive.
    #[error("the input cannot be read")]
    Io(#[source] io::Error),
}

impl ReadError {
    /// Makes an error of bytes that are no table.
    pub(super) fn input(detail: impl Into<String>) -> Self {
        Self::Input(detail.into())
    }

    /// Returns each fault in words.
    pub fn faults(&self) -> Vec<String> {
        match self {
            Self::Header(faults) | Self::UnknownColumns(faults) => faults.clone(),
            other => vec![other.to_string()],
        }
    }
}

impl From<io::Error> for ReadError {
    fn from(error: io::Error) -> Self {
        match error.downcast::<Damage>() {
            Ok(Damage(detail)) => Self::Input(detail),
            Err(error) => Self::Io(error),
        }
    }
}

impl From<::csv::Error> for ReadError {
    fn from(error: ::csv::Error) -> Self {
        match error.into_kind() {
            ::csv::ErrorKind::Io(error) => error.into(),
            kind => Self::Input(format!("the input is not CSV: {kind:?}")),
        }
    }
}

/// What is wrong with bytes, as it travels through a chain of readers.
#[derive(Debug, Error)]
#[error("{0}")]
pub(super) struct Damage(String);

impl Damage {
    /// Makes the error of a reader.
    pub(super) fn error(detail: impl Into<String>) -> io::Error {
        io::Error::new(io::ErrorKind::InvalidData, Self(detail.into()))
    }
}
