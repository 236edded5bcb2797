//! What paired bootstrap samples say of a gain: samples of records, or of whole days where a table has a time.
//!
//! Records of one day are not independent, so a bootstrap of records would be far too sure of itself.

use fastrand::Rng;
use serde::Serialize;

use super::super::sum::Sum;
use crate::lifecycle::statistics::to_float;

/// The number of samples that are drawn, with replacement, each as large as the data.
pub const SAMPLES: usize = 2000;

/// Draws the same samples each time.
const SEED: u64 = 1912;

/// A difference of losses, champion less challenger, and what a paired bootstrap says of it.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Gain {
    /// The mean.
    pub mean: f64,
    /// The end of the 95 % interval below it.
    pub lower: f64,
    /// The end above it.
    pub upper: f64,
    /// The share of samples in which the challenger is better.
    pub share_better: f64,
}

impl Gain {
    /// Draws samples of the gains, record by record; returns nothing without records.
    pub fn from_pairs(gains: &[f64]) -> Option<Self> {
        if gains.is_empty() {
            return None;
        }
        let mut random = Rng::with_seed(SEED);
        let rows = to_float(gains.len() as u64);
        let mut draw = || (0..gains.len()).map(|_| gains[random.usize(..gains.len())]).sum::<f64>() / rows;
        let means = (0..SAMPLES).map(|_| draw()).collect();
        Some(Self::from_means(gains.iter().copied().collect::<Sum>().mean()?, means))
    }

    /// Draws samples of whole days, each as many days as there are; a day is given by the sum of its gains. Returns nothing without
    /// records.
    pub fn from_days(days: &[Sum]) -> Option<Self> {
        let mut all = Sum::default();
        for day in days {
            all.merge(day);
        }
        let mean = all.mean()?;
        let mut random = Rng::with_seed(SEED);
        let mut draw = || {
            let drawn = (0..days.len()).map(|_| &days[random.usize(..days.len())]);
            let (sum, rows) = drawn.fold((0.0, 0), |(sum, rows), day| (sum + day.total(), rows + day.count()));
            sum / to_float(rows.max(1))
        };
        Some(Self::from_means(mean, (0..SAMPLES).map(|_| draw()).collect()))
    }

    fn from_means(mean: f64, mut means: Vec<f64>) -> Self {
        means.sort_by(f64::total_cmp);
        let tail = SAMPLES / 40;
        let better = means.iter().filter(|&&mean| mean > 0.0).count();
        Self {
            mean,
            lower: means[tail],
            upper: means[SAMPLES - 1 - tail],
            share_better: to_float(better as u64) / to_float(SAMPLES as u64),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gain_that_chance_would_give_is_told_from_a_clear_one() {
        let clear = Gain::from_pairs(&[0.1, 0.2, 0.15, 0.05].repeat(50)).unwrap();
        assert!(
            clear.share_better > 0.999 && clear.lower > 0.0 && clear.lower < clear.mean && clear.mean < clear.upper
        );
        let chance = Gain::from_pairs(&[1.0, -1.0, 0.5, -0.49].repeat(25)).unwrap();
        assert!((0.2..0.8).contains(&chance.share_better), "{chance:?}");
        assert_eq!(Gain::from_pairs(&[]), None);
    }

    #[test]
    fn whole_days_are_less_sure_than_their_rows() {
        // The challenger is better on most days and worse on others, by much the same for all rows of a day.
        let mut random = Rng::with_seed(17);
        let mut rows = Vec::new();
        let mut days = Vec::new();
        for _ in 0..10 {
            let of_day = 0.02 * (random.f64() - 0.3);
            let gains: Vec<f64> = (0..900).map(|_| of_day + 0.1 * (random.f64() - 0.5)).collect();
            days.push(gains.iter().copied().collect::<Sum>());
            rows.extend(gains);
        }
        let (by_row, by_day) = (Gain::from_pairs(&rows).unwrap(), Gain::from_days(&days).unwrap());
        assert!((by_row.mean - by_day.mean).abs() < 1e-12, "{by_row:?} {by_day:?}");
        assert!(by_day.upper - by_day.lower > 4.0 * (by_row.upper - by_row.lower), "{by_row:?} {by_day:?}");
        assert!(by_row.share_better > 0.999 && by_day.share_better < by_row.share_better, "{by_row:?} {by_day:?}");
        assert_eq!((Gain::from_days(&[]), Gain::from_days(&[Sum::default()])), (None, None));
    }
}
