//! Where a record stands in an input.

use std::fmt;

/// Where a record stands in an input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// In a line of text, the first of them being 1.
    Line(u64),
    /// In an array, the first element being 0, as JSON pointers have it.
    Element(u64),
    /// In a file that has rows and no lines, the first being 1.
    Row(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Element(index) => write!(f, "element {index}"),
            Self::Row(row) => write!(f, "row {row}"),
        }
    }
}
