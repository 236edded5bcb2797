//! What a record is about.

use crate::table::field::Written;
use crate::table::{Field, Value};

/// The longest text of an entity: DynamoDB takes a partition key of 2,048 bytes, and the adapter's begins with `key:`.
pub const MAX_ENTITY_BYTES: usize = 2_044;

/// What a record is about: the values of the key's fields as texts, in the key's order.
///
/// It is kept as `4:1070,2:EWR`: each text behind its length, so that no two lists of texts are the same entity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entity(Box<str>);

impl Entity {
    /// Returns the entity of these values of a key's fields, in the key's order; nothing where they are none, or too long to be stored.
    pub fn from_values<'a>(values: impl IntoIterator<Item = (&'a Field, &'a Value)>) -> Option<Self> {
        let mut entity = String::new();
        for (field, value) in values {
            with_text(field.written(value), |text| push_text(&mut entity, text));
        }
        Self::from_pushed(entity)
    }

    /// Returns the entity of these texts, as [`Self::from_values`] does.
    pub(super) fn from_texts(texts: impl IntoIterator<Item = impl AsRef<str>>) -> Option<Self> {
        let mut entity = String::new();
        for text in texts {
            push_text(&mut entity, text.as_ref());
        }
        Self::from_pushed(entity)
    }

    /// Takes what [`push_text`] wrote; nothing was written where there is no key. What is longer than any that is stored is none.
    fn from_pushed(entity: String) -> Option<Self> {
        (!entity.is_empty() && entity.len() <= MAX_ENTITY_BYTES).then(|| Self(entity.into()))
    }

    /// Reads what [`Self::as_str`] gave.
    pub fn from_stored(text: &str) -> Option<Self> {
        let entity = Self(text.into());
        let is_whole = entity.texts().map(|text| text.len() + 1 + text.len().to_string().len()).sum::<usize>();
        let commas = entity.texts().count().checked_sub(1)?;
        (is_whole + commas == text.len()).then_some(entity)
    }

    /// Returns the text that a store keeps.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the values of the key's fields as texts.
    pub fn texts(&self) -> impl Iterator<Item = &str> {
        let mut rest = &*self.0;
        std::iter::from_fn(move || {
            let (length, behind) = rest.split_once(':')?;
            let length = length.parse().ok()?;
            let text = behind.get(..length)?;
            rest = behind.get(length..)?.strip_prefix(',').unwrap_or_default();
            Some(text)
        })
    }
}

/// Does something with a value of a key as a text.
pub(super) fn with_text(value: Written<'_>, take: impl FnOnce(&str)) {
    match value {
        Written::Text(text) => take(text),
        Written::Integer(number) => take(itoa::Buffer::new().format(number)),
        other => take(&other.to_string()),
    }
}

fn push_text(entity: &mut String, text: &str) {
    if !entity.is_empty() {
        entity.push(',');
    }
    entity.push_str(itoa::Buffer::new().format(text.len()));
    entity.push(':');
    entity.push_str(text);
}

/// Returns how many bytes of an entity a text takes, with the comma behind it.
pub(super) fn entity_bytes(text: &str) -> usize {
    itoa::Buffer::new().format(text.len()).len() + ":,".len() + text.len()
}

/// Returns whether an entity is not too long whose texts take so many bytes, each as [`entity_bytes`] counts it.
pub(super) fn is_storable(bytes: usize) -> bool {
    bytes <= MAX_ENTITY_BYTES + ",".len()
}
