//! The values of a field on one day of the training data, and how they are counted by the bins of the whole.

use rustc_hash::FxHashMap;

use super::super::baseline::{NumberBaseline, text_hash};
use super::super::cells::Cells;
use super::super::statistics::to_float;
use super::super::values::{category, days, number};
use crate::table::Value;

/// The values of a field on a day.
#[derive(Debug, Default)]
pub(super) struct DayField {
    missing: u64,
    /// Numbers, moments in days, and the lengths of texts.
    numbers: Cells,
    /// How often each category came, by its place in the schema, and each text, by its hash.
    values: FxHashMap<u32, u64>,
}

/// By which bins the values of a field are counted.
#[derive(Debug)]
pub(super) enum DayBins {
    /// Those of numbers.
    Numbers(NumberBaseline),
    /// The most frequent categories or texts, each with its bin, and the number of those.
    Values(FxHashMap<u32, usize>, usize),
}

impl DayBins {
    /// Returns whether values are counted by themselves.
    pub(super) fn are_counted(&self) -> bool {
        matches!(self, Self::Values(..))
    }
}

impl DayField {
    /// Takes a value, or that there is none; returns by how many the values that are counted by themselves have grown. They are dropped where
    /// they are not to be counted.
    pub(super) fn add(&mut self, value: Option<&Value>, is_counted: bool) -> usize {
        let Some(value) = value else {
            self.missing += 1;
            return 0;
        };
        if let Some(number) = number(value).or_else(|| days(value)) {
            self.numbers.add(number);
        }
        let mut counted = category(value).and_then(|place| u32::try_from(place).ok());
        if let Value::Text(text) = value {
            self.numbers.add(to_float(text.chars().count() as u64));
            counted = Some(text_hash(text));
        }
        if !is_counted {
            self.values = FxHashMap::default();
            return 0;
        }
        let before = self.values.len();
        if let Some(value) = counted {
            *self.values.entry(value).or_default() += 1;
        }
        self.values.len() - before
    }

    pub(super) fn merge(&mut self, other: Self) {
        self.missing += other.missing;
        self.numbers.merge(&other.numbers);
        for (value, rows) in other.values {
            *self.values.entry(value).or_default() += rows;
        }
    }

    /// Returns how many values are counted by themselves.
    pub(super) fn counted(&self) -> usize {
        self.values.len()
    }

    pub(super) fn limit_to(&mut self, limit: usize) {
        self.numbers.limit_to(limit);
    }

    /// Returns the count of each bin, and last that of records without a value.
    pub(super) fn by_bin(&self, bins: &DayBins) -> Vec<u64> {
        let mut counts = match bins {
            DayBins::Numbers(numbers) => numbers_by_bin(&self.numbers, numbers),
            DayBins::Values(bins, rest) => {
                let mut counts = vec![0; rest + 1];
                for (value, rows) in &self.values {
                    counts[bins.get(value).copied().unwrap_or(*rest)] += rows;
                }
                counts
            }
        };
        counts.push(self.missing);
        counts
    }
}

/// Returns the count of each bin; the numbers of a cell are all in the bin of its greatest.
pub(super) fn numbers_by_bin(cells: &Cells, numbers: &NumberBaseline) -> Vec<u64> {
    let mut counts = vec![0; numbers.counts.len()];
    for (greatest, rows) in cells.ascending() {
        counts[numbers.bin(greatest)] += rows;
    }
    counts
}
