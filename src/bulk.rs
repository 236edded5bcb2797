//! Scores a data set of any size that stands in S3: one job, cut into slices that copies of one function score side by side.
//!
//! AWS Step Functions is the engine (`infra/bulk.asl.json`); here is what its three tasks do. A job is named by what decides its output, and
//! its output prefix belongs to it: whoever starts it twice gets one job, and whoever starts it again gets what is missing.
//!
//! ```text
//! input ─▶ split ─▶ _JOB, _plan/ ─▶ score, a slice each ─▶ part-00000.parquet … ─▶ summarise ─▶ _SUCCESS
//! ```
//!
//! - [`failure`]: why a task fails, and whether the same again may help.
//! - [`input`]: what a job is asked to do.
//! - [`places`]: the objects below a job's output prefix.
//! - [`mod@slice`]: a part of the input that one call scores.
//! - [`reach`]: where jobs may read and write. `neighbours`: other jobs around an output and within it.
//! - [`job`]: what names a job.
//! - [`plan`]: what holds for all slices.
//! - [`drift`], [`counts`]: what is counted of records and answers, to be merged, and what it comes to.
//! - [`stored`], [`report`]: what became of a slice.
//! - [`source`]: a piece of the input as a table.
//! - [`sizing`]: how large a slice is. `side_by_side`: what is waited for together.
//! - [`split`], [`score`], [`summarise`]: the tasks.
//! - [`summary`], [`cost`]: what the last one tells.
//! - [`pace`]: how fast predictions go to a store that others use, too.

pub mod cost;
pub mod counts;
pub mod drift;
pub mod failure;
pub mod input;
pub mod job;
mod neighbours;
pub mod pace;
pub mod places;
pub mod plan;
pub mod reach;
pub mod report;
pub mod score;
mod side_by_side;
pub mod sizing;
pub mod slice;
pub mod source;
pub mod split;
pub mod stored;
pub mod summarise;
pub mod summary;

use std::sync::Arc;
use std::time::Instant;

use crate::objects::Objects;
use crate::package::Package;
use crate::store::PredictionStore;

/// What every task of a job needs.
#[derive(Debug, Clone)]
pub struct Bulk {
    /// The model.
    pub package: Arc<Package>,
    /// The objects of the input and of the output.
    pub objects: Objects,
    /// Where predictions are stored, if they may be.
    pub store: Option<Arc<dyn PredictionStore>>,
}

/// One call of a task: when it began, and when it must be over.
#[derive(Debug, Clone, Copy)]
pub struct Call {
    /// When it began.
    pub began: Instant,
    /// When whoever called gives up.
    pub ends: Instant,
}
