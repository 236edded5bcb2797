//! The distribution of a number, from how often its values occur.

use super::baseline::{NumberBaseline, bin};
use super::cells::Cells;
use super::sum::Sum;
use crate::lifecycle::statistics::to_float;

/// A number of so many values at most has a bin for each.
const MAX_CATEGORIES: usize = 10;

/// The most values that a baseline names.
const MAX_VALUES: u64 = 1_000;

/// A range is narrow below this share of the numbers' magnitude: six digits of a number would then tell too little.
const NARROW: f64 = 1e-3;

/// How a column writes its values.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Precision {
    /// Numbers of 32 bits, by the fewest digits that name each.
    Single,
    /// Numbers of 64 bits.
    Double,
}

impl Precision {
    /// Returns a value as it is written.
    #[expect(clippy::cast_possible_truncation, reason = "it is a number of 32 bits")]
    fn written(self, value: f64) -> f64 {
        match self {
            Self::Single => (value as f32).to_string().parse().unwrap_or(value),
            Self::Double => value,
        }
    }

    /// Returns the value that is meant by what is written.
    #[expect(clippy::cast_possible_truncation, reason = "it is written with the digits of 32 bits")]
    pub fn meant(self, written: f64) -> f64 {
        match self {
            Self::Single => f64::from(written as f32),
            Self::Double => written,
        }
    }
}

/// Returns the distribution of the numbers that were counted.
///
/// Edges are midway between the values where there are ten at most, else the deciles, as `numpy.quantile` has them, to six significant
/// digits. Of more values than [`super::cells::MAX_CELLS`], edges stand between cells, so that counts stay exact.
pub fn number_baseline(cells: &Cells, precision: Precision) -> NumberBaseline {
    let ascending = cells.ascending();
    let (Some(min), Some(&(max, _))) = (cells.least(), ascending.last()) else {
        return NumberBaseline { counts: vec![0], ..NumberBaseline::default() };
    };
    let is_category = cells.is_exact() && ascending.len() <= MAX_CATEGORIES;
    let edges = if is_category {
        ascending.windows(2).map(|pair| f64::midpoint(pair[0].0, pair[1].0)).collect()
    } else {
        deciles(&ascending, cells, min)
    };
    let mut counts = vec![0; edges.len() + 1];
    for &(value, count) in &ascending {
        counts[bin(&edges, value)] += count;
    }
    let selection = select(&ascending, cells.count());
    let (mean, std) = mean_and_std(&ascending);
    NumberBaseline {
        edges,
        counts,
        min: Some(significant(min)),
        max: Some(significant(max)),
        mean: mean.map(significant),
        std: std.map(significant),
        values: selection.iter().map(|&(value, _)| precision.written(value)).collect(),
        value_counts: (!is_category).then(|| selection.iter().map(|&(_, count)| count).collect()),
        is_selection: selection.len() < ascending.len() || !cells.is_exact(),
    }
}

fn deciles(ascending: &[(f64, u64)], cells: &Cells, min: f64) -> Vec<f64> {
    let max = ascending.last().map_or(min, |(value, _)| *value);
    let is_narrow = max - min < NARROW * min.abs().max(max.abs());
    let edge = |tenth: u32| {
        let place = f64::from(tenth) / 10.0 * to_float(cells.count() - 1);
        match (cells.is_exact(), is_narrow) {
            (false, _) => at(ascending, place.floor()).next_up(),
            (true, true) => quantile(ascending, place),
            (true, false) => significant(quantile(ascending, place)),
        }
    };
    let mut edges: Vec<f64> = (1..10).map(edge).filter(|&edge| edge > min).collect();
    edges.dedup();
    edges
}

/// Returns the quantile at a place among the numbers, which may be between two of them, as numpy's method `linear` has it.
fn quantile(ascending: &[(f64, u64)], place: f64) -> f64 {
    let (low, high) = (at(ascending, place.floor()), at(ascending, place.ceil()));
    let (part, distance) = (place - place.floor(), high - low);
    if part < 0.5 { low + distance * part } else { high - distance * (1.0 - part) }
}

/// Returns the number at a place, from 0 on.
fn at(ascending: &[(f64, u64)], place: f64) -> f64 {
    let mut before = 0;
    let found = ascending.iter().find(|(_, count)| {
        before += count;
        to_float(before) > place
    });
    found.or(ascending.last()).map_or(0.0, |(value, _)| *value)
}

/// Selects values at equal steps of rank where there are many: each with the number of those after the one before.
fn select(ascending: &[(f64, u64)], rows: u64) -> Vec<(f64, u64)> {
    if ascending.len() as u64 <= MAX_VALUES {
        return ascending.to_vec();
    }
    let mut selected = Vec::new();
    let (mut seen, mut taken) = (0_u64, 0);
    for &(value, count) in ascending {
        seen += count;
        // At least so many of a thousand steps are done.
        let is_step = u128::from(seen) * u128::from(MAX_VALUES) / u128::from(rows)
            > u128::from(seen - count) * u128::from(MAX_VALUES) / u128::from(rows);
        if is_step {
            selected.push((value, seen - taken));
            taken = seen;
        }
    }
    selected
}

fn mean_and_std(ascending: &[(f64, u64)]) -> (Option<f64>, Option<f64>) {
    let (mut sum, mut squares) = (Sum::default(), Sum::default());
    for &(value, count) in ascending {
        sum.add_times(value, count);
    }
    let Some(mean) = sum.mean() else { return (None, None) };
    for &(value, count) in ascending {
        squares.add_times((value - mean).powi(2), count);
    }
    (Some(mean), squares.mean().map(f64::sqrt))
}

/// Rounds to six significant digits.
pub fn significant(number: f64) -> f64 {
    format!("{number:.5e}").parse().unwrap_or(number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn baseline(numbers: impl IntoIterator<Item = f64>) -> NumberBaseline {
        let mut cells = Cells::default();
        for number in numbers {
            cells.add(number);
        }
        number_baseline(&cells, Precision::Double)
    }

    #[test]
    fn few_values_have_a_bin_each() {
        let found = baseline([0.0, 1.0, 1.0, 3.0]);
        assert_eq!((&found.edges[..], &found.counts[..]), (&[0.5, 2.0][..], &[1, 2, 1][..]));
        assert_eq!((found.mean, found.min, found.max, found.value_counts), (Some(1.25), Some(0.0), Some(3.0), None));
        let nothing = baseline([]);
        assert_eq!((nothing.counts, nothing.mean), (vec![0], None));
    }

    #[test]
    fn a_narrow_range_is_not_rounded_to_one_bin() {
        let found = baseline((0..1_000).map(|number| 1e9 + f64::from(number)));
        assert_eq!(found.counts, [100; 10]);
    }

    #[test]
    fn many_values_are_a_selection_whose_counts_are_exact() {
        let mut random = fastrand::Rng::with_seed(3);
        let numbers: Vec<f64> = (0..100_000).map(|_| random.f64().powi(3)).collect();
        let found = baseline(numbers.iter().copied());
        assert!(found.is_selection && found.values.len() <= 1_000 && found.edges.len() == 9);
        let mut counts = vec![0; 10];
        for &number in &numbers {
            counts[found.bin(number)] += 1;
        }
        assert_eq!(found.counts, counts);
        assert!(counts.iter().all(|count| (9_900..10_100).contains(count)), "{counts:?}");
        let mut below = 0;
        for (value, count) in found.sample() {
            below += count;
            assert_eq!(below, numbers.iter().filter(|&&number| number <= value).count() as u64);
        }
        assert_eq!(below, 100_000);
    }
}
