//! The text of `history.json`: a list for each column, so that reading it allocates next to nothing.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde::ser::{Serialize, SerializeMap, Serializer};

use super::texts::Texts;
use crate::package::recipe::error::{HISTORY, RecipeError, read};
use crate::package::recipe::slots::MISSING;

/// The earlier records of a recipe: what of each is compared and looked up, and how it fared.
#[derive(Debug, Clone, serde::Deserialize, serde::Serialize)]
#[serde(deny_unknown_fields)]
pub struct HistoryRecords {
    /// The hash of the recipe that made the columns.
    pub(in crate::package::recipe) recipe_hash: String,
    /// How each record fared: 1 or 0, or a number.
    pub(in crate::package::recipe) outcomes: Numbers,
    /// What each record has in each column.
    pub(in crate::package::recipe) columns: BTreeMap<String, Stored>,
}

impl HistoryRecords {
    /// Reads the text of `history.json`.
    pub fn parse(text: &[u8]) -> Result<Self, RecipeError> {
        read(HISTORY, text)
    }

    /// Returns how many records there are.
    pub fn len(&self) -> usize {
        self.outcomes.0.len()
    }

    /// Returns whether there is no record at all.
    pub fn is_empty(&self) -> bool {
        self.outcomes.0.is_empty()
    }
}

/// Numbers, none of which is missing.
#[derive(Debug, Clone, serde::Deserialize)]
#[serde(transparent)]
pub(in crate::package::recipe) struct Numbers(pub(in crate::package::recipe) Arc<[f64]>);

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().copied().map(Number))
    }
}

/// What the records have in one column, as it is stored.
#[derive(Debug, Clone)]
pub(in crate::package::recipe) enum Stored {
    /// Nothing, so many times.
    Nothing(usize),
    /// Numbers, NaN where one is missing.
    Numbers(Arc<[f64]>),
    /// `true` is 1, `false` is 0.
    Booleans(Arc<[f64]>),
    /// Different texts, and the code of each record's.
    Texts(Arc<Texts>, Arc<[f64]>),
}

impl Stored {
    /// Makes a column of texts.
    pub(in crate::package::recipe) fn of_texts(column: &[Option<Box<str>>]) -> Self {
        let different: BTreeSet<&str> = column.iter().flatten().map(|text| &**text).collect();
        if different.is_empty() {
            return Self::Nothing(column.len());
        }
        let mut texts = Texts::default();
        for text in different {
            // They come in their order.
            let _ = texts.push(text);
        }
        texts.index();
        let codes = column.iter().map(|text| texts.code(text.as_deref())).collect();
        Self::Texts(texts.into(), codes)
    }

    /// Returns how many records there are.
    pub(in crate::package::recipe) fn len(&self) -> usize {
        match self {
            Self::Nothing(count) => *count,
            Self::Numbers(numbers) | Self::Booleans(numbers) | Self::Texts(_, numbers) => numbers.len(),
        }
    }
}

/// A number as it is written: shortly, and null where it is missing.
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(clippy::cast_possible_truncation, reason = "it has no fraction and is small")]
        match self.0 {
            number if number.is_nan() => serializer.serialize_unit(),
            number if number.fract() == 0.0 && number.abs() < 1e15 => serializer.serialize_i64(number as i64),
            number => serializer.serialize_f64(number),
        }
    }
}

impl Serialize for Stored {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let boolean = |number: &f64| if number.is_nan() { None } else { Some(*number > 0.0) };
        match self {
            Self::Nothing(count) => serializer.collect_seq(std::iter::repeat_n((), *count)),
            Self::Numbers(numbers) => serializer.collect_seq(numbers.iter().copied().map(Number)),
            Self::Booleans(numbers) => serializer.collect_seq(numbers.iter().map(boolean)),
            Self::Texts(texts, codes) => {
                let mut map = serializer.serialize_map(Some(2))?;
                map.serialize_entry("texts", &**texts)?;
                map.serialize_entry("codes", &Self::Numbers(Arc::clone(codes)))?;
                map.end()
            }
        }
    }
}

impl<'de> Deserialize<'de> for Stored {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(ColumnVisitor)
    }
}

