//! Backups: a whole copy of the database in a file of its own, made while others read and write it.

#[cfg(unix)]
use std::fs;
use std::fs::Permissions;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};
use tempfile::NamedTempFile;
use thiserror::Error;

use super::copy::{CopyError, check, copy, folder_of, sync_folder};
use super::files::{FileIdentity, Place, log_beside, resolved};
use super::opened::refuse_orphaned_log;
use super::{BUSY_TIMEOUT, OpenError, schema};

/// Why there is no backup; where another file was to be replaced, it is as it was.
#[derive(Debug, Error)]
pub enum BackupError {
    /// There is no database.
    #[error("{0} does not exist: nothing was stored there")]
    Missing(PathBuf),
    /// The file is no database of this program.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// Something stands where the backup goes.
    #[error("{0} exists")]
    Exists(PathBuf),
    /// The backup was to replace the database itself.
    #[error("{0} is the database itself")]
    Itself(PathBuf),
    /// Whoever opens the backup would take this log for its own.
    #[error("{0} is the log of another database: delete it, or choose another name for the backup")]
    ForeignLog(PathBuf),
    /// The file at the path is not the one that was copied.
    #[error("{0} was moved or replaced while it was copied: try again")]
    Moved(PathBuf),
    /// It could not be copied.
    #[error("cannot back up {path}")]
    Copy {
        /// The database.
        path: PathBuf,
        /// What failed.
        source: CopyError,
    },
    /// The copy could not be put in its place.
    #[error("cannot write {path}")]
    Write {
        /// The backup.
        path: PathBuf,
        /// The system's reason.
        source: io::Error,
    },
}

/// Writes a copy of a database, as it is at one moment, and returns how many predictions it holds.
///
/// The copy is whole, sound and durable, or it is not there.
pub fn back_up(database: &Path, backup: &Path, replaces: bool) -> Result<u64, BackupError> {
    let target = resolved(backup);
    refuse_target(database, &target, replaces)?;
    let failed = |source: CopyError| BackupError::Copy { path: database.to_owned(), source };
    let (connection, place) = open(database)?;
    let permissions = permissions(&target);
    let copied = copy(&connection, folder_of(&target), permissions.clone()).map_err(failed)?;
    check(&copied).map_err(failed)?;
    if !place.has_database() {
        return Err(BackupError::Moved(database.to_owned()));
    }
    let rows = count(&copied).map_err(|error| failed(error.into()))?;
    put(copied, &target, permissions, replaces)
        .map_err(|source| BackupError::Write { path: backup.to_owned(), source })?;
    Ok(rows)
}

/// Refuses to write where the backup would destroy something, or would not be read as what it is.
fn refuse_target(database: &Path, target: &Path, replaces: bool) -> Result<(), BackupError> {
    let found = FileIdentity::at(target);
    if target == resolved(database) || (found.is_some() && found == FileIdentity::at(database)) {
        return Err(BackupError::Itself(target.to_owned()));
    }
    if target.exists() && !replaces {
        return Err(BackupError::Exists(target.to_owned()));
    }
    log_beside(target).map_or(Ok(()), |log| Err(BackupError::ForeignLog(log)))
}

/// Opens a database of this program to read: a connection that could write might do so when it is closed.
fn open(database: &Path) -> Result<(Connection, Place), BackupError> {
    refuse_orphaned_log(database)?;
    if !database.exists() {
        return Err(BackupError::Missing(database.to_owned()));
    }
    let sqlite = |source| OpenError::Sqlite { path: database.to_owned(), source };
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(database, flags).map_err(sqlite)?;
    let place = Place::of_open(database);
    connection.busy_timeout(BUSY_TIMEOUT).map_err(sqlite)?;
    if schema::check(&connection, database, None)? == 0 {
        return Err(OpenError::Foreign(database.to_owned()).into());
    }
    Ok((connection, place))
}

/// Returns the permissions of the file that is replaced, or those that a new file is made with, less the umask.
#[cfg(unix)]
#[expect(clippy::unnecessary_wraps, reason = "elsewhere a file has no mode")]
fn permissions(target: &Path) -> Option<Permissions> {
    use std::os::unix::fs::PermissionsExt;
    Some(fs::metadata(target).map_or_else(|_| Permissions::from_mode(0o666), |found| found.permissions()))
}

#[cfg(not(unix))]
fn permissions(_: &Path) -> Option<Permissions> {
    None
}

fn count(copied: &NamedTempFile) -> rusqlite::Result<u64> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(copied.path(), flags)?;
    let rows: u32 = connection.query_row("SELECT count(*) FROM predictions", [], |row| row.get(0))?;
    Ok(rows.into())
}

/// Gives the copy its name.
fn put(copied: NamedTempFile, target: &Path, permissions: Option<Permissions>, replaces: bool) -> io::Result<()> {
    if replaces && target.exists() {
        if let Some(permissions) = permissions {
            copied.as_file().set_permissions(permissions)?;
        }
        copied.persist(target)?;
    } else {
        copied.persist_noclobber(target)?;
    }
    sync_folder(folder_of(target))
}
