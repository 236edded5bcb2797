//! A value by conditions.

use rustc_hash::FxHashMap;

use crate::package::recipe::slots::{Asked, MISSING, Slots, Span, View};
use crate::package::recipe::test::{Check, Test, all_hold};
use crate::table::Record;

/// A `when` step, compiled.
#[derive(Debug)]
pub(in crate::package::recipe) struct WhenStep {
    /// The first cases, where each compares one and the same text.
    pub(in crate::package::recipe) switch: Option<Switch>,
    pub(in crate::package::recipe) cases: Box<[(Box<[Test]>, Then)]>,
    pub(in crate::package::recipe) otherwise: Then,
    pub(in crate::package::recipe) to: usize,
}

/// Cases that compare one text, found by it: a look-up costs as much as a comparison or two.
#[derive(Debug)]
pub(in crate::package::recipe) struct Switch {
    slot: usize,
    /// The first case that has a text.
    places: FxHashMap<Box<str>, usize>,
    /// How many cases are found so.
    count: usize,
}

impl Switch {
    /// Takes as many of the first cases as compare one text; none where these are fewer than two.
    pub(in crate::package::recipe) fn of_cases(cases: &[(Box<[Test]>, Then)]) -> Option<Self> {
        let texts = |tests: &'_ [Test]| match tests {
            [Test { slot, check: Check::Texts(_) }] => Some(*slot),
            _ => None,
        };
        let slot = texts(&cases.first()?.0)?;
        let count = cases.iter().take_while(|(tests, _)| texts(tests) == Some(slot)).count();
        let mut places = FxHashMap::default();
        for (place, (tests, _)) in cases[..count].iter().enumerate() {
            if let [Test { check: Check::Texts(texts), .. }] = &**tests {
                for text in texts {
                    places.entry(text.clone()).or_insert(place);
                }
            }
        }
        (count > 1).then_some(Self { slot, places, count })
    }
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
        let found = self.switch.as_ref().and_then(|switch| switch.places.get(asked.text(switch.slot)?));
        let case = if let Some(place) = found {
            self.cases.get(*place)
        } else {
            let tried = self.switch.as_ref().map_or(0, |switch| switch.count);
            self.cases[tried..].iter().find(|(tests, _)| all_hold(tests, &asked))
        };
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
pub(in crate::package::recipe) fn at<T>(all: &[T], place: f64) -> Option<&T> {
    if place.is_nan() { None } else { all.get(place as usize) }
}
