//! Two samples of one population differ, and that is no drift.

use fastrand::Rng;
use lifeboat::lifecycle::drift::{Drift, MODERATE, StabilityIndex};

const BASELINE_ROWS: usize = 891;
const WINDOW_ROWS: usize = 200;
const DRAWS: u32 = 2_000;

/// Draws so many rows of a population whose bins have these weights.
fn draw(random: &mut Rng, weights: &[f64], rows: usize) -> Vec<u64> {
    let total: f64 = weights.iter().sum();
    let mut counts = vec![0; weights.len()];
    for _ in 0..rows {
        let mut left = random.f64() * total;
        let bin = weights.iter().position(|weight| {
            left -= weight;
            left < 0.0
        });
        counts[bin.unwrap_or(0)] += 1;
    }
    counts
}

/// Returns the shares of draws whose raw and whose judged index are drift, and the means of the index and of its expectation.
fn simulate(baseline: &[f64], window: &[f64]) -> [f64; 4] {
    let mut random = Rng::with_seed(1912);
    let mut sums = [0.0; 4];
    for _ in 0..DRAWS {
        let baseline = draw(&mut random, baseline, BASELINE_ROWS);
        let index = StabilityIndex::between(&baseline, &draw(&mut random, window, WINDOW_ROWS)).unwrap();
        let is = |flag: bool| f64::from(u8::from(flag));
        let found = [is(index.psi >= MODERATE), is(index.drift() >= Drift::Moderate), index.psi, index.expected];
        for (sum, number) in sums.iter_mut().zip(found) {
            *sum += number;
        }
    }
    sums.map(|sum| sum / f64::from(DRAWS))
}

#[test]
fn chance_is_not_judged_to_be_drift() {
    // The least share of draws that would have been called drift by the raw index.
    for (bins, least_raw) in [(2, 0.0), (5, 0.0), (10, 0.03), (16, 0.25), (22, 0.6)] {
        let [raw, judged, mean, expected] = simulate(&vec![1.0; bins], &vec![1.0; bins]);
        assert!(judged < 0.05 && raw >= least_raw && raw >= judged, "{bins} bins: raw {raw}, judged {judged}");
        assert!((mean / expected - 1.0).abs() < 0.1, "{bins} bins: mean {mean}, expected {expected}");
        // A few frequent bins, and many that are seldom filled.
        let weights: Vec<f64> = (1..).take(bins).map(|rank| 1.0 / f64::from(rank)).collect();
        let [raw, judged, ..] = simulate(&weights, &weights);
        assert!(judged < 0.05 && raw >= judged, "{bins} bins by rank: raw {raw}, judged {judged}");
    }
}

#[test]
fn drift_is_not_missed_for_that() {
    // Indices of 0.34 and 0.24 in truth.
    let shifts =
        [(vec![1.0; 10], vec![0.3, 0.4, 0.6, 0.8, 1.0, 1.0, 1.2, 1.4, 1.6, 1.7]), (vec![3.0, 1.0], vec![1.0, 1.0])];
    for (before, after) in shifts {
        let [_, judged, ..] = simulate(&before, &after);
        assert!(judged > 0.9, "{after:?}: {judged}");
    }
}
