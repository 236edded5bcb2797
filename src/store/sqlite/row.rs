//! A prediction as a row: one column a field of the passenger, one a feature.

use std::sync::LazyLock;

use rusqlite::types::{FromSqlError, Type};
use rusqlite::{Row, Statement};

use crate::features::{FEATURE_COUNT, FEATURE_NAMES, Features};
use crate::passenger::{Class, Passenger, Port, Sex};
use crate::prediction::{Outcome, Prediction, Shadow, format_time};

/// The columns before the features, in the order of the schema.
const COLUMNS: [&str; 16] = [
    "id",
    "created_at",
    "model_version",
    "probability",
    "Survived",
    "PassengerId",
    "Pclass",
    "Name",
    "Sex",
    "Age",
    "SibSp",
    "Parch",
    "Ticket",
    "Fare",
    "Cabin",
    "Embarked",
];

static ALL_COLUMNS: LazyLock<String> = LazyLock::new(|| {
    let features = FEATURE_NAMES.map(|name| format!("feature_{name}"));
    format!("{}, {}", COLUMNS.join(", "), features.join(", "))
});

/// Stores a row unless its id is there already.
pub(super) static INSERT: LazyLock<String> = LazyLock::new(|| {
    let places = vec!["?"; COLUMNS.len() + FEATURE_COUNT + 3].join(", ");
    format!(
        "INSERT INTO predictions ({}, sampled, shadow_version, shadow_probability) VALUES ({places}) ON CONFLICT (id) DO NOTHING",
        *ALL_COLUMNS
    )
});

/// What was added to a row's prediction: what really happened, and what another model said.
const ADDED: &str = "outcome, outcome_recorded_at, shadow_version, shadow_probability";

/// Reads of a row what does not follow from its id.
pub(super) static SELECT_MADE: LazyLock<String> =
    LazyLock::new(|| format!("SELECT created_at, probability, Survived, {ADDED} FROM predictions WHERE id = ?1"));

/// Reads what really happened, where that is recorded.
pub(super) const SELECT_OUTCOME: &str = "SELECT outcome, outcome_recorded_at FROM predictions WHERE id = ?1";

/// Records what really happened, unless that is recorded.
pub(super) const RECORD_OUTCOME: &str =
    "UPDATE predictions SET outcome = ?2, outcome_recorded_at = ?3 WHERE id = ?1 AND outcome IS NULL";

/// Keeps a monitoring report, in place of one that has the same end.
pub(super) const KEEP_REPORT: &str = "INSERT OR REPLACE INTO reports (window_to, report) VALUES (?1, ?2)";

/// Reads the row of an id.
pub(super) static SELECT_BY_ID: LazyLock<String> = LazyLock::new(|| select("WHERE id = ?1"));

/// Returns the query for whole rows that satisfy a condition.
pub(super) fn select(condition: &str) -> String {
    format!("SELECT {}, {ADDED} FROM predictions {condition}", *ALL_COLUMNS)
}

/// Reads pages of whole predictions.
pub(super) static SELECT_WINDOW: LazyLock<[String; 2]> =
    LazyLock::new(|| pages_of_window(&format!("{}, {ADDED}", *ALL_COLUMNS)));

/// The column of [`SELECT_WINDOW`] that tells the row.
pub(super) const ROW_ID: usize = COLUMNS.len() + FEATURE_COUNT + 4;

/// Returns the two queries for columns, and the row behind them, of the sample's predictions by time: those of the same moment from
/// behind a row on, and those of later moments.
///
/// One query by `(created_at, rowid) > (?, ?)` would read all of a moment again for each page of it, and a table that is predicted at
/// once has one moment.
pub(super) fn pages_of_window(columns: &str) -> [String; 2] {
    let query = |condition| {
        let order = "ORDER BY created_at, rowid LIMIT ?3";
        format!("SELECT {columns}, rowid FROM predictions WHERE sampled = 1 AND {condition} {order}")
    };
    [query("created_at = ?1 AND rowid > ?2"), query("created_at > ?1 AND created_at < ?2")]
}

