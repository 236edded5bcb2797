//! The ONNX model: named, typed columns in; label and probabilities, or a value, out. No other room knows ONNX or tract.
//!
//! A graph is read in two steps. `Declared` tells which inputs it has, so that the package can find what stands in each; `Graph` is
//! the same, prepared to answer. A graph of sums, products and functions alone is run by tract, whose kernels are the fastest; all
//! others, which exporters write for pipelines and trees, by an evaluator of this program.
//!
//! - `interface`: inputs, and what stands in a column of a row.
//! - `wire`: the bytes of a file.
//! - `declared`, `checks`: a graph as its file declares it, and what is refused of a file.
//! - `inventory`: what a graph is made of, for people.
//! - `outline`, `vocabulary`: what a graph tells of itself, and which texts its encoders know: a package is made by it.
//! - `outputs`, `joined`: which output is what; probabilities that stand in an output for each class.
//! - `matrix`: what an input reads of rows.
//! - `tract`: graphs that tract runs.
//! - `evaluator`: all others.
//! - `values`, `reader`: what a run gave, and the answers from it.
//! - `plan`: the graph prepared for rows.

mod checks;
mod declared;
mod evaluator;
mod interface;
mod inventory;
mod joined;
mod matrix;
mod outline;
mod outputs;
mod plan;
mod reader;
mod tract;
mod values;
mod vocabulary;
mod wire;

pub use interface::{Cell, ColumnKind, Entry, Input};
pub use inventory::Inventory;
pub use outline::Outline;
pub use vocabulary::Vocabulary;

pub(super) use declared::Declared;
pub(super) use outputs::Answering;
pub(super) use plan::Graph;
