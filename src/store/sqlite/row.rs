//! A prediction as a row: what went in and what came out, with names in place of which numbers stand.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Row, Statement};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::names::Names;
use crate::identity::{ContentHash, PredictionId};
use crate::prediction::{Answer, Outcome, Prediction, Shadow, features};

/// Stores a row unless its id is there already.
pub(super) const INSERT: &str = "\
    INSERT INTO stored (beginning, hash, created_at, version, snapshot, record, features, label, probability, probabilities, sampled, \
    shadow_version, shadow_answer) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) \
    ON CONFLICT (beginning, hash) DO NOTHING";

/// Stores a row and takes it out again, in one transaction: the least that tells whether a prediction can be stored. Nobody ever
/// sees the row, but its pages are written, as a prediction's are.
pub(super) const TOUCH: &str = "\
    INSERT INTO stored (beginning, hash, created_at, version, record, label, sampled) VALUES ('', x'', 0, 0, '', '', 1);
    DELETE FROM stored WHERE beginning = '';";

/// Reads of a row what does not follow from its id.
pub(super) static SELECT_MADE: LazyLock<String> =
    LazyLock::new(|| format!("SELECT {MADE} FROM stored WHERE beginning = ?1 AND hash = ?2"));

/// The columns of [`SELECT_MADE`], of which the fifth lists what really happened.
const MADE: &str = "\
    created_at, stored.label, probability, probabilities, \
    (SELECT json_group_array(json_array(outcomes.place, outcomes.label, outcomes.known_at)) \
        FROM outcomes WHERE outcomes.prediction = stored.number), \
    shadow_version, shadow_answer";

/// Keeps a monitoring report, in place of one that has the same end.
pub(super) const KEEP_REPORT: &str = "INSERT OR REPLACE INTO reports (window_to, report) VALUES (?1, ?2)";

/// The columns of a whole prediction, as [`prediction`] reads them, behind those of [`SELECT_MADE`].
const COLUMNS: &str = "beginning, hash, version, snapshot, record, features";

/// Reads the row of an id.
pub(super) static SELECT_BY_ID: LazyLock<String> = LazyLock::new(|| select("WHERE beginning = ?1 AND hash = ?2"));

/// Reads a page of an entity's rows, whose ids begin in one of two ways: newest first, from behind a moment and a hash.
pub(super) static SELECT_HISTORY: LazyLock<String> = LazyLock::new(|| {
    select(
        "WHERE beginning IN (?1, ?2) AND (?3 IS NULL OR (created_at, hash) < (?3, ?4)) \
         ORDER BY created_at DESC, hash DESC LIMIT ?5",
    )
});

/// Reads a page of what became known, from behind a time, a prediction's number and a place; behind the columns of its prediction stand
/// these three.
pub(super) static SELECT_KNOWN: LazyLock<String> = LazyLock::new(|| {
    format!(
        "SELECT {MADE}, {COLUMNS}, known.known_at, known.prediction, known.place \
         FROM outcomes AS known JOIN stored ON stored.number = known.prediction \
         WHERE (known.known_at, known.prediction, known.place) > (?1, ?2, ?3) AND known.known_at < ?4 \
         ORDER BY known.known_at, known.prediction, known.place LIMIT ?5"
    )
});

fn select(condition: &str) -> String {
    format!("SELECT {MADE}, {COLUMNS} FROM stored {condition}")
}

/// Reads pages of whole predictions; behind their columns stands what tells the row.
pub(super) static SELECT_WINDOW: LazyLock<[String; 2]> = LazyLock::new(|| {
    // One query by `(created_at, number) > (?, ?)` would read all of a moment again for each page of it, and a table that is predicted
    // at once has one moment.
    let query = |condition| {
        let order = "ORDER BY created_at, number LIMIT ?3";
        format!("SELECT {MADE}, {COLUMNS}, number FROM stored WHERE sampled = 1 AND {condition} {order}")
    };
    [query("created_at = ?1 AND number > ?2"), query("created_at > ?1 AND created_at < ?2")]
});

