//! How a descriptor becomes a program: names become slots, and **every** fault is collected.
//!
//! - `column`: what stands in a column.
//! - `compiler`: the names that a step may use, and what is wrong so far.
//! - `condition`: tests.
//! - `extract`, `when`, `impute`, `one_hot`, `number`, `date_part`, `history`, `recent`: the steps.
//! - `features`: what the graph reads.
//! - `steps`: all of these in order.

mod column;

mod compiler;

mod condition;

mod extract;

mod when;

mod impute;

mod one_hot;

mod number;

mod date_part;

pub(super) mod history;

pub(super) mod recent;

mod features;

mod steps;

pub(super) use column::{Column, Kind, Known, category};
pub(super) use compiler::Compiler;
pub(super) use features::{Features, features};
pub(super) use steps::step;
