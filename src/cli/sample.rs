//! What share of the stored predictions a command has seen.
//!
//! Predictions are found by time in a sample alone (`MONITOR_SAMPLE_RATE`), and nothing says at which rate the sample was drawn: it is the
//! setting of whoever stored them. But a prediction belongs to the sample when its hash begins with less than that share of all values,
//! and hashes are as good as random, so the largest one that was seen tells the rate.

use std::fmt;

use super::counted::counted;
use crate::identity::PredictionId;

/// From so many predictions on, the share is off by a twentieth of itself, or less.
const ENOUGH_ROWS: u32 = 20;

/// Where hashes like these are at least this likely among all that was stored, they are taken for all.
const CHANCE_OF_ALL: f64 = 0.01;

/// A share that is written as 100 %.
const ALMOST_ALL: f64 = 0.995;

/// The predictions of the sample that were seen.
#[derive(Debug, Default)]
pub(super) struct Sample {
    rows: u32,
    /// The largest beginning of a hash.
    largest: u32,
    /// How many others of the same days were deleted.
    deleted: u64,
}

impl Sample {
    /// Takes a prediction into account.
    pub(super) fn count(&mut self, id: &PredictionId) {
        self.rows = self.rows.saturating_add(1);
        self.largest = self.largest.max(id.hash().beginning());
    }

    /// Takes predictions into account.
    pub(super) fn count_all<'a>(&mut self, ids: impl Iterator<Item = &'a PredictionId>) {
        ids.for_each(|id| self.count(id));
    }

    /// Takes into account that so many predictions of the same days were deleted.
    pub(super) fn count_deleted(&mut self, deleted: u64) {
        self.deleted = deleted;
    }

    /// Returns the largest rate at which predictions of the sample were stored.
    fn rate(&self) -> Rate {
        let (rows, largest) = (f64::from(self.rows), f64::from(self.largest) / f64::from(u32::MAX));
        if self.rows < ENOUGH_ROWS {
            return Rate::Unknown;
        }
        let rate = largest * (rows + 1.0) / rows;
        // So large a hash, or a smaller one, would be the largest of so many of all by this chance.
        let chance = largest.powf(rows);
        if chance >= CHANCE_OF_ALL || rate >= ALMOST_ALL { Rate::All } else { Rate::Part(rate) }
    }
}

/// At which rate predictions were stored.
enum Rate {
    /// They are too few to tell.
    Unknown,
    /// All may be there.
    All,
    Part(f64),
}

/// What there is to say of the sample, each on a line of its own behind what was said before.
impl fmt::Display for Sample {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.rate() {
            Rate::All => Ok(()),
            Rate::Part(rate) => {
                write!(f, "\na sample: at most about {:.0} % of what was stored (MONITOR_SAMPLE_RATE)", rate * 100.0)
            }
            Rate::Unknown => f.write_str(
                "\nwhere MONITOR_SAMPLE_RATE was below 1, this is a sample; so few do not tell of what share",
            ),
        }?;
        match self.deleted {
            0 => Ok(()),
            deleted => write!(f, "\ndeleted since, of the days of the window: {}", counted(deleted, "prediction")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sha2::{Digest, Sha256};

    fn told(rows: u32, share: f64) -> String {
        let ids = (0..rows)
            .map(|number| hex::encode(&Sha256::digest(number.to_be_bytes())[..16]).parse::<PredictionId>().unwrap());
        let mut sample = Sample::default();
        ids.filter(|id| f64::from(id.hash().beginning()) < share * f64::from(u32::MAX))
            .for_each(|id| sample.count(&id));
        sample.to_string()
    }

    #[test]
    fn the_share_of_a_sample_is_told_by_its_hashes() {
        for (rows, share, percent) in [(5000, 0.1, "about 10 %"), (500, 0.25, "about 25 %")] {
            assert!(told(rows, share).contains(percent), "{}", told(rows, share));
        }
        for rows in [20, 1000] {
            assert_eq!(told(rows, 1.0), "", "all of them");
        }
        for rows in [0, 19] {
            assert!(told(rows, 1.0).contains("so few"), "{}", told(rows, 1.0));
        }
    }
}
