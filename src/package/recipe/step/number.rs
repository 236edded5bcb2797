//! A number of numbers.

use crate::package::recipe::slots::{Earlier, Slots, kept};

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
    /// Makes numbers of the operand of each record, and of what stands there.
    fn each(self, earlier: &Earlier<'_>, numbers: &mut [f64], formula: impl Fn(f64, f64) -> f64) {
        match self {
            Self::Constant(operand) => numbers.iter_mut().for_each(|number| *number = formula(*number, operand)),
            Self::Slot(slot) => {
                for (number, operand) in numbers.iter_mut().zip(earlier.numbers(slot)) {
                    *number = formula(*number, *operand);
                }
            }
        }
    }
}

impl NumberStep {
    /// Fills the step's slot.
    pub(in crate::package::recipe) fn run(&self, slots: &mut Slots) {
        let (earlier, numbers) = slots.fill(self.to);
        match &self.formula {
            Formula::Sum(terms) => {
                numbers.fill(0.0);
                terms.iter().for_each(|term| term.each(&earlier, numbers, |sum, operand| sum + operand));
            }
            Formula::Product(terms) => {
                numbers.fill(1.0);
                terms.iter().for_each(|term| term.each(&earlier, numbers, |product, operand| product * operand));
            }
            Formula::Ratio(one, other) => {
                one.each(&earlier, numbers, |_, operand| operand);
                other.each(&earlier, numbers, |dividend, operand| dividend / operand);
            }
            // The logarithm comes from `libm`, not from the platform, so that every machine computes the same bits.
            Formula::Log1p(of) => of.each(&earlier, numbers, |_, operand| libm::log1p(operand)),
            Formula::Clip { of, min, max } => of.each(&earlier, numbers, |_, operand| clip(operand, *min, *max)),
            Formula::Scale { of, mean, deviation } => {
                of.each(&earlier, numbers, |_, operand| scale(operand, *mean, *deviation));
            }
        }
        for number in numbers {
            *number = kept(*number);
        }
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
