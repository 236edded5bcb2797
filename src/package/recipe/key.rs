//! Several slots together as a key.

use std::hash::{Hash, Hasher};

use rustc_hash::FxHasher;

use super::slots::View;

/// The slots whose values together are a key.
#[derive(Debug, Clone)]
pub(super) struct Key(pub(super) Box<[Part]>);

/// A slot of a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Part {
    pub(super) slot: usize,
    pub(super) is_text: bool,
}

/// What stands in one slot of a key.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub(super) enum PartValue<'a> {
    Missing,
    Number(f64),
    Text(&'a str),
}

impl Part {
    /// Returns what stands in the slot.
    pub(super) fn of<'a>(&self, view: &'a impl View) -> PartValue<'a> {
        if self.is_text {
            return view.text(self.slot).map_or(PartValue::Missing, PartValue::Text);
        }
        let number = view.number(self.slot);
        if number.is_nan() { PartValue::Missing } else { PartValue::Number(number) }
    }
}

impl Key {
    /// Returns the values of a key.
    pub(super) fn of<'a>(&'a self, view: &'a impl View) -> impl Iterator<Item = PartValue<'a>> {
        self.0.iter().map(|part| part.of(view))
    }

    /// Returns whether none of the values is missing.
    pub(super) fn is_whole(&self, view: &impl View) -> bool {
        self.of(view).all(|value| value != PartValue::Missing)
    }
}

/// Hashes a key quickly: the keys that are stored are no client's, so none can make them collide.
pub(super) fn hash<'a>(values: impl Iterator<Item = PartValue<'a>>) -> u64 {
    let mut hasher = FxHasher::default();
    for value in values {
        match value {
            PartValue::Missing => hasher.write_u8(0),
            PartValue::Number(number) => hasher.write_u64(number.to_bits()),
            PartValue::Text(text) => text.hash(&mut hasher),
        }
    }
    hasher.finish()
}
