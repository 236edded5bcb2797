//! Members in the order of a key, among which those of one value are found.

use std::ops::Range;

use super::members::{Column, Meaning, Members};
use crate::package::recipe::slots::View;

/// Members in the order of a key.
#[derive(Debug)]
pub(super) struct Index {
    /// The slots of the key.
    key: Box<[usize]>,
    pub(super) members: Vec<u32>,
    /// Where the members of each code begin, and where the last ones end, if the first slot of the key holds codes.
    starts: Option<Vec<u32>>,
}

impl Index {
    /// Sorts some members by a key that all of them have, and those of one key by a number.
    pub(super) fn new(key: &[usize], then_by: Option<usize>, members: &Members, mut sorted: Vec<u32>) -> Self {
        let mut starts = None;
        for slot in then_by.iter().chain(key.iter().rev()) {
            starts = members.column(*slot).and_then(|column| sort(&mut sorted, column));
        }
        let starts = starts.filter(|_| !key.is_empty());
        Self { key: key.into(), members: sorted, starts }
    }

    /// Returns where in `members` those stand that have the key of a record; nowhere, if it lacks a part.
    pub(super) fn look_up(&self, view: &impl View, members: &Members) -> Range<usize> {
        let mut range = 0..self.members.len();
        for (place, slot) in self.key.iter().enumerate() {
            let value = view.number(*slot);
            range = match &self.starts {
                Some(starts) if place == 0 => of_code(starts, value),
                _ => self.narrow(range, members.numbers(*slot), |one| one < value, |one| one <= value),
            };
            if value.is_nan() || range.is_empty() {
                return 0..0;
            }
        }
        range
    }

    /// Narrows a range, in which numbers grow, to those that are neither too small nor too large.
    pub(super) fn narrow(
        &self,
        range: Range<usize>,
        numbers: &[f64],
        is_too_small: impl Fn(f64) -> bool,
        is_small_enough: impl Fn(f64) -> bool,
    ) -> Range<usize> {
        let members = &self.members[range.clone()];
        let start = members.partition_point(|member| is_too_small(numbers[*member as usize]));
        let end = members[start..].partition_point(|member| is_small_enough(numbers[*member as usize]));
        range.start + start..range.start + start + end
    }
}

/// Sorts members by what they have in a column, those without it last; equal ones keep their order. Of codes, it is told where the
/// members of each begin.
pub(super) fn sort(members: &mut Vec<u32>, column: &Column) -> Option<Vec<u32>> {
    let Column { numbers, .. } = column;
    let Some(codes) = codes(column) else {
        members.sort_by(|one, other| numbers[*one as usize].total_cmp(&numbers[*other as usize]));
        return None;
    };
    let starts = starts(members, numbers, codes);
    let mut next = starts.clone();
    let mut sorted = vec![0; members.len()];
    for member in members.iter() {
        let next = &mut next[bucket(numbers[*member as usize], codes)];
        sorted[*next as usize] = *member;
        *next += 1;
    }
    *members = sorted;
    Some(starts)
}

/// Returns how many codes a column may hold.
fn codes(column: &Column) -> Option<usize> {
    match &column.meaning {
        Meaning::Numbers => None,
        Meaning::Places(count) => Some(*count),
        Meaning::Codes(texts) => Some(texts.len()),
    }
}

/// Returns how many members stand before those of each code, and of the missing one.
fn starts(members: &[u32], numbers: &[f64], codes: usize) -> Vec<u32> {
    let mut starts = vec![0; codes + 2];
    for member in members {
        starts[bucket(numbers[*member as usize], codes) + 1] += 1;
    }
    for code in 1..starts.len() {
        starts[code] += starts[code - 1];
    }
    starts
}

/// Returns the place of a code among its like; a missing one is behind all others.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a code is a small whole number")]
fn bucket(code: f64, codes: usize) -> usize {
    if code >= 0.0 { (code as usize).min(codes) } else { codes }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a code is a small whole number")]
fn of_code(starts: &[u32], code: f64) -> Range<usize> {
    let codes = starts.len() - 2;
    // One that no member has is negative, or no whole number.
    if code >= 0.0 && (code as usize) < codes && code.fract() == 0.0 {
        starts[code as usize] as usize..starts[code as usize + 1] as usize
    } else {
        0..0
    }
}
