//! How good answers are where the outcome is known, by kind of task.
//!
//! All of it is gathered one outcome at a time, in constant memory and in any order, and gathered parts can be merged. All of it is exact
//! but for two: of more than [`ranking::EXACT_ROWS`] outcomes, the AUC comes with its error, and slope and intercept of the calibration
//! are those of 65,536 steps of the probability.
//!
//! - [`ranking`]: the area under the receiver operating characteristic.
//! - [`calibration`]: how often what is given a probability happens.
//! - [`recalibration`]: slope and intercept of the calibration.
//! - [`binary`], [`multiclass`], [`regression`]: the figures of each task.
//! - [`expected`]: how good answers are by their own probabilities.
//! - [`task`]: the three tasks as one type.

pub mod ranking;

pub mod calibration;

pub mod recalibration;

pub mod binary;

pub mod multiclass;

pub mod regression;

pub mod expected;

pub mod task;

pub use task::{Outcomes, Performance};
