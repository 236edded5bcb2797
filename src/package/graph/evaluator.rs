//! Runs graphs of any operator that exporters of tabular models write: texts in and out, trees, and what stands around them.
//!
//! A graph is prepared once: each node becomes a step, a closure that has checked what its attributes say, and what is the same for all
//! rows is computed. A run walks over the steps. Every index and size is checked, and what is wrong is told with its node.
//!
//! - `data`, `tensor`, `proto`: arrays, and how a file has them.
//! - `versions`: of operators.
//! - `node`: what a node is told.
//! - `steps`, `preparing`: a run, and the way from nodes to it.
//! - `operators`: what nodes do.
//! - `broadcast`: arrays of different shapes side by side.
//! - `fault`: what is wrong.

mod broadcast;
mod data;
mod fault;
mod node;
mod operators;
mod preparing;
mod proto;
mod steps;
mod tensor;
mod versions;

#[cfg(test)]
mod backend;

pub(super) use data::{Data, Text};
pub(super) use fault::Fault;
pub(super) use preparing::prepare;
pub(super) use proto::tensor;
pub(super) use steps::{Evaluator, NodeFault};
pub(super) use tensor::Tensor;
pub(super) use versions::Versions;
