//! A value in the place of a missing one.

use hashbrown::HashTable;

use crate::package::recipe::key::{Key, PartValue, hash};
use crate::package::recipe::slots::{Asked, Block, Source, Span};

/// An `impute` step, compiled.
#[derive(Debug)]
pub(in crate::package::recipe) struct ImputeStep {
    pub(in crate::package::recipe) from: usize,
    pub(in crate::package::recipe) filling: Filling,
    pub(in crate::package::recipe) to: usize,
}

/// What stands for a missing value.
#[derive(Debug)]
pub(in crate::package::recipe) enum Filling {
    /// A text.
    Text(Span),
    /// A number, or the place of a category: of the first table that knows the record's like, else this one.
    Number(Box<[Table]>, f64),
}

/// Numbers by keys.
#[derive(Debug)]
pub(in crate::package::recipe) struct Table {
    key: Key,
    entries: HashTable<Entry>,
}

/// A key as it is kept, with its number.
#[derive(Debug)]
pub(in crate::package::recipe) struct Entry {
    pub(in crate::package::recipe) key: Box<[Kept]>,
    pub(in crate::package::recipe) number: f64,
}

/// A part of a key.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::package::recipe) enum Kept {
    Number(f64),
    Text(Box<str>),
}

impl Kept {
    fn value(&self) -> PartValue<'_> {
        match self {
            Self::Number(number) => PartValue::Number(*number),
            Self::Text(text) => PartValue::Text(text),
        }
    }
}

impl Table {
    /// Makes a table; of two equal keys, the later one counts.
    pub(in crate::package::recipe) fn new(key: Key, entries: Vec<Entry>) -> Self {
        let hash_of = |entry: &Entry| hash(entry.key.iter().map(Kept::value));
        let mut table = HashTable::with_capacity(entries.len());
        for entry in entries {
            table.insert_unique(hash_of(&entry), entry, hash_of);
        }
        Self { key, entries: table }
    }

    fn look_up(&self, asked: &Asked<'_>) -> Option<f64> {
        if !self.key.is_whole(asked) {
            return None;
        }
        let is_equal = |entry: &Entry| self.key.of(asked).eq(entry.key.iter().map(Kept::value));
        self.entries.find(hash(self.key.of(asked)), is_equal).map(|entry| entry.number)
    }
}

impl ImputeStep {
    /// Fills the step's slot.
    pub(in crate::package::recipe) fn run(&self, block: &mut Block<'_>) {
        for row in 0..block.rows() {
            match &self.filling {
                Filling::Text(text) => {
                    let from = block.slots.text(self.from, row);
                    block.slots.set_text(self.to, row, if from.source == Source::Missing { *text } else { from });
                }
                Filling::Number(tables, last) => {
                    let mut number = block.slots.numbers(self.from)[row];
                    if number.is_nan() {
                        let asked = block.asked(row);
                        number = tables.iter().find_map(|table| table.look_up(&asked)).unwrap_or(*last);
                    }
                    block.slots.numbers_mut(self.to)[row] = number;
                }
            }
        }
    }
}
