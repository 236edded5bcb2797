//! The names of versions and snapshots: each stands once in a table of its own, and rows hold its number.

use std::borrow::Cow;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension, Params, Row};

use super::record::Fields;

/// The names that a connection has met; the one that was met last stands last.
#[derive(Debug, Default)]
pub(super) struct MetNames {
    versions: Vec<Version>,
    snapshots: Vec<(i64, Arc<str>)>,
}

/// A version that rows are of.
#[derive(Debug)]
pub(super) struct Version {
    pub(super) number: i64,
    pub(super) name: Arc<str>,
    /// The fields of its records, where it wrote here itself.
    fields: Option<Fields>,
}

impl Version {
    /// Returns the text of a record as a row holds it: a list, or an object where the version's fields are not known.
    pub(super) fn stored<'a>(&self, record: &'a str) -> Cow<'a, str> {
        let list = self.fields.as_ref().and_then(|fields| fields.list(record));
        list.map_or(Cow::Borrowed(record), Cow::Owned)
    }

    /// Returns the text of a record, which a row holds so; nothing where that is none of this version's.
    pub(super) fn record(&self, stored: &str) -> Option<Box<str>> {
        if stored.starts_with('{') {
            return Some(stored.into());
        }
        self.fields.as_ref()?.object(stored).map(Into::into)
    }
}

/// The names of a database, of which those that were met are not asked for again.
#[derive(Debug)]
pub(super) struct Names<'a> {
    connection: &'a Connection,
    met: &'a mut MetNames,
}

impl<'a> Names<'a> {
    pub(super) fn new(connection: &'a Connection, met: &'a mut MetNames) -> Self {
        Self { connection, met }
    }

    /// Returns the version of a name, which is given a number where it is new.
    ///
    /// When the transaction fails in which it got one, the names that were met must be forgotten.
    pub(super) fn version_of(&mut self, name: &Arc<str>) -> rusqlite::Result<&Version> {
        let is_met = |met: &Version| Arc::ptr_eq(&met.name, name) || met.name == *name;
        if let Some(place) = self.met.versions.iter().rposition(is_met) {
            return Ok(&self.met.versions[place]);
        }
        self.connection.execute("INSERT OR IGNORE INTO versions (name) VALUES (?1)", [&**name])?;
        let found = self.find("SELECT number, name, fields FROM versions WHERE name = ?1", [&**name])?;
        Ok(self.meet(found.ok_or(rusqlite::Error::QueryReturnedNoRows)?))
    }

    /// Returns the version of a number, if there is one.
    pub(super) fn version(&mut self, number: i64) -> rusqlite::Result<Option<&Version>> {
        if let Some(place) = self.met.versions.iter().rposition(|met| met.number == number) {
            return Ok(Some(&self.met.versions[place]));
        }
        let found = self.find("SELECT number, name, fields FROM versions WHERE number = ?1", [number])?;
        Ok(found.map(|version| self.meet(version)))
    }

    fn find(&self, query: &str, by: impl Params) -> rusqlite::Result<Option<Version>> {
        let version = |row: &Row<'_>| {
            let fields = row.get_ref(2)?.as_str_or_null()?.and_then(|names| serde_json::from_str(names).ok());
            let fields = fields.map(|names: Vec<String>| Fields::new(&names));
            Ok(Version { number: row.get(0)?, name: row.get(1)?, fields })
        };
        self.connection.prepare_cached(query)?.query_row(by, version).optional()
    }

    fn meet(&mut self, version: Version) -> &Version {
        let place = self.met.versions.len();
        self.met.versions.push(version);
        &self.met.versions[place]
    }

    /// Returns the number of a snapshot, as [`Self::version_of`] does of a version.
    pub(super) fn number_of_snapshot(&mut self, name: &Arc<str>) -> rusqlite::Result<i64> {
        let is_met = |(_, met): &&(i64, Arc<str>)| Arc::ptr_eq(met, name) || met == name;
        if let Some((number, _)) = self.met.snapshots.iter().rev().find(is_met) {
            return Ok(*number);
        }
        self.connection.execute("INSERT OR IGNORE INTO snapshots (name) VALUES (?1)", [&**name])?;
        let query = "SELECT number FROM snapshots WHERE name = ?1";
        let number = self.connection.query_row(query, [&**name], |row| row.get(0))?;
        self.met.snapshots.push((number, Arc::clone(name)));
        Ok(number)
    }

    /// Returns the snapshot of a number, if there is one.
    pub(super) fn snapshot(&mut self, number: i64) -> rusqlite::Result<Option<Arc<str>>> {
        if let Some((_, name)) = self.met.snapshots.iter().rev().find(|(met, _)| *met == number) {
            return Ok(Some(Arc::clone(name)));
        }
        let mut read = self.connection.prepare_cached("SELECT name FROM snapshots WHERE number = ?1")?;
        let name: Option<Arc<str>> = read.query_row([number], |row| row.get(0)).optional()?;
        self.met.snapshots.extend(name.iter().map(|name| (number, Arc::clone(name))));
        Ok(name)
    }
}
