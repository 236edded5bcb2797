//! A record as a JSON object, read in one pass and without a tree in between.

use std::fmt;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::fault::Fault;
use super::record::{Draft, Labelled, Record};
use super::schema::{Column, Schema};
use super::value::Cell;

/// Reads a JSON value as a record of a schema, without its label.
///
/// Deserialising fails only where the text is not JSON; a value that is no record is an `Err` inside.
#[derive(Debug, Clone, Copy)]
pub struct RecordSeed<'s>(pub &'s Schema);

impl<'de> DeserializeSeed<'de> for RecordSeed<'_> {
    type Value = Result<Record, Vec<Fault>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let mut draft = Draft::new(self.0);
        fill(&mut draft, deserializer, Unknown::Refused)?;
        Ok(draft.finish())
    }
}

/// Reads a JSON value as a record of a schema with its label.
#[derive(Debug, Clone, Copy)]
pub struct LabelledSeed<'s>(pub &'s Schema);

impl<'de> DeserializeSeed<'de> for LabelledSeed<'_> {
    type Value = Result<Labelled, Vec<Fault>>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        let mut draft = Draft::labelled(self.0);
        fill(&mut draft, deserializer, Unknown::Refused)?;
        Ok(draft.finish_labelled())
    }
}

/// Reads a stored record, which is not validated again: what is no value of its field is missing.
pub fn stored(schema: &Schema, text: &str) -> Record {
    let mut draft = Draft::new(schema);
    // A text that is no JSON is a record without values.
    let _ = fill(&mut draft, &mut serde_json::Deserializer::from_str(text), Unknown::Ignored);
    draft.finish_stored()
}

/// Reads the text of one record.
pub fn from_slice(schema: &Schema, text: &[u8]) -> Result<Result<Record, Vec<Fault>>, serde_json::Error> {
    let mut json = serde_json::Deserializer::from_slice(text);
    let record = RecordSeed(schema).deserialize(&mut json)?;
    json.end()?;
    Ok(record)
}

/// What becomes of members that are no fields.
#[derive(Debug, Clone, Copy)]
pub(super) enum Unknown<'a> {
    Refused,
    /// These are somebody else's to read, or nobody's; any other is refused.
    RefusedBut(&'a [String]),
    Ignored,
    /// These are somebody else's to read; any other is refused.
    Kept(&'a [String]),
}

/// Puts the members of a JSON object into a draft.
pub(super) fn fill<'de, D: Deserializer<'de>>(
    draft: &mut Draft<'_>,
    deserializer: D,
    unknown: Unknown<'_>,
) -> Result<(), D::Error> {
    deserializer.deserialize_any(ObjectVisitor { draft, unknown })
}

struct ObjectVisitor<'a, 's> {
    draft: &'a mut Draft<'s>,
    unknown: Unknown<'a>,
}

impl ObjectVisitor<'_, '_> {
    #[expect(clippy::unnecessary_wraps, reason = "it is what visitors return")]
    fn not_an_object<E>(self, found: &str) -> Result<(), E> {
        let one = self.draft.schema().noun().one_with_article();
        self.draft.refuse_record(format!("must be an object with the fields of {one}, found {found}"));
        Ok(())
    }

    fn take_unknown(&mut self, name: &str) {
        match self.unknown {
            Unknown::Ignored => {}
            Unknown::RefusedBut(names) if names.iter().any(|kept| kept == name) => {}
            Unknown::Refused | Unknown::RefusedBut(_) => self.draft.refuse(name),
            Unknown::Kept(names) if names.iter().any(|kept| kept == name) => {}
            Unknown::Kept(_) => self.draft.refuse_late(name),
        }
    }
}

impl<'de> Visitor<'de> for ObjectVisitor<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.draft.schema().noun().one_with_article())
    }

    fn visit_map<A: MapAccess<'de>>(mut self, mut map: A) -> Result<(), A::Error> {
        while let Some(key) = map.next_key_seed(KeySeed(self.draft.schema()))? {
            match key {
                Key::Known(column) => map.next_value::<JsonCell<'_>>()?.put(column, self.draft),
                Key::Unknown(name) => {
                    map.next_value::<IgnoredAny>()?;
                    self.take_unknown(&name);
                }
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        self.not_an_object("a list")
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        self.not_an_object("true or false")
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        self.not_an_object("a number")
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        self.not_an_object("a number")
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        self.not_an_object("a number")
    }

    fn visit_str<E>(self, _: &str) -> Result<(), E> {
        self.not_an_object("a text")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        self.not_an_object("null")
    }
}

enum Key {
    Known(Column),
    Unknown(String),
}

struct KeySeed<'s>(&'s Schema);

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = Key;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Key, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = Key;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E>(self, name: &str) -> Result<Key, E> {
        Ok(self.0.column(name).map_or_else(|| Key::Unknown(name.to_owned()), Key::Known))
    }
}

/// A JSON value, of which only what a field can hold is kept; texts without escapes are borrowed.
enum JsonCell<'de> {
    Plain(Cell<'de>),
    Escaped(String),
}

impl JsonCell<'_> {
    fn put(self, column: Column, draft: &mut Draft<'_>) {
        match self {
            Self::Plain(cell) => draft.set(column, cell),
            Self::Escaped(text) => draft.set(column, Cell::Text(&text)),
        }
    }
}

impl<'de> Deserialize<'de> for JsonCell<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(CellVisitor)
    }
}

struct CellVisitor;

impl<'de> Visitor<'de> for CellVisitor {
    type Value = JsonCell<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(JsonCell::Plain(Cell::Missing))
    }

    fn visit_bool<E>(self, value: bool) -> Result<Self::Value, E> {
        Ok(JsonCell::Plain(Cell::Boolean(value)))
    }

    fn visit_i64<E>(self, number: i64) -> Result<Self::Value, E> {
        Ok(JsonCell::Plain(Cell::Integer(number)))
    }

    #[expect(clippy::cast_precision_loss, reason = "beyond what any field may hold exactly")]
    fn visit_u64<E>(self, number: u64) -> Result<Self::Value, E> {
        Ok(JsonCell::Plain(i64::try_from(number).map_or(Cell::Float(number as f64), Cell::Integer)))
    }

    fn visit_f64<E>(self, number: f64) -> Result<Self::Value, E> {
        Ok(JsonCell::Plain(Cell::Float(number)))
    }

    fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
        Ok(JsonCell::Plain(Cell::Text(text)))
    }

    fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
        Ok(JsonCell::Escaped(text.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        while seq.next_element::<IgnoredAny>()?.is_some() {}
        Ok(JsonCell::Plain(Cell::Nested))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(JsonCell::Plain(Cell::Nested))
    }
}
