//! Members in the order of a key, among which those of one value are found.

use std::ops::Range;

use super::members::{Column, Members};
use super::places::Starts;
use crate::package::recipe::slots::View;

/// Members in the order of a key.
#[derive(Debug)]
pub(super) struct Index {
    /// The slots of the key.
    key: Box<[usize]>,
    pub(super) members: Vec<u32>,
    /// The number of each by which those of one key are sorted: beside one another, so that a search touches little memory.
    numbers: Box<[f64]>,
    /// Where the members of each place begin, if the first slot of the key holds places.
    starts: Option<Starts>,
}

impl Index {
    /// Sorts some members by a key that all of them have, and those of one key by a number.
    pub(super) fn new(key: &[usize], then_by: Option<usize>, members: &Members, mut sorted: Vec<u32>) -> Self {
        let mut starts = None;
        for slot in then_by.iter().chain(key.iter().rev()) {
            starts = members.column(*slot).and_then(|column| sort(&mut sorted, column));
        }
        let starts = starts.filter(|_| !key.is_empty());
        let numbers = then_by.map(|slot| {
            let numbers = members.numbers(slot);
            sorted.iter().map(|member| numbers[*member as usize]).collect()
        });
        Self { key: key.into(), members: sorted, numbers: numbers.unwrap_or_default(), starts }
    }

    /// Returns where in `members` those stand that have the key of a record; nowhere, if it lacks a part.
    pub(super) fn look_up(&self, view: &impl View, members: &Members) -> Range<usize> {
        let mut range = 0..self.members.len();
        for (place, slot) in self.key.iter().enumerate() {
            let value = view.number(*slot);
            range = match &self.starts {
                Some(starts) if place == 0 => starts.of(value),
                _ => self.narrow(range, members.numbers(*slot), value),
            };
            if value.is_nan() || range.is_empty() {
                return 0..0;
            }
        }
        range
    }

    /// Returns those of a range of one key whose numbers are near one.
    pub(super) fn near(&self, range: Range<usize>, number: f64, tolerance: f64) -> &[u32] {
        let numbers = &self.numbers[range.clone()];
        let start = numbers.partition_point(|one| number - one > tolerance);
        // Each of these is taken, so that none is looked at in vain.
        let count = numbers[start..].iter().take_while(|one| **one - number <= tolerance).count();
        &self.members[range][start..start + count]
    }

    /// Narrows a range, in which numbers grow, to those that are one.
    fn narrow(&self, range: Range<usize>, numbers: &[f64], value: f64) -> Range<usize> {
        let members = &self.members[range.clone()];
        let start = members.partition_point(|member| numbers[*member as usize] < value);
        let end = members[start..].partition_point(|member| numbers[*member as usize] <= value);
        range.start + start..range.start + start + end
    }
}

/// Sorts members by what they have in a column, those without it last; equal ones keep their order. Of places, it is told where the
/// members of each begin.
pub(super) fn sort(members: &mut Vec<u32>, column: &Column) -> Option<Starts> {
    if let Some(places) = &column.places {
        return Some(places.sort(members));
    }
    // Each number is fetched once, not for each comparison.
    let mut numbered: Vec<(f64, u32)> =
        members.iter().map(|member| (column.numbers[*member as usize], *member)).collect();
    numbered.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    members.clear();
    members.extend(numbered.into_iter().map(|(_, member)| member));
    None
}