/// The column of [`SELECT_WINDOW`] that tells the row.
pub(super) const NUMBER: usize = 13;

/// Binds a prediction, and whether it belongs to the sample, to the places of [`INSERT`].
pub(super) fn bind(
    statement: &mut Statement<'_>,
    prediction: &Prediction,
    names: &mut Names<'_>,
    is_sampled: bool,
) -> rusqlite::Result<()> {
    let Answer { label, probability, probabilities } = &prediction.answer;
    let snapshot = prediction.snapshot.as_ref();
    let shadow = prediction.shadow.as_ref();
    statement.raw_bind_parameter(1, prediction.id.beginning())?;
    statement.raw_bind_parameter(2, prediction.id.hash().bytes())?;
    statement.raw_bind_parameter(3, prediction.created_at.as_millisecond())?;
    let version = names.version_of(&prediction.model_version)?;
    statement.raw_bind_parameter(4, version.number)?;
    statement.raw_bind_parameter(6, &*version.stored(&prediction.record))?;
    let snapshot = snapshot.map(|snapshot| names.number_of_snapshot(snapshot)).transpose()?;
    statement.raw_bind_parameter(5, snapshot)?;
    statement.raw_bind_parameter(7, prediction.features.as_ref().map(|features| features::write(features)))?;
    statement.raw_bind_parameter(8, json(label)?)?;
    statement.raw_bind_parameter(9, probability.map(widened))?;
    statement.raw_bind_parameter(10, probabilities.as_ref().map(json).transpose()?)?;
    statement.raw_bind_parameter(11, is_sampled)?;
    let version = shadow.map(|shadow| names.version_of(&shadow.model_version)).transpose()?;
    statement.raw_bind_parameter(12, version.map(|version| version.number))?;
    statement.raw_bind_parameter(13, shadow.map(|shadow| json(&shadow.answer)).transpose()?)
}

/// Returns the number that the shortest decimal for an FP32 stands for, so that SQL shows it as it was answered; where that would be
/// read as another FP32, the number itself.
fn widened(number: f32) -> f64 {
    let shown = ryu::Buffer::new().format(number).parse().unwrap_or(f64::NAN);
    if narrowed(shown).to_bits() == number.to_bits() { shown } else { number.into() }
}

#[expect(clippy::cast_possible_truncation, reason = "it was an FP32")]
fn narrowed(number: f64) -> f32 {
    number as f32
}

/// Reads a row of [`SELECT_BY_ID`], [`SELECT_HISTORY`] or [`SELECT_WINDOW`].
pub(super) fn prediction(row: &Row<'_>, names: &mut Names<'_>) -> rusqlite::Result<Prediction> {
    let snapshot = match row.get(10)? {
        Some(number) => Some(names.snapshot(number)?.ok_or_else(|| unreadable(10))?),
        None => None,
    };
    let shadow = shadow(row, 5, names)?;
    let version = names.version(row.get(9)?)?.ok_or_else(|| unreadable(9))?;
    Ok(Prediction {
        created_at: time(row, 0)?,
        answer: answer(row, 1)?,
        outcomes: outcomes(row, 4)?,
        shadow,
        id: id(row, 7)?,
        model_version: Arc::clone(&version.name),
        snapshot,
        record: version.record(row.get_ref(11)?.as_str()?).ok_or_else(|| unreadable(11))?,
        features: read_features(row, 12)?,
    })
}

/// Takes a row of [`SELECT_MADE`] over into a prediction of the same id.
///
/// The id is a hash of the record, the model's version and the snapshot, and the features follow from these.
pub(super) fn stored(new: Prediction, row: &Row<'_>, names: &mut Names<'_>) -> rusqlite::Result<Prediction> {
    Ok(Prediction {
        created_at: time(row, 0)?,
        answer: answer(row, 1)?,
        outcomes: outcomes(row, 4)?,
        shadow: shadow(row, 5, names)?,
        ..new
    })
}

