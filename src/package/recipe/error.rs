//! What is wrong with a recipe, a state or a history, in words for the one who wrote it.

use std::borrow::Cow;
use std::fmt;

use serde::de::DeserializeOwned;
use thiserror::Error;

pub(super) const RECIPE: &str = "recipe.json";
pub(super) const STATE: &str = "state.json";
pub(super) const HISTORY: &str = "history.json";
pub(super) const SHEET: &str = "the sheet";
pub(super) const SNAPSHOT: &str = "the snapshot";

/// A recipe that cannot work, or a state or history that does not belong to it: each fault with its file and its place, a JSON pointer.
#[derive(Debug, Error)]
#[error("{}", .0.join("; "))]
pub struct RecipeError(Vec<String>);

impl RecipeError {
    /// Makes an error of one fault.
    pub(super) fn of_file(file: &str, pointer: &str, detail: impl fmt::Display) -> Self {
        let mut faults = Faults::default();
        faults.push(file, format_args!("{pointer}"), detail);
        Self(faults.0)
    }

    /// Returns the faults, each with its file and place: `recipe.json /steps/3/from: …`.
    pub fn faults(&self) -> &[String] {
        &self.0
    }
}

/// Training rows that no state can be fitted to.
#[derive(Debug, Error)]
pub enum FitError {
    /// There was no row at all.
    #[error("there is no row to fit to")]
    Empty,
    /// A step learns from the values of a column, which has none.
    #[error("no row has a value of {from:?}, which the step {step:?} learns from")]
    NoValue {
        /// The step.
        step: String,
        /// The column.
        from: String,
    },
    /// A step would learn more values than a graph can be meant to read.
    #[error("{from:?} has more than {most} values: name those that the step {step:?} is to tell apart")]
    TooManyValues {
        /// The step.
        step: String,
        /// The column.
        from: String,
        /// The most values.
        most: usize,
    },
    /// A history needs to know how each record fared.
    #[error("row {row} has no label, which the history needs")]
    Unlabelled {
        /// The row, 1 for the first.
        row: usize,
    },
    /// A snapshot of the history is found by the time of a row.
    #[error(transparent)]
    WithoutTime(#[from] RowWithoutTime),
    /// The recipe cannot work.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
}

/// A row whose snapshot cannot be found.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("row {row} has no {field}: a snapshot of the history is found by it")]
pub struct RowWithoutTime {
    /// The row, 1 for the first.
    pub row: usize,
    /// The field that tells the time.
    pub field: Box<str>,
}

/// The faults of files that are being checked.
#[derive(Debug, Default)]
pub(super) struct Faults(Vec<String>);

impl Faults {
    /// Adds a fault; where it stands is put into words only now.
    pub(super) fn push(&mut self, file: &str, pointer: fmt::Arguments<'_>, detail: impl fmt::Display) {
        let space = if pointer.to_string().is_empty() { "" } else { " " };
        self.0.push(format!("{file}{space}{pointer}: {detail}"));
    }

    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn finish(self) -> Result<(), RecipeError> {
        if self.0.is_empty() { Ok(()) } else { Err(RecipeError(self.0)) }
    }
}

/// Reads a JSON text; one that is not understood is told with its place.
pub(super) fn read<T: DeserializeOwned>(file: &str, text: &[u8]) -> Result<T, RecipeError> {
    // To keep the place costs a multiple of reading, so it is looked for only when something is wrong.
    let text = std::str::from_utf8(text).map_err(|error| RecipeError::of_file(file, "", error))?;
    let error = match serde_json::from_str(text) {
        Ok(read) => return Ok(read),
        Err(error) => error,
    };
    let mut json = serde_json::Deserializer::from_str(text);
    match serde_path_to_error::deserialize::<_, T>(&mut json) {
        Ok(_) => Err(RecipeError::of_file(file, "", error)),
        Err(error) => {
            let pointer = pointer(error.path());
            Err(RecipeError::of_file(file, &pointer, error.into_inner()))
        }
    }
}

fn pointer(path: &serde_path_to_error::Path) -> String {
    use serde_path_to_error::Segment;
    let segment = |segment: &Segment| match segment {
        Segment::Seq { index } => format!("/{index}"),
        Segment::Map { key } => format!("/{}", escape(key)),
        Segment::Enum { variant } => format!("/{variant}"),
        Segment::Unknown => String::new(),
    };
    path.iter().map(segment).collect()
}

/// Writes a name as a part of a JSON pointer.
pub(super) fn escape(name: &str) -> Cow<'_, str> {
    if name.contains(['~', '/']) { name.replace('~', "~0").replace('/', "~1").into() } else { name.into() }
}
