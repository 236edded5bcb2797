//! The database as the writer has it open, and how to leave its file without loss once it is not at its path any more.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use rusqlite::{Connection, OpenFlags};
use thiserror::Error;
use tracing::warn;

use super::copy::{CopyError, copy, folder_of, sync_folder};
use super::files::{FileIdentity, Place, beside, orphaned_log};
use super::names::MetNames;
use super::{BUSY_TIMEOUT, CACHE_KIBIBYTES, CHECKPOINT_PAGES, OpenError, SqliteConfig, Synchronous, schema};
use crate::store::Owner;

/// Why what was committed last cannot be saved from a file that is not at its path any more.
#[derive(Debug, Error)]
pub(super) enum SaveError {
    /// The log could not be copied into the file to its end.
    #[error("the write-ahead log of {0}, which was moved, cannot be copied into it while another program reads it")]
    LogInUse(PathBuf),
    /// The log could not be copied at all.
    #[error("the write-ahead log of {path}, which was moved, cannot be copied into it")]
    Log { path: PathBuf, source: rusqlite::Error },
    /// A file that nobody can find any more could not be copied.
    #[error("{path} was deleted, and a copy of what it held cannot be written beside it")]
    Copy { path: PathBuf, source: CopyError },
    /// The log cannot be removed from where another database may take it for its own.
    #[error("the write-ahead log of {path}, which was moved, cannot be removed")]
    Remove { path: PathBuf, source: io::Error },
    /// The log at the name of the database's own is another's.
    #[error("{0} belongs to another database: delete it, or move it to where that one is")]
    ForeignLog(PathBuf),
    /// Reads go on where none may.
    #[error("the write-ahead log of {0} was deleted, and reads that need it go on")]
    Read(PathBuf),
}

/// The connection that writes, and what tells whether its file is still the one at the path.
pub(super) struct Opened {
    pub(super) connection: Connection,
    /// The names whose numbers it knows: it is closed after a failure, and with it goes what it knew.
    pub(super) names: MetNames,
    /// Tells how many names the file has. It is closed after the connection.
    handle: File,
    place: Arc<Place>,
}

impl Opened {
    /// Opens the file, made or migrated where needed.
    pub(super) fn open(config: &SqliteConfig, owner: &Owner) -> Result<Self, OpenError> {
        let path = &config.path;
        let unusable = |source| OpenError::File { path: path.clone(), source };
        refuse_orphaned_log(path)?;
        let before = FileIdentity::at(path);
        let connection = connect(config, owner)?;
        let handle = open_handle(path).map_err(unusable)?;
        let place = Arc::new(Place::of_open(path));
        let file = FileIdentity::of(&handle.metadata().map_err(unusable)?);
        if place.database() != file || before.is_some_and(|before| file != Some(before)) {
            return Err(OpenError::Replaced(path.clone()));
        }
        Ok(Self { connection, names: MetNames::default(), handle, place })
    }

    pub(super) fn place(&self) -> &Arc<Place> {
        &self.place
    }

    /// Puts all that was committed where it is found without this connection, and takes the log from the path.
    pub(super) fn save(&self) -> Result<(), SaveError> {
        let path = self.place.path();
        if !self.is_deleted() {
            self.empty_log()?;
        }
        // It may have been deleted in the meantime.
        if self.is_deleted() {
            self.rescue().map_err(|source| SaveError::Copy { path: path.to_owned(), source })?;
        }
        if !self.place.has_database() {
            return self.place.remove_log().map_err(|source| SaveError::Remove { path: path.to_owned(), source });
        }
        self.place.foreign_log().map_or(Ok(()), |log| Err(SaveError::ForeignLog(log)))
    }

