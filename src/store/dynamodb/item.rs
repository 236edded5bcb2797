//! A prediction as an item: keys, and what went in and what came out as JSON.
//!
//! An item of a record of a dozen fields and forty features takes some 700 bytes, and a write is paid for by the kilobyte.

use std::collections::HashMap;
use std::iter;
use std::str::FromStr;

use aws_sdk_dynamodb::types::AttributeValue;
use jiff::{SignedDuration, Timestamp};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::identity::{ContentHash, Entity, PredictionId};
use crate::prediction::{Outcome, Prediction, Shadow, features, format_time};
use crate::store::{Owner, StoreError, Window};
use crate::table::descriptor::Scalar;

/// An item, by the names of its attributes.
pub(super) type Item = HashMap<String, AttributeValue>;

pub(super) const PARTITION_KEY: &str = "entity";
pub(super) const SORT_KEY: &str = "prediction";

/// What the partition keys of predictions begin with; those of other items begin otherwise.
const KEYED: &str = "key:";
const UNKEYED: &str = "hash:";

/// An index by days, of which each is in several partitions.
#[derive(Debug)]
pub(super) struct TimeIndex {
    pub(super) name: &'static str,
    /// The day and a part of it, as in `2026-11-24.3`.
    pub(super) partition_key: &'static str,
    /// The moment.
    pub(super) sort_key: &'static str,
}

/// The index by the time of predictions, in which only sampled ones are.
pub(super) static BY_TIME: TimeIndex = TimeIndex { name: "by_time", partition_key: "day_part", sort_key: CREATED_AT };

/// The index by the time when outcomes became known: all predictions that have one, by their first, and all corrections.
pub(super) static BY_KNOWN: TimeIndex =
    TimeIndex { name: "by_known", partition_key: KNOWN_DAY_PART, sort_key: KNOWN_AT };

const CREATED_AT: &str = "created_at";

/// So many partitions hold a day's items; each takes a thousand writes a second.
const DAY_PARTS: u8 = 8;

/// The label that was told last.
pub(super) const OUTCOME: &str = "outcome";

/// All that was told, with times.
pub(super) const OUTCOMES: &str = "outcomes";

/// When the first outcome became known; of a correction's item, when the correction did.
pub(super) const KNOWN_AT: &str = "known_at";
pub(super) const KNOWN_DAY_PART: &str = "known_day_part";

/// What the sort keys of corrections begin with; those of predictions are hexadecimal, and stand before them.
pub(super) const CORRECTION: &str = "outcome:";

const DAY: SignedDuration = SignedDuration::from_hours(24);

/// The partition of monitoring reports.
pub(super) const REPORTS: &str = "reports";
const REPORT: &str = "report";

/// The partition of what tells whose predictions a table keeps.
const OWNER: &str = "owner";
const TABLE: &str = "table";

/// When DynamoDB deletes an item of itself, in seconds since 1970; `template.yaml` names it to the table.
pub(super) const EXPIRES_AT: &str = "expires_at";

const WRITE_ID: &str = "write_id";
const MODEL_VERSION: &str = "model_version";
const SNAPSHOT: &str = "snapshot";
const RECORD: &str = "record";
const FEATURES: &str = "features";
const ANSWER: &str = "answer";
const SHADOW_VERSION: &str = "shadow_version";
const SHADOW_ANSWER: &str = "shadow_answer";

/// Names one call to put: by it, a call knows its own item.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct WriteId(String);

impl WriteId {
    pub(super) fn new() -> Self {
        let (random, _) = Uuid::new_v4().as_u64_pair();
        Self(format!("{random:016x}"))
    }

    pub(super) fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns whether this call wrote the item.
    pub(super) fn wrote(&self, item: &Item) -> bool {
        matches!(item.get(WRITE_ID), Some(AttributeValue::S(write_id)) if *write_id == self.0)
    }
}

/// Returns the key of an item.
pub(super) fn key_of(partition: impl Into<String>, sort: impl Into<String>) -> Item {
    let [partition, sort] = [partition.into(), sort.into()].map(AttributeValue::S);
    HashMap::from([(PARTITION_KEY.to_owned(), partition), (SORT_KEY.to_owned(), sort)])
}

/// Returns the key of a prediction's item.
pub(super) fn key(id: &PredictionId) -> Item {
    let partition = id.entity().map_or_else(|| format!("{UNKEYED}{}", id.hash()), |entity| partition(&entity));
    key_of(partition, id.hash().to_string())
}

/// Returns the partition of an entity's predictions.
pub(super) fn partition(entity: &Entity) -> String {
    format!("{KEYED}{}", entity.as_str())
}

/// Returns the key of the item that tells whose predictions a table keeps.
pub(super) fn key_of_owner() -> Item {
    key_of(OWNER, TABLE)
}

/// Returns the key of the item that names the features of a version.
pub(super) fn key_of_version(version: &str) -> Item {
    key_of(OWNER, format!("version:{version}"))
}

