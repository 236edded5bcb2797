//! The different texts of a column, each with a number that stands for it.

use std::hash::BuildHasher;
use std::sync::Arc;

use hashbrown::HashTable;
use hashbrown::hash_table::Entry;
use rustc_hash::FxBuildHasher;

use super::places::place;
use crate::package::recipe::slots::MISSING;

/// Stands for a text that no member has.
const UNKNOWN: f64 = -1.0;

/// Different texts in one buffer, one behind another: the code of each is its place.
#[derive(Debug, Clone, Default)]
pub(in crate::package::recipe) struct Texts {
    buffer: String,
    ends: Vec<usize>,
    /// The places of the texts, by their hashes. The texts that are stored are no client's, so none can make them collide.
    places: HashTable<u32>,
}

impl Texts {
    /// Takes texts of so many bytes each; they must differ.
    pub(super) fn new(buffer: String, lengths: &[f64]) -> Result<Self, String> {
        let mut ends = Vec::with_capacity(lengths.len());
        let mut end = 0;
        for length in lengths {
            end += place(*length).ok_or_else(|| format!("length {} is not a whole number", ends.len()))? as usize;
            if !buffer.is_char_boundary(end) {
                return Err(format!("text {} ends within a character, or behind the last one", ends.len()));
            }
            ends.push(end);
        }
        if end != buffer.len() {
            return Err(format!("the lengths add up to {end}, but the texts have {} bytes", buffer.len()));
        }
        let mut texts = Self { buffer, ends, places: HashTable::new() };
        match texts.index() {
            Some(text) => Err(format!("{text:?} stands twice among the texts")),
            None => Ok(texts),
        }
    }

    /// Returns the texts, one behind another, and the length of each.
    #[expect(clippy::cast_precision_loss, reason = "no text has 2^53 bytes")]
    pub(super) fn parts(&self) -> (String, Arc<[f64]>) {
        (self.buffer.clone(), self.iter().map(|text| text.len() as f64).collect())
    }

    /// Makes the texts ready to be found, and returns one that stands twice.
    fn index(&mut self) -> Option<&str> {
        let mut places = HashTable::with_capacity(self.ends.len());
        let mut twice = None;
        let text_at = |place: &u32| self.at(*place as usize);
        for (place, text) in (0..).zip(self.iter()) {
            match places.entry(hash(text), |place| text_at(place) == Some(text), |place| text_at(place).map_or(0, hash))
            {
                Entry::Occupied(first) => twice = twice.or(Some(*first.get())),
                Entry::Vacant(entry) => _ = entry.insert(place),
            }
        }
        self.places = places;
        self.at(twice? as usize)
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

    /// Returns the place of a text, if it is one of these.
    pub(super) fn place(&self, text: &str) -> Option<u32> {
        let is_equal = |place: &u32| self.at(*place as usize) == Some(text);
        self.places.find(hash(text), is_equal).copied()
    }

    /// Returns the code of a text.
    pub(in crate::package::recipe) fn code(&self, text: Option<&str>) -> f64 {
        let Some(text) = text else { return MISSING };
        self.place(text).map_or(UNKNOWN, f64::from)
    }

    /// Returns the texts, in their order.
    pub(in crate::package::recipe) fn iter(&self) -> impl Iterator<Item = &str> {
        (0..self.ends.len()).filter_map(|place| self.at(place))
    }
}

/// Takes texts that differ.
impl<'a> FromIterator<&'a str> for Texts {
    fn from_iter<T: IntoIterator<Item = &'a str>>(different: T) -> Self {
        let mut texts = Self::default();
        for text in different {
            texts.buffer.push_str(text);
            texts.ends.push(texts.buffer.len());
        }
        let _ = texts.index();
        texts
    }
}

fn hash(text: &str) -> u64 {
    FxBuildHasher.hash_one(text)
}