    /// Copies the log into the file to its last page: the file alone is the whole database then.
    pub(super) fn empty_log(&self) -> Result<(), SaveError> {
        let path = || self.place.path().to_owned();
        let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?, row.get(2)?));
        let (busy, in_log, copied): (bool, i64, i64) = self
            .connection
            .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], row)
            .map_err(|source| SaveError::Log { path: path(), source })?;
        let is_whole = in_log >= 0 && copied == in_log;
        if busy && !is_whole { Err(SaveError::LogInUse(path())) } else { Ok(()) }
    }

    /// Returns whether the file has lost its last name: it is gone once it is closed.
    #[cfg(unix)]
    fn is_deleted(&self) -> bool {
        use std::os::unix::fs::MetadataExt;
        self.handle.metadata().is_ok_and(|metadata| metadata.nlink() == 0)
    }

    #[cfg(not(unix))]
    fn is_deleted(&self) -> bool {
        false
    }

    /// Copies a file that has no name any more into one beside its path.
    fn rescue(&self) -> Result<(), CopyError> {
        if self.is_empty()? {
            return Ok(());
        }
        let path = self.place.path();
        let folder = folder_of(path);
        let mut whole = copy(&self.connection, folder, Some(self.handle.metadata()?.permissions()))?;
        let name = beside(path, &format!(".rescued-{}", Timestamp::now().strftime("%Y%m%dT%H%M%SZ")));
        for attempt in 1.. {
            let rescued = if attempt == 1 { name.clone() } else { beside(&name, &format!("-{attempt}")) };
            match whole.persist_noclobber(&rescued) {
                Ok(_) => {
                    sync_folder(folder)?;
                    tell_of_rescue(path, &rescued);
                    break;
                }
                Err(taken) if taken.error.kind() == io::ErrorKind::AlreadyExists => whole = taken.file,
                Err(failed) => return Err(failed.error.into()),
            }
        }
        Ok(())
    }

    fn is_empty(&self) -> rusqlite::Result<bool> {
        let nothing = "SELECT NOT EXISTS (SELECT 1 FROM stored) AND NOT EXISTS (SELECT 1 FROM reports) \
            AND NOT EXISTS (SELECT 1 FROM published) AND NOT EXISTS (SELECT 1 FROM sheets)";
        self.connection.query_row(nothing, [], |row| row.get(0))
    }
}

fn tell_of_rescue(path: &Path, rescued: &Path) {
    warn!(
        deleted = %path.display(),
        rescued = %rescued.display(),
        "the database file was deleted or replaced: what it held was written to a file beside it, which any command reads \
         as --database-url sqlite:FILE, and serve goes on with it once it is stopped and the file moved to the old name"
    );
}

/// Refuses a path whose log is all that is left of a database.
pub(super) fn refuse_orphaned_log(path: &Path) -> Result<(), OpenError> {
    match orphaned_log(path) {
        Some(orphan) => Err(OpenError::OrphanedLog { path: orphan.database, log: orphan.log }),
        None => Ok(()),
    }
}

/// Opens the file for the writer, with its schema brought up to date.
fn connect(config: &SqliteConfig, owner: &Owner) -> Result<Connection, OpenError> {
    let path = &config.path;
    let sqlite = |source| OpenError::Sqlite { path: path.clone(), source };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let mut connection = Connection::open_with_flags(path, flags).map_err(sqlite)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(sqlite)?;
    if connection.is_readonly("main").map_err(sqlite)? {
        return Err(OpenError::ReadOnly(path.clone()));
    }
    schema::check(&connection, path, Some(owner))?;
    connection.pragma_update(None, "journal_mode", "wal").map_err(sqlite)?;
    let synchronous = match config.synchronous {
        Synchronous::Full => "full",
        Synchronous::Normal => "normal",
    };
    connection.pragma_update(None, "synchronous", synchronous).map_err(sqlite)?;
    connection.pragma_update(None, "wal_autocheckpoint", CHECKPOINT_PAGES).map_err(sqlite)?;
    // What is deleted is overwritten. Of what moved from page to page before, something may be left, which only VACUUM takes away.
    connection.pragma_update(None, "secure_delete", true).map_err(sqlite)?;
    connection.pragma_update(None, "cache_size", -CACHE_KIBIBYTES).map_err(sqlite)?;
    schema::migrate(&mut connection, path, owner)?;
    Ok(connection)
}

/// Opens a file only to ask about it.
///
/// A process that closes any ordinary descriptor of a file drops all locks that it has on the file, SQLite's too.
fn open_handle(path: &Path) -> io::Result<File> {
    let mut options = fs::OpenOptions::new();
    options.read(true);
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.custom_flags(libc::O_PATH);
    }
    options.open(path)
}
