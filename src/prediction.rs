//! A prediction, and the identity that makes storing it twice impossible.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use jiff::Timestamp;
use sha2::{Digest, Sha256};
use thiserror::Error;

use crate::features::Features;
use crate::passenger::{MAX_PASSENGER_ID, Passenger};

/// How many bytes of the SHA-256 an id keeps: 2^64 predictions must be made before two are likely to collide.
const HASH_BYTES: usize = 16;

/// A prediction as it is stored: what went in, what came out, which model said so, and when.
#[derive(Debug, Clone, PartialEq)]
pub struct Prediction {
    /// Follows from the passenger and the model's version.
    pub id: PredictionId,
    /// The passenger as it was normalised.
    pub passenger: Passenger,
    /// What the model read.
    pub features: Features,
    /// The probability of survival, 0 to 1.
    pub probability: f32,
    /// Whether the probability reached the model's threshold.
    pub survived: bool,
    /// The version of the model package.
    pub model_version: Arc<str>,
    /// When the prediction was first made, to the millisecond.
    pub created_at: Timestamp,
    /// What really happened, once somebody told.
    pub outcome: Option<Outcome>,
    /// What another model said of the same passenger, where one ran in the shadow of this one.
    pub shadow: Option<Shadow>,
}

/// What a model says that runs beside the one that answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Shadow {
    /// The version of its package.
    pub model_version: Arc<str>,
    /// The probability of survival, 0 to 1.
    pub probability: f32,
}

/// What really happened to a passenger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outcome {
    /// Whether the passenger survived.
    pub survived: bool,
    /// When that was told first, to the millisecond.
    pub recorded_at: Timestamp,
}

/// The name of a prediction: `PassengerId-hash`, or the hash alone for a passenger without a `PassengerId`.
///
/// The hash covers the normalised passenger and the model's version, so the same question to the same model has one name,
/// whoever asks and however often.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct PredictionId {
    passenger_id: Option<u64>,
    hash: ContentHash,
}

/// The first 128 bits of the SHA-256 of a normalised passenger and a model version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ContentHash([u8; HASH_BYTES]);

impl PredictionId {
    /// Names the prediction of this model version for this passenger.
    pub fn new(passenger: &Passenger, model_version: &str) -> Self {
        let mut encoder = Encoder(Sha256::new());
        encoder.text(Some("lifeboat prediction 1"));
        encoder.text(Some(model_version));
        encoder.integer(passenger.passenger_id);
        encoder.integer(Some(passenger.class.number().into()));
        encoder.text(passenger.name.as_deref());
        encoder.text(Some(passenger.sex.as_str()));
        encoder.integer(passenger.age.map(f64::to_bits));
        encoder.integer(passenger.sib_sp.map(Into::into));
        encoder.integer(passenger.parch.map(Into::into));
        encoder.text(passenger.ticket.as_deref());
        encoder.integer(passenger.fare.map(f64::to_bits));
        encoder.text(passenger.cabin.as_deref());
        encoder.text(passenger.embarked.map(crate::passenger::Port::as_str));
        Self { passenger_id: passenger.passenger_id, hash: encoder.finish() }
    }

    /// Names the prediction that a store keeps under these keys.
    pub(crate) fn from_keys(passenger_id: Option<u64>, hash: ContentHash) -> Self {
        Self { passenger_id, hash }
    }

    /// Returns the `PassengerId` within the name.
    pub fn passenger_id(&self) -> Option<u64> {
        self.passenger_id
    }

    /// Returns the key that gathers a passenger's predictions: its `PassengerId`, or the hash where it has none.
    pub fn passenger_key(&self) -> String {
        self.passenger_id.map_or_else(|| self.hash.to_string(), |id| id.to_string())
    }

    /// Returns the key of this prediction among the passenger's.
    pub fn hash(&self) -> ContentHash {
        self.hash
    }
}

impl fmt::Display for PredictionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.passenger_id {
            Some(id) => write!(f, "{id}-{}", self.hash),
            None => self.hash.fmt(f),
        }
    }
}

/// A text that names no prediction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not the id of a prediction")]
pub struct InvalidId;

impl FromStr for PredictionId {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        let (passenger_id, hash) = match text.split_once('-') {
            Some((id, hash)) => (Some(parse_passenger_id(id).ok_or(InvalidId)?), hash),
            None => (None, text),
        };
        Ok(Self { passenger_id, hash: hash.parse()? })
    }
}

/// Parses a `PassengerId` in the one way it is written: digits, no sign, no leading zero.
pub(crate) fn parse_passenger_id(text: &str) -> Option<u64> {
    let id: u64 = text.parse().ok()?;
    (id <= MAX_PASSENGER_ID && id.to_string() == text).then_some(id)
}

impl ContentHash {
    /// Returns its first 32 bits, which are as good as random.
    pub(crate) fn beginning(self) -> u32 {
        let [first, second, third, fourth, ..] = self.0;
        u32::from_be_bytes([first, second, third, fourth])
    }

