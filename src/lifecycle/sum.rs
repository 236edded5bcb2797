//! A sum of numbers that is the same in any order.

use serde::{Deserialize, Serialize};

use crate::lifecycle::statistics::to_float;

/// The sum of numbers, and how many there are.
///
/// What each addition rounds off is added up too (Neumaier, 1974): databases hand a window out in any order, and the same window must
/// make the same report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize)]
pub struct Sum {
    sum: f64,
    rounded_off: f64,
    count: u64,
}

impl Sum {
    /// Adds a number.
    pub fn add(&mut self, number: f64) {
        self.add_times(number, 1);
    }

    /// Adds a number that comes `count` times.
    pub fn add_times(&mut self, number: f64, count: u64) {
        self.add_part(number * to_float(count));
        self.count += count;
    }

    /// Adds the numbers of another sum.
    pub fn merge(&mut self, other: &Self) {
        self.add_part(other.sum);
        self.add_part(other.rounded_off);
        self.count += other.count;
    }

    fn add_part(&mut self, number: f64) {
        let sum = self.sum + number;
        self.rounded_off +=
            if self.sum.abs() >= number.abs() { (self.sum - sum) + number } else { (number - sum) + self.sum };
        self.sum = sum;
    }

    /// Returns how many numbers there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns the sum.
    pub fn total(&self) -> f64 {
        self.sum + self.rounded_off
    }

    /// Returns the mean, or nothing without numbers.
    pub fn mean(&self) -> Option<f64> {
        (self.count > 0).then(|| self.total() / to_float(self.count))
    }
}

impl FromIterator<f64> for Sum {
    fn from_iter<I: IntoIterator<Item = f64>>(numbers: I) -> Self {
        let mut sum = Self::default();
        for number in numbers {
            sum.add(number);
        }
        sum
    }
}

/// Returns a part as a share of the whole; 0 of nothing.
pub fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { to_float(part) / to_float(whole) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sum(numbers: &[f64]) -> Sum {
        numbers.iter().copied().collect()
    }

    #[test]
    fn parts_that_are_merged_make_the_sum_of_the_whole() {
        let numbers: Vec<f64> = (1..=10_000).map(|number| f64::from(number).sqrt().sin() / 3.0).collect();
        for cut in [0, 1, 4_321, 10_000] {
            let (left, right) = numbers.split_at(cut);
            let mut merged = sum(right);
            merged.merge(&sum(left));
            assert_eq!(merged.mean().map(f64::to_bits), sum(&numbers).mean().map(f64::to_bits));
        }
    }

    #[test]
    fn what_is_rounded_off_is_kept() {
        assert_eq!(sum(&[1e16, 1.0, -1e16]).mean(), Some(1.0 / 3.0));
        assert_eq!((sum(&[]).mean(), share(1, 0)), (None, 0.0));
    }
}
