//! A prediction as an item: keys, the passenger in Kaggle's terms, the outcome, and a map of the features by name.
//!
//! An item of a passenger of the training data takes 800 to 900 bytes, and a write is paid for by the kilobyte.

use std::collections::HashMap;
use std::fmt::Display;
use std::iter;
use std::str::FromStr;
use std::sync::LazyLock;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use uuid::Uuid;

use crate::features::{FEATURE_COUNT, FEATURE_NAMES, Features};
use crate::observation::{MissingFields, Observation};
use crate::passenger::{Class, Passenger, Port, Sex};
use crate::prediction::{Outcome, Prediction, PredictionId, Shadow, format_time};
use crate::store::{StoreError, Window};

/// An item, by the names of its attributes.
pub(super) type Item = HashMap<String, AttributeValue>;

pub(super) const PARTITION_KEY: &str = "passenger";
pub(super) const SORT_KEY: &str = "prediction";

/// The index by time, whose sort key is [`CREATED_AT`].
pub(super) const INDEX: &str = "by_time";

/// Its partition key, which only sampled items have: the day and a part of it, as in `2026-11-24.3`.
pub(super) const INDEX_KEY: &str = "day_part";

pub(super) const CREATED_AT: &str = "created_at";

/// So many partitions hold a day's items; each takes a thousand writes a second.
const DAY_PARTS: u8 = 8;

pub(super) const OUTCOME: &str = "outcome";
pub(super) const OUTCOME_RECORDED_AT: &str = "outcome_recorded_at";

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// What [`observation`] reads, by the names of its attributes.
pub(super) static OBSERVED: LazyLock<Vec<&str>> = LazyLock::new(|| {
    let fixed = [
        CREATED_AT,
        "model_version",
        "probability",
        "Survived",
        "features",
        OUTCOME,
        SHADOW_VERSION,
        SHADOW_PROBABILITY,
    ];
    fixed.into_iter().chain(Passenger::OPTIONAL).collect()
});

/// The partition of monitoring reports; no passenger has such a key.
pub(super) const REPORTS: &str = "reports";
const REPORT: &str = "report";

const WRITE_ID: &str = "write_id";

const SHADOW_VERSION: &str = "shadow_version";
const SHADOW_PROBABILITY: &str = "shadow_probability";

/// The smallest number, zero aside, that DynamoDB takes; a smaller one is kept as a text.
const SMALLEST_NUMBER: f64 = 1e-130;

/// Names one call to put: by it, a call knows its own item.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WriteId(String);

impl WriteId {
    pub(super) fn new() -> Self {
        let (random, _) = Uuid::new_v4().as_u64_pair();
        Self(format!("{random:016x}"))
    }

    /// Tells whether this call wrote the item.
    pub(super) fn wrote(&self, item: &Item) -> bool {
        matches!(item.get(WRITE_ID), Some(AttributeValue::S(write_id)) if *write_id == self.0)
    }
}

/// Returns the key of a prediction's item.
pub(super) fn key(id: PredictionId) -> Item {
    HashMap::from([
        (PARTITION_KEY.to_owned(), AttributeValue::S(id.passenger_key())),
        (SORT_KEY.to_owned(), AttributeValue::S(id.hash().to_string())),
    ])
}

/// Returns a key that no prediction has.
pub(super) fn key_of_nothing() -> Item {
    [PARTITION_KEY, SORT_KEY].map(|name| (name.to_owned(), AttributeValue::S("-".to_owned()))).into()
}

/// Returns the item of a monitoring report.
pub(super) fn of_report(window_end: Timestamp, report: String) -> Item {
    let attributes = [(PARTITION_KEY, REPORTS.to_owned()), (SORT_KEY, format_time(window_end)), (REPORT, report)];
    attributes.map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).into()
}

/// Reads a monitoring report back.
pub(super) fn report(item: &Item) -> Result<String, StoreError> {
    required_text(item, REPORT).map(str::to_owned).map_err(|fault| StoreError::Unreadable(Box::new(fault)))
}

