//! What a window of time holds, page by page.

use rusqlite::{Connection, params};

use super::names::{MetNames, Names};
use super::row::{NUMBER, SELECT_WINDOW, prediction};
use crate::prediction::Prediction;

/// So many rows are read at a time.
const PAGE_ROWS: u16 = 1000;

/// The moment, in milliseconds, and the row that a page of a window begins behind.
pub(super) type Place = (i64, i64);

/// Returns the place before all rows since a moment: no table has such a row.
pub(super) fn place_before(millisecond: i64) -> Place {
    (millisecond, -1)
}

/// Reads the page of a window that begins behind a place and ends before a moment, and the place where the next one begins.
///
/// There are two queries, of which the first reads on in the moment of the place, and the second behind that moment.
pub(super) fn page(
    connection: &Connection,
    (created_at, row): Place,
    to: i64,
) -> rusqlite::Result<(Vec<Prediction>, Option<Place>)> {
    let mut met = MetNames::default();
    let mut names = Names::new(connection, &mut met);
    let [same, later] = &*SELECT_WINDOW;
    let (mut page, mut last, mut left) = (Vec::new(), None, PAGE_ROWS);
    for (query, bound) in [(same, row), (later, to)] {
        let mut statement = connection.prepare_cached(query)?;
        let mut rows = statement.query(params![created_at, bound, left])?;
        while let Some(row) = rows.next()? {
            let prediction = prediction(row, &mut names)?;
            last = Some((prediction.created_at.as_millisecond(), row.get(NUMBER)?));
            page.push(prediction);
            left -= 1;
        }
    }
    Ok((page, last.filter(|_| left == 0)))
}
