//! What names a prediction: the entity that its record is about, and a hash of all that decides it.
//!
//! The same record asked of the same model has one name, whoever asks and however often; that is what makes storing it twice impossible.

use std::fmt;
use std::str::FromStr;

use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::table::field::Written;
use crate::table::{Field, Record, Schema, Value};

/// How many bytes of the SHA-256 a name keeps: 2^64 predictions must be made before two are likely to collide.
const HASH_BYTES: usize = 16;

/// What the names of this form begin with; those that earlier programs gave have none.
const PREFIX: &str = "p";

/// The longest text of an entity: DynamoDB takes a partition key of 2,048 bytes, and the adapter's begins with `key:`.
pub const MAX_ENTITY_BYTES: usize = 2_044;

/// What a record is about: the values of the key's fields as texts, in the key's order.
///
/// It is kept as `4:1070,2:EWR`: each text behind its length, so that no two lists of texts are the same entity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Entity(Box<str>);

impl Entity {
    /// Returns what a record is about, where the table has a key and the record has a value for each of its fields.
    pub fn of_record(schema: &Schema, record: &Record) -> Option<Self> {
        let fields = schema.fields();
        let mut entity = String::new();
        for &place in schema.key() {
            push_value(&mut entity, fields[place].written(record.get(place)?));
        }
        Self::from_pushed(entity)
    }

    /// Returns the entity of these values of a key's fields, in the key's order; nothing where they are none, or too long to be stored.
    pub fn from_values<'a>(values: impl IntoIterator<Item = (&'a Field, &'a Value)>) -> Option<Self> {
        let mut entity = String::new();
        for (field, value) in values {
            push_value(&mut entity, field.written(value));
        }
        Self::from_pushed(entity)
    }

    fn from_texts(texts: impl IntoIterator<Item = String>) -> Option<Self> {
        let mut entity = String::new();
        for text in texts {
            push_text(&mut entity, &text);
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

fn push_value(entity: &mut String, value: Written<'_>) {
    match value {
        Written::Text(text) => push_text(entity, text),
        Written::Integer(number) => push_text(entity, itoa::Buffer::new().format(number)),
        other => push_text(entity, &other.to_string()),
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

/// The name of a prediction: `p.1070.11d08092d515798f5405b9f12c5230ab`, or `p.HASH` where there is no whole key.
///
/// What is no ASCII letter, digit or `-` in a key is written `_2f`: a name is a part of a path, of a file name and of a log line as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PredictionId {
    entity: Option<Entity>,
    hash: ContentHash,
    form: Form,
}

/// How a name is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
enum Form {
    /// `1070-HASH`, as the first program wrote it: such a name is never computed, but what bears it is still found.
    First,
    /// As this program writes it.
    Current,
}

impl PredictionId {
    /// Names the prediction of a record by a version of a model, with a snapshot of history where the model looks one up.
    pub fn new(schema: &Schema, record: &Record, model_version: &str, snapshot: Option<&str>) -> Self {
        let mut encoder = Encoder(Vec::with_capacity(ENCODED_BYTES));
        encoder.text("lifeboat prediction 2");
        encoder.text(model_version);
        encoder.text(snapshot.unwrap_or_default());
        for (place, field) in schema.inputs() {
            encoder.value(field, record.get(place));
        }
        Self { entity: Entity::of_record(schema, record), hash: encoder.finish(), form: Form::Current }
    }

    /// Returns what the record is about, where it has a whole key.
    pub fn entity(&self) -> Option<&Entity> {
        self.entity.as_ref()
    }

    /// Names the prediction that a store keeps under these keys.
    pub fn from_keys(entity: Option<Entity>, hash: ContentHash) -> Self {
        Self { entity, hash, form: Form::Current }
    }

    /// Returns what the names of an entity's predictions begin with: those of this form, and those of the first one, which knew no other
    /// entity than a number.
    pub fn prefixes(entity: &Entity) -> (String, Option<String>) {
        let hash = ContentHash([0; HASH_BYTES]);
        let prefix = |form| {
            let mut name = Self { entity: Some(entity.clone()), hash, form }.to_string();
            name.truncate(name.len() - 2 * HASH_BYTES);
            name
        };
        let mut texts = entity.texts();
        let is_number = texts.next().is_some_and(is_number) && texts.next().is_none();
        (prefix(Form::Current), is_number.then(|| prefix(Form::First)))
    }

    /// Returns whether the name is of the form that this program writes.
    pub fn is_current(&self) -> bool {
        self.form == Form::Current
    }

    /// Returns the hash of all that decided the prediction.
    pub fn hash(&self) -> ContentHash {
        self.hash
    }
}

impl fmt::Display for PredictionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let texts = self.entity.iter().flat_map(Entity::texts);
        match self.form {
            Form::First => texts.into_iter().try_for_each(|text| write!(f, "{text}-"))?,
            Form::Current => {
                f.write_str(PREFIX)?;
                f.write_str(".")?;
                for text in texts {
                    write_escaped(f, text)?;
                    f.write_str(".")?;
                }
            }
        }
        self.hash.fmt(f)
    }
}

fn write_escaped(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' => fmt::Write::write_char(f, byte.into())?,
            _ => write!(f, "_{byte:02x}")?,
        }
    }
    Ok(())
}

