//! Values of columns together as a key: bytes that are found by their hash.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rustc_hash::FxBuildHasher;

use crate::package::recipe::key::PartValue;

/// Adds the bytes of a value to those of a key; returns false where it is missing, so that there is no key.
pub(super) fn push(bytes: &mut Vec<u8>, value: PartValue<'_>) -> bool {
    match value {
        PartValue::Missing => return false,
        PartValue::Number(number) => bytes.extend_from_slice(&number.to_bits().to_le_bytes()),
        // A column holds numbers or texts for good, so that nothing need tell them apart.
        PartValue::Text(text) => {
            bytes.extend_from_slice(&text.len().to_le_bytes());
            bytes.extend_from_slice(text.as_bytes());
        }
    }
    true
}

/// Different keys in one buffer, one behind another: the place of each is its number.
#[derive(Debug, Clone, Default)]
pub(super) struct Keys {
    bytes: Vec<u8>,
    ends: Vec<usize>,
    /// The numbers of the keys, by their hashes. No client chooses which keys are stored.
    places: HashTable<u32>,
}

impl Keys {
    pub(super) fn with_capacity(count: usize) -> Self {
        Self { bytes: Vec::new(), ends: Vec::with_capacity(count), places: HashTable::with_capacity(count) }
    }

    /// Returns the number of a key.
    pub(super) fn find(&self, key: &[u8]) -> Option<u32> {
        self.places.find(hash(key), |place| self.at(*place) == key).copied()
    }

    /// Adds a key and returns its number; one that is there has that number already, and is told.
    pub(super) fn add(&mut self, key: &[u8]) -> Result<u32, u32> {
        let Self { bytes, ends, places } = self;
        let next = u32::try_from(ends.len()).unwrap_or(u32::MAX);
        let is_equal = |place: &u32| at(bytes, ends, *place) == key;
        match places.entry(hash(key), is_equal, |place| hash(at(bytes, ends, *place))) {
            Entry::Occupied(there) => Err(*there.get()),
            Entry::Vacant(vacant) => {
                vacant.insert(next);
                bytes.extend_from_slice(key);
                ends.push(bytes.len());
                Ok(next)
            }
        }
    }

    fn at(&self, place: u32) -> &[u8] {
        at(&self.bytes, &self.ends, place)
    }
}

fn at<'a>(bytes: &'a [u8], ends: &[usize], place: u32) -> &'a [u8] {
    let place = place as usize;
    let start = place.checked_sub(1).map_or(0, |before| ends[before]);
    &bytes[start..ends[place]]
}

fn hash(key: &[u8]) -> u64 {
    FxBuildHasher.hash_one(key)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(values: &[PartValue<'_>]) -> Vec<u8> {
        let mut bytes = Vec::new();
        assert!(values.iter().all(|value| push(&mut bytes, *value)));
        bytes
    }

    #[test]
    fn each_key_is_found_by_its_values() {
        let keys = [
            key(&[]),
            key(&[PartValue::Text("a"), PartValue::Text("bc")]),
            key(&[PartValue::Text("ab"), PartValue::Text("c")]),
            key(&[PartValue::Number(1.0)]),
            key(&[PartValue::Number(1.5)]),
        ];
        let mut found = Keys::with_capacity(2);
        for (place, key) in (0..).zip(&keys) {
            assert_eq!(found.find(key), None);
            assert_eq!(found.add(key), Ok(place));
        }
        for (place, key) in (0..).zip(&keys) {
            assert_eq!((found.find(key), found.add(key)), (Some(place), Err(place)));
        }
    }

    #[test]
    fn a_missing_value_makes_no_key() {
        assert!(!push(&mut Vec::new(), PartValue::Missing));
    }
}
