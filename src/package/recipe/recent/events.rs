//! Events by columns: when each was, when it was known, how it fared, and what it has in the columns of a plan.

use std::cmp::Ordering;

use rustc_hash::FxHashMap;

use super::calendar::Day;
use super::keys::{Keys, push};
use crate::package::recipe::key::PartValue;
use crate::table::Task;

/// Stands for a value that is missing.
pub(super) const MISSING: u32 = u32::MAX;

/// So many bits of a number's fraction count, where outcomes are numbers.
const FRACTION_BITS: i32 = 32;

/// Outcomes as whole numbers, so that neither an order of events nor one that is taken out again shows in a sum.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::package::recipe) struct Scale {
    bits: i32,
}

impl Scale {
    /// Returns the scale of a label: classes are 0 and 1, numbers are taken to the nearest 2^-32.
    pub(in crate::package::recipe) fn new(task: Task) -> Self {
        Self { bits: if task == Task::Regression { FRACTION_BITS } else { 0 } }
    }

    #[expect(clippy::cast_possible_truncation, reason = "what is beyond 2^95 is taken as that")]
    pub(super) fn whole(self, outcome: f64) -> i128 {
        libm::ldexp(outcome, self.bits).round() as i128
    }

    #[expect(clippy::cast_precision_loss, reason = "the one rounding of a sum")]
    pub(super) fn number(self, sum: i128) -> f64 {
        libm::ldexp(sum as f64, -self.bits)
    }
}

/// Events, each a row. One that is taken back, since another outcome or record took its place, is a row that counts −1.
#[derive(Debug, Clone)]
pub(in crate::package::recipe) struct Events {
    pub(super) scale: Scale,
    /// The day of each.
    pub(super) days: Vec<Day>,
    /// The first day at whose moment it was known.
    pub(super) known: Vec<Day>,
    /// 1 for one that happened, −1 for one that is taken back.
    pub(super) counts: Vec<i32>,
    /// The outcome, or what is taken back of the sum.
    pub(super) sums: Vec<i128>,
    /// In the order of the plan's columns.
    pub(super) columns: Vec<EventColumn>,
}

impl Events {
    pub(in crate::package::recipe) fn new(scale: Scale, columns: usize) -> Self {
        let columns = vec![EventColumn::default(); columns];
        Self { scale, days: Vec::new(), known: Vec::new(), counts: Vec::new(), sums: Vec::new(), columns }
    }

    pub(super) fn len(&self) -> usize {
        self.days.len()
    }

    /// Adds an event without what it has in columns.
    pub(super) fn push(&mut self, day: Day, known: Day, count: i32, outcome: f64) {
        self.days.push(day);
        self.known.push(known);
        self.counts.push(count);
        self.sums.push(self.scale.whole(outcome) * i128::from(count));
    }

    /// Returns how an event fared.
    pub(super) fn outcome(&self, event: usize) -> f64 {
        self.scale.number(self.sums[event] * i128::from(self.counts[event]))
    }

    /// Sorts events into groups of the same values in some columns.
    pub(super) fn group(&self, columns: &[usize], takes_missing: bool) -> Groups {
        let mut groups = Groups { of_event: vec![0; self.len()], keys: vec![Box::default()] };
        for place in columns {
            groups.split(&self.columns[*place].codes, takes_missing);
        }
        groups
    }
}

/// What events have in one column.
#[derive(Debug, Clone, Default)]
pub(super) struct EventColumn {
    /// The number of each event's value.
    pub(super) codes: Vec<u32>,
    pub(super) values: Vec<KeyValue>,
    numbers: Keys,
    bytes: Vec<u8>,
}

/// A value by which events are found.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::package::recipe) enum KeyValue {
    Number(f64),
    Text(Box<str>),
}

impl KeyValue {
    pub(super) fn part(&self) -> PartValue<'_> {
        match self {
            Self::Number(number) => PartValue::Number(*number),
            Self::Text(text) => PartValue::Text(text),
        }
    }

    fn order(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(one), Self::Number(other)) => one.total_cmp(other),
            (Self::Text(one), Self::Text(other)) => one.cmp(other),
            (Self::Number(_), Self::Text(_)) => Ordering::Less,
            (Self::Text(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

impl EventColumn {
    /// Adds what the next event has.
    pub(super) fn push(&mut self, value: PartValue<'_>) {
        let code = self.code(value);
        self.codes.push(code);
    }

    /// Adds what the next events have, as places among codes.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "places are small; one that is missing is none"
    )]
    pub(super) fn extend(&mut self, codes: &[u32], places: &[f64]) {
        let code = |place: &f64| if place.is_nan() { MISSING } else { codes[*place as usize] };
        self.codes.extend(places.iter().map(code));
    }

    /// Returns the number of a value, which is new or known.
    pub(super) fn code(&mut self, value: PartValue<'_>) -> u32 {
        self.bytes.clear();
        if !push(&mut self.bytes, value) {
            return MISSING;
        }
        match self.numbers.add(&self.bytes) {
            Err(known) => known,
            Ok(new) => {
                self.values.push(match value {
                    PartValue::Text(text) => KeyValue::Text(text.into()),
                    PartValue::Number(number) => KeyValue::Number(number),
                    PartValue::Missing => return MISSING,
                });
                new
            }
        }
    }

    /// Returns the value of a number.
    pub(super) fn value(&self, code: u32) -> Option<&KeyValue> {
        self.values.get(code as usize)
    }

    /// Returns the place of each value in their order.
    fn ranks(&self) -> Vec<u32> {
        let mut sorted: Vec<usize> = (0..self.values.len()).collect();
        sorted.sort_by(|one, other| self.values[*one].order(&self.values[*other]));
        let mut ranks = vec![0; sorted.len()];
        for (rank, place) in (0..).zip(sorted) {
            ranks[place] = rank;
        }
        ranks
    }
}

/// Events in groups of the same values in some columns.
#[derive(Debug)]
pub(super) struct Groups {
    /// The group of each event; [`MISSING`] for one that is in none.
    pub(super) of_event: Vec<u32>,
    /// The code in each column of each group.
    pub(super) keys: Vec<Box<[u32]>>,
}

impl Groups {
    /// Splits each group by the values of one more column.
    fn split(&mut self, codes: &[u32], takes_missing: bool) {
        let mut known: FxHashMap<(u32, u32), u32> = FxHashMap::default();
        let mut keys: Vec<Box<[u32]>> = Vec::new();
        for (group, code) in self.of_event.iter_mut().zip(codes) {
            if *group == MISSING || *code == MISSING && !takes_missing {
                *group = MISSING;
                continue;
            }
            let next = u32::try_from(keys.len()).unwrap_or(u32::MAX);
            *group = *known.entry((*group, *code)).or_insert_with(|| {
                let before = self.keys[*group as usize].iter().copied();
                keys.push(before.chain([*code]).collect());
                next
            });
        }
        self.keys = keys;
    }

    /// Returns the groups in the order of their values, those without a value last.
    pub(super) fn sorted(&self, events: &Events, columns: &[usize]) -> Vec<u32> {
        let ranks: Vec<Vec<u32>> = columns.iter().map(|place| events.columns[*place].ranks()).collect();
        let rank = |(place, code): (usize, &u32)| ranks[place].get(*code as usize).copied().unwrap_or(MISSING);
        let key = |group: &u32| self.keys[*group as usize].iter().enumerate().map(rank).collect::<Vec<u32>>();
        let mut sorted: Vec<u32> = (0..).take(self.keys.len()).collect();
        sorted.sort_by_cached_key(key);
        sorted
    }
}
