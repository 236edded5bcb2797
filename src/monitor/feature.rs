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
    /// Those values that the baseline does not have, and their bins; the others are in the cells.
    unseen: Mean,
    unseen_bins: Vec<u64>,
    /// The value that came last and the cell of it, which the next one often has too.
    last: (f32, usize),
    /// How many values are below the baseline's first, equal to it, between it and the second, equal to that …, and above the last.
    cells: Vec<u64>,
}

impl Feature {
    pub(super) fn new(name: &'static str, baseline: FeatureBaseline) -> Self {
        let (bins, cells) = (vec![0; baseline.edges.len() + 1], vec![0; 2 * baseline.values.len() + 1]);
        Self { name, baseline, unseen: Mean::default(), unseen_bins: bins, last: (f32::NAN, 0), cells }
    }

    /// Takes a value in. A feature that did not exist when the prediction was stored has none.
    pub(super) fn add(&mut self, value: f32) {
        if value.is_nan() {
            return;
        }
        let (last, cell) = self.last;
        if value.to_bits() == last.to_bits() {
            self.cells[cell] += 1;
        } else {
            self.search(value);
        }
    }

    fn search(&mut self, value: f32) {
        let below = self.baseline.values.partition_point(|&known| known < value);
        let is_known = self.baseline.values.get(below).is_some_and(|&known| known <= value);
        let cell = 2 * below + usize::from(is_known);
        self.cells[cell] += 1;
        if is_known {
            self.last = (value, cell);
        } else {
            let number = f64::from(value);
            self.unseen.add(number);
            self.unseen_bins[bin(&self.baseline.edges, number)] += 1;
        }
    }

    /// Returns the values that the baseline has, each with how often it came.
    fn seen(&self) -> impl Iterator<Item = (f64, u64)> {
        let counts = self.cells.iter().skip(1).step_by(2);
        self.baseline.values.iter().map(|&value| f64::from(value)).zip(counts.copied())
    }

    fn bins(&self) -> Vec<u64> {
        let mut bins = self.unseen_bins.clone();
        self.seen().for_each(|(value, count)| bins[bin(&self.baseline.edges, value)] += count);
        bins
    }

    fn mean(&self) -> Mean {
        let mut mean = self.unseen;
        self.seen().for_each(|(value, count)| mean.add_times(value, count));
        mean
    }

    /// Compares the values with those of the training data.
    pub(super) fn report(&self) -> FeatureReport {
        let Self { name, baseline, .. } = self;
        let (mean, bins) = (self.mean(), self.bins());
        let is_enough = mean.count() >= ENOUGH_ROWS;
        let psi = is_enough.then(|| population_stability_index(&baseline.counts, &bins));
        FeatureReport {
            name: (*name).to_owned(),
            drift: psi.map(Drift::of),
            psi,
            test: is_enough.then(|| self.test(&bins)).flatten(),
            mean: mean.value(),
            baseline_mean: baseline.mean,
            out_of_range_rate: rate(self.outside(), mean.count()),
            unseen_rate: baseline.is_category().then(|| rate(self.unseen.count(), mean.count())),
            bins: Bins { edges: baseline.edges.clone(), baseline: baseline.counts.clone(), window: bins },
        }
    }

    /// Counts the values beyond all those of the training data.
    fn outside(&self) -> u64 {
        match &self.cells[..] {
            [below, .., above] => below + above,
            all => all.iter().sum(),
        }
    }

    /// Tests whether the values come from the population that the model was trained on.
    fn test(&self, bins: &[u64]) -> Option<TestReport> {
        let (kind, result) = if self.baseline.is_category() {
            (TestKind::ChiSquared, statistics::chi_squared(&self.baseline.counts, bins)?)
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
