//! Ensembles of trees: their scores, and the labels that onnxruntime makes of them.
//!
//! - `source`: trees as a file has them; `attributes`, `classic` and `modern` read them.
//! - `build`: the same as a forest, checked.
//! - `value`, `forest`: nodes in a row, and the walk over them.
//! - `scored`: a forest for inputs of each type.
//! - `regressor`, `classifier`: what the operators make of scores.

mod attributes;
mod build;
mod classic;
mod classifier;
mod forest;
mod modern;
mod regressor;
mod scored;
mod source;
#[cfg(test)]
mod tests;
mod value;

pub(super) use classifier::classifier;
pub(super) use regressor::{ensemble, regressor};
