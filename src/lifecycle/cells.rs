//! How often numbers occur, in constant memory: the numbers themselves while they are few, else cells of neighbours.
//!
//! A cell holds the numbers whose leading bits are the same. Cells have all 64 bits at first, so that each holds one number. Where there
//! are more than may be, [`MAX_CELLS`] unless told, the last bit is dropped, and neighbours become one. The number of bits that are left depends on the
//! numbers alone, not on their order, and not on whether they were counted together or apart.

use rustc_hash::FxHashMap;

/// The most cells.
pub const MAX_CELLS: usize = 16_384;

const SIGN: u64 = 1 << 63;

/// Numbers, counted.
#[derive(Debug, Clone)]
pub struct Cells {
    /// The most cells that there may be.
    limit: usize,
    /// The number of bits that are dropped.
    dropped: u32,
    /// By the leading bits: the greatest number of the cell, and how many there are.
    cells: FxHashMap<u64, (f64, u64)>,
    count: u64,
    least: Option<f64>,
}

impl Default for Cells {
    fn default() -> Self {
        Self { limit: MAX_CELLS, dropped: 0, cells: FxHashMap::default(), count: 0, least: None }
    }
}

impl Cells {
    /// Lets there be so many cells from now on.
    pub fn limit_to(&mut self, limit: usize) {
        self.limit = limit;
        self.coarsen();
    }

    /// Counts a number; one that is not finite is left out.
    pub fn add(&mut self, number: f64) {
        if number.is_finite() {
            // Negative zero is zero.
            let number = number + 0.0;
            self.put(number, 1);
            self.least = Some(self.least.map_or(number, |least| least.min(number)));
            self.coarsen();
        }
    }

    /// Counts the numbers of others.
    pub fn merge(&mut self, other: &Self) {
        while self.dropped < other.dropped {
            self.drop_bit();
        }
        for &(greatest, count) in other.cells.values() {
            self.put(greatest, count);
        }
        self.least = self.least.into_iter().chain(other.least).reduce(f64::min);
        self.coarsen();
    }

    fn put(&mut self, number: f64, count: u64) {
        let (greatest, known) = self.cells.entry(ordered(number) >> self.dropped).or_insert((number, 0));
        *greatest = greatest.max(number);
        *known += count;
        self.count += count;
    }

    fn coarsen(&mut self) {
        while self.cells.len() > self.limit {
            self.drop_bit();
        }
    }

    fn drop_bit(&mut self) {
        let cells = std::mem::take(&mut self.cells);
        self.dropped += 1;
        self.count = 0;
        for (greatest, count) in cells.into_values() {
            self.put(greatest, count);
        }
    }

    /// Returns how many numbers there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Returns whether each cell holds one number, so that all that follows from the cells is exact.
    pub fn is_exact(&self) -> bool {
        self.dropped == 0
    }

    /// Returns the least number.
    pub fn least(&self) -> Option<f64> {
        self.least
    }

    /// Returns the cells in ascending order: the greatest number of each, and how many there are.
    pub fn ascending(&self) -> Vec<(f64, u64)> {
        let mut cells: Vec<(f64, u64)> = self.cells.values().copied().collect();
        cells.sort_unstable_by(|(left, _), (right, _)| left.total_cmp(right));
        cells
    }
}

/// Returns a number's bits so that they have the order of the numbers.
fn ordered(number: f64) -> u64 {
    let bits = number.to_bits();
    if bits & SIGN == 0 { bits | SIGN } else { !bits }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(numbers: &[f64]) -> Cells {
        let mut cells = Cells::default();
        for &number in numbers {
            cells.add(number);
        }
        cells
    }

    #[test]
    fn bits_have_the_order_of_numbers() {
        let ascending = [f64::MIN, -1.5, -f64::MIN_POSITIVE, 0.0, 1e-300, 2.0, f64::MAX].map(ordered);
        assert!(ascending.is_sorted(), "{ascending:?}");
    }

    #[test]
    fn few_numbers_are_exact_and_many_are_the_same_in_any_order_and_in_parts() {
        assert_eq!(cells(&[2.0, f64::NAN, -0.0, 2.0, 0.0]).ascending(), [(0.0, 2), (2.0, 2)]);
        let mut random = fastrand::Rng::with_seed(7);
        let mut numbers: Vec<f64> = (0..100_000).map(|_| (random.f64() - 0.3) * 1e6).collect();
        let whole = cells(&numbers);
        assert!(!whole.is_exact() && whole.ascending().len() <= MAX_CELLS && whole.count() == 100_000);
        let (left, right) = numbers.split_at(91_000);
        let mut merged = cells(right);
        merged.merge(&cells(left));
        assert_eq!((merged.ascending(), merged.least()), (whole.ascending(), whole.least()));
        random.shuffle(&mut numbers);
        assert_eq!(cells(&numbers).ascending(), whole.ascending());
    }

    #[test]
    fn cells_are_the_same_whenever_they_were_limited() {
        let mut random = fastrand::Rng::with_seed(8);
        let numbers: Vec<f64> = (0..5_000).map(|_| random.f64() - 0.5).collect();
        let mut late = cells(&numbers);
        late.limit_to(100);
        let mut early = Cells::default();
        for (place, &number) in numbers.iter().enumerate() {
            early.limit_to(5_000 / (place + 1).min(50));
            early.add(number);
        }
        assert!(late.ascending().len() <= 100 && late.count() == 5_000);
        assert_eq!(late.ascending(), early.ascending());
    }
}
