//! What goes into a graph.

/// What stands in one column of one row.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Entry<'a> {
    /// Nothing is known.
    Missing,
    /// A number; true is 1, and false is 0.
    Number(f64),
    /// A text.
    Text(&'a str),
}

/// The type of a column, by ONNX's name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ColumnKind {
    /// `float`: 32 bits.
    Float,
    /// `double`: 64 bits.
    Double,
    /// `int64`.
    Integer,
    /// `bool`.
    Boolean,
    /// `string`.
    Text,
}

impl ColumnKind {
    /// Returns the name that ONNX gives it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Double => "double",
            Self::Integer => "int64",
            Self::Boolean => "bool",
            Self::Text => "string",
        }
    }

    /// Returns whether a column can say that a value is missing: floats have NaN, and texts may be empty.
    pub fn has_missing(self) -> bool {
        matches!(self, Self::Float | Self::Double | Self::Text)
    }
}

/// An input of a graph: a matrix with a row for each record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Its name.
    pub name: Box<str>,
    /// The type of its columns.
    pub kind: ColumnKind,
    /// How many columns it has, where the graph tells.
    pub columns: Option<usize>,
}
