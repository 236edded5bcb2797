//! Small whole numbers, by which members are sorted without comparing any two.

use std::ops::Range;
use std::sync::Arc;

/// As many places are worth a list of where the members of each begin.
const MOST: u32 = 1 << 16;

/// The place of each member: a whole number below a bound, which is the place of those that lack one.
#[derive(Debug, Clone)]
pub(in crate::package::recipe) struct Places {
    of_member: Box<[u32]>,
    count: u32,
}

/// Where the members of each place begin, and where the last ones end.
#[derive(Debug)]
pub(super) struct Starts(Vec<u32>);

/// Returns the place that a number is.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "what is lost is not equal")]
#[expect(clippy::float_cmp, reason = "whether it is exact")]
pub(super) fn place(number: f64) -> Option<u32> {
    let place = number as u32;
    (f64::from(place) == number).then_some(place)
}

impl Places {
    /// Takes numbers that are small and whole, or missing; none where one is not.
    pub(super) fn of_numbers(numbers: &[f64]) -> Option<Self> {
        let mut of_member = vec![MOST; numbers.len()];
        let mut count = 0;
        for (member, number) in of_member.iter_mut().zip(numbers) {
            if number.is_nan() {
                continue;
            }
            *member = place(*number).filter(|place| *place < MOST)?;
            count = count.max(*member + 1);
        }
        for place in &mut of_member {
            *place = count.min(*place);
        }
        Some(Self { of_member: of_member.into(), count })
    }

    /// Takes numbers that are whole and below a count, or missing; an error is one that is not.
    pub(super) fn below(numbers: &[f64], count: u32) -> Result<Self, f64> {
        let mut of_member = vec![count; numbers.len()];
        for (member, number) in of_member.iter_mut().zip(numbers) {
            if !number.is_nan() {
                *member = place(*number).filter(|place| *place < count).ok_or(*number)?;
            }
        }
        Ok(Self { of_member: of_member.into(), count })
    }

    /// Takes a place below a count for each member, or none.
    pub(super) fn new(places: impl Iterator<Item = Option<u32>>, count: u32) -> Self {
        Self { of_member: places.map(|place| place.map_or(count, |place| place.min(count))).collect(), count }
    }

    /// Returns what stands at the place of each member, or what stands for those that lack one.
    pub(in crate::package::recipe) fn translated(&self, numbers: &[f64], missing: f64) -> Arc<[f64]> {
        self.of_member.iter().map(|place| numbers.get(*place as usize).copied().unwrap_or(missing)).collect()
    }

    /// Returns how many places there are.
    pub(super) fn count(&self) -> usize {
        self.count as usize
    }

    /// Sorts members by their places, those without one last; equal ones keep their order.
    pub(super) fn sort(&self, members: &mut Vec<u32>) -> Starts {
        let place = |member: &u32| self.of_member[*member as usize] as usize;
        let mut starts = vec![0; self.count() + 2];
        for member in members.iter() {
            starts[place(member) + 1] += 1;
        }
        for place in 1..starts.len() {
            starts[place] += starts[place - 1];
        }
        let mut next = starts.clone();
        let mut sorted = vec![0; members.len()];
        for member in members.iter() {
            let next = &mut next[place(member)];
            sorted[*next as usize] = *member;
            *next += 1;
        }
        *members = sorted;
        Starts(starts)
    }
}

impl Starts {
    /// Returns where the members stand that have this number; nowhere, if none has.
    pub(super) fn of(&self, number: f64) -> Range<usize> {
        let of_place = |place: u32| self.0[..self.0.len() - 1].get(place as usize..place as usize + 2);
        match place(number).and_then(of_place) {
            Some(bounds) => bounds[0] as usize..bounds[1] as usize,
            None => 0..0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_are_sorted_by_their_places_and_found_there() {
        let places = Places::of_numbers(&[2.0, f64::NAN, 0.0, 2.0]).unwrap();
        let mut members = vec![3, 2, 1, 0];
        let starts = places.sort(&mut members);
        assert_eq!(members, [2, 3, 0, 1]);
        let found = [0.0, 1.0, 2.0, 3.0, 0.5, -1.0, f64::NAN].map(|number| starts.of(number));
        assert_eq!(found, [0..1, 1..1, 1..3, 0..0, 0..0, 0..0, 0..0]);
    }

    #[test]
    fn only_small_whole_numbers_are_places() {
        for number in [0.5, -1.0, 65_536.0, 1e300, f64::INFINITY] {
            assert!(Places::of_numbers(&[1.0, number]).is_none(), "{number}");
        }
        assert_eq!(Places::of_numbers(&[]).unwrap().count(), 0);
    }
}
