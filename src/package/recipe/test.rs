//! A test of what stands in a slot.

use super::slots::{Block, Source, View};

/// A test of a slot, compiled.
#[derive(Debug)]
pub(super) struct Test {
    pub(super) slot: usize,
    pub(super) check: Check,
}

/// What a test asks. A missing value passes none but the one for missing values.
#[derive(Debug)]
pub(super) enum Check {
    /// Whether a number, or the place of a category, is this one.
    Number(f64),
    /// Whether it is one of these.
    Numbers(Box<[f64]>),
    /// Whether a text is one of these.
    Texts(Box<[Box<str>]>),
    /// Whether a number is within bounds; those that are not given are infinite.
    Range { min: f64, max: f64, above: f64, below: f64 },
    /// Whether a number is missing.
    NumberIsMissing(bool),
    /// Whether a text is missing.
    TextIsMissing(bool),
}

impl Test {
    /// Returns whether the test holds.
    pub(super) fn holds(&self, view: &impl View) -> bool {
        match &self.check {
            #[expect(clippy::float_cmp, reason = "a value that was named")]
            Check::Number(number) => view.number(self.slot) == *number,
            Check::Numbers(numbers) => numbers.contains(&view.number(self.slot)),
            Check::Texts(texts) => view.text(self.slot).is_some_and(|text| texts.iter().any(|one| **one == *text)),
            Check::Range { min, max, above, below } => {
                let number = view.number(self.slot);
                number >= *min && number <= *max && number > *above && number < *below
            }
            Check::NumberIsMissing(is_missing) => view.number(self.slot).is_nan() == *is_missing,
            Check::TextIsMissing(is_missing) => view.text(self.slot).is_none() == *is_missing,
        }
    }

    /// Strikes out the records for which the test does not hold.
    pub(super) fn narrow(&self, block: &Block<'_>, holds: &mut [Mask]) {
        let numbers = block.slots.numbers(self.slot);
        match &self.check {
            #[expect(clippy::float_cmp, reason = "a value that was named")]
            Check::Number(number) => narrow(holds, numbers, |one| one == number),
            Check::Numbers(all) => narrow(holds, numbers, |one| all.contains(one)),
            Check::Texts(_) => {
                for (row, holds) in holds.iter_mut().enumerate() {
                    *holds &= mask(self.holds(&block.asked(row)));
                }
            }
            Check::Range { min, max, above, below } => {
                narrow(holds, numbers, |one| one >= min && one <= max && one > above && one < below);
            }
            Check::NumberIsMissing(is_missing) => narrow(holds, numbers, |one| one.is_nan() == *is_missing),
            Check::TextIsMissing(is_missing) => {
                narrow(holds, block.slots.texts(self.slot), |span| (span.source == Source::Missing) == *is_missing);
            }
        }
    }
}

/// All bits where something holds, else none: as wide as a number, so that several are looked at by one instruction, without a branch.
pub(super) type Mask = u64;

/// Returns whether something holds as a mask.
pub(super) fn mask(holds: bool) -> Mask {
    if holds { Mask::MAX } else { 0 }
}

/// Strikes out what a value does not pass.
fn narrow<T>(holds: &mut [Mask], values: &[T], check: impl Fn(&T) -> bool) {
    for (holds, value) in holds.iter_mut().zip(values) {
        *holds &= mask(check(value));
    }
}

/// Returns whether all tests hold.
pub(super) fn all_hold(tests: &[Test], view: &impl View) -> bool {
    tests.iter().all(|test| test.holds(view))
}
