//! A prediction as a row: what went in and what came out as JSON.

use std::sync::{Arc, LazyLock};

use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Row, Statement};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::prediction::{Outcome, Prediction, Shadow, features, format_time};

/// Stores a row unless its id is there already.
pub(super) const INSERT: &str = "\
    INSERT INTO stored (id, created_at, model_version, snapshot, record, features, answer, sampled, shadow_version, shadow_answer) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (id) DO NOTHING";

/// Stores a row and takes it out again, in one transaction: the least that tells whether a prediction can be stored. Nobody ever
/// sees the row, but its pages are written, as a prediction's are.
pub(super) const TOUCH: &str = "\
    INSERT INTO stored (id, created_at, model_version, record, answer, sampled) VALUES ('', '', '', '', '', 0);
    DELETE FROM stored WHERE id = '';";

/// Reads of a row what does not follow from its id.
pub(super) const SELECT_MADE: &str = "\
    SELECT created_at, answer, outcome, outcome_recorded_at, shadow_version, shadow_answer FROM stored WHERE id = ?1";

/// Reads what really happened, where that is recorded.
pub(super) const SELECT_OUTCOME: &str = "SELECT outcome, outcome_recorded_at FROM stored WHERE id = ?1";

/// Records what really happened, unless that is recorded.
pub(super) const RECORD_OUTCOME: &str =
    "UPDATE stored SET outcome = ?2, outcome_recorded_at = ?3 WHERE id = ?1 AND outcome IS NULL";

/// Keeps a monitoring report, in place of one that has the same end.
pub(super) const KEEP_REPORT: &str = "INSERT OR REPLACE INTO reports (window_to, report) VALUES (?1, ?2)";

/// The columns of a whole prediction, as [`prediction`] reads them.
const COLUMNS: &str = "\
    id, created_at, model_version, snapshot, record, features, answer, outcome, outcome_recorded_at, shadow_version, shadow_answer";

/// Reads the row of an id.
pub(super) static SELECT_BY_ID: LazyLock<String> = LazyLock::new(|| select("WHERE id = ?1"));

/// Returns the query for whole rows that satisfy a condition.
pub(super) fn select(condition: &str) -> String {
    format!("SELECT {COLUMNS} FROM stored {condition}")
}

/// Reads pages of whole predictions; behind their columns stands what tells the row.
pub(super) static SELECT_WINDOW: LazyLock<[String; 2]> = LazyLock::new(|| {
    // One query by `(created_at, rowid) > (?, ?)` would read all of a moment again for each page of it, and a table that is predicted
    // at once has one moment.
    let query = |condition| {
        let order = "ORDER BY created_at, rowid LIMIT ?3";
        format!("SELECT {COLUMNS}, rowid FROM stored WHERE sampled = 1 AND {condition} {order}")
    };
    [query("created_at = ?1 AND rowid > ?2"), query("created_at > ?1 AND created_at < ?2")]
});

/// The column of [`SELECT_WINDOW`] that tells the row.
pub(super) const ROW_ID: usize = 11;

/// Binds a prediction, and whether it belongs to the sample, to the places of [`INSERT`].
pub(super) fn bind(statement: &mut Statement<'_>, prediction: &Prediction, is_sampled: bool) -> rusqlite::Result<()> {
    statement.raw_bind_parameter(1, prediction.id.to_string())?;
    statement.raw_bind_parameter(2, format_time(prediction.created_at))?;
    statement.raw_bind_parameter(3, &*prediction.model_version)?;
    statement.raw_bind_parameter(4, prediction.snapshot.as_deref())?;
    statement.raw_bind_parameter(5, &*prediction.record)?;
    statement.raw_bind_parameter(6, prediction.features.as_ref().map(|features| features::write(features)))?;
    statement.raw_bind_parameter(7, json(&prediction.answer)?)?;
    statement.raw_bind_parameter(8, is_sampled)?;
    let shadow = prediction.shadow.as_ref();
    statement.raw_bind_parameter(9, shadow.map(|shadow| &*shadow.model_version))?;
    statement.raw_bind_parameter(10, shadow.map(|shadow| json(&shadow.answer)).transpose()?)
}

/// Reads a row of [`select`].
pub(super) fn prediction(row: &Row<'_>) -> rusqlite::Result<Prediction> {
    Ok(Prediction {
        id: parsed(row, 0, |text| text.parse().ok())?,
        created_at: parsed(row, 1, |text| text.parse().ok())?,
        snapshot: row.get(3)?,
        record: row.get(4)?,
        features: read_features(row, 5)?,
        model_version: row.get(2)?,
        answer: from_json(row, 6)?,
        outcome: outcome(row, 7)?,
        shadow: shadow(row, 9)?,
    })
}

/// Takes a row of [`SELECT_MADE`] over into a prediction of the same id.
///
/// The id is a hash of the record, the model's version and the snapshot, and the features follow from these.
pub(super) fn stored(new: Prediction, row: &Row<'_>) -> rusqlite::Result<Prediction> {
    Ok(Prediction {
        created_at: parsed(row, 0, |text| text.parse().ok())?,
        answer: from_json(row, 1)?,
        outcome: outcome(row, 2)?,
        shadow: shadow(row, 4)?,
        ..new
    })
}

fn read_features(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Box<[f32]>>> {
    let Some(text) = row.get_ref(column)?.as_str_or_null()? else { return Ok(None) };
    features::read(text).map(Some).ok_or_else(|| unreadable(column))
}

/// Reads what really happened from a column and the one behind it.
pub(super) fn outcome(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Outcome>> {
    let Some(text) = row.get_ref(column)?.as_str_or_null()? else { return Ok(None) };
    let label = serde_json::from_str(text).map_err(|_| unreadable(column))?;
    let recorded_at = parsed(row, column + 1, |text| text.parse().ok())?;
    Ok(Some(Outcome { label, recorded_at }))
}

/// Reads what another model said from a column and the one behind it.
fn shadow(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Shadow>> {
    let Some(model_version) = row.get::<_, Option<Arc<str>>>(column)? else { return Ok(None) };
    Ok(Some(Shadow { model_version, answer: from_json(row, column + 1)? }))
}

/// Writes a value as a column holds it.
pub(super) fn json(value: &impl Serialize) -> rusqlite::Result<String> {
    serde_json::to_string(value).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))
}

fn from_json<T: DeserializeOwned>(row: &Row<'_>, column: usize) -> rusqlite::Result<T> {
    parsed(row, column, |text| serde_json::from_str(text).ok())
}

pub(super) fn parsed<T>(row: &Row<'_>, column: usize, parse: impl Fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    parse(row.get_ref(column)?.as_str()?).ok_or_else(|| unreadable(column))
}

pub(super) fn unreadable(column: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, FromSqlError::InvalidType.into())
}
