//! What goes into a graph.

use std::borrow::Cow;

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

/// What stands in one column of one row, as a package has it: an entry, or a feature, which is a number or NaN.
pub trait Cell: Copy {
    /// Returns the number, NaN where there is none. A package that loads gives no text to a column of numbers, and nothing missing to one
    /// that has no NaN.
    fn number(self) -> f64;

    /// Returns whether nothing is known.
    fn is_missing(self) -> bool;

    /// Returns the text, which is empty where nothing is known; an integer is written as people write it.
    fn text(&self) -> Cow<'_, str>;

    /// Returns cells that are floats as they stand.
    fn floats(_: &[Self]) -> Option<&[f32]> {
        None
    }
}

impl Cell for Entry<'_> {
    fn number(self) -> f64 {
        if let Self::Number(number) = self { number } else { f64::NAN }
    }

    fn is_missing(self) -> bool {
        match self {
            Self::Missing => true,
            Self::Number(number) => number.is_nan(),
            Self::Text(_) => false,
        }
    }

    fn text(&self) -> Cow<'_, str> {
        match self {
            Self::Missing => "".into(),
            Self::Number(number) => number.to_string().into(),
            Self::Text(text) => (*text).into(),
        }
    }
}

impl Cell for f32 {
    fn number(self) -> f64 {
        self.into()
    }

    fn is_missing(self) -> bool {
        self.is_nan()
    }

    fn text(&self) -> Cow<'_, str> {
        self.to_string().into()
    }

    fn floats(cells: &[Self]) -> Option<&[f32]> {
        Some(cells)
    }
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