/// Reads one part of a name; there is one spelling of each text.
fn unescape(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'_' => nibble(rest.next()?)? << 4 | nibble(rest.next()?)?,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' => byte,
            _ => return None,
        });
    }
    String::from_utf8(bytes).ok()
}

/// A text that names no prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not the id of a prediction")]
pub struct InvalidId;

impl FromStr for PredictionId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let Some(parts) = text.strip_prefix(PREFIX).and_then(|rest| rest.strip_prefix('.')) else {
            return first_form(text);
        };
        let mut parts: Vec<&str> = parts.split('.').collect();
        let hash = parts.pop().ok_or(InvalidId)?.parse()?;
        let texts: Option<Vec<String>> = parts.into_iter().map(unescape).collect();
        let id = Self { entity: Entity::from_texts(texts.ok_or(InvalidId)?), hash, form: Form::Current };
        // An escape of what needs none would be a second spelling.
        if id.to_string() == text { Ok(id) } else { Err(InvalidId) }
    }
}

/// Returns whether a text is a number as the first form writes it.
fn is_number(text: &str) -> bool {
    text.parse::<u64>().is_ok_and(|number| number.to_string() == text)
}

/// Reads `1070-HASH` or `HASH`.
fn first_form(text: &str) -> Result<PredictionId, InvalidId> {
    let (entity, hash) = match text.split_once('-') {
        Some((number, hash)) => {
            let entity = is_number(number).then(|| Entity::from_texts([number.to_owned()])).flatten();
            (Some(entity.ok_or(InvalidId)?), hash)
        }
        None => (None, text),
    };
    Ok(PredictionId { entity, hash: hash.parse()?, form: Form::First })
}

/// The first 128 bits of the SHA-256 of a record, a model version and a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentHash([u8; HASH_BYTES]);

impl ContentHash {
    /// Returns its first 32 bits, which are as good as random.
    pub fn beginning(self) -> u32 {
        let [first, second, third, fourth, ..] = self.0;
        u32::from_be_bytes([first, second, third, fourth])
    }

    /// Returns its last 8 bits, which are as good as random and have nothing to do with the first ones.
    pub fn end(self) -> u8 {
        self.0[HASH_BYTES - 1]
    }
}

impl fmt::Display for ContentHash {
    /// Each prediction is named several times: nothing is allocated for it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let mut text = [0; 2 * HASH_BYTES];
        for (digits, byte) in text.chunks_exact_mut(2).zip(self.0) {
            digits.copy_from_slice(&[DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]);
        }
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

impl FromStr for ContentHash {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        if text.len() != 2 * HASH_BYTES {
            return Err(InvalidId);
        }
        let mut bytes = [0; HASH_BYTES];
        for (byte, pair) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            *byte = nibble(pair[0]).ok_or(InvalidId)? << 4 | nibble(pair[1]).ok_or(InvalidId)?;
        }
        Ok(Self(bytes))
    }
}

/// Reads one lowercase hexadecimal digit: a name has one spelling only.
fn nibble(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        _ => None,
    }
}

/// How many bytes most records are.
const ENCODED_BYTES: usize = 512;

/// Writes values so that no two different lists of values are the same bytes: each says whether it is there, and a text how long it is.
struct Encoder(Vec<u8>);

impl Encoder {
    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    fn number(&mut self, number: u64) {
        self.0.extend_from_slice(&number.to_be_bytes());
    }

    fn value(&mut self, field: &Field, value: Option<&Value>) {
        let Some(value) = value else { return self.0.push(0) };
        self.0.push(1);
        match value {
            Value::Boolean(value) => self.0.push(u8::from(*value)),
            Value::Integer(number) => self.0.extend_from_slice(&number.to_be_bytes()),
            Value::Number(number) => self.number(number.to_bits()),
            Value::Text(text) => self.text(text),
            Value::Category(category) => self.number((*category).into()),
            Value::Date(_) | Value::Datetime(_) => self.text(&field.written(value).to_string()),
        }
    }

    fn finish(&self) -> ContentHash {
        let digest = Sha256::digest(&self.0);
        let mut hash = [0; HASH_BYTES];
        hash.copy_from_slice(&digest[..HASH_BYTES]);
        ContentHash(hash)
    }
}
