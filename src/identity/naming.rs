//! How the predictions of a model are named.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::hash::ContentHash;
use super::id::PredictionId;
use crate::table::{Field, Record, Schema, Value};

/// What decides a prediction beside its record: the version of a model, and the snapshot of history where the model looks one up.
#[derive(Debug, Clone)]
pub struct Naming {
    version: Arc<str>,
    snapshot: Option<Arc<str>>,
    /// A hash that has taken in both, and takes a record next.
    begun: Sha256,
}

impl Naming {
    /// Begins the names of a model's predictions.
    pub fn new(version: Arc<str>, snapshot: Option<Arc<str>>) -> Self {
        let mut encoder = Encoder(Vec::new());
        encoder.text("lifeboat prediction 2");
        encoder.text(&version);
        encoder.text(snapshot.as_deref().unwrap_or_default());
        // A whole block of the hash: it is computed now, and not for each record.
        let mut block = [0; 64];
        block[..32].copy_from_slice(&Sha256::digest(&encoder.0));
        Self { version, snapshot, begun: Sha256::new_with_prefix(block) }
    }

    /// Returns the version of the model.
    pub fn version(&self) -> &Arc<str> {
        &self.version
    }

    /// Returns the snapshot.
    pub fn snapshot(&self) -> Option<&Arc<str>> {
        self.snapshot.as_ref()
    }

    /// Names the prediction of a record.
    pub fn name(&self, schema: &Schema, record: &Record) -> PredictionId {
        let mut encoder = Encoder(Vec::with_capacity(ENCODED_BYTES));
        for (place, field) in schema.inputs() {
            encoder.value(field, record.get(place));
        }
        let digest = self.begun.clone().chain_update(&encoder.0).finalize();
        PredictionId::new(schema, record, ContentHash::from_digest(&digest.into()))
    }
}

/// How many bytes most records are.
const ENCODED_BYTES: usize = 256;

/// Writes values so that no two different lists of values are the same bytes: each says whether it is there, and a text how long it is.
///
/// A hash costs by the byte, so that small numbers are short.
struct Encoder(Vec<u8>);

impl Encoder {
    fn text(&mut self, text: &str) {
        self.number(text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Writes seven bits a byte, the lowest first; the last byte is below 128.
    fn number(&mut self, mut number: u64) {
        loop {
            let [bits, ..] = (number & 0x7f).to_le_bytes();
            number >>= 7;
            if number == 0 {
                return self.0.push(bits);
            }
            self.0.push(bits | 0x80);
        }
    }

    /// Writes a number of either sign: its size and, as the lowest bit, its sign.
    fn signed(&mut self, number: i64) {
        self.number(number.unsigned_abs() << 1 | u64::from(number < 0));
    }

    fn value(&mut self, field: &Field, value: Option<&Value>) {
        let Some(value) = value else { return self.0.push(0) };
        self.0.push(1);
        match value {
            Value::Boolean(value) => self.0.push(u8::from(*value)),
            Value::Integer(number) => self.signed(*number),
            Value::Number(number) => self.0.extend_from_slice(&number.to_bits().to_be_bytes()),
            Value::Text(text) => self.text(text),
            Value::Category(category) => self.number((*category).into()),
            Value::Date(_) | Value::Datetime(_) => self.text(&field.written(value).to_string()),
        }
    }
}
