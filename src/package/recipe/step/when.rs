//! A value by conditions.

use crate::package::recipe::slots::{Asked, MISSING, Slots, Span};
use crate::package::recipe::test::{Test, all_hold};
use crate::table::Record;

/// A `when` step, compiled.
#[derive(Debug)]
pub(in crate::package::recipe) struct WhenStep {
    pub(in crate::package::recipe) cases: Box<[(Box<[Test]>, Then)]>,
    pub(in crate::package::recipe) otherwise: Then,
    pub(in crate::package::recipe) to: usize,
}

/// What a case gives.
#[derive(Debug)]
pub(in crate::package::recipe) enum Then {
    /// A number, or the place of a category; NaN where the value is missing.
    Number(f64),
    /// The number of a slot.
    NumberOf(usize),
    /// The place that the category of a slot has among those of the step.
    PlaceOf(usize, Box<[f64]>),
    /// A text of the recipe, or none.
    Text(Span),
    /// The text of a slot.
    TextOf(usize),
    /// The text of the category of a slot.
    CategoryOf(usize, Box<[Span]>),
}

impl WhenStep {
    /// Fills the step's slot.
    pub(in crate::package::recipe) fn run(&self, record: &Record, constants: &str, slots: &mut Slots) {
        let asked = Asked { record, constants, slots };
        let case = self.cases.iter().find(|(tests, _)| all_hold(tests, &asked));
        match case.map_or(&self.otherwise, |(_, then)| then) {
            Then::Number(number) => slots.numbers[self.to] = *number,
            Then::NumberOf(slot) => slots.numbers[self.to] = slots.numbers[*slot],
            Then::PlaceOf(slot, places) => {
                slots.numbers[self.to] = at(places, slots.numbers[*slot]).copied().unwrap_or(MISSING);
            }
            Then::Text(span) => slots.texts[self.to] = *span,
            Then::TextOf(slot) => slots.texts[self.to] = slots.texts[*slot],
            Then::CategoryOf(slot, spans) => {
                slots.texts[self.to] = at(spans, slots.numbers[*slot]).copied().unwrap_or(Span::MISSING);
            }
        }
    }
}

/// Returns what stands at the place that a number is; a missing number is no place.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place is a small whole number")]
fn at<T>(all: &[T], place: f64) -> Option<&T> {
    if place.is_nan() { None } else { all.get(place as usize) }
}
