//! The names of versions and snapshots: each stands once in a table of its own, and rows hold its number.

use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};

/// Names that were met, with their numbers; the one that was met last stands last.
type Met = Vec<(i64, Arc<str>)>;

/// The names that a connection has met.
#[derive(Debug, Default)]
pub(super) struct MetNames {
    versions: Met,
    snapshots: Met,
}

/// The names of a database, of which those that were met are not asked for again.
#[derive(Debug)]
pub(super) struct Names<'a> {
    connection: &'a Connection,
    met: &'a mut MetNames,
}

/// How a table of names is asked.
struct Queries {
    find: &'static str,
    keep: &'static str,
    read: &'static str,
}

const VERSIONS: Queries = Queries {
    find: "SELECT number FROM versions WHERE name = ?1",
    keep: "INSERT INTO versions (name) VALUES (?1)",
    read: "SELECT name FROM versions WHERE number = ?1",
};

const SNAPSHOTS: Queries = Queries {
    find: "SELECT number FROM snapshots WHERE name = ?1",
    keep: "INSERT INTO snapshots (name) VALUES (?1)",
    read: "SELECT name FROM snapshots WHERE number = ?1",
};

impl<'a> Names<'a> {
    pub(super) fn new(connection: &'a Connection, met: &'a mut MetNames) -> Self {
        Self { connection, met }
    }

    /// Returns the number of a version, which is kept where it is new.
    ///
    /// When the transaction fails in which a name was kept, the names that were met must be forgotten.
    pub(super) fn number_of_version(&mut self, name: &Arc<str>) -> rusqlite::Result<i64> {
        number(self.connection, &VERSIONS, &mut self.met.versions, name)
    }

    /// Returns the number of a snapshot, as [`Self::number_of_version`] does.
    pub(super) fn number_of_snapshot(&mut self, name: &Arc<str>) -> rusqlite::Result<i64> {
        number(self.connection, &SNAPSHOTS, &mut self.met.snapshots, name)
    }

    /// Returns the version that has a number, if one has.
    pub(super) fn version(&mut self, number: i64) -> rusqlite::Result<Option<Arc<str>>> {
        name(self.connection, &VERSIONS, &mut self.met.versions, number)
    }

    /// Returns the snapshot that has a number, if one has.
    pub(super) fn snapshot(&mut self, number: i64) -> rusqlite::Result<Option<Arc<str>>> {
        name(self.connection, &SNAPSHOTS, &mut self.met.snapshots, number)
    }
}

fn number(connection: &Connection, queries: &Queries, met: &mut Met, name: &Arc<str>) -> rusqlite::Result<i64> {
    if let Some((number, _)) = met.iter().rev().find(|(_, met)| Arc::ptr_eq(met, name) || met == name) {
        return Ok(*number);
    }
    let found = connection.query_row(queries.find, [&**name], |row| row.get(0)).optional()?;
    let number = if let Some(number) = found {
        number
    } else {
        connection.execute(queries.keep, [&**name])?;
        connection.last_insert_rowid()
    };
    met.push((number, Arc::clone(name)));
    Ok(number)
}

fn name(connection: &Connection, queries: &Queries, met: &mut Met, number: i64) -> rusqlite::Result<Option<Arc<str>>> {
    if let Some((_, name)) = met.iter().rev().find(|(met, _)| *met == number) {
        return Ok(Some(Arc::clone(name)));
    }
    let mut read = connection.prepare_cached(queries.read)?;
    let name: Option<Arc<str>> = read.query_row([number], |row| row.get(0)).optional()?;
    met.extend(name.iter().map(|name| (number, Arc::clone(name))));
    Ok(name)
}