/// Reads a name from the columns of its beginning and its hash.
fn id(row: &Row<'_>, column: usize) -> rusqlite::Result<PredictionId> {
    let beginning = row.get_ref(column)?.as_str()?;
    let hash = ContentHash::from_bytes(row.get(column + 1)?);
    PredictionId::from_stored(beginning, hash).ok_or_else(|| unreadable(column))
}

pub(super) fn time(row: &Row<'_>, column: usize) -> rusqlite::Result<Timestamp> {
    Timestamp::from_millisecond(row.get(column)?).map_err(|_| unreadable(column))
}

/// Reads what a model said from the columns of its label, its probability and its probabilities.
fn answer(row: &Row<'_>, column: usize) -> rusqlite::Result<Answer> {
    let probabilities =
        row.get_ref(column + 2)?.as_str_or_null()?.map(|text| from_json(text, column + 2)).transpose()?;
    Ok(Answer {
        label: from_json(row.get_ref(column)?.as_str()?, column)?,
        probability: row.get::<_, Option<f64>>(column + 1)?.map(narrowed),
        probabilities,
    })
}

fn read_features(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Box<[f32]>>> {
    let Some(text) = row.get_ref(column)?.as_str_or_null()? else { return Ok(None) };
    features::read(text).map(Some).ok_or_else(|| unreadable(column))
}

/// Reads what really happened from a list of places, labels, each a text of JSON, and times. SQLite lists them in any order: to sort
/// them here costs less than to have it do so for every row.
fn outcomes(row: &Row<'_>, column: usize) -> rusqlite::Result<Vec<Outcome>> {
    let text = row.get_ref(column)?.as_str()?;
    if text == "[]" {
        return Ok(Vec::new());
    }
    let mut outcomes: Vec<(i64, String, i64)> = from_json(text, column)?;
    outcomes.sort_unstable_by_key(|(place, ..)| *place);
    let outcome = |(_, label, known_at): (i64, String, i64)| {
        let known_at = Timestamp::from_millisecond(known_at).map_err(|_| unreadable(column))?;
        Ok(Outcome { label: from_json(&label, column)?, known_at })
    };
    outcomes.into_iter().map(outcome).collect()
}

/// Reads one outcome from the columns of its label and its time.
pub(super) fn outcome(row: &Row<'_>, column: usize) -> rusqlite::Result<Outcome> {
    Ok(Outcome { label: from_json(row.get_ref(column)?.as_str()?, column)?, known_at: time(row, column + 1)? })
}

/// Reads what another model said from a column and the one behind it.
fn shadow(row: &Row<'_>, column: usize, names: &mut Names<'_>) -> rusqlite::Result<Option<Shadow>> {
    let Some(number) = row.get(column)? else { return Ok(None) };
    let version = names.version(number)?.ok_or_else(|| unreadable(column))?;
    let model_version = Arc::clone(&version.name);
    Ok(Some(Shadow { model_version, answer: from_json(row.get_ref(column + 1)?.as_str()?, column + 1)? }))
}

/// Writes a value as a column holds it.
pub(super) fn json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

/// Reads a value of a column.
pub(super) fn from_json<T: DeserializeOwned>(text: &str, column: usize) -> rusqlite::Result<T> {
    serde_json::from_str(text).map_err(|_| unreadable(column))
}

pub(super) fn unreadable(column: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, FromSqlError::InvalidType.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_probability_comes_back_to_the_bit_and_is_shown_as_it_was(probability in 0.0_f32..=1.0) {
            prop_assert_eq!(narrowed(widened(probability)).to_bits(), probability.to_bits());
            prop_assert_eq!(widened(probability).to_string(), probability.to_string());
        }
    }
}