/// Returns the item of a prediction. What a passenger has no value for is not in it.
pub(super) fn of(prediction: &Prediction, write_id: &WriteId, is_sampled: bool) -> Item {
    let passenger = &prediction.passenger;
    let mut item = key(prediction.id);
    let mut put = |name: &str, value: Option<AttributeValue>| {
        if let Some(value) = value {
            item.insert(name.to_owned(), value);
        }
    };
    put(WRITE_ID, Some(text(&write_id.0)));
    put(CREATED_AT, Some(text(&format_time(prediction.created_at))));
    put(INDEX_KEY, is_sampled.then(|| AttributeValue::S(part_of(prediction))));
    put("model_version", Some(text(&prediction.model_version)));
    put("probability", Some(number(prediction.probability)));
    put("Survived", Some(number(u8::from(prediction.survived))));
    put("PassengerId", passenger.passenger_id.map(number));
    put("Pclass", Some(number(passenger.class.number())));
    put("Name", passenger.name.as_deref().map(text));
    put("Sex", Some(text(passenger.sex.as_str())));
    put("Age", passenger.age.map(double));
    put("SibSp", passenger.sib_sp.map(number));
    put("Parch", passenger.parch.map(number));
    put("Ticket", passenger.ticket.as_deref().map(text));
    put("Fare", passenger.fare.map(double));
    put("Cabin", passenger.cabin.as_deref().map(text));
    put("Embarked", passenger.embarked.map(|port| text(port.as_str())));
    if let Some(shadow) = &prediction.shadow {
        put(SHADOW_VERSION, Some(text(&shadow.model_version)));
        put(SHADOW_PROBABILITY, Some(number(shadow.probability)));
    }
    let features = prediction.features.named().map(|(name, value)| (name.to_owned(), number(value)));
    put("features", Some(AttributeValue::M(features.collect())));
    item
}

/// Returns the partition of the index that a prediction belongs to.
fn part_of(prediction: &Prediction) -> String {
    part(prediction.created_at, prediction.id.hash().end() % DAY_PARTS)
}

fn part(day: Timestamp, number: u8) -> String {
    format!("{}.{number}", day.strftime("%Y-%m-%d"))
}

/// Returns all partitions of the index that hold a window's predictions.
pub(super) fn parts_of(window: Window) -> impl Iterator<Item = String> {
    let days = iter::successors(Some(window.from), |day| day.checked_add(DAY).ok());
    let last = part(window.last(), 0);
    let days = days.take_while(move |&day| window.from < window.to && part(day, 0) <= last);
    days.flat_map(|day| (0..DAY_PARTS).map(move |number| part(day, number)))
}

/// Counts the partitions of [`parts_of`].
pub(super) fn count_of_parts(window: Window) -> u64 {
    let days = window.to.duration_since(window.from).as_hours() / DAY.as_hours() + 2;
    days.unsigned_abs() * u64::from(DAY_PARTS)
}

