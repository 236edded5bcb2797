//! The area under the receiver operating characteristic, in constant memory.
//!
//! Up to so many probabilities are kept and sorted. Of more, only counts are kept: how many of those that happen, and of those that do
//! not, are in each of some equal cells from 0 to 1. Two probabilities of one cell then count as equal, which is wrong by half a pair at
//! the most, so the error is known: half the pairs within cells, as a share of all pairs.

use super::recalibration::{Point, log_odds};
use crate::lifecycle::statistics::to_float;

/// The area of more probabilities has an error.
pub const EXACT_ROWS: usize = 50_000;

const CELLS: u32 = 65_536;

/// The fewest cells, and probabilities that are kept.
const FEWEST: u32 = 256;

/// As many classes have a full ranking each; those of more are smaller.
const FULL_RANKINGS: u32 = 16;

/// Log-odds are added up as whole numbers of this part, so that their sum is the same in any order.
const PARTS: f64 = 16_777_216.0;

/// An area under the receiver operating characteristic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Area {
    /// How often what happens has a higher probability than what does not, ties counting half.
    pub value: f64,
    /// How far the exact area is from it at the most.
    pub error: f64,
}

/// Gathers probabilities and what happens.
#[derive(Debug, Clone)]
pub struct Ranking {
    cell_count: u32,
    exact_rows: usize,
    /// All of them, while they are few.
    kept: Vec<(f32, bool)>,
    /// How many are in each cell; empty while all are kept.
    cells: Vec<Tied>,
}

impl Default for Ranking {
    fn default() -> Self {
        Self::among(1)
    }
}

/// How many probabilities count as equal.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
struct Tied {
    happened: u64,
    not: u64,
    log_odds: i64,
}

impl Ranking {
    /// Begins one ranking among so many, which together take as much memory as sixteen at the most, or little each.
    pub fn among(rankings: usize) -> Self {
        let rankings = u32::try_from(rankings).unwrap_or(u32::MAX).max(FULL_RANKINGS);
        let cell_count = (CELLS / rankings * FULL_RANKINGS).max(FEWEST);
        let exact_rows = EXACT_ROWS / rankings as usize * FULL_RANKINGS as usize;
        Self { cell_count, exact_rows: exact_rows.max(FEWEST as usize), kept: vec![], cells: vec![] }
    }

    /// Takes a probability, and what happens.
    pub fn add(&mut self, probability: f32, happened: bool) {
        if self.cells.is_empty() {
            self.kept.push((probability, happened));
            if self.kept.len() > self.exact_rows {
                self.count();
            }
        } else {
            let cell = self.cell(probability);
            self.cells[cell].add(probability, happened);
        }
    }

    /// Adds what another of the same size gathered.
    pub fn merge(&mut self, other: &Self) {
        if !other.cells.is_empty() && self.cells.is_empty() {
            self.count();
        }
        for (ours, theirs) in self.cells.iter_mut().zip(&other.cells) {
            ours.happened += theirs.happened;
            ours.not += theirs.not;
            ours.log_odds = ours.log_odds.saturating_add(theirs.log_odds);
        }
        for &(probability, happened) in &other.kept {
            self.add(probability, happened);
        }
    }

    /// Counts what was kept.
    fn count(&mut self) {
        self.cells = vec![Tied::default(); self.cell_count as usize];
        for (probability, happened) in std::mem::take(&mut self.kept) {
            let cell = self.cell(probability);
            self.cells[cell].add(probability, happened);
        }
    }

