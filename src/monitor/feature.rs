//! One feature of a window, gathered in constant memory.
//!
//! The baseline's values divide all numbers into cells: each value by itself, and what lies between two of them. How many of the window's
//! values are in each cell is all that the Kolmogorov–Smirnov statistic needs, exactly: the distance of the two distributions is largest
//! at a value of the baseline or right before one.

use super::baseline::FeatureBaseline;
use super::report::{Bins, Drift, FeatureReport, TestKind, TestReport};
use super::{ENOUGH_ROWS, rate};
use crate::statistics::{self, Mean, population_stability_index};

/// The values of one feature, by what the training data has of it.
#[derive(Debug)]
pub(super) struct Feature {
    name: &'static str,
    baseline: FeatureBaseline,
    mean: Mean,
    bins: Vec<u64>,
    /// How many values are below the baseline's first, equal to it, between it and the second, equal to that …, and above the last.
    cells: Vec<u64>,
}

impl Feature {
    pub(super) fn new(name: &'static str, baseline: FeatureBaseline) -> Self {
        let (bins, cells) = (vec![0; baseline.edges.len() + 1], vec![0; 2 * baseline.values.len() + 1]);
        Self { name, baseline, mean: Mean::default(), bins, cells }
    }

    /// Takes a value in. A feature that did not exist when the prediction was stored has none.
    pub(super) fn add(&mut self, value: f32) {
        if value.is_nan() {
            return;
        }
        let number = f64::from(value);
        self.mean.add(number);
        self.bins[bin(&self.baseline.edges, number)] += 1;
        let below = self.baseline.values.partition_point(|&known| known < value);
        let is_known = self.baseline.values.get(below).is_some_and(|&known| known <= value);
        self.cells[2 * below + usize::from(is_known)] += 1;
    }

    /// Compares the values with those of the training data.
    pub(super) fn report(&self) -> FeatureReport {
        let Self { name, baseline, mean, bins, .. } = self;
        let is_enough = mean.count() >= ENOUGH_ROWS;
        let psi = is_enough.then(|| population_stability_index(&baseline.counts, bins));
        FeatureReport {
            name: (*name).to_owned(),
            drift: psi.map(Drift::of),
            psi,
            test: is_enough.then(|| self.test()).flatten(),
            mean: mean.value(),
            baseline_mean: baseline.mean,
            out_of_range_rate: rate(self.outside(), mean.count()),
            unseen_rate: baseline.is_category().then(|| rate(self.unseen(), mean.count())),
            bins: Bins { edges: baseline.edges.clone(), baseline: baseline.counts.clone(), window: bins.clone() },
        }
    }

    /// Counts the values beyond all those of the training data.
    fn outside(&self) -> u64 {
        match &self.cells[..] {
            [below, .., above] => below + above,
            all => all.iter().sum(),
        }
    }

    /// Counts the values that the training data does not have.
    fn unseen(&self) -> u64 {
        self.cells.iter().step_by(2).sum()
    }

    /// Tests whether the values come from the population that the model was trained on.
    fn test(&self) -> Option<TestReport> {
        let (kind, result) = if self.baseline.is_category() {
            (TestKind::ChiSquared, statistics::chi_squared(&self.baseline.counts, &self.bins)?)
        } else {
            let result = statistics::kolmogorov_smirnov(&self.baseline.sample(), &self.sample())?;
            (TestKind::KolmogorovSmirnov, result)
        };
        Some(TestReport { kind, statistic: result.statistic, p_value: result.p_value })
    }

    /// Returns a sample that has the window's distance from the baseline: what is between two values of it stands midway.
    fn sample(&self) -> Vec<(f64, u64)> {
        let known = || self.baseline.values.iter().copied().map(f64::from);
        let ends = [f64::NEG_INFINITY].into_iter().chain(known()).zip(known().chain([f64::INFINITY]));
        let between =
            ends.map(|(before, after)| if before.is_finite() { f64::midpoint(before, after) } else { before });
        // A cell between comes before each value, and one more comes last.
        let places = between.zip(known().map(Some).chain([None])).flat_map(|(between, value)| [Some(between), value]);
        places.flatten().zip(self.cells.iter().copied()).filter(|(_, count)| *count > 0).collect()
    }
}

/// Returns the bin of a value: the number of edges that are not greater.
pub(super) fn bin(edges: &[f64], value: f64) -> usize {
    edges.partition_point(|&edge| edge <= value)
}
