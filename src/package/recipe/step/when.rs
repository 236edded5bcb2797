//! A value by conditions.

use rustc_hash::FxHashMap;

use crate::package::recipe::slots::{Block, MISSING, Span, View};
use crate::package::recipe::test::{Check, Mask, Test, mask};

/// A `when` step, compiled.
#[derive(Debug)]
pub(in crate::package::recipe) struct WhenStep {
    /// The first cases, where each compares one and the same text.
    switch: Option<Switch>,
    /// The tests of each case.
    cases: Box<[Box<[Test]>]>,
    gives: Gives,
    to: usize,
}

/// What each case gives, and behind the last one what is given where none holds.
#[derive(Debug)]
enum Gives {
    Numbers(Box<[f64]>),
    Any(Box<[Then]>),
}

/// Cases that compare one text, found by it: a look-up costs as much as a comparison or two.
#[derive(Debug)]
struct Switch {
    slot: usize,
    /// The first case that has a text.
    places: FxHashMap<Box<str>, usize>,
    /// How many cases are found so.
    count: usize,
}

impl Switch {
    /// Takes as many of the first cases as compare one text; none where these are fewer than two.
    fn of_cases(cases: &[Box<[Test]>]) -> Option<Self> {
        let texts = |tests: &'_ [Test]| match tests {
            [Test { slot, check: Check::Texts(_) }] => Some(*slot),
            _ => None,
        };
        let slot = texts(cases.first()?)?;
        let count = cases.iter().take_while(|tests| texts(tests) == Some(slot)).count();
        let mut places = FxHashMap::default();
        for (place, tests) in cases[..count].iter().enumerate() {
            if let [Test { check: Check::Texts(texts), .. }] = &**tests {
                for text in texts {
                    places.entry(text.clone()).or_insert(place);
                }
            }
        }
        (count > 1).then_some(Self { slot, places, count })
    }
}

/// Where it is found out which case holds for each record.
#[derive(Debug, Default)]
pub(in crate::package::recipe) struct Choosing {
    chosen: Vec<usize>,
    holds: Vec<Mask>,
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
    /// Makes a step of cases, and of what they and the rest give.
    pub(in crate::package::recipe) fn new(cases: Box<[Box<[Test]>]>, thens: Vec<Then>, to: usize) -> Self {
        let number = |then: &Then| if let Then::Number(number) = then { Some(*number) } else { None };
        let gives = match thens.iter().map(number).collect::<Option<_>>() {
            Some(numbers) => Gives::Numbers(numbers),
            None => Gives::Any(thens.into()),
        };
        Self { switch: Switch::of_cases(&cases), cases, gives, to }
    }

    /// Fills the step's slot.
    pub(in crate::package::recipe) fn run(&self, block: &mut Block<'_>, choosing: &mut Choosing) {
        match &self.gives {
            Gives::Numbers(numbers) => self.give_numbers(numbers, block, choosing),
            Gives::Any(thens) => self.give(thens, block, choosing),
        }
    }

    fn give_numbers(&self, numbers: &[f64], block: &mut Block<'_>, choosing: &mut Choosing) {
        let (last, of_cases) = numbers.split_last().unwrap_or((&MISSING, &[]));
        block.slots.numbers_mut(self.to).fill(*last);
        self.each_case(block, &mut choosing.holds, |block, case, holds| {
            let given = of_cases[case].to_bits();
            for (number, holds) in block.slots.numbers_mut(self.to).iter_mut().zip(holds) {
                *number = f64::from_bits(given & holds | number.to_bits() & !holds);
            }
        });
        self.each_switched(block, |block, row, case| block.slots.numbers_mut(self.to)[row] = of_cases[case]);
    }

    fn give(&self, thens: &[Then], block: &mut Block<'_>, choosing: &mut Choosing) {
        let Choosing { chosen, holds } = choosing;
        chosen.clear();
        chosen.resize(block.rows(), self.cases.len());
        self.each_case(block, holds, |_, case, holds| {
            for (chosen, holds) in chosen.iter_mut().zip(holds) {
                *chosen = if *holds == 0 { *chosen } else { case };
            }
        });
        self.each_switched(block, |_, row, case| chosen[row] = case);
        for (row, case) in chosen.iter().enumerate() {
            match &thens[*case] {
                Then::Number(number) => block.slots.numbers_mut(self.to)[row] = *number,
                Then::NumberOf(slot) => {
                    let number = block.slots.numbers(*slot)[row];
                    block.slots.numbers_mut(self.to)[row] = number;
                }
                Then::PlaceOf(slot, places) => {
                    let place = at(places, block.slots.numbers(*slot)[row]).copied();
                    block.slots.numbers_mut(self.to)[row] = place.unwrap_or(MISSING);
                }
                Then::Text(span) => block.slots.set_text(self.to, row, *span),
                Then::TextOf(slot) => block.slots.set_text(self.to, row, block.slots.text(*slot, row)),
                Then::CategoryOf(slot, spans) => {
                    let span = at(spans, block.slots.numbers(*slot)[row]).copied();
                    block.slots.set_text(self.to, row, span.unwrap_or(Span::MISSING));
                }
            }
        }
    }

    /// Hands on which records each case holds for, from the last case to the first, so that an earlier one takes its place; those that
    /// are found by a text are left out.
    fn each_case(
        &self,
        block: &mut Block<'_>,
        holds: &mut Vec<Mask>,
        mut take: impl FnMut(&mut Block<'_>, usize, &[Mask]),
    ) {
        let switched = self.switch.as_ref().map_or(0, |switch| switch.count);
        for (case, tests) in self.cases.iter().enumerate().skip(switched).rev() {
            holds.clear();
            holds.resize(block.rows(), mask(true));
            tests.iter().for_each(|test| test.narrow(block, holds));
            take(block, case, holds);
        }
    }

    /// Hands on the case of each record for which one is found by a text.
    fn each_switched(&self, block: &mut Block<'_>, mut take: impl FnMut(&mut Block<'_>, usize, usize)) {
        let Some(switch) = &self.switch else { return };
        for row in 0..block.rows() {
            if let Some(case) = block.asked(row).text(switch.slot).and_then(|text| switch.places.get(text)) {
                take(block, row, *case);
            }
        }
    }
}

/// Returns what stands at the place that a number is; a missing number is no place.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a place is a small whole number")]
pub(in crate::package::recipe) fn at<T>(all: &[T], place: f64) -> Option<&T> {
    if place.is_nan() { None } else { all.get(place as usize) }
}
