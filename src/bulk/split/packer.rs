//! Pieces become slices: small ones share one.

use serde::{Deserialize, Serialize};

use crate::bulk::slice::{Piece, Slice};

/// A slice is the input of a child execution, which may have 256 KiB: a key has 1 KB at most.
const MAX_PIECES: usize = 100;

/// A slice may take so many times as long as it should before another one is begun.
const ROOM: f64 = 1.5;

/// A group of rows is cut only where it takes so many times as long as a slice should: what stands before a cut is read and dropped.
const GROUP_ROOM: f64 = 2.0;

/// Slices that are full, and the one that is being filled.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(super) struct Packer {
    full: Vec<Slice>,
    open: Vec<Piece>,
    load: f64,
}

impl Packer {
    /// Adds a piece that takes so long, to a slice that should take so long.
    pub(super) fn add(&mut self, piece: Piece, load: f64, target: f64) {
        if self.load + load > target * ROOM || self.open.len() == MAX_PIECES {
            self.close();
        }
        self.open.push(piece);
        self.load += load;
        if self.load >= target {
            self.close();
        }
    }

    /// Returns all slices.
    pub(super) fn finish(mut self) -> Vec<Slice> {
        self.close();
        self.full
    }

    fn close(&mut self) {
        self.load = 0.0;
        if !self.open.is_empty() {
            self.full.push(Slice { index: self.full.len() as u64, pieces: std::mem::take(&mut self.open) });
        }
    }
}

/// Cuts the rows of a Parquet file into ranges that take about as long as a slice should, where groups end if that will do.
pub(super) fn rows(groups: &[u64], load: impl Fn(u64) -> f64, target: f64) -> Vec<(u64, u64)> {
    let (mut ranges, mut from, mut to) = (Vec::new(), 0, 0);
    for &group in groups {
        if load(group) > target * GROUP_ROOM {
            if to > from {
                ranges.push((from, to));
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "a number of slices, which is small"
            )]
            let parts = ((load(group) / target).round() as u64).clamp(1, group.max(1));
            for part in 0..parts {
                let cut = |part: u64| {
                    to + u64::try_from(u128::from(group) * u128::from(part) / u128::from(parts)).unwrap_or(group)
                };
                ranges.push((cut(part), cut(part + 1)));
            }
            to += group;
            from = to;
            continue;
        }
        if to > from && load(to + group - from) > target * ROOM {
            ranges.push((from, to));
            from = to;
        }
        to += group;
        if load(to - from) >= target {
            ranges.push((from, to));
            from = to;
        }
    }
    // A file without rows has a piece all the same: its part says what columns there are.
    if to > from || ranges.is_empty() {
        ranges.push((from, to));
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bulk::slice::PieceSpan;
    use crate::lifecycle::statistics::to_float;

    #[test]
    fn ranges_of_rows_follow_one_another_and_end_where_groups_do_if_that_will_do() {
        assert_eq!(rows(&[10, 10, 10, 10, 10], to_float, 20.0), [(0, 20), (20, 40), (40, 50)]);
        assert_eq!(rows(&[5, 100, 5], to_float, 25.0), [(0, 5), (5, 30), (30, 55), (55, 80), (80, 105), (105, 110)]);
        assert_eq!(rows(&[15, 15, 15], to_float, 20.0), [(0, 30), (30, 45)]);
        assert_eq!(rows(&[0, 3, 0], to_float, 20.0), [(0, 3)]);
        assert_eq!(rows(&[], to_float, 20.0), [(0, 0)]);
        assert_eq!(rows(&[3], |_| 1e9, 1.0), [(0, 1), (1, 2), (2, 3)], "no more ranges than rows");
    }

    #[test]
    fn small_pieces_share_a_slice_and_large_ones_do_not() {
        let piece =
            |key: &str| Piece { key: key.into(), etag: "e".into(), size: 1, span: PieceSpan::Whole, rows: None };
        let mut packer = Packer::default();
        for (key, load) in [("a", 1.0), ("b", 1.0), ("c", 9.0), ("d", 12.0), ("e", 3.0)] {
            packer.add(piece(key), load, 10.0);
        }
        let slices = packer.finish();
        let keys: Vec<Vec<&str>> =
            slices.iter().map(|slice| slice.pieces.iter().map(|piece| &*piece.key).collect()).collect();
        assert_eq!(keys, [vec!["a", "b", "c"], vec!["d"], vec!["e"]]);
        assert_eq!(slices.iter().map(|slice| slice.index).collect::<Vec<_>>(), [0, 1, 2]);
        let mut packer = Packer::default();
        (0..250).for_each(|_| packer.add(piece("k"), 0.0, 10.0));
        assert_eq!(packer.finish().len(), 3, "by their number, too");
    }
}
