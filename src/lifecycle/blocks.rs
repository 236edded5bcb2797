//! Blocks of days: how far the training data itself is from its whole, in as many days as a window has.
//!
//! The values of a column may come in days: all records of a day share the weather, or how the day before went. Such a column differs from
//! the training data in any few days, those of the training data included. So a shift is an alarm only where it is larger than that of every
//! block of as many consecutive days of the training data, each compared with the rest of that data, as a window is with all of it. The largest
//! is taken, and not a quantile: of ten to some dozens of blocks that do not overlap, a 95th percentile lies between the largest two, and one
//! column in twenty would exceed it in each window.
//!
//! Fewer than [`ENOUGH_BLOCKS`] blocks tell too little of that. Then blocks of a tenth of the training's days say whether a column comes in days at
//! all. One that does is reported and not judged; one that does not is judged as in a table without a time. So is one whose blocks have fewer
//! rows than a window that is judged: chance alone would move them.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::drift::{Drift, ENOUGH_ROWS, MODERATE, StabilityIndex, merge_counts};

/// Fewer blocks that do not overlap say too little of how far days are apart.
pub const ENOUGH_BLOCKS: u64 = 10;

/// The blocks of the training data that a column of a window is compared with.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct BlockReport {
    /// From how many days the records of the window come; a day with few of them counts for little.
    pub window_days: u64,
    /// How many blocks of so many days the training data has that do not overlap. Fewer than ten are not enough.
    pub count: u64,
    /// The number of days of the blocks that are compared: those of the window, or a tenth of the training's where there are not enough.
    pub length: u64,
    /// The largest index of a block of 200 records at least, compared with the rest of the training data; 0 where none has so many.
    pub reached: f64,
}

impl BlockReport {
    /// Compares each block of consecutive days with the rest; returns nothing where a block would leave no rest.
    pub fn new(days: &[Vec<u64>], window_days: usize) -> Option<Self> {
        let all = days.len() as u64;
        let window_days = (window_days as u64).max(1);
        let count = all / window_days;
        let length = window_days.min((all / ENOUGH_BLOCKS).max(1));
        (length < all).then(|| Self { window_days, count, length, reached: reached(days, length) })
    }

    /// Judges an index that the expectation is taken off; nothing where the column comes in days, and there are too few blocks of them.
    pub fn drift(&self, judged: f64) -> Option<Drift> {
        if self.count >= ENOUGH_BLOCKS {
            return Some(if judged > self.reached { Drift::from_index(judged) } else { Drift::None });
        }
        (self.reached < MODERATE).then(|| Drift::from_index(judged))
    }
}

/// Returns the largest index of a block of so many consecutive days.
fn reached(days: &[Vec<u64>], length: u64) -> f64 {
    let length = usize::try_from(length).unwrap_or(usize::MAX).min(days.len());
    let mut rest = vec![0; days.first().map_or(0, Vec::len)];
    let mut block = rest.clone();
    for day in days {
        merge_counts(&mut rest, day);
    }
    let mut reached: f64 = 0.0;
    for (place, day) in days.iter().enumerate() {
        move_counts(&mut rest, &mut block, day);
        if let Some(before) = place.checked_sub(length) {
            move_counts(&mut block, &mut rest, &days[before]);
        }
        if place + 1 >= length && block.iter().sum::<u64>() >= ENOUGH_ROWS {
            reached = StabilityIndex::between(&rest, &block).map_or(reached, |index| reached.max(index.judged));
        }
    }
    reached
}

fn move_counts(from: &mut [u64], to: &mut [u64], day: &[u64]) {
    merge_counts(to, day);
    for (count, moved) in from.iter_mut().zip(day) {
        *count -= moved;
    }
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::*;

    /// Draws days of so many rows in ten bins; with a day effect, most rows of a day are in one bin.
    fn days(random: &mut Rng, count: usize, rows: usize, comes_in_days: bool) -> Vec<Vec<u64>> {
        let mut day = || {
            let of_day = random.usize(..10);
            let mut counts = vec![0; 10];
            for _ in 0..rows {
                counts[if comes_in_days && random.f64() < 0.7 { of_day } else { random.usize(..10) }] += 1;
            }
            counts
        };
        (0..count).map(|_| day()).collect()
    }

    fn index(days: &[Vec<u64>], window: &[Vec<u64>]) -> f64 {
        let sum = |days: &[Vec<u64>]| {
            days.iter().fold(vec![0; 10], |mut sum, day| {
                merge_counts(&mut sum, day);
                sum
            })
        };
        StabilityIndex::between(&sum(days), &sum(window)).unwrap().judged
    }

    #[test]
    fn what_comes_in_days_alarms_only_beyond_all_blocks_of_training() {
        let mut random = Rng::with_seed(3);
        let (mut by_index, mut alarms) = (0, 0);
        for _ in 0..100 {
            let training = days(&mut random, 90, 300, true);
            let window = days(&mut random, 7, 300, true);
            let judged = index(&training, &window);
            let blocks = BlockReport::new(&training, 7).unwrap();
            assert_eq!((blocks.window_days, blocks.count, blocks.length), (7, 12, 7));
            by_index += u32::from(Drift::from_index(judged) == Drift::Major);
            alarms += u32::from(blocks.drift(judged) > Some(Drift::None));
        }
        assert!(by_index > 90 && alarms <= 10, "{by_index} of 100 by the index alone, {alarms} by blocks");
        let training = days(&mut random, 90, 300, true);
        let constant = vec![vec![2_100, 0, 0, 0, 0, 0, 0, 0, 0, 0]];
        let judged = index(&training, &constant);
        assert_eq!(BlockReport::new(&training, 7).unwrap().drift(judged), Some(Drift::Major), "{judged}");
    }

    #[test]
    fn what_does_not_come_in_days_is_judged_as_ever_and_what_does_is_not_by_few_blocks() {
        let mut random = Rng::with_seed(4);
        for rows in [30, 300] {
            let independent = days(&mut random, 90, rows, false);
            let blocks = BlockReport::new(&independent, 30).unwrap();
            assert_eq!((blocks.count, blocks.length), (3, 9));
            assert!(blocks.reached < 0.05, "{blocks:?}");
            assert_eq!([0.05, 0.1, 0.3].map(|judged| blocks.drift(judged)), {
                [Drift::None, Drift::Moderate, Drift::Major].map(Some)
            });
            let in_days = BlockReport::new(&days(&mut random, 90, rows, true), 30).unwrap();
            assert!(in_days.reached > 0.25 && in_days.drift(5.0).is_none(), "{in_days:?}");
        }
    }

    #[test]
    fn too_few_days_tell_nothing() {
        let day = vec![3, 4];
        assert_eq!(BlockReport::new(&[], 1), None);
        assert_eq!(BlockReport::new(std::slice::from_ref(&day), 1), None);
        let blocks = BlockReport::new(&[day.clone(), vec![3, 4], day.clone()], 5).unwrap();
        assert_eq!((blocks.reached, blocks.drift(0.3)), (0.0, Some(Drift::Major)), "so few rows do not count");
        let blocks = BlockReport::new(&[day.clone(), vec![400, 3], day], 5).unwrap();
        assert_eq!((blocks.count, blocks.length), (0, 1));
        assert!(blocks.drift(1.0).is_none(), "{blocks:?}");
    }
}
