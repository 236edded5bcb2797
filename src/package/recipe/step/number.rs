//! A number of numbers.

use crate::package::recipe::slots::Slots;

/// A `number` step, compiled.
#[derive(Debug)]
pub(in crate::package::recipe) struct NumberStep {
    pub(in crate::package::recipe) formula: Formula,
    pub(in crate::package::recipe) to: usize,
}

/// What is computed. A missing operand makes the result missing, since NaN does.
#[derive(Debug)]
pub(in crate::package::recipe) enum Formula {
    Sum(Box<[Term]>),
    Ratio(Term, Term),
    Product(Box<[Term]>),
    Log1p(Term),
    Clip { of: Term, min: f64, max: f64 },
    Scale { of: Term, mean: f64, deviation: f64 },
}

/// An operand.
#[derive(Debug, Clone, Copy)]
pub(in crate::package::recipe) enum Term {
    Constant(f64),
    Slot(usize),
}

impl Term {
    pub(in crate::package::recipe) fn of(self, slots: &Slots) -> f64 {
        match self {
            Self::Constant(number) => number,
            Self::Slot(slot) => slots.numbers[slot],
        }
    }
}

impl NumberStep {
    /// Fills the step's slot.
    pub(in crate::package::recipe) fn run(&self, slots: &mut Slots) {
        let number = match &self.formula {
            Formula::Sum(terms) => terms.iter().fold(0.0, |sum, term| sum + term.of(slots)),
            Formula::Product(terms) => terms.iter().fold(1.0, |product, term| product * term.of(slots)),
            Formula::Ratio(one, other) => one.of(slots) / other.of(slots),
            // The logarithm comes from `libm`, not from the platform, so that every machine computes the same bits.
            Formula::Log1p(of) => libm::log1p(of.of(slots)),
            Formula::Clip { of, min, max } => clip(of.of(slots), *min, *max),
            Formula::Scale { of, mean, deviation } => scale(of.of(slots), *mean, *deviation),
        };
        slots.set_number(self.to, number);
    }
}

/// Returns the nearest number within bounds; `clamp` panics where there is none, and `min` forgets that a number is missing.
fn clip(number: f64, min: f64, max: f64) -> f64 {
    if number < min {
        min
    } else if number > max {
        max
    } else {
        number
    }
}

fn scale(number: f64, mean: f64, deviation: f64) -> f64 {
    if deviation > 0.0 || number.is_nan() { (number - mean) / deviation } else { 0.0 }
}
