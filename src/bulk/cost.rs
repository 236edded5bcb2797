//! What a job costs by list price.
//!
//! Prices are those of us-east-1 in US dollars without free tiers, as known on 2026-11-23; `infra/cost.py` tells where each stands. What is
//! not counted: attempts that failed, storage, and what the input costs to read from another region.

use super::stored::StoredRows;
use crate::lifecycle::statistics::to_float;

/// A GB-second of a function, by its processor.
const LAMBDA_GB_SECOND: f64 = if cfg!(target_arch = "aarch64") { 0.000_013_333_4 } else { 0.000_016_666_7 };
const LAMBDA_REQUEST: f64 = 0.20e-6;
const STATE_TRANSITION: f64 = 25.0e-6;
const S3_PUT: f64 = 5.0e-6;
const S3_GET: f64 = 0.4e-6;
/// A write of at most 1 KB.
const TABLE_WRITE: f64 = 0.625e-6;

/// Of the parent: start, split, choice, map, summary and end; of each child: its start, its task and its end.
const TRANSITIONS: f64 = 6.0;
const TRANSITIONS_A_SLICE: f64 = 3.0;

/// Of a slice: its report, its part (begun, one piece of it, completed) and what the engine writes.
const PUTS_A_SLICE: f64 = 5.0;
/// Of a slice: what the job is, what the plan is, whether the part is there, the data, and its report.
const GETS_A_SLICE: f64 = 8.0;

/// A stored prediction is an item of less than 1 KB, which is written into the table and into the index by time.
const WRITES_A_ROW: f64 = 2.0;

/// Returns what a job of so many slices costs.
pub fn of_job(slices: u64, gb_seconds: f64, stored: Option<StoredRows>) -> f64 {
    let slices = to_float(slices);
    let written = stored.map_or(0.0, |stored| to_float(stored.created + stored.repeated + stored.existing));
    gb_seconds * LAMBDA_GB_SECOND
        + (slices + 2.0) * LAMBDA_REQUEST
        + (TRANSITIONS + slices * TRANSITIONS_A_SLICE) * STATE_TRANSITION
        + slices * (PUTS_A_SLICE * S3_PUT + GETS_A_SLICE * S3_GET)
        + written * WRITES_A_ROW * TABLE_WRITE
}
