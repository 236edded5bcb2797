//! The ONNX model: named, typed columns in; label and probabilities, or a value, out. No other room knows tract.
//!
//! A graph is read in two steps. `Declared` tells which inputs it has, so that the package can find what stands in each; `Graph` is
//! the same, prepared to answer.
//!
//! - `interface`: inputs, and what stands in a column of a row.
//! - `declared`: a graph as its file declares it.
//! - `operators`: what a graph may be made of.
//! - `softmax`: one of them that is not tract's.
//! - `outputs`: which output is what.
//! - `reader`: answers from their numbers.
//! - `plan`: the graph prepared for rows.

mod declared;
mod interface;
mod operators;
mod outputs;
mod plan;
mod reader;
mod softmax;

pub use interface::{ColumnKind, Entry, Input};

pub(super) use declared::Declared;
pub(super) use interface::PLAN_ROWS;
pub(super) use outputs::Answering;
pub(super) use plan::Graph;