pub(super) fn text(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(super) fn number(number: impl Display) -> AttributeValue {
    AttributeValue::N(number.to_string())
}

fn double(value: f64) -> AttributeValue {
    if value == 0.0 || value.abs() >= SMALLEST_NUMBER { number(value) } else { text(&format!("{value:e}")) }
}

/// Reads an item back.
pub(super) fn prediction(item: &Item) -> Result<Prediction, StoreError> {
    read(item).map_err(|fault| StoreError::Unreadable(Box::new(fault)))
}

/// Reads back what monitoring wants to know of an item.
pub(super) fn observation(item: &Item) -> Result<Observation, StoreError> {
    read_observation(item).map_err(|fault| StoreError::Unreadable(Box::new(fault)))
}

fn read_observation(item: &Item) -> Result<Observation, Damaged> {
    Ok(Observation {
        features: features(item)?,
        probability: required(item, "probability")?,
        survived: required::<u8>(item, "Survived")? == 1,
        model_version: required_text(item, "model_version")?.into(),
        created_at: required(item, CREATED_AT)?,
        missing: MissingFields::new(|field| !item.contains_key(field)),
        outcome: optional::<u8>(item, OUTCOME)?.map(|survived| survived == 1),
        shadow: shadow(item)?,
    })
}

/// Why an item is none that [`of`] made.
#[derive(Debug, thiserror::Error)]
#[error("the attribute {0} of an item is not what it must be")]
struct Damaged(&'static str);

fn read(item: &Item) -> Result<Prediction, Damaged> {
    let passenger_id = optional(item, "PassengerId")?;
    Ok(Prediction {
        id: PredictionId::from_keys(passenger_id, required(item, SORT_KEY)?),
        passenger: Passenger {
            passenger_id,
            class: Class::from_number(required(item, "Pclass")?).ok_or(Damaged("Pclass"))?,
            name: optional(item, "Name")?,
            sex: Sex::from_text(required_text(item, "Sex")?).ok_or(Damaged("Sex"))?,
            age: optional(item, "Age")?,
            sib_sp: optional(item, "SibSp")?,
            parch: optional(item, "Parch")?,
            ticket: optional(item, "Ticket")?,
            fare: optional(item, "Fare")?,
            cabin: optional(item, "Cabin")?,
            embarked: match scalar(item, "Embarked")? {
                Some(text) => Some(Port::from_text(text).ok_or(Damaged("Embarked"))?),
                None => None,
            },
        },
        features: features(item)?,
        probability: required(item, "probability")?,
        survived: required::<u8>(item, "Survived")? == 1,
        model_version: required_text(item, "model_version")?.into(),
        created_at: required(item, CREATED_AT)?,
        outcome: read_outcome(item)?,
        shadow: shadow(item)?,
    })
}

/// Reads what really happened to the passenger of an item, where that is recorded.
pub(super) fn outcome(item: &Item) -> Result<Option<Outcome>, StoreError> {
    read_outcome(item).map_err(|fault| StoreError::Unreadable(Box::new(fault)))
}

fn read_outcome(item: &Item) -> Result<Option<Outcome>, Damaged> {
    let Some(survived) = optional::<u8>(item, OUTCOME)? else { return Ok(None) };
    Ok(Some(Outcome { survived: survived == 1, recorded_at: required(item, OUTCOME_RECORDED_AT)? }))
}

fn shadow(item: &Item) -> Result<Option<Shadow>, Damaged> {
    let Some(model_version) = scalar(item, SHADOW_VERSION)? else { return Ok(None) };
    Ok(Some(Shadow { model_version: model_version.into(), probability: required(item, SHADOW_PROBABILITY)? }))
}

/// Reads the features; one that did not exist when the item was written is not a number.
fn features(item: &Item) -> Result<Features, Damaged> {
    let Some(AttributeValue::M(features)) = item.get("features") else { return Err(Damaged("features")) };
    let mut values = [f32::NAN; FEATURE_COUNT];
    for (name, value) in FEATURE_NAMES.into_iter().zip(&mut values) {
        if let Some(stored) = optional(features, name)? {
            *value = stored;
        }
    }
    Ok(Features(values))
}

fn required<T: FromStr>(item: &Item, name: &'static str) -> Result<T, Damaged> {
    optional(item, name)?.ok_or(Damaged(name))
}

fn required_text<'a>(item: &'a Item, name: &'static str) -> Result<&'a str, Damaged> {
    scalar(item, name)?.ok_or(Damaged(name))
}

fn optional<T: FromStr>(item: &Item, name: &'static str) -> Result<Option<T>, Damaged> {
    scalar(item, name)?.map(|text| text.parse().map_err(|_| Damaged(name))).transpose()
}

/// Returns a text or a number as it is written; nothing where there is none.
fn scalar<'a>(item: &'a Item, name: &'static str) -> Result<Option<&'a str>, Damaged> {
    match item.get(name) {
        Some(AttributeValue::S(text) | AttributeValue::N(text)) => Ok(Some(text)),
        None => Ok(None),
        Some(_) => Err(Damaged(name)),
    }
}
