//! What a step looks up in a snapshot, by key.

use super::keys::{Keys, push};
use crate::package::recipe::key::Key;
use crate::package::recipe::slots::View;

/// How the events of one key fared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Fared {
    /// How many there are.
    pub(super) count: i64,
    /// The sum of their outcomes.
    pub(super) sum: f64,
    /// The sum of what was expected of them.
    pub(super) expected: f64,
}

impl Fared {
    /// Returns how far they fared beyond what was expected, drawn to 0 by as many events as the prior says.
    #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 events")]
    pub(super) fn value(&self, prior: f64) -> f64 {
        let weight = self.count as f64 + prior;
        if weight > 0.0 { (self.sum - self.expected) / weight } else { 0.0 }
    }
}

/// The value of each key; any other has 0.
#[derive(Debug, Clone, Default)]
pub(in crate::package::recipe) struct Table {
    keys: Keys,
    values: Vec<f64>,
}

impl Table {
    pub(super) fn with_capacity(count: usize) -> Self {
        Self { keys: Keys::with_capacity(count), values: Vec::with_capacity(count) }
    }

    /// Adds the value of a key; returns false where it has one.
    pub(super) fn add(&mut self, key: &[u8], value: f64) -> bool {
        let is_new = self.keys.add(key).is_ok();
        if is_new {
            self.values.push(value);
        }
        is_new
    }

    /// Returns the value for a record: 0 where the key lacks a part, or nothing is known of it.
    pub(in crate::package::recipe) fn value(&self, key: &Key, view: &impl View, bytes: &mut Vec<u8>) -> f64 {
        bytes.clear();
        if !key.of(view).all(|value| push(bytes, value)) {
            return 0.0;
        }
        self.keys.find(bytes).map_or(0.0, |place| self.values[place as usize])
    }
}