    /// Returns its last 8 bits, which are as good as random and have nothing to do with the first ones.
    pub(crate) fn end(self) -> u8 {
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
            *byte = nibble(pair[0])? << 4 | nibble(pair[1])?;
        }
        Ok(Self(bytes))
    }
}

/// Reads one lowercase hexadecimal digit: an id has one spelling only.
fn nibble(digit: u8) -> Result<u8, InvalidId> {
    match digit {
        b'0'..=b'9' => Ok(digit - b'0'),
        b'a'..=b'f' => Ok(digit - b'a' + 10),
        _ => Err(InvalidId),
    }
}

/// Hashes fields so that no two different sequences of fields are the same bytes: each says whether it is there, and a text
/// says how long it is.
struct Encoder(Sha256);

impl Encoder {
    fn text(&mut self, text: Option<&str>) {
        match text {
            Some(text) => {
                self.integer(Some(text.len() as u64));
                self.0.update(text);
            }
            None => self.integer(None),
        }
    }

    fn integer(&mut self, integer: Option<u64>) {
        match integer {
            Some(integer) => {
                self.0.update([1]);
                self.0.update(integer.to_be_bytes());
            }
            None => self.0.update([0]),
        }
    }

    fn finish(self) -> ContentHash {
        let digest = self.0.finalize();
        let mut hash = [0; HASH_BYTES];
        hash.copy_from_slice(&digest[..HASH_BYTES]);
        ContentHash(hash)
    }
}

/// Returns the time as it is stored and answered: UTC, always with three decimals, so that texts sort as times do.
pub fn format_time(time: Timestamp) -> String {
    format!("{time:.3}")
}

/// Cuts a time to the precision that is stored, so that an answer from memory equals an answer from the store.
pub(crate) fn to_milliseconds(time: Timestamp) -> Timestamp {
    Timestamp::from_millisecond(time.as_millisecond()).unwrap_or(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::passenger::json::Parsed;

    fn id(json: &str, version: &str) -> PredictionId {
        PredictionId::new(&serde_json::from_str::<Parsed>(json).unwrap().0.unwrap(), version)
    }

    const KELLY: &str = r#"{"PassengerId": 892, "Pclass": 3, "Sex": "male", "Name": "Kelly, Mr. James", "Age": 34.5}"#;

    #[test]
    fn the_same_passenger_has_one_id_however_it_is_spelt() {
        let respelt = r#"{"age": 34.50, "name": " Kelly, Mr. James", "sex": "MALE", "pclass": 3.0, "passenger_id": 892, "SibSp": null}"#;
        assert_eq!(id(KELLY, "1"), id(respelt, "1"));
    }

    #[test]
    fn an_id_never_changes() {
        assert_eq!(id(KELLY, "1.0.0").to_string(), "892-47c71b7222fe102cb4d49525fc7b7b37");
        let alone = KELLY.replace('}', r#", "SibSp": 0, "Parch": 0}"#);
        assert_eq!(id(&alone, "1.0.0").to_string(), "892-35af2ef396a0feeb0ca8f413d45e1bf4");
    }

    #[test]
    fn every_field_and_the_version_count() {
        let base = r#"{"Pclass": 3, "Sex": "male""#;
        let mut ids = vec![id(&format!("{base}}}"), "1"), id(&format!("{base}}}"), "2")];
        for field in [
            r#""PassengerId": 0"#,
            r#""Name": "1""#,
            r#""Ticket": "1""#,
            r#""Cabin": "1""#,
            r#""Age": 0"#,
            r#""Fare": 0"#,
        ] {
            ids.push(id(&format!("{base}, {field}}}"), "1"));
        }
        for field in [r#""SibSp": 0"#, r#""SibSp": 1"#, r#""Parch": 0"#, r#""Parch": 1"#, r#""Embarked": "S""#] {
            ids.push(id(&format!("{base}, {field}}}"), "1"));
        }
        let count = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), count);
    }

    #[test]
    fn ids_are_read_back_and_have_one_spelling() {
        for json in [KELLY, r#"{"Pclass": 3, "Sex": "male"}"#] {
            let id = id(json, "1");
            assert_eq!(id.to_string().parse(), Ok(id));
        }
        let hash = "0123456789abcdef0123456789abcdef";
        for bad in
            ["", "x", "892", "892-", &hash[1..], &hash.to_uppercase(), &format!("-{hash}"), &format!("07-{hash}")]
        {
            assert_eq!(bad.parse::<PredictionId>(), Err(InvalidId), "{bad}");
        }
        assert_eq!(format!("+7-{hash}").parse::<PredictionId>(), Err(InvalidId));
        assert_eq!(format!("9007199254740992-{hash}").parse::<PredictionId>(), Err(InvalidId));
    }

    #[test]
    fn times_have_three_decimals() {
        let time: Timestamp = "2026-11-23T10:15:04.2Z".parse().unwrap();
        assert_eq!(format_time(time), "2026-11-23T10:15:04.200Z");
    }
}
