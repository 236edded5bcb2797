//! Snapshots and sheets: the text of a snapshot stands beside its name, and what is published points to it.

use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::row::{time, unreadable};
use crate::store::PublishedSnapshot;

/// A snapshot with its text.
pub(super) struct Publication {
    pub(super) recipe: String,
    pub(super) snapshot: PublishedSnapshot,
    pub(super) text: Vec<u8>,
}

/// What became known between two snapshots.
pub(super) struct KeptSheet {
    pub(super) recipe: String,
    pub(super) date: Date,
    pub(super) text: Vec<u8>,
}

/// Keeps a text under a name that predictions may have had before.
const KEEP: &str = "INSERT INTO snapshots (name, text) VALUES (?1, ?2) \
    ON CONFLICT (name) DO UPDATE SET text = excluded.text WHERE text IS NULL";

/// Publishes what is kept under a name, unless something is published of that moment.
const PUBLISH: &str = "INSERT INTO published (recipe, as_of, made_at, snapshot) \
    SELECT ?1, ?2, ?3, number FROM snapshots WHERE name = ?4 ON CONFLICT (recipe, as_of) DO NOTHING";

const NEWEST_BEFORE: &str = "SELECT name, as_of, made_at FROM published JOIN snapshots ON number = snapshot \
    WHERE recipe = ?1 AND as_of < ?2 ORDER BY as_of DESC LIMIT 1";

const KEEP_SHEET: &str =
    "INSERT INTO sheets (recipe, date, text) VALUES (?1, ?2, ?3) ON CONFLICT (recipe, date) DO NOTHING";

/// Publishes a snapshot, and returns the one that is newest then.
pub(super) fn publish(transaction: &Connection, publication: &Publication) -> rusqlite::Result<PublishedSnapshot> {
    let Publication { recipe, snapshot: PublishedSnapshot { hash, as_of, made_at }, text } = publication;
    transaction.execute(KEEP, params![&**hash, text])?;
    let (as_of, made_at) = (as_of.as_millisecond(), made_at.as_millisecond());
    transaction.execute(PUBLISH, params![recipe, as_of, made_at, &**hash])?;
    newest_before(transaction, recipe, Timestamp::MAX)?.ok_or(rusqlite::Error::QueryReturnedNoRows)
}

/// Returns the newest snapshot of a recipe that is as of a moment before another one.
pub(super) fn newest_before(
    connection: &Connection,
    recipe: &str,
    moment: Timestamp,
) -> rusqlite::Result<Option<PublishedSnapshot>> {
    let published =
        |row: &Row<'_>| Ok(PublishedSnapshot { hash: row.get(0)?, as_of: time(row, 1)?, made_at: time(row, 2)? });
    let moment = moment.as_millisecond();
    connection.prepare_cached(NEWEST_BEFORE)?.query_row(params![recipe, moment], published).optional()
}

/// Returns the text that is kept under a name.
pub(super) fn text(connection: &Connection, name: &str) -> rusqlite::Result<Option<Vec<u8>>> {
    let query = "SELECT text FROM snapshots WHERE name = ?1 AND text IS NOT NULL";
    connection.query_row(query, [name], |row| row.get(0)).optional()
}

/// Keeps a sheet unless there is one, and returns the one that is kept.
pub(super) fn keep_sheet(transaction: &Connection, sheet: &KeptSheet) -> rusqlite::Result<Vec<u8>> {
    let KeptSheet { recipe, date, text } = sheet;
    transaction.execute(KEEP_SHEET, params![recipe, date.to_string(), text])?;
    let query = "SELECT text FROM sheets WHERE recipe = ?1 AND date = ?2";
    transaction.query_row(query, params![recipe, date.to_string()], |row| row.get(0))
}

/// Returns the sheets of a recipe from a date to another, in the order of dates.
pub(super) fn sheets(
    connection: &Connection,
    recipe: &str,
    from: Date,
    to: Date,
) -> rusqlite::Result<Vec<(Date, Vec<u8>)>> {
    let query = "SELECT date, text FROM sheets WHERE recipe = ?1 AND date BETWEEN ?2 AND ?3 ORDER BY date";
    let mut statement = connection.prepare_cached(query)?;
    let sheet = |row: &Row<'_>| {
        let date = row.get_ref(0)?.as_str()?.parse().map_err(|_| unreadable(0))?;
        Ok((date, row.get(1)?))
    };
    statement.query_map(params![recipe, from.to_string(), to.to_string()], sheet)?.collect()
}
