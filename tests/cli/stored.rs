//! What a database holds.

use std::path::Path;

use rusqlite::Connection;

/// Counts the predictions in a database.
pub(crate) fn stored(database: &Path) -> u32 {
    let connection = Connection::open(database).unwrap();
    connection.query_row("SELECT count(*) FROM predictions", [], |row| row.get(0)).unwrap()
}