/// Binds a prediction, and whether it belongs to the sample, to the places of [`INSERT`].
pub(super) fn bind(statement: &mut Statement<'_>, prediction: &Prediction, is_sampled: bool) -> rusqlite::Result<()> {
    let passenger = &prediction.passenger;
    statement.raw_bind_parameter(1, prediction.id.to_string())?;
    statement.raw_bind_parameter(2, format_time(prediction.created_at))?;
    statement.raw_bind_parameter(3, &*prediction.model_version)?;
    statement.raw_bind_parameter(4, prediction.probability)?;
    statement.raw_bind_parameter(5, prediction.survived)?;
    statement.raw_bind_parameter(6, passenger.passenger_id.and_then(|id| i64::try_from(id).ok()))?;
    statement.raw_bind_parameter(7, passenger.class.number())?;
    statement.raw_bind_parameter(8, passenger.name.as_deref())?;
    statement.raw_bind_parameter(9, passenger.sex.as_str())?;
    statement.raw_bind_parameter(10, passenger.age)?;
    statement.raw_bind_parameter(11, passenger.sib_sp)?;
    statement.raw_bind_parameter(12, passenger.parch)?;
    statement.raw_bind_parameter(13, passenger.ticket.as_deref())?;
    statement.raw_bind_parameter(14, passenger.fare)?;
    statement.raw_bind_parameter(15, passenger.cabin.as_deref())?;
    statement.raw_bind_parameter(16, passenger.embarked.map(Port::as_str))?;
    for (place, value) in (COLUMNS.len() + 1..).zip(prediction.features.0) {
        statement.raw_bind_parameter(place, value)?;
    }
    let added = COLUMNS.len() + FEATURE_COUNT + 1;
    statement.raw_bind_parameter(added, is_sampled)?;
    let shadow = prediction.shadow.as_ref();
    statement.raw_bind_parameter(added + 1, shadow.map(|shadow| &*shadow.model_version))?;
    statement.raw_bind_parameter(added + 2, shadow.map(|shadow| shadow.probability))
}

/// Reads a row of [`select`].
pub(super) fn prediction(row: &Row<'_>) -> rusqlite::Result<Prediction> {
    Ok(Prediction {
        id: parsed(row, 0, |text| text.parse().ok())?,
        created_at: parsed(row, 1, |text| text.parse().ok())?,
        model_version: row.get(2)?,
        probability: row.get(3)?,
        survived: row.get(4)?,
        passenger: passenger(row)?,
        features: features(row)?,
        outcome: outcome(row, COLUMNS.len() + FEATURE_COUNT)?,
        shadow: shadow(row, COLUMNS.len() + FEATURE_COUNT + 2)?,
    })
}

/// Takes a row of [`SELECT_MADE`] over into a prediction of the same id.
///
/// The id is a hash of the passenger and the model's version, and the features follow from these two.
pub(super) fn stored(new: Prediction, row: &Row<'_>) -> rusqlite::Result<Prediction> {
    Ok(Prediction {
        created_at: parsed(row, 0, |text| text.parse().ok())?,
        probability: row.get(1)?,
        survived: row.get(2)?,
        outcome: outcome(row, 3)?,
        shadow: shadow(row, 5)?,
        ..new
    })
}

/// Reads what really happened from a column and the one behind it.
pub(super) fn outcome(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Outcome>> {
    let Some(survived) = row.get(column)? else { return Ok(None) };
    let recorded_at = parsed(row, column + 1, |text| text.parse().ok())?;
    Ok(Some(Outcome { survived, recorded_at }))
}

/// Reads what another model said from a column and the one behind it.
fn shadow(row: &Row<'_>, column: usize) -> rusqlite::Result<Option<Shadow>> {
    let Some(model_version) = row.get(column)? else { return Ok(None) };
    Ok(Some(Shadow { model_version, probability: row.get(column + 1)? }))
}

fn passenger(row: &Row<'_>) -> rusqlite::Result<Passenger> {
    let class: u8 = row.get(6)?;
    Ok(Passenger {
        passenger_id: row.get::<_, Option<i64>>(5)?.map(u64::try_from).transpose().map_err(|_| unreadable(5))?,
        class: Class::from_number(class.into()).ok_or_else(|| unreadable(6))?,
        name: row.get(7)?,
        sex: parsed(row, 8, Sex::from_text)?,
        age: row.get(9)?,
        sib_sp: row.get(10)?,
        parch: row.get(11)?,
        ticket: row.get(12)?,
        fare: row.get(13)?,
        cabin: row.get(14)?,
        embarked: match row.get_ref(15)?.as_str_or_null()? {
            Some(text) => Some(Port::from_text(text).ok_or_else(|| unreadable(15))?),
            None => None,
        },
    })
}

/// Reads the features; one that did not exist when the row was written is not a number.
fn features(row: &Row<'_>) -> rusqlite::Result<Features> {
    let mut values = [f32::NAN; FEATURE_COUNT];
    for (column, value) in (COLUMNS.len()..).zip(&mut values) {
        *value = row.get::<_, Option<f32>>(column)?.unwrap_or(f32::NAN);
    }
    Ok(Features(values))
}

pub(super) fn parsed<T>(row: &Row<'_>, column: usize, parse: impl Fn(&str) -> Option<T>) -> rusqlite::Result<T> {
    parse(row.get_ref(column)?.as_str()?).ok_or_else(|| unreadable(column))
}

fn unreadable(column: usize) -> rusqlite::Error {
    rusqlite::Error::FromSqlConversionFailure(column, Type::Text, FromSqlError::InvalidType.into())
}
