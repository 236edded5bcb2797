//! How large a slice is: such that one takes [`SECONDS_A_SLICE`], by how long some records of the input take here.
//!
//! A slice that takes much less costs more to start than to do; one that takes much more is a great deal to lose, and cannot be shared
//! among as many.

use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::Bulk;
use super::failure::Failure;
use crate::lifecycle::statistics::to_float;
use crate::scoring::{Scorer, Wishes};
use crate::table::chunk::Chunk;
use crate::table::reader::Reader;

/// How long a slice should take.
pub const SECONDS_A_SLICE: f64 = 20.0;

/// Reading, writing and counting take about as long as scoring does; so much longer is a record than what is measured.
const WORK_BESIDE: f64 = 2.0;

/// What S3 gives a function in a second, in bytes, however quick the model is.
const BYTES_A_SECOND: f64 = 50e6;

/// A row has so many bytes of text where nothing is known of it.
const USUAL_ROW_BYTES: f64 = 100.0;

/// A compressed text becomes so many times as long.
const USUAL_COMPRESSION: f64 = 5.0;

/// So many chunks are scored behind the first one, which is slower.
const TIMED_CHUNKS: usize = 3;

/// How long things take.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Sizing {
    /// A record.
    pub seconds_a_row: f64,
    /// The bytes of a record, as text.
    pub bytes_a_row: f64,
}

impl Sizing {
    /// Scores the first records of a table, and takes the time.
    pub fn measure(bulk: &Bulk, wishes: Wishes, mut reader: Reader, bytes_a_row: Option<f64>) -> Result<Self, Failure> {
        // Columns that go from Parquet to Parquet as they are count by their bytes.
        let format = reader.format();
        reader.set_aside(format);
        let scorer = Scorer::new(&bulk.package, wishes, format, reader.extra_columns(), jiff::Timestamp::UNIX_EPOCH)?;
        let (mut chunk, mut old, mut rows, mut seconds) = (Chunk::default(), Vec::new(), 0_usize, 0.0);
        for turn in 0..=TIMED_CHUNKS {
            if !reader.next_chunk(&mut chunk)? {
                break;
            }
            let began = Instant::now();
            scorer.score(&chunk, &mut old)?;
            let took = began.elapsed().as_secs_f64();
            // A table of a single chunk has nothing else to tell by.
            if turn == 1 {
                (rows, seconds) = (0, 0.0);
            }
            rows += chunk.len();
            seconds += took;
        }
        #[expect(clippy::cast_precision_loss, reason = "some thousand rows")]
        let seconds_a_row = if rows == 0 { 1e-6 } else { seconds / rows as f64 * WORK_BESIDE };
        Ok(Self { seconds_a_row, bytes_a_row: bytes_a_row.unwrap_or(USUAL_ROW_BYTES) })
    }

    /// Returns how long a text of so many bytes takes.
    pub fn of_text(&self, bytes: u64) -> f64 {
        to_float(bytes) * self.seconds_a_byte()
    }

    /// Returns how long a compressed text of so many bytes takes.
    pub fn of_compressed(&self, bytes: u64) -> f64 {
        USUAL_COMPRESSION * self.of_text(bytes)
    }

    /// Returns how long rows of a Parquet file take, by the number of them and by their bytes in the file.
    pub fn of_rows(&self, rows: u64, bytes: u64) -> f64 {
        (to_float(rows) * self.seconds_a_row).max(to_float(bytes) / BYTES_A_SECOND)
    }

    /// Returns how many bytes of text take so long.
    pub fn bytes_in(&self, seconds: f64) -> u64 {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "positive, and far below 2^63")]
        let bytes = (seconds / self.seconds_a_byte()).min(1e15) as u64;
        bytes.max(1)
    }

    fn seconds_a_byte(&self) -> f64 {
        (self.seconds_a_row / self.bytes_a_row.max(1.0)).max(1.0 / BYTES_A_SECOND)
    }
}
