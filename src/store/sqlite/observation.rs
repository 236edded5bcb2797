//! What monitoring reads of a row, in the cheapest way: few columns, and no copy of a text. The features come as one column, since to ask
//! for one each took a third of the time that a report takes.

use std::sync::{Arc, LazyLock};

use rusqlite::functions::{Context, FunctionFlags};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row};

use super::row::{pages_of_window, parsed};
use crate::features::{FEATURE_COUNT, FEATURE_NAMES, Features};
use crate::observation::{MissingFields, Observation};
use crate::passenger::Passenger;
use crate::prediction::Shadow;

/// Reads pages of observations.
pub(super) static SELECT_OBSERVATIONS: LazyLock<[String; 2]> = LazyLock::new(|| {
    let features = FEATURE_NAMES.map(|name| format!("feature_{name}")).join(", ");
    // One number says which are missing: its lowest bit of the first field, and so on.
    let is_missing = |(bit, field): (usize, &str)| format!("(({field} IS NULL) << {bit})");
    let missing = Passenger::OPTIONAL.into_iter().enumerate().map(is_missing).collect::<Vec<_>>().join(" | ");
    pages_of_window(&format!(
        "created_at, probability, Survived, model_version, outcome, shadow_version, shadow_probability, {PACK}({features}), {missing}"
    ))
});

/// The function of SQL that makes one value of numbers: the bytes of an `f32` each, and of one that is not a number for NULL.
const PACK: &str = "pack_floats";

const FEATURES: usize = 7;
const MISSING: usize = FEATURES + 1;

/// The column of [`SELECT_OBSERVATIONS`] that tells the row.
pub(super) const ROW_ID: usize = MISSING + 1;

/// Prepares a connection for [`SELECT_OBSERVATIONS`].
pub(super) fn add_functions(connection: &Connection) -> rusqlite::Result<()> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    connection.create_scalar_function(PACK, -1, flags, |numbers| pack(numbers))
}

#[expect(clippy::cast_possible_truncation, reason = "features are stored as what an f32 is as an f64")]
fn pack(numbers: &Context<'_>) -> rusqlite::Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(size_of::<f32>() * numbers.len());
    for place in 0..numbers.len() {
        let number = match numbers.get_raw(place) {
            ValueRef::Real(number) => number as f32,
            ValueRef::Null => f32::NAN,
            _ => numbers.get(place)?,
        };
        bytes.extend_from_slice(&number.to_le_bytes());
    }
    Ok(bytes)
}

/// Reads rows of [`SELECT_OBSERVATIONS`]; the same version in row after row is one text.
#[derive(Default)]
pub(super) struct Reader {
    model_version: Option<Arc<str>>,
    shadow_version: Option<Arc<str>>,
}

impl Reader {
    pub(super) fn observation(&mut self, row: &Row<'_>) -> rusqlite::Result<Observation> {
        Ok(Observation {
            created_at: parsed(row, 0, |text| text.parse().ok())?,
            probability: row.get(1)?,
            survived: row.get(2)?,
            model_version: shared(&mut self.model_version, row.get_ref(3)?.as_str()?),
            outcome: row.get(4)?,
            shadow: self.shadow(row)?,
            features: features(row)?,
            missing: MissingFields::from_bits(row.get(MISSING)?),
        })
    }

    fn shadow(&mut self, row: &Row<'_>) -> rusqlite::Result<Option<Shadow>> {
        let Some(version) = row.get_ref(5)?.as_str_or_null()? else { return Ok(None) };
        let model_version = shared(&mut self.shadow_version, version);
        Ok(Some(Shadow { model_version, probability: row.get(6)? }))
    }
}

/// Returns a text that is shared with the row before, where that had the same.
fn shared(last: &mut Option<Arc<str>>, text: &str) -> Arc<str> {
    match last {
        Some(last) if **last == *text => Arc::clone(last),
        _ => Arc::clone(last.insert(text.into())),
    }
}

/// Reads the features; one that did not exist when the row was written is not a number.
fn features(row: &Row<'_>) -> rusqlite::Result<Features> {
    let bytes = row.get_ref(FEATURES)?.as_blob()?;
    let mut values = [f32::NAN; FEATURE_COUNT];
    for (value, bytes) in values.iter_mut().zip(bytes.as_chunks().0) {
        *value = f32::from_le_bytes(*bytes);
    }
    Ok(Features(values))
}
