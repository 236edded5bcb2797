//! What paired bootstrap samples say of a gain.

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
        let mut means: Vec<f64> = (0..SAMPLES).map(|_| draw()).collect();
        means.sort_by(f64::total_cmp);
        let tail = SAMPLES / 40;
        let better = means.iter().filter(|&&mean| mean > 0.0).count();
        let sum: Sum = gains.iter().copied().collect();
        Some(Self {
            mean: sum.mean()?,
            lower: means[tail],
            upper: means[SAMPLES - 1 - tail],
            share_better: to_float(better as u64) / to_float(SAMPLES as u64),
        })
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
}
