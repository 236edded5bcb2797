//! A flag for each of some values.

use rustc_hash::FxHashMap;

use crate::package::recipe::slots::{Asked, Slots, View};
use crate::table::Record;

/// As many values are looked for one by one; of more, in a table.
const FEW: usize = 16;

/// A `one_hot` step, compiled.
#[derive(Debug)]
pub(in crate::package::recipe) struct OneHotStep {
    from: usize,
    flags: Flags,
    /// The slot of the first flag; the others follow.
    to: usize,
    count: usize,
}

#[derive(Debug)]
enum Flags {
    FewNumbers(Box<[f64]>),
    Numbers(FxHashMap<u64, usize>),
    Texts(FxHashMap<Box<str>, usize>),
}

impl OneHotStep {
    /// Makes a step for numbers, or the places of categories.
    pub(in crate::package::recipe) fn of_numbers(from: usize, numbers: Vec<f64>, to: usize) -> Self {
        let count = numbers.len();
        let flags = if count <= FEW {
            Flags::FewNumbers(numbers.into())
        } else {
            Flags::Numbers(numbers.into_iter().map(f64::to_bits).zip(0..).collect())
        };
        Self { from, flags, to, count }
    }

    /// Makes a step for texts.
    pub(in crate::package::recipe) fn of_texts(from: usize, texts: Vec<Box<str>>, to: usize) -> Self {
        let count = texts.len();
        Self { from, flags: Flags::Texts(texts.into_iter().zip(0..).collect()), to, count }
    }

    /// Fills the step's slots.
    pub(in crate::package::recipe) fn run(&self, record: &Record, constants: &str, slots: &mut Slots) {
        let asked = Asked { record, constants, slots };
        let number = asked.number(self.from);
        let found = match &self.flags {
            Flags::FewNumbers(numbers) => numbers.iter().position(|one| one.to_bits() == number.to_bits()),
            Flags::Numbers(places) => places.get(&number.to_bits()).copied(),
            Flags::Texts(places) => asked.text(self.from).and_then(|text| places.get(text)).copied(),
        };
        slots.numbers[self.to..self.to + self.count].fill(0.0);
        if let Some(found) = found {
            slots.numbers[self.to + found] = 1.0;
        }
    }
}
