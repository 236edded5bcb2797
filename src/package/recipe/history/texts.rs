//! The different texts of a column, each with a number that stands for it.

use std::hash::BuildHasher;

use hashbrown::HashTable;
use rustc_hash::FxBuildHasher;

use crate::package::recipe::slots::MISSING;

/// Stands for a text that no member has.
const UNKNOWN: f64 = -1.0;

/// Different texts in one buffer, in their order: the code of each is its place.
#[derive(Debug, Clone, Default)]
pub(in crate::package::recipe) struct Texts {
    buffer: String,
    ends: Vec<usize>,
    /// The places of the texts, by their hashes. The texts that are stored are no client's, so none can make them collide.
    places: HashTable<u32>,
}

impl Texts {
    /// Adds a text, which must be behind the last one; otherwise it is told which that is.
    pub(super) fn push(&mut self, text: &str) -> Result<(), &str> {
        if self.ends.len().checked_sub(1).and_then(|last| self.at(last)).is_some_and(|last| last >= text) {
            return Err(self.at(self.ends.len() - 1).unwrap_or_default());
        }
        self.buffer.push_str(text);
        self.ends.push(self.buffer.len());
        Ok(())
    }

    /// Makes the texts ready to be found.
    pub(super) fn index(&mut self) {
        let mut places = HashTable::with_capacity(self.ends.len());
        for (place, text) in (0..).zip(self.iter()) {
            places.insert_unique(hash(text), place, |place| self.at(*place as usize).map_or(0, hash));
        }
        self.places = places;
    }

    /// Returns how many there are.
    pub(in crate::package::recipe) fn len(&self) -> usize {
        self.ends.len()
    }

    fn at(&self, place: usize) -> Option<&str> {
        let end = *self.ends.get(place)?;
        let start = place.checked_sub(1).map_or(0, |before| self.ends[before]);
        Some(&self.buffer[start..end])
    }

    /// Returns the text of a code.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a code is a place, or negative")]
    pub(in crate::package::recipe) fn get(&self, code: f64) -> Option<&str> {
        if code >= 0.0 { self.at(code as usize) } else { None }
    }

    /// Returns the code of a text.
    pub(in crate::package::recipe) fn code(&self, text: Option<&str>) -> f64 {
        let Some(text) = text else { return MISSING };
        let is_equal = |place: &u32| self.at(*place as usize) == Some(text);
        self.places.find(hash(text), is_equal).map_or(UNKNOWN, |place| f64::from(*place))
    }

    /// Returns the texts, in their order.
    pub(in crate::package::recipe) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).filter_map(|place| self.at(place))
    }
}

/// Takes texts that are sorted, each once; others are left out.
impl<'a> FromIterator<&'a str> for Texts {
    fn from_iter<T: IntoIterator<Item = &'a str>>(sorted: T) -> Self {
        let mut texts = Self::default();
        for text in sorted {
            let _ = texts.push(text);
        }
        texts.index();
        texts
    }
}

fn hash(text: &str) -> u64 {
    FxBuildHasher.hash_one(text)
}
