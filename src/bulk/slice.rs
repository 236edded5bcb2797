//! A part of the input that one call scores.

use serde::{Deserialize, Serialize};

/// A part of the input that one call scores: pieces of one or several files, in the order of the output.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slice {
    /// The slices of a job are numbered from 0 on.
    pub index: u64,
    /// The pieces, in order.
    pub pieces: Vec<Piece>,
}

/// A piece of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Piece {
    /// The object's key.
    pub key: String,
    /// The object's tag: one with another tag is another object.
    pub etag: String,
    /// The object's size in bytes.
    pub size: u64,
    /// Which part of it.
    #[serde(flatten)]
    pub span: PieceSpan,
    /// The number of rows, where it was counted when the file was cut.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rows: Option<u64>,
}

/// Which part of a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "span", rename_all = "snake_case")]
pub enum PieceSpan {
    /// All of it.
    Whole,
    /// Whole records of a text, behind its header.
    Lines {
        /// The bytes of the header, with what stands before it.
        header: u64,
        /// The first byte.
        from: u64,
        /// The byte behind the last.
        to: u64,
        /// The line of the first record.
        first_line: u64,
        /// The format: of both that are cut like this, csv or ndjson.
        format: String,
    },
    /// Rows of a Parquet file.
    Rows {
        /// The first, from 0 on.
        from: u64,
        /// The one behind the last.
        to: u64,
    },
}

impl Slice {
    /// Returns the number of rows, where it is known of each piece.
    pub fn rows(&self) -> Option<u64> {
        self.pieces.iter().map(|piece| piece.rows).sum()
    }
}
