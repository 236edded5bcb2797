//! Whole copies of a database, made while others read and write it.
//!
//! SQLite's backup interface copies page by page in one read transaction. Under a write-ahead log, writers go on meanwhile, and
//! what they write is not in the copy. In several transactions the copy would begin anew after each write of another process.

use std::fs::{File, Permissions};
use std::io;
use std::path::Path;

use rusqlite::backup::{Backup, StepResult};
use rusqlite::{Connection, OpenFlags};
use tempfile::{Builder, NamedTempFile};
use thiserror::Error;

/// Why there is no copy.
#[derive(Debug, Error)]
pub enum CopyError {
    /// The copy's file cannot be written.
    #[error("cannot write the copy")]
    File(#[from] io::Error),
    /// The database cannot be read, or the copy not be written.
    #[error("cannot copy the database")]
    Sqlite(#[from] rusqlite::Error),
    /// Another program holds the database.
    #[error("another program has locked the database")]
    Locked,
    /// The copy is not sound, as the database is not.
    #[error("the database is damaged: {0}")]
    Damaged(String),
}

/// Copies a database into a temporary file of this folder, which is durable but for its name.
pub(super) fn copy(
    from: &Connection,
    folder: &Path,
    permissions: Option<Permissions>,
) -> Result<NamedTempFile, CopyError> {
    let mut builder = Builder::new();
    builder.prefix(".lifeboat-").suffix(".db");
    if let Some(permissions) = permissions {
        builder.permissions(permissions);
    }
    let file = builder.tempfile_in(folder)?;
    let mut to = open(&file, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    // The file has no name of its own yet, and is synced once, at the end.
    to.pragma_update(None, "journal_mode", "off")?;
    to.pragma_update(None, "synchronous", "off")?;
    let step = Backup::new(from, &mut to)?.step(-1)?;
    if step != StepResult::Done {
        return Err(CopyError::Locked);
    }
    // A write-ahead log is not for a file that is kept: without one it can be read from a disk that cannot be written.
    to.pragma_update(None, "journal_mode", "delete")?;
    to.close().map_err(|(_, error)| error)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Reads a copy to its end, and says what is wrong with it.
pub(super) fn check(copy: &NamedTempFile) -> Result<(), CopyError> {
    let connection = open(copy, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    let verdict: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    if verdict == "ok" { Ok(()) } else { Err(CopyError::Damaged(verdict)) }
}

/// Makes the names in a folder durable.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Returns the folder of a path.
pub(super) fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn open(file: &NamedTempFile, flags: OpenFlags) -> rusqlite::Result<Connection> {
    Connection::open_with_flags(file.path(), flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
}
