//! A column of numbers in a window, counted in constant memory.
//!
//! The baseline's values divide all numbers into cells: each value by itself, and what lies between two of them. How many of the window's
//! values are in each cell is all that the Kolmogorov–Smirnov statistic needs, exactly: the distance of the two distributions is largest
//! at a value of the baseline or right before one.

use serde::{Deserialize, Serialize};

use super::baseline::NumberBaseline;
use super::binning::Precision;
use super::drift::{Histograms, OtherBaseline, TestKind, TestReport, merge_counts};
use super::sum::Sum;
use crate::lifecycle::statistics::{chi_squared, kolmogorov_smirnov};

/// What is counted of numbers; counts of the same baseline can be merged.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NumberCounts {
    /// The number of values below the baseline's first, equal to it, between it and the second, equal to that …, and above the last.
    cells: Vec<u64>,
    /// The values that the baseline does not have, and their bins; the others are in the cells.
    unseen: Sum,
    unseen_bins: Vec<u64>,
}

impl NumberCounts {
    /// Adds the counts of another part of the window.
    pub fn merge(&mut self, other: &Self) -> Result<(), OtherBaseline> {
        if self.cells.len() != other.cells.len() || self.unseen_bins.len() != other.unseen_bins.len() {
            return Err(OtherBaseline);
        }
        merge_counts(&mut self.cells, &other.cells);
        merge_counts(&mut self.unseen_bins, &other.unseen_bins);
        self.unseen.merge(&other.unseen);
        Ok(())
    }
}

/// Counts the numbers of a window by their baseline.
#[derive(Debug)]
pub struct NumberWatch {
    baseline: NumberBaseline,
    /// The baseline's values, as they are computed with.
    known: Box<[f64]>,
    /// The bits of the value that came last and its cell: the next one is often the same.
    last: (u64, usize),
    counts: NumberCounts,
}

impl NumberWatch {
    /// Starts to count.
    pub fn new(baseline: NumberBaseline, precision: Precision) -> Self {
        let known: Box<[f64]> = baseline.values.iter().map(|&value| precision.meant(value)).collect();
        let counts = NumberCounts {
            cells: vec![0; 2 * known.len() + 1],
            unseen: Sum::default(),
            unseen_bins: vec![0; baseline.edges.len() + 1],
        };
        Self { baseline, known, last: (f64::NAN.to_bits(), 0), counts }
    }

    /// Counts a number; one that is not finite is left out.
    #[inline]
    pub fn observe(&mut self, number: f64) {
        let (bits, cell) = self.last;
        if number.to_bits() == bits && number.is_finite() {
            self.counts.cells[cell] += 1;
        } else if number.is_finite() {
            self.search(number);
        }
    }

    fn search(&mut self, number: f64) {
        let below = self.known.partition_point(|&known| known < number);
        let is_known = self.known.get(below).is_some_and(|&known| known <= number);
        let cell = 2 * below + usize::from(is_known);
        self.counts.cells[cell] += 1;
        if is_known {
            self.last = (number.to_bits(), cell);
        } else {
            self.counts.unseen.add(number);
            self.counts.unseen_bins[self.baseline.bin(number)] += 1;
        }
    }

    /// Returns what the window is compared with.
    pub fn baseline(&self) -> &NumberBaseline {
        &self.baseline
    }

    /// Returns what is counted.
    pub fn counts(&self) -> &NumberCounts {
        &self.counts
    }

    /// Adds the counts of another part of the window.
    pub fn merge(&mut self, counts: &NumberCounts) -> Result<(), OtherBaseline> {
        self.counts.merge(counts)
    }

    /// Returns the values that the baseline has, each with how often it came.
    fn seen(&self) -> impl Iterator<Item = (f64, u64)> {
        let counts = self.counts.cells.iter().skip(1).step_by(2);
        self.known.iter().copied().zip(counts.copied())
    }

    /// Returns the number of values in each bin.
    pub fn bins(&self) -> Vec<u64> {
        let mut bins = self.counts.unseen_bins.clone();
        for (value, count) in self.seen() {
            bins[self.baseline.bin(value)] += count;
        }
        bins
    }

    /// Returns the sum of the values.
    pub fn sum(&self) -> Sum {
        let mut sum = self.counts.unseen;
        for (value, count) in self.seen() {
            sum.add_times(value, count);
        }
        sum
    }

