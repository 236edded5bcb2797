//! A flag for each of some values.

use rustc_hash::FxHashMap;

use crate::package::recipe::slots::{Block, View};

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
    pub(in crate::package::recipe) fn run(&self, block: &mut Block<'_>) {
        if let Flags::FewNumbers(values) = &self.flags {
            for (slot, value) in (self.to..).zip(values) {
                let (earlier, flags) = block.slots.fill(slot);
                for (flag, number) in flags.iter_mut().zip(earlier.numbers(self.from)) {
                    *flag = f64::from(u8::from(number.to_bits() == value.to_bits()));
                }
            }
            return;
        }
        for slot in self.to..self.to + self.count {
            block.slots.numbers_mut(slot).fill(0.0);
        }
        for row in 0..block.rows() {
            let asked = block.asked(row);
            let found = match &self.flags {
                Flags::FewNumbers(_) => None,
                Flags::Numbers(places) => places.get(&asked.number(self.from).to_bits()).copied(),
                Flags::Texts(places) => asked.text(self.from).and_then(|text| places.get(text)).copied(),
            };
            if let Some(found) = found {
                block.slots.numbers_mut(self.to + found)[row] = 1.0;
            }
        }
    }
}