struct ColumnVisitor;

impl<'de> Visitor<'de> for ColumnVisitor {
    type Value = Stored;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list, or an object of texts and codes")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Stored, A::Error> {
        let mut column = Column::Nothing(0);
        while seq.next_element_seed(&mut column)?.is_some() {}
        Ok(match column {
            Column::Nothing(count) => Stored::Nothing(count),
            Column::Numbers(numbers) => Stored::Numbers(numbers.into()),
            Column::Booleans(numbers) => Stored::Booleans(numbers.into()),
        })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Stored, A::Error> {
        let (mut texts, mut codes) = (None, None);
        while let Some(key) = map.next_key::<String>()? {
            match key.as_str() {
                "texts" => texts = Some(map.next_value()?),
                "codes" => codes = Some(map.next_value()?),
                other => return Err(Error::unknown_field(other, &["texts", "codes"])),
            }
        }
        let texts: Texts = texts.ok_or_else(|| Error::missing_field("texts"))?;
        let codes = match codes.ok_or_else(|| Error::missing_field("codes"))? {
            Stored::Numbers(codes) => codes,
            Stored::Nothing(count) => return Ok(Stored::Nothing(count)),
            _ => return Err(Error::custom("codes must be numbers or null")),
        };
        let most = texts.len();
        #[expect(clippy::cast_precision_loss, reason = "fewer than 2^53")]
        let is_code = |code: &f64| code.is_nan() || code.fract() == 0.0 && (0.0..most as f64).contains(code);
        match codes.iter().find(|code| !is_code(code)) {
            Some(code) => Err(Error::custom(format!("{code} is the code of none of {most} texts"))),
            None => Ok(Stored::Texts(texts.into(), codes)),
        }
    }
}

impl Serialize for Texts {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter())
    }
}

impl<'de> Deserialize<'de> for Texts {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_seq(TextsVisitor)
    }
}

struct TextsVisitor;

impl<'de> Visitor<'de> for TextsVisitor {
    type Value = Texts;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of texts")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Texts, A::Error> {
        let mut texts = Texts::default();
        while seq.next_element_seed(&mut texts)?.is_some() {}
        texts.index();
        Ok(texts)
    }
}

impl<'de> DeserializeSeed<'de> for &mut Texts {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl Visitor<'_> for &mut Texts {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a text")
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<(), E> {
        self.push(text).map_err(|last| {
            Error::custom(format_args!("{text:?} stands behind {last:?}: they must be sorted, and each stand once"))
        })
    }
}

/// A list that is being read; the first element that is not null tells of what.
enum Column {
    Nothing(usize),
    Numbers(Vec<f64>),
    Booleans(Vec<f64>),
}

impl<'de> DeserializeSeed<'de> for &mut Column {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

const MIXED: &str = "a column holds numbers, or true and false, and null, but not both";

impl Visitor<'_> for &mut Column {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a number, true, false or null")
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        match self {
            Column::Nothing(count) => *count += 1,
            Column::Numbers(numbers) | Column::Booleans(numbers) => numbers.push(MISSING),
        }
        Ok(())
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<(), E> {
        if let Column::Nothing(count) = self {
            *self = Column::Numbers(vec![MISSING; *count]);
        }
        let Column::Numbers(numbers) = self else { return Err(E::custom(MIXED)) };
        numbers.push(number + 0.0);
        Ok(())
    }

    #[expect(clippy::cast_precision_loss, reason = "no record has a number beyond 2^53")]
    fn visit_u64<E: Error>(self, number: u64) -> Result<(), E> {
        self.visit_f64(number as f64)
    }

    #[expect(clippy::cast_precision_loss, reason = "no record has a number beyond 2^53")]
    fn visit_i64<E: Error>(self, number: i64) -> Result<(), E> {
        self.visit_f64(number as f64)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<(), E> {
        if let Column::Nothing(count) = self {
            *self = Column::Booleans(vec![MISSING; *count]);
        }
        let Column::Booleans(numbers) = self else { return Err(E::custom(MIXED)) };
        numbers.push(f64::from(u8::from(value)));
        Ok(())
    }
}