/// Returns the item that tells whose predictions a table keeps.
pub(super) fn of_owner(owner: &Owner) -> Result<Item, StoreError> {
    let mut item = key_of_owner();
    item.insert(OWNER.to_owned(), json(&owner.table)?);
    Ok(item)
}

/// Returns the item that names the features of the owner's version.
pub(super) fn of_version(owner: &Owner) -> Result<Item, StoreError> {
    let mut item = key_of_version(&owner.version);
    item.insert(OWNER.to_owned(), json(&owner.table)?);
    item.insert(FEATURES.to_owned(), json(&owner.features.as_ref())?);
    Ok(item)
}

/// Refuses an item of [`of_owner`] or [`of_version`] that is another table's.
pub(super) fn check_owner(item: &Item, owner: &Owner) -> Result<(), StoreError> {
    Ok(owner.check(from_json(item, OWNER).map_err(unreadable)?)?)
}

/// Reads the names of the features of an item of [`of_version`].
pub(super) fn feature_names(item: &Item) -> Result<Vec<Box<str>>, StoreError> {
    from_json(item, FEATURES).map_err(unreadable)
}

/// Returns the item of a monitoring report.
pub(super) fn of_report(window_end: Timestamp, report: String) -> Item {
    let mut item = key_of(REPORTS, format_time(window_end));
    item.insert(REPORT.to_owned(), AttributeValue::S(report));
    item
}

/// Reads a monitoring report back.
pub(super) fn report(item: &Item) -> Result<String, StoreError> {
    required_text(item, REPORT).map(str::to_owned).map_err(unreadable)
}

/// Returns the item of a prediction, which DynamoDB deletes at some time if any.
pub(super) fn of(
    prediction: &Prediction,
    write_id: &WriteId,
    is_sampled: bool,
    expires_at: Option<Timestamp>,
) -> Result<Item, StoreError> {
    let mut item = key(&prediction.id);
    let shadow = prediction.shadow.as_ref();
    for (name, value) in [
        (WRITE_ID, Some(text(&write_id.0))),
        (CREATED_AT, Some(text(&format_time(prediction.created_at)))),
        (BY_TIME.partition_key, is_sampled.then(|| AttributeValue::S(part_of(&prediction.id, prediction.created_at)))),
        (MODEL_VERSION, Some(text(&prediction.model_version))),
        (SNAPSHOT, prediction.snapshot.as_deref().map(text)),
        (RECORD, Some(text(&prediction.record))),
        (FEATURES, prediction.features.as_deref().map(|values| AttributeValue::S(features::write(values)))),
        (ANSWER, Some(json(&prediction.answer)?)),
        (SHADOW_VERSION, shadow.map(|shadow| text(&shadow.model_version))),
        (SHADOW_ANSWER, shadow.map(|shadow| json(&shadow.answer)).transpose()?),
        (EXPIRES_AT, expires_at.map(|time| AttributeValue::N(time.as_second().to_string()))),
    ] {
        item.extend(value.map(|value| (name.to_owned(), value)));
    }
    Ok(item)
}

