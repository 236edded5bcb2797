//! History as it is published: snapshots, of which the newest serves, and sheets, of which the next snapshot is made.

use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use thiserror::Error;

use super::StoreError;
use crate::prediction::to_milliseconds;

/// A snapshot that is published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedSnapshot {
    /// The SHA-256 of its text in hexadecimal, by which predictions name it.
    pub hash: Arc<str>,
    /// The moment whose history it is, to the millisecond.
    pub as_of: Timestamp,
    /// When it was made, to the millisecond.
    pub made_at: Timestamp,
}

impl PublishedSnapshot {
    /// Describes the snapshot of a text.
    pub fn new(text: &[u8], as_of: Timestamp, made_at: Timestamp) -> Self {
        Self { hash: digest(text).into(), as_of, made_at }
    }

    /// Cuts the times to what is stored, and refuses a text that the hash does not name: what is kept under a name is kept for good.
    pub(super) fn checked(self, text: &[u8]) -> Result<Self, StoreError> {
        check(&self.hash, text)?;
        Ok(Self { as_of: to_milliseconds(self.as_of), made_at: to_milliseconds(self.made_at), ..self })
    }
}

/// A text that is not the one that was named.
#[derive(Debug, Error)]
#[error("the text named {named} has the SHA-256 {found}")]
struct OtherText {
    named: String,
    found: String,
}

/// Refuses a text that is not the one of this hash: it is damaged, or a part of it is missing.
pub(super) fn check(hash: &str, text: &[u8]) -> Result<(), StoreError> {
    let found = digest(text);
    if found == hash {
        return Ok(());
    }
    Err(StoreError::Unreadable(Box::new(OtherText { named: hash.to_owned(), found })))
}

/// Returns the SHA-256 of a text in hexadecimal.
pub(super) fn digest(text: &[u8]) -> String {
    hex::encode(Sha256::digest(text))
}
