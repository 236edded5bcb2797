//! The area under the receiver operating characteristic, in constant memory.
//!
//! Up to [`EXACT_ROWS`] probabilities are kept and sorted. Of more, only counts are kept: how many of those that happened, and of those
//! that did not, are in each of 65,536 equal cells from 0 to 1. Two probabilities of one cell then count as equal, which is wrong by half
//! a pair at the most, so the error is known: half the pairs within cells, as a share of all pairs.

use super::{Judged, to_float};

/// The area of more probabilities has an error.
pub const EXACT_ROWS: usize = 50_000;

const LAST_CELL: u16 = u16::MAX;

/// An area under the receiver operating characteristic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// How often what happened had a higher probability than what did not, ties counting half.
    pub value: f64,
    /// How far the exact area is from it at the most.
    pub error: f64,
}

/// Gathers probabilities and what happened.
#[derive(Debug, Clone, Default)]
pub struct Ranking {
    /// All of them, while they are few.
    kept: Vec<(f32, bool)>,
    /// How many are in each cell; empty while all are kept.
    cells: Vec<Tied>,
}

/// How many probabilities count as equal.
#[derive(Debug, Clone, Copy, Default)]
struct Tied {
    happened: u64,
    not: u64,
}

impl Ranking {
    /// Takes a probability in, and what happened.
    pub fn add(&mut self, probability: f32, happened: bool) {
        if self.cells.is_empty() {
            self.kept.push((probability, happened));
            if self.kept.len() > EXACT_ROWS {
                self.count();
            }
        } else {
            self.cells[cell(probability)].add(happened);
        }
    }

    /// Counts what was kept.
    fn count(&mut self) {
        self.cells = vec![Tied::default(); usize::from(LAST_CELL) + 1];
        for (probability, happened) in std::mem::take(&mut self.kept) {
            self.cells[cell(probability)].add(happened);
        }
    }

    /// Returns the area, or nothing unless both happened.
    pub fn area(&self) -> Option<Area> {
        if self.cells.is_empty() {
            return exact(self.kept.iter().map(|&(probability, happened)| (probability.into(), happened)).collect());
        }
        let (value, tied) = value_and_tied_share(self.cells.iter().copied())?;
        Some(Area { value, error: tied / 2.0 })
    }
}

impl Tied {
    fn add(&mut self, happened: bool) {
        *if happened { &mut self.happened } else { &mut self.not } += 1;
    }
}

/// Returns the cell of a probability; the last one is that of 1 alone.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast to an integer keeps to its range")]
fn cell(probability: f32) -> usize {
    usize::from((probability * f32::from(LAST_CELL)) as u16)
}

/// Returns the exact area of probabilities, or nothing unless both happened.
pub(super) fn exact(mut judged: Vec<Judged>) -> Option<Area> {
    judged.sort_unstable_by(|(left, _), (right, _)| left.total_cmp(right));
    let ties = judged.chunk_by(|(left, _), (right, _)| left.total_cmp(right).is_eq()).map(|equal| {
        let mut tied = Tied::default();
        for &(_, happened) in equal {
            tied.add(happened);
        }
        tied
    });
    value_and_tied_share(ties).map(|(value, _)| Area { value, error: 0.0 })
}

/// Returns the area over groups of ascending probabilities, and the share of pairs that are tied.
fn value_and_tied_share(groups: impl Iterator<Item = Tied>) -> Option<(f64, f64)> {
    let (mut happened_in_all, mut below, mut pairs, mut ties) = (0.0, 0.0, 0.0, 0.0);
    for group in groups {
        let (happened, not) = (to_float(group.happened), to_float(group.not));
        pairs += happened * (below + not / 2.0);
        ties += happened * not;
        happened_in_all += happened;
        below += not;
    }
    let all = happened_in_all * below;
    (all > 0.0).then(|| (pairs / all, ties / all))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Returns probabilities that an event follows, so many of them, by a generator that a test can repeat.
    fn drawn(rows: usize, shape: impl Fn(f32) -> f32) -> Vec<(f32, bool)> {
        let mut random = fastrand::Rng::with_seed(1912);
        let row = |_| {
            let probability = shape(random.f32());
            (probability, random.f32() < probability)
        };
        (0..rows).map(row).collect()
    }

    fn ranking(rows: &[(f32, bool)]) -> Ranking {
        let mut ranking = Ranking::default();
        for &(probability, happened) in rows {
            ranking.add(probability, happened);
        }
        ranking
    }

    fn exact_value(rows: &[(f32, bool)]) -> f64 {
        super::exact(rows.iter().map(|&(probability, happened)| (probability.into(), happened)).collect())
            .unwrap()
            .value
    }

    #[test]
    fn so_many_are_exact_and_one_more_is_within_its_error() {
        let rows = drawn(EXACT_ROWS + 1, |number| number);
        let kept = ranking(&rows[..EXACT_ROWS]).area().unwrap();
        assert_eq!((kept.value, kept.error), (exact_value(&rows[..EXACT_ROWS]), 0.0));
        let counted = ranking(&rows).area().unwrap();
        assert!(counted.error > 0.0 && counted.error < 2e-5, "{counted:?}");
        assert!((counted.value - exact_value(&rows)).abs() <= counted.error, "{counted:?}");
    }

    #[test]
    fn the_error_holds_however_the_probabilities_lie() {
        let narrow = |number: f32| 0.5 + number / 65_536.0;
        let shapes: [fn(f32) -> f32; 4] =
            [|number| number.powi(8), |number| (number * 10.0).round() / 10.0, |number| number / 1e6, |_| 0.25];
        for rows in shapes.map(|shape| drawn(60_000, shape)).into_iter().chain([drawn(60_000, narrow)]) {
            let Some(found) = ranking(&rows).area() else { continue };
            assert!((found.value - exact_value(&rows)).abs() <= found.error + 1e-12, "{found:?}");
        }
    }

    #[test]
    fn probabilities_at_the_ends_have_a_cell() {
        assert_eq!((cell(0.0), cell(1.0), cell(-0.1), cell(1.1)), (0, 65_535, 0, 65_535));
    }
}
