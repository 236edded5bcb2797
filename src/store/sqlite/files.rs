//! The files of a database: the one at its path, and the write-ahead log and the log's index that SQLite keeps beside it.
//!
//! What was committed last stands in the log only, and SQLite finds the log by its name: a database that is moved without it
//! lacks those commits, and another database in its place would take the log for its own.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// What SQLite appends to the name of a database for its write-ahead log.
const LOG: &str = "-wal";

/// The same for the index of the log, which the processes that use the database share.
const INDEX: &str = "-shm";

/// A chain of links longer than this leads nowhere, as the kernel has it.
const MOST_LINKS: usize = 40;

/// Which file stands at a path: two that differ in this are two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct FileIdentity(u64, u64);

impl FileIdentity {
    /// Identifies the file at a path, if there is one.
    pub(super) fn at(path: &Path) -> Option<Self> {
        fs::metadata(path).ok().and_then(|metadata| Self::of(&metadata))
    }

    #[cfg(unix)]
    #[expect(clippy::unnecessary_wraps, reason = "elsewhere files have no identity")]
    pub(super) fn of(metadata: &fs::Metadata) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        Some(Self(metadata.dev(), metadata.ino()))
    }

    #[cfg(not(unix))]
    pub(super) fn of(_: &fs::Metadata) -> Option<Self> {
        None
    }
}

/// Which files stand at the path of a database and beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Files {
    database: Option<FileIdentity>,
    log: Option<FileIdentity>,
    index: Option<FileIdentity>,
}

/// Where a database is, and which files it had there when it was opened.
#[derive(Debug)]
pub(super) struct Place {
    /// The path as it was given, which may be a link.
    given: PathBuf,
    /// The path of the file itself: SQLite keeps the log beside it.
    path: PathBuf,
    files: Files,
}

impl Place {
    /// Remembers the files of a database that is open, and has been read from: its log exists then.
    pub(super) fn of_open(given: &Path) -> Self {
        let path = resolved(given);
        let files = files_at(given, &path);
        Self { given: given.to_owned(), path, files }
    }

    /// Returns the path of the database file, with all links followed.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns which file the database is.
    pub(super) fn database(&self) -> Option<FileIdentity> {
        self.files.database
    }

    /// Returns whether all files stand where they stood.
    pub(super) fn is_kept(&self) -> bool {
        files_at(&self.given, &self.path) == self.files
    }

    /// Returns whether another place has the same files.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.files == other.files
    }

    /// Returns whether the database stands where it stood, whatever became of its log.
    pub(super) fn has_database(&self) -> bool {
        FileIdentity::at(&self.path) == self.files.database
    }

    /// Returns the log that stands at the name of this database's own, and is another's.
    pub(super) fn foreign_log(&self) -> Option<PathBuf> {
        let log = beside(&self.path, LOG);
        let found = FileIdentity::at(&log)?;
        (self.files.log != Some(found)).then_some(log)
    }

    /// Removes the log and its index, unless another database's stand at their names.
    ///
    /// Only a log that was copied into its database to the last page may go.
    pub(super) fn remove_log(&self) -> io::Result<()> {
        for (suffix, own) in [(LOG, self.files.log), (INDEX, self.files.index)] {
            let file = beside(&self.path, suffix);
            if own.is_some() && FileIdentity::at(&file) == own {
                fs::remove_file(file)?;
            }
        }
        Ok(())
    }
}

/// A log that holds commits of a database which is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Orphan {
    pub(super) database: PathBuf,
    pub(super) log: PathBuf,
}

/// Looks for a log beside a database that is missing or empty: whoever opened the path would delete the log.
pub(super) fn orphaned_log(given: &Path) -> Option<Orphan> {
    let database = resolved(given);
    let log = beside(&database, LOG);
    (length(&database) == 0 && length(&log) > 0).then_some(Orphan { database, log })
}

/// Looks for a log at the name that the log of a new file at this path would have.
pub(super) fn log_beside(given: &Path) -> Option<PathBuf> {
    let log = beside(&resolved(given), LOG);
    (length(&log) > 0).then_some(log)
}

/// Returns the length of a file, and nothing for one that is not there.
fn length(path: &Path) -> u64 {
    fs::metadata(path).map_or(0, |metadata| metadata.len())
}

fn files_at(given: &Path, path: &Path) -> Files {
    Files {
        database: FileIdentity::at(given),
        log: FileIdentity::at(&beside(path, LOG)),
        index: FileIdentity::at(&beside(path, INDEX)),
    }
}

/// Follows all links of a path, also to a file that does not exist.
pub(super) fn resolved(given: &Path) -> PathBuf {
    let mut path = given.to_owned();
    for _ in 0..MOST_LINKS {
        if let Ok(whole) = fs::canonicalize(&path) {
            return whole;
        }
        let Ok(target) = fs::read_link(&path) else { break };
        path = path.parent().map_or_else(|| target.clone(), |folder| folder.join(&target));
    }
    path
}

/// Returns a path with a suffix to its name.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
