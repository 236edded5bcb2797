//! What really happened, in a table of its own: written beside predictions, and read by when it became known.

use rusqlite::{Connection, OptionalExtension, Row, params};

use super::names::{MetNames, Names};
use super::row::{NUMBER, SELECT_KNOWN, json, outcome, prediction};
use crate::prediction::Outcome;
use crate::store::{Known, Recording, Told};

/// So many outcomes are read at a time.
const PAGE_ROWS: u16 = 1000;

/// Reads the number of a prediction, and what was told of it last with its place; these are null where nothing was.
const SELECT_LAST: &str = "\
    SELECT stored.number, place, outcomes.label, known_at FROM stored LEFT JOIN outcomes ON prediction = stored.number \
    WHERE beginning = ?1 AND hash = ?2 ORDER BY place DESC LIMIT 1";

/// Adds to what was told of a prediction.
const INSERT: &str = "INSERT INTO outcomes (prediction, place, label, known_at) VALUES (?1, ?2, ?3, ?4)";

/// Adds an outcome to the list of its prediction, where it says what the list does not say, and returns what stands then.
pub(super) fn record(transaction: &Connection, told: &Told) -> rusqlite::Result<Option<Recording>> {
    let mut select = transaction.prepare_cached(SELECT_LAST)?;
    let last = |row: &Row<'_>| {
        let last: Option<i64> = row.get(1)?;
        let last = last.map(|place| Ok::<(i64, Outcome), rusqlite::Error>((place, outcome(row, 2)?))).transpose()?;
        Ok((row.get(0)?, last))
    };
    let found = select.query_row(params![told.id.beginning(), told.id.hash().bytes()], last).optional()?;
    let Some((prediction, last)): Option<(i64, Option<(i64, Outcome)>)> = found else { return Ok(None) };
    let recording = told.meet(last.as_ref().map(|(_, outcome)| outcome));
    if let Some(added) = recording.added() {
        let place = last.map_or(0, |(place, _)| place + 1);
        let mut insert = transaction.prepare_cached(INSERT)?;
        insert.execute(params![prediction, place, json(&added.label)?, added.known_at.as_millisecond()])?;
    }
    Ok(Some(recording))
}

/// The time in milliseconds, the prediction's number and the place in its list that a page begins behind.
pub(super) type Place = (i64, i64, i64);

/// Returns the place before all that became known since a moment.
pub(super) fn place_before(millisecond: i64) -> Place {
    (millisecond, -1, -1)
}

/// Reads the page that begins behind a place and ends before a moment, and the place where the next one begins.
pub(super) fn page(
    connection: &Connection,
    (known_at, number, place): Place,
    to: i64,
) -> rusqlite::Result<(Vec<Known>, Option<Place>)> {
    let mut met = MetNames::default();
    let mut names = Names::new(connection, &mut met);
    let mut statement = connection.prepare_cached(&SELECT_KNOWN)?;
    let mut rows = statement.query(params![known_at, number, place, to, PAGE_ROWS])?;
    let (mut page, mut last, mut count) = (Vec::new(), None, 0);
    while let Some(row) = rows.next()? {
        let place: i64 = row.get(NUMBER + 2)?;
        last = Some((row.get(NUMBER)?, row.get(NUMBER + 1)?, place));
        let prediction = prediction(row, &mut names)?;
        page.extend(usize::try_from(place).ok().and_then(|place| Known::new(prediction, place)));
        count += 1;
    }
    Ok((page, last.filter(|_| count == PAGE_ROWS)))
}
