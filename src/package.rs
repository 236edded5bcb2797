//! A package: all that answers for one table, loaded from a folder and checked as a whole.
//!
//! A [`Package`] that exists fits together: its files are those that its manifest names, the recipe is one of this schema, and the graph
//! reads what they give and answers what the label is.
//!
//! - [`files`]: which files there are, and reading them within limits.
//! - [`error`]: why a package cannot be used: the file, the place, what was expected and found, and the mend.
//! - [`manifest`]: what a package says of itself.
//! - `content`: the hash of all that decides an answer, and the sealing of a package.
//! - [`recipe`]: how features come from a record, where the graph does not read the fields themselves.
//! - `classes`: the classes of a label as the graph has them.
//! - [`answer`]: what a graph says of a record.
//! - [`graph`]: the ONNX model, the only room that knows tract.
//! - `binding`, `columns`: which field or feature stands in each column that the graph reads.
//! - `groups`: what is taken away together when an answer is explained.
//! - [`load`]: the package itself.
//! - [`explanation`]: how far each group of fields moved an answer.

pub mod answer;
mod binding;
mod classes;
mod columns;
mod content;
pub mod error;
pub mod explanation;
pub mod files;
pub mod graph;
mod groups;
pub mod load;
pub mod manifest;
pub mod recipe;

pub use answer::{Answer, InferenceError};
pub use content::seal;
pub use error::LoadError;
pub use files::Files;
pub use load::{Answered, Package};
pub use manifest::Manifest;