/// Returns the partition of an index that a prediction belongs to by a time.
pub(super) fn part_of(id: &PredictionId, time: Timestamp) -> String {
    part(time, id.hash().end() % DAY_PARTS)
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

/// Writes a value as an attribute holds it.
pub(super) fn json(value: &impl Serialize) -> Result<AttributeValue, StoreError> {
    serde_json::to_string(value).map(AttributeValue::S).map_err(|error| StoreError::Unreadable(error.into()))
}

/// Reads an item back.
pub(super) fn prediction(item: &Item) -> Result<Prediction, StoreError> {
    read(item).map_err(unreadable)
}

/// Why an item is none that [`of`] made.
#[derive(Debug, thiserror::Error)]
#[error("the attribute {0} of an item is not what it must be")]
pub(super) struct Damaged(pub(super) &'static str);

pub(super) fn unreadable(damaged: Damaged) -> StoreError {
    StoreError::Unreadable(Box::new(damaged))
}

fn read(item: &Item) -> Result<Prediction, Damaged> {
    Ok(Prediction {
        id: id(item)?,
        record: required_text(item, RECORD)?.into(),
        features: match scalar(item, FEATURES)? {
            Some(text) => Some(features::read(text).ok_or(Damaged(FEATURES))?),
            None => None,
        },
        answer: from_json(item, ANSWER)?,
        model_version: required_text(item, MODEL_VERSION)?.into(),
        snapshot: scalar(item, SNAPSHOT)?.map(Into::into),
        created_at: required(item, CREATED_AT)?,
        outcomes: read_outcomes(item)?,
        shadow: shadow(item)?,
    })
}

fn id(item: &Item) -> Result<PredictionId, Damaged> {
    let hash: ContentHash = required(item, SORT_KEY)?;
    let entity = match required_text(item, PARTITION_KEY)?.strip_prefix(KEYED) {
        Some(entity) => Some(Entity::from_stored(entity).ok_or(Damaged(PARTITION_KEY))?),
        None => None,
    };
    Ok(PredictionId::from_keys(entity.as_ref(), hash))
}

/// An outcome as an element of a list.
#[derive(Serialize, Deserialize)]
struct StoredOutcome {
    label: Scalar,
    known_at: Timestamp,
}

/// Writes an outcome as a list of its own.
pub(super) fn list_of(outcome: &Outcome) -> Result<AttributeValue, StoreError> {
    let element = StoredOutcome { label: outcome.label.clone(), known_at: outcome.known_at };
    Ok(AttributeValue::L(vec![json(&element)?]))
}

/// Returns the item that the index finds a correction by, in the partition of its prediction, with which it expires.
pub(super) fn of_correction(
    id: &PredictionId,
    place: usize,
    outcome: &Outcome,
    expires_at: Option<AttributeValue>,
) -> Item {
    let mut item = key(id);
    item.extend(expires_at.map(|time| (EXPIRES_AT.to_owned(), time)));
    for (name, value) in [
        (SORT_KEY, format!("{CORRECTION}{}.{place}", id.hash())),
        (KNOWN_AT, format_time(outcome.known_at)),
        (KNOWN_DAY_PART, part_of(id, outcome.known_at)),
    ] {
        item.insert(name.to_owned(), AttributeValue::S(value));
    }
    item
}

/// Reads the prediction's key, and the place in its list, of an item of [`of_correction`]; nothing of a prediction's own item.
pub(super) fn correction(item: &Item) -> Result<Option<(Item, usize)>, StoreError> {
    let read = || {
        let Some(named) = required_text(item, SORT_KEY)?.strip_prefix(CORRECTION) else { return Ok(None) };
        let (hash, place) = named.split_once('.').ok_or(Damaged(SORT_KEY))?;
        let place = place.parse().map_err(|_| Damaged(SORT_KEY))?;
        Ok(Some((key_of(required_text(item, PARTITION_KEY)?, hash), place)))
    };
    read().map_err(unreadable)
}

/// Returns whether an item of an entity is that of a prediction.
pub(super) fn is_prediction(item: &Item) -> bool {
    item.contains_key(RECORD)
}

/// Counts what was told of a prediction, corrections included.
pub(super) fn count_of_outcomes(item: &Item) -> u64 {
    item.get(OUTCOMES).and_then(|list| list.as_l().ok()).map_or(0, |list| list.len() as u64)
}

/// Returns the day by which the sample holds a prediction; nothing where it does not.
pub(super) fn day_in_sample(item: &Item) -> Option<String> {
    let part = item.get(BY_TIME.partition_key)?.as_s().ok()?;
    part.split_once('.').map(|(day, _)| day.to_owned())
}

/// Reads what really happened, as it was told.
pub(super) fn outcomes(item: &Item) -> Result<Vec<Outcome>, StoreError> {
    read_outcomes(item).map_err(unreadable)
}

fn read_outcomes(item: &Item) -> Result<Vec<Outcome>, Damaged> {
    let elements = match item.get(OUTCOMES) {
        Some(AttributeValue::L(elements)) => elements,
        None if !item.contains_key(OUTCOME) => return Ok(Vec::new()),
        _ => return Err(Damaged(OUTCOMES)),
    };
    let outcome = |element: &AttributeValue| {
        let AttributeValue::S(text) = element else { return Err(Damaged(OUTCOMES)) };
        let StoredOutcome { label, known_at } = serde_json::from_str(text).map_err(|_| Damaged(OUTCOMES))?;
        Ok(Outcome { label, known_at })
    };
    elements.iter().map(outcome).collect()
}

fn shadow(item: &Item) -> Result<Option<Shadow>, Damaged> {
    let Some(model_version) = scalar(item, SHADOW_VERSION)? else { return Ok(None) };
    Ok(Some(Shadow { model_version: model_version.into(), answer: from_json(item, SHADOW_ANSWER)? }))
}

fn from_json<T: DeserializeOwned>(item: &Item, name: &'static str) -> Result<T, Damaged> {
    serde_json::from_str(required_text(item, name)?).map_err(|_| Damaged(name))
}

pub(super) fn required<T: FromStr>(item: &Item, name: &'static str) -> Result<T, Damaged> {
    optional(item, name)?.ok_or(Damaged(name))
}

pub(super) fn required_text<'a>(item: &'a Item, name: &'static str) -> Result<&'a str, Damaged> {
    scalar(item, name)?.ok_or(Damaged(name))
}

/// Reads a number.
pub(super) fn number<T: FromStr>(item: &Item, name: &'static str) -> Result<T, Damaged> {
    let number = item.get(name).and_then(|value| value.as_n().ok());
    number.and_then(|number| number.parse().ok()).ok_or(Damaged(name))
}

fn optional<T: FromStr>(item: &Item, name: &'static str) -> Result<Option<T>, Damaged> {
    scalar(item, name)?.map(|text| text.parse().map_err(|_| Damaged(name))).transpose()
}

/// Returns a text; nothing where there is none.
fn scalar<'a>(item: &'a Item, name: &'static str) -> Result<Option<&'a str>, Damaged> {
    match item.get(name) {
        Some(AttributeValue::S(text)) => Ok(Some(text)),
        None => Ok(None),
        Some(_) => Err(Damaged(name)),
    }
}
