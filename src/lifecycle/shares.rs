//! Values by their shares: the most frequent of the training data each by itself, then the rest, then what the training data lacks.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::sum::share;
use crate::lifecycle::statistics::to_float;

/// As many values of the training data are counted by themselves.
pub const MAX_TOP: usize = 20;

/// So many of the values that the training data lacks are named.
const MAX_NAMED: usize = 10;

/// A value that the training data lacks, and how often it came.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct UnseenValue {
    /// The value.
    pub value: String,
    /// The number of records of the window that have it.
    pub rows: u64,
}

/// Returns those that came most often, ten at most; of those that came as often, the first by name comes first.
pub(super) fn most_frequent(values: BTreeMap<String, u64>) -> Vec<UnseenValue> {
    let mut found: Vec<UnseenValue> = values.into_iter().map(|(value, rows)| UnseenValue { value, rows }).collect();
    found.sort_by_key(|value| std::cmp::Reverse(value.rows));
    found.truncate(MAX_NAMED);
    found
}

/// Returns the counts of the training data that a window is compared with; of both, the last two are the rest and what is unseen.
///
/// Where many values occur once, later records bring new ones without any drift: as many as occur once among all (Good and Turing). So
/// many of the rest are expected to be unseen, if they are.
pub(super) fn expecting_unseen(mut baseline: Vec<u64>, window: &[u64], once: u64) -> Vec<u64> {
    let rows = baseline.iter().sum();
    if let [.., rest, unseen] = &mut baseline[..] {
        let found = share(window.last().copied().unwrap_or_default(), window.iter().sum()) * to_float(rows);
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a share of a count")]
        let moved = (found.round() as u64).min(once).min(*rest);
        *rest -= moved;
        *unseen += moved;
    }
    baseline
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_frequent_values_are_named() {
        let values = (0..12).map(|value| (format!("v{value:02}"), if value == 7 { 9 } else { 1 })).collect();
        let found = most_frequent(values);
        let names: Vec<&str> = found.iter().map(|value| &*value.value).collect();
        assert_eq!(names, ["v07", "v00", "v01", "v02", "v03", "v04", "v05", "v06", "v08", "v09"]);
        assert_eq!(found[0].rows, 9);
    }

    #[test]
    fn what_occurs_once_makes_new_values_expected() {
        assert_eq!(expecting_unseen(vec![60, 40, 0], &[90, 0, 10], 4), [60, 36, 4]);
        assert_eq!(expecting_unseen(vec![60, 40, 0], &[90, 10, 0], 4), [60, 40, 0]);
        assert_eq!(expecting_unseen(vec![0, 0], &[0, 0], 4), [0, 0]);
    }
}