    /// Returns the number of values that the baseline does not have; nothing where it has many, so that a new one is no wonder.
    pub fn unseen(&self) -> Option<u64> {
        self.baseline.is_category().then_some(self.counts.unseen.count())
    }

    /// Returns the number of values beyond those of the baseline. The first value of a selection is not the least one: what is between
    /// the two counts as within.
    pub fn outside(&self) -> u64 {
        match &self.counts.cells[..] {
            [_, .., above] if self.baseline.is_selection => *above,
            [below, .., above] => below + above,
            all => all.iter().sum(),
        }
    }

    /// Returns both histograms.
    pub fn histograms(&self) -> Histograms {
        Histograms {
            edges: Some(self.baseline.edges.clone()),
            labels: None,
            baseline: self.baseline.counts.clone(),
            window: self.bins(),
        }
    }

    /// Tests whether the values come from the population of the training data.
    pub fn test(&self) -> Option<TestReport> {
        if self.baseline.is_category() {
            let result = chi_squared(&self.baseline.counts, &self.bins())?;
            return Some(TestReport::new(TestKind::ChiSquared, result));
        }
        let known = self.known.iter().copied().zip(self.baseline.sample().into_iter().map(|(_, count)| count));
        let known: Vec<(f64, u64)> = known.collect();
        Some(TestReport::new(TestKind::KolmogorovSmirnov, kolmogorov_smirnov(&known, &self.sample())?))
    }

    /// Returns a sample that has the window's distance from the baseline: what is between two values of it stands midway. A value of a
    /// selection counts for those before it, so there it stands with that value.
    fn sample(&self) -> Vec<(f64, u64)> {
        let known = || self.known.iter().copied();
        let ends = [f64::NEG_INFINITY].into_iter().chain(known()).zip(known().chain([f64::INFINITY]));
        let between = ends.map(|(before, after)| match (before.is_finite(), self.baseline.is_selection) {
            (_, true) => after,
            (true, false) => f64::midpoint(before, after),
            (false, false) => before,
        });
        // A cell between comes before each value, and one more comes last.
        let places = between.zip(known().map(Some).chain([None])).flat_map(|(between, value)| [Some(between), value]);
        let cells = places.flatten().zip(self.counts.cells.iter().copied()).filter(|(_, count)| *count > 0);
        let mut sample: Vec<(f64, u64)> = Vec::new();
        for (place, count) in cells {
            match sample.last_mut() {
                Some((last, counted)) if *last >= place => *counted += count,
                _ => sample.push((place, count)),
            }
        }
        sample
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lifecycle::binning::number_baseline;
    use crate::lifecycle::cells::Cells;

    fn watch(training: &[f64]) -> NumberWatch {
        let mut cells = Cells::default();
        for &number in training {
            cells.add(number);
        }
        NumberWatch::new(number_baseline(&cells, Precision::Double), Precision::Double)
    }

    #[test]
    fn the_training_data_itself_is_where_it_was() {
        let mut random = fastrand::Rng::with_seed(5);
        for rows in [12, 900, 30_000] {
            let training: Vec<f64> = (0..rows).map(|_| (random.f64() * 100.0).sqrt()).collect();
            let mut watch = watch(&training);
            for &number in &training {
                watch.observe(number);
            }
            let bins = watch.histograms();
            assert_eq!((watch.outside(), &bins.baseline), (0, &bins.window));
            assert!(watch.test().unwrap().statistic < 1e-12, "{rows}");
        }
    }

    #[test]
    fn numbers_that_are_none_are_left_out_and_new_ones_are_counted() {
        let mut watch = watch(&[1.0, 2.0, 4.0]);
        for number in [f64::NAN, f64::INFINITY, f64::NAN, 2.0, 3.0, 9.0, 0.0] {
            watch.observe(number);
        }
        assert_eq!((watch.unseen(), watch.outside(), watch.sum().mean()), (Some(3), 2, Some(3.5)));
        assert_eq!(watch.bins(), [1, 1, 2]);
        assert_eq!(
            watch.merge(NumberWatch::new(NumberBaseline::default(), Precision::Double).counts()),
            Err(OtherBaseline)
        );
    }
}
