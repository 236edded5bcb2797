//! The layout of a file: made, or brought up to date from that of an earlier program; `user_version` tells which it has.

use std::path::Path;

use rusqlite::{Connection, Transaction, TransactionBehavior};

use super::{OpenError, earlier, view};
use crate::store::{Owner, owner::OwnedTable};

/// The layout that this program reads and writes.
const LATEST: u32 = 6;

/// Makes the tables of this layout.
const LAYOUT: &str = include_str!("layout.sql");

/// Marks the file as lifeboat's (`lboa`), so that another program's database is never altered.
const APPLICATION_ID: i32 = 0x6c62_6f61;

/// Brings the file to the latest layout and lets it belong to its owner; other processes see the old one or the new one.
pub(super) fn migrate(connection: &mut Connection, path: &Path, owner: &Owner) -> Result<(), OpenError> {
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    if check(connection, path, Some(owner))? == LATEST && view::is_current(connection, owner).map_err(sqlite)? {
        return Ok(());
    }
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate).map_err(sqlite)?;
    let found = check(&transaction, path, Some(owner))?;
    if found < LATEST {
        lay_out(&transaction, found, owner).map_err(sqlite)?;
    }
    view::renew(&transaction, owner).map_err(sqlite)?;
    transaction.commit().map_err(sqlite)
}

/// Makes the tables, and takes over what an earlier program has stored.
fn lay_out(transaction: &Transaction<'_>, found: u32, owner: &Owner) -> rusqlite::Result<()> {
    transaction.execute_batch(LAYOUT)?;
    if found > 0 {
        earlier::take_over(transaction, &owner.table.label.0)?;
    }
    let table =
        serde_json::to_string(&owner.table).map_err(|error| rusqlite::Error::ToSqlConversionFailure(error.into()))?;
    transaction.execute("INSERT INTO owner (owner) VALUES (?1)", [table])?;
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", LATEST)
}

/// Returns the version of a file that is lifeboat's or empty, and its owner's; changes nothing in one that is not.
pub(super) fn check(connection: &Connection, path: &Path, owner: Option<&Owner>) -> Result<u32, OpenError> {
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    let found = version(connection).map_err(sqlite)?;
    if application(connection).map_err(sqlite)? != APPLICATION_ID && !is_empty(connection).map_err(sqlite)? {
        return Err(OpenError::Foreign(path.to_owned()));
    }
    if found > LATEST {
        return Err(OpenError::Newer { path: path.to_owned(), found, known: LATEST });
    }
    if let Some(owner) = owner {
        check_owner(connection, path, found, owner)?;
    }
    Ok(found)
}

/// Refuses a file that another table's package has written.
fn check_owner(connection: &Connection, path: &Path, found: u32, owner: &Owner) -> Result<(), OpenError> {
    let sqlite = |source| OpenError::Sqlite { path: path.to_owned(), source };
    match found {
        LATEST => {
            let text: String = connection.query_row("SELECT owner FROM owner", [], |row| row.get(0)).map_err(sqlite)?;
            let found: OwnedTable = serde_json::from_str(&text).map_err(|_| OpenError::Foreign(path.to_owned()))?;
            owner.check(found).map_err(|source| OpenError::Owned { path: path.to_owned(), source })
        }
        0 => Ok(()),
        // An earlier program had one table only; its columns tell whether it is the owner's.
        _ if earlier::is_of(connection, owner).map_err(sqlite)? => Ok(()),
        _ => Err(OpenError::OtherColumns(path.to_owned())),
    }
}

fn version(connection: &Connection) -> rusqlite::Result<u32> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn application(connection: &Connection) -> rusqlite::Result<i32> {
    connection.pragma_query_value(None, "application_id", |row| row.get(0))
}

fn is_empty(connection: &Connection) -> rusqlite::Result<bool> {
    connection.query_row("SELECT count(*) = 0 FROM sqlite_schema", [], |row| row.get(0))
}