    /// Returns the cell of a probability; the last one is that of 1 alone.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a cast to an integer keeps to its range"
    )]
    fn cell(&self, probability: f32) -> usize {
        let last = self.cell_count - 1;
        #[expect(clippy::cast_precision_loss, reason = "it is below 2^24")]
        let place = (probability * last as f32) as u32;
        place.min(last) as usize
    }

    /// Returns the area, or nothing unless both happen.
    pub fn area(&self) -> Option<Area> {
        if self.cells.is_empty() {
            return value_and_tied_share(self.ties().into_iter().map(|(_, tied)| tied))
                .map(|(value, _)| Area { value, error: 0.0 });
        }
        let (value, tied) = value_and_tied_share(self.cells.iter().copied())?;
        Some(Area { value, error: tied / 2.0 })
    }

    /// Returns how often each of the kept probabilities came, ascending.
    fn ties(&self) -> Vec<(f32, Tied)> {
        let mut kept = self.kept.clone();
        kept.sort_unstable_by(|(left, _), (right, _)| left.total_cmp(right));
        let ties = kept.chunk_by(|(left, _), (right, _)| left.total_cmp(right).is_eq()).map(|equal| {
            let mut tied = Tied::default();
            for &(probability, happened) in equal {
                tied.add(probability, happened);
            }
            (equal[0].0, tied)
        });
        ties.collect()
    }

    /// Returns the log-odds of the probabilities with what happens, ascending: of each probability, or of the mean of a cell.
    pub fn points(&self) -> Vec<Point> {
        if self.cells.is_empty() {
            let point = |(probability, tied): (f32, Tied)| tied.point(log_odds(probability.into()));
            return self.ties().into_iter().map(point).collect();
        }
        let cells = self.cells.iter().filter(|cell| cell.happened + cell.not > 0);
        #[expect(clippy::cast_precision_loss, reason = "what it loses is far below a part of the log-odds")]
        let mean = |cell: &Tied| cell.log_odds as f64 / PARTS / to_float(cell.happened + cell.not);
        cells.map(|cell| cell.point(mean(cell))).collect()
    }
}

impl Tied {
    #[expect(clippy::cast_possible_truncation, reason = "log-odds are within 40")]
    fn add(&mut self, probability: f32, happened: bool) {
        *if happened { &mut self.happened } else { &mut self.not } += 1;
        self.log_odds = self.log_odds.saturating_add((log_odds(probability.into()) * PARTS) as i64);
    }

    fn point(self, log_odds: f64) -> Point {
        Point { log_odds, happened: to_float(self.happened), not: to_float(self.not) }
    }
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

    fn drawn(rows: usize) -> Vec<(f32, bool)> {
        let mut random = fastrand::Rng::with_seed(1912);
        let mut row = || {
            let probability = random.f32();
            (probability, random.f32() < probability)
        };
        (0..rows).map(|_| row()).collect()
    }

    fn ranking(rows: &[(f32, bool)], among: usize) -> Ranking {
        let mut ranking = Ranking::among(among);
        for &(probability, happened) in rows {
            ranking.add(probability, happened);
        }
        ranking
    }

    #[test]
    fn so_many_are_exact_and_one_more_is_within_its_error() {
        let rows = drawn(EXACT_ROWS + 1);
        let kept = ranking(&rows[..EXACT_ROWS], 1).area().unwrap();
        assert!(kept.error.abs() < f64::EPSILON);
        for among in [1, 300, 100_000] {
            let counted = ranking(&rows, among).area().unwrap();
            assert!(counted.error > 0.0 && counted.error < 0.003, "{counted:?}");
            assert!((counted.value - kept.value).abs() <= counted.error + 1e-4, "{counted:?}");
        }
    }

    #[test]
    fn parts_that_are_merged_rank_as_the_whole() {
        let rows = drawn(EXACT_ROWS + 20_000);
        let whole = ranking(&rows, 1);
        for cut in [10_000, 60_000] {
            let (left, right) = rows.split_at(cut);
            let mut merged = ranking(left, 1);
            merged.merge(&ranking(right, 1));
            assert_eq!(merged.cells, whole.cells);
        }
        let (left, right) = rows[..30_000].split_at(9);
        let mut merged = ranking(right, 1);
        merged.merge(&ranking(left, 1));
        assert_eq!(merged.area(), ranking(&rows[..30_000], 1).area());
    }

    #[test]
    fn probabilities_at_and_beyond_the_ends_have_a_cell() {
        let ranking = Ranking::default();
        assert_eq!([0.0, 1.0, -0.1, 1.1, f32::NAN].map(|number| ranking.cell(number)), [0, 65_535, 0, 65_535, 0]);
    }
}
