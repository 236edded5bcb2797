//! The name of a prediction.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use super::entity::{Entity, entity_bytes, is_storable, with_text};
use super::hash::{ContentHash, HASH_DIGITS, InvalidId, digit, nibble};
use crate::table::{Record, Schema};

/// What the names of this form begin with; those that earlier programs gave have none.
const PREFIX: &str = "p.";

/// How many bytes the beginnings of most names are.
const BEGINNING_BYTES: usize = 32;

/// The name of a prediction: `p.1070.11d08092d515798f5405b9f12c5230ab`, or `p.HASH` where there is no whole key.
///
/// What is no ASCII letter, digit or `-` in a key is written `_2f`: a name is a part of a path, of a file name and of a log line as it stands.
/// The first program wrote `1070-HASH` or `HASH`: such a name is never computed, but what bears it is still found.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PredictionId {
    /// What stands before the hash, as `p.1070.`.
    beginning: Box<str>,
    hash: ContentHash,
}

impl PredictionId {
    /// Names the prediction of a record by the hash of all that decides it.
    pub(super) fn new(schema: &Schema, record: &Record, hash: ContentHash) -> Self {
        Self { beginning: beginning_of(schema, record).unwrap_or_else(|| PREFIX.to_owned()).into(), hash }
    }

    /// Returns what the record is about, where it has a whole key.
    pub fn entity(&self) -> Option<Entity> {
        Entity::from_texts(self.key_texts())
    }

    /// Returns the values of the key's fields as texts; none where the record has no whole key.
    pub fn key_texts(&self) -> impl Iterator<Item = Cow<'_, str>> {
        // What stands there was checked or written here, so that each part can be read.
        parts(&self.beginning).filter_map(unescape)
    }

    /// Names the prediction that a store keeps under these keys.
    pub fn from_keys(entity: Option<&Entity>, hash: ContentHash) -> Self {
        Self { beginning: entity.map_or_else(|| PREFIX.to_owned(), beginning).into(), hash }
    }

    /// Reads a name that a store keeps in two parts; nothing comes of what is no name.
    pub fn from_stored(beginning: &str, hash: ContentHash) -> Option<Self> {
        is_beginning(beginning).then(|| Self { beginning: beginning.into(), hash })
    }

    /// Returns what stands before the hash.
    pub fn beginning(&self) -> &str {
        &self.beginning
    }

    /// Returns what the names of an entity's predictions begin with: those of this form, and those of the first one, which knew no other
    /// entity than a number.
    pub fn beginnings(entity: &Entity) -> (String, Option<String>) {
        let mut texts = entity.texts();
        let number = texts.next().filter(|text| texts.next().is_none() && is_number(text));
        (beginning(entity), number.map(|number| format!("{number}-")))
    }

    /// Returns whether the name is of the form that this program writes.
    pub fn is_current(&self) -> bool {
        self.beginning.starts_with(PREFIX)
    }

    /// Returns the hash of all that decided the prediction.
    pub fn hash(&self) -> ContentHash {
        self.hash
    }
}

impl fmt::Display for PredictionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.beginning)?;
        self.hash.fmt(f)
    }
}

impl FromStr for PredictionId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let parts = text.len().checked_sub(HASH_DIGITS).and_then(|at| text.split_at_checked(at));
        let (beginning, hash) = parts.ok_or(InvalidId)?;
        Self::from_stored(beginning, hash.parse()?).ok_or(InvalidId)
    }
}

/// Writes what a record's name begins with, where the table has a key and the record has a value for each of its fields.
fn beginning_of(schema: &Schema, record: &Record) -> Option<String> {
    let mut beginning = String::with_capacity(BEGINNING_BYTES);
    beginning.push_str(PREFIX);
    let mut bytes = 0;
    for &place in schema.key() {
        with_text(schema.fields()[place].written(record.get(place)?), |text| {
            push_part(&mut beginning, text);
            bytes += entity_bytes(text);
        });
    }
    is_storable(bytes).then_some(beginning)
}

/// Writes what the names of an entity's predictions begin with.
fn beginning(entity: &Entity) -> String {
    let mut beginning = PREFIX.to_owned();
    entity.texts().for_each(|text| push_part(&mut beginning, text));
    beginning
}

fn push_part(beginning: &mut String, text: &str) {
    if text.bytes().all(is_plain) {
        beginning.push_str(text);
    } else {
        for byte in text.bytes() {
            match byte {
                _ if is_plain(byte) => beginning.push(byte.into()),
                _ => beginning.extend(['_', digit(byte >> 4), digit(byte & 15)]),
            }
        }
    }
    beginning.push('.');
}

/// Returns whether a byte of a key stands in a name as it is.
fn is_plain(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'-'
}

/// Returns whether a text is what a name may begin with: there is one spelling of each key.
fn is_beginning(text: &str) -> bool {
    match text.strip_prefix(PREFIX) {
        Some("") => true,
        Some(rest) => {
            let texts = rest.strip_suffix('.').map(|parts| parts.split('.').map(unescape).collect::<Option<Vec<_>>>());
            let bytes = texts.flatten().map(|texts| texts.iter().map(|text| entity_bytes(text)).sum::<usize>());
            bytes.is_some_and(is_storable)
        }
        None => text.is_empty() || text.strip_suffix('-').is_some_and(is_number),
    }
}

/// Returns the parts of a beginning, one for each field of the key.
fn parts(beginning: &str) -> impl Iterator<Item = &str> {
    let parts = match beginning.strip_prefix(PREFIX) {
        Some(rest) => rest.strip_suffix('.'),
        None => beginning.strip_suffix('-'),
    };
    parts.into_iter().flat_map(|parts| parts.split('.'))
}

/// Reads one part of a name.
fn unescape(part: &str) -> Option<Cow<'_, str>> {
    if !part.is_empty() && part.bytes().all(is_plain) {
        return Some(part.into());
    }
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'_' => Some(nibble(rest.next()?)? << 4 | nibble(rest.next()?)?).filter(|byte| !is_plain(*byte))?,
            _ => Some(byte).filter(|byte| is_plain(*byte))?,
        });
    }
    String::from_utf8(bytes).ok().filter(|text| !text.is_empty()).map(Cow::Owned)
}

/// Returns whether a text is a number as the first form writes it.
fn is_number(text: &str) -> bool {
    text.parse::<u64>().is_ok_and(|number| number.to_string() == text)
}
