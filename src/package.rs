//! A package: all that answers for one table, loaded from a folder and checked as a whole.
//!
//! A [`Package`] that exists fits together: its files are those that its manifest names, the recipe is one of this schema, and the graph
//! reads what they give and answers what the label is.
//!
//! - [`files`]: which files there are, and reading them within limits.
//! - [`error`]: why a package cannot be used: the file, the place, what was expected and found, and the mend.
//! - [`manifest`]: what a package says of itself.
//! - [`recipe`]: how features come from a record, where the graph does not read the fields themselves.
//! - [`pack`]: a package for a graph that somebody exported.
//! - [`training`]: what training rows tell a manifest.
//! - `content`: the hash of all that decides an answer, and the sealing of a package.
//! - `classes`: the classes of a label as the graph has them.
//! - [`agreement`]: whether the package was compared with the model that it came from.
//! - [`answer`]: what a graph says of a record.
//! - [`graph`]: the ONNX model, the only room that knows tract.
//! - `binding`, `columns`: which field or feature stands in each column that the graph reads.
//! - `made_up`: records to try a package with.
//! - `groups`: what is taken away together when an answer is explained.
//! - [`load`]: the package itself.
//! - [`built_in`]: the package that is part of the program.
//! - [`inspection`], [`golden`]: a package that is looked at as a whole, and tried by records whose answers are known.
//! - [`explanation`]: how far each group of fields moved an answer.
//! - [`json_schema`]: what schema, recipe and manifest may hold, as JSON Schemas.

pub mod agreement;
pub mod answer;
mod binding;
pub mod built_in;
mod classes;
mod columns;
mod content;
pub mod error;
pub mod explanation;
pub mod files;
pub mod golden;
pub mod graph;
mod groups;
pub mod inspection;
pub mod json_schema;
pub mod load;
mod made_up;
pub mod manifest;
pub mod pack;
pub mod recipe;
pub mod training;

pub use agreement::Agreement;
pub use answer::{Answer, InferenceError};
pub use built_in::open;
pub use content::{MEASURED_BY_PACK, seal, seal_with, tell};
pub use error::LoadError;
pub use files::Files;
pub use load::{Answered, Package, PastError};
pub use manifest::Manifest;
pub use training::Training;
