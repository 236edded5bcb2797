//! A test of what stands in a slot.

use super::slots::View;

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
}

/// Returns whether all tests hold. Most cases have one test, of one number: it costs neither loop nor call.
#[inline]
pub(super) fn all_hold(tests: &[Test], view: &impl View) -> bool {
    match tests {
        #[expect(clippy::float_cmp, reason = "a value that was named")]
        [Test { slot, check: Check::Number(number) }] => view.number(*slot) == *number,
        tests => each_holds(tests, view),
    }
}

/// Stands alone, so that what most cases need is small enough to stand where it is asked.
#[inline(never)]
fn each_holds(tests: &[Test], view: &impl View) -> bool {
    tests.iter().all(|test| test.holds(view))
}
