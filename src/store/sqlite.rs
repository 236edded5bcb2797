//! Predictions in a SQLite file: the local mode's database.
//!
//! Writes go through one thread that takes everything that waits into one transaction and answers after its commit, so that
//! concurrent requests share the one `fsync` that makes them durable. Reads have a few connections of their own and never wait
//! for a write.
//!
//! The file may be moved, replaced or deleted under a running service: what was acknowledged is put where it is found, and only
//! then is the file now at the path used.

mod backup;
mod batch;
mod copy;
mod earlier;
mod files;
mod forgetting;
mod names;
mod opened;
mod outcomes;
mod readers;
mod record;
mod row;
mod schema;
mod snapshots;
mod view;
mod window;
mod writer;

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use rusqlite::{Connection, ErrorCode, OpenFlags, OptionalExtension, Row, params};
use thiserror::Error;

use super::snapshots::check;
use super::{
    Cursor, Days, Forgotten, KnownOutcome, NotOwned, Obstacle, Owner, PredictionStore, PublishedSnapshot, Put,
    Recording, Retention, SampleRate, StoreError, ToldOutcome, Window,
};
use crate::identity::{Entity, PredictionId};
use crate::prediction::Prediction;
pub use backup::{BackupError, back_up};
pub use copy::CopyError;
use names::{MetNames, Names};
use opened::Opened;
use readers::Readers;
use row::{SELECT_BY_ID, SELECT_HISTORY, from_json, prediction};
use snapshots::{KeptSheet, Publication};
use writer::Writer;

/// How long a statement waits for another process to release the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);

/// So many pages gather in the write-ahead log (16 MB) before they are copied into the database: pages that are written again
/// and again are copied once.
const CHECKPOINT_PAGES: u32 = 4096;

/// How much of the database the writer keeps in memory; more did not make it quicker.
const CACHE_KIBIBYTES: i32 = 1024;

/// Where the file is and how durable a commit must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqliteConfig {
    /// The database file.
    pub path: PathBuf,
    /// What a commit waits for.
    pub synchronous: Synchronous,
    /// Which share of the predictions can be read by time.
    pub sample_rate: SampleRate,
    /// How long predictions are kept; for good where nothing is said.
    pub retention: Option<Retention>,
}

impl SqliteConfig {
    /// Keeps predictions in this file, each safe from a power cut once it is acknowledged, all of them readable by time and for good.
    pub fn new(path: PathBuf) -> Self {
        Self { path, synchronous: Synchronous::Full, sample_rate: SampleRate::ALL, retention: None }
    }
}

/// What a commit waits for (SQLite's `PRAGMA synchronous`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Synchronous {
    /// Until the disk has it: an acknowledged prediction survives a power cut.
    Full,
    /// Until the operating system has it: it survives a crash of this process, not one of the machine.
    Normal,
}

/// Why a file cannot serve as the database.
#[derive(Debug, Error)]
pub enum OpenError {
    /// SQLite refused it.
    #[error("cannot use {path} as the database")]
    Sqlite {
        /// The file.
        path: PathBuf,
        /// SQLite's reason.
        source: rusqlite::Error,
    },
    /// It can be read, but not written.
    #[error("{0} is read-only: predictions cannot be stored in it")]
    ReadOnly(PathBuf),
    /// It was written by a later version of this program.
    #[error("{path} has schema version {found}, and this program knows versions up to {known}: use a newer lifeboat")]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: u32,
        /// The latest version known here.
        known: u32,
    },
    /// The table is some other program's.
    #[error("{0} is the database of another program")]
    Foreign(PathBuf),
    /// It holds the predictions of another table.
    #[error("{path} cannot be used as the database")]
    Owned {
        /// The file.
        path: PathBuf,
        /// Whose it is.
        source: NotOwned,
    },
    /// An earlier program wrote it for a table of other columns.
    #[error("{0} was written by an earlier lifeboat for a table of other columns: use another database")]
    OtherColumns(PathBuf),
    /// It is missing or empty, and its log, which alone holds what was stored last, is still there.
    #[error(
        "{path} is missing or empty, but {log} holds predictions that were stored in it: if it was moved to OTHER, move it back \
         (mv OTHER {path}), or let its log follow it (mv {log} OTHER-wal) and open it once by its package \
         (lifeboat export --database-url sqlite:OTHER --format csv > /dev/null); if those predictions may be lost, \
         delete the log (rm {log})",
        path = path.display(), log = log.display()
    )]
    OrphanedLog {
        /// The file.
        path: PathBuf,
        /// Its write-ahead log.
        log: PathBuf,
    },
    /// Another file took its place while it was opened.
    #[error("{0} was replaced while it was opened")]
    Replaced(PathBuf),
    /// The file cannot be looked at.
    #[error("cannot use {path} as the database")]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// The writer's thread could not be started.
    #[error("cannot start the database writer")]
    Thread(#[source] std::io::Error),
}

/// Keeps predictions in a SQLite file.
pub struct SqliteStore {
    path: PathBuf,
    readers: Arc<Readers>,
    writer: Writer,
}

impl SqliteStore {
    /// Opens the file, making or migrating it where needed, and starts its writer.
    pub fn open(config: SqliteConfig, owner: Owner) -> Result<Self, OpenError> {
        let path = config.path.clone();
        let opened = Opened::open(&config, &owner)?;
        let readers = Arc::new(Readers::new(Arc::clone(opened.place())));
        let writer = Writer::start(config, owner, opened, Arc::clone(&readers))?;
        Ok(Self { path, readers, writer })
    }

    /// Runs a read on a thread where it may block.
    async fn read<T: Send + 'static>(
        &self,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        self.readers.read(query).await
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore").field("path", &self.path).finish_non_exhaustive()
    }
}

#[async_trait]
impl PredictionStore for SqliteStore {
    async fn put(&self, predictions: Vec<Prediction>) -> Result<Vec<Put>, StoreError> {
        self.writer.put(predictions).await
    }

    async fn get(&self, id: &PredictionId) -> Result<Option<Prediction>, StoreError> {
        let id = id.clone();
        self.read(move |connection| {
            let mut met = MetNames::default();
            let mut names = Names::new(connection, &mut met);
            let mut statement = connection.prepare_cached(&SELECT_BY_ID)?;
            let key = params![id.beginning(), id.hash().bytes()];
            statement.query_row(key, |row| prediction(row, &mut names)).optional()
        })
        .await
    }

    async fn history(
        &self,
        entity: &Entity,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<Prediction>, StoreError> {
        let entity = entity.clone();
        self.read(move |connection| {
            let mut met = MetNames::default();
            history(connection, &mut Names::new(connection, &mut met), &entity, after, limit)
        })
        .await
    }

    /// Reads all of them on one thread: to change threads for each would cost a multiple of reading it.
    async fn histories(&self, entities: Vec<Entity>, limit: usize) -> Result<Vec<Vec<Prediction>>, StoreError> {
        self.read(move |connection| {
            let mut met = MetNames::default();
            let mut names = Names::new(connection, &mut met);
            entities.iter().map(|entity| history(connection, &mut names, entity, None, limit)).collect()
        })
        .await
    }

    async fn feature_names(&self, version: &str) -> Result<Option<Arc<[Box<str>]>>, StoreError> {
        let version = version.to_owned();
        self.read(move |connection| {
            let query = "SELECT features FROM versions WHERE name = ?1 AND features IS NOT NULL";
            let names = |row: &Row<'_>| from_json(row.get_ref(0)?.as_str()?, 0);
            connection.query_row(query, [version], names).optional()
        })
        .await
    }

    async fn record_outcomes(&self, told: Vec<ToldOutcome>) -> Result<Vec<Option<Recording>>, StoreError> {
        self.writer.record_outcomes(told).await
    }

    fn known(&self, days: Days) -> BoxStream<'_, Result<Vec<KnownOutcome>, StoreError>> {
        let Some(window) = days.window() else { return stream::empty().boxed() };
        let to = window.to.as_millisecond();
        let start = Some(outcomes::place_before(window.from.as_millisecond()));
        let pages = stream::try_unfold(start, move |place| async move {
            let Some(place) = place else { return Ok(None) };
            self.read(move |connection| outcomes::page(connection, place, to)).await.map(Some)
        });
        pages.boxed()
    }

    fn window(&self, window: Window) -> BoxStream<'_, Result<Vec<Prediction>, StoreError>> {
        let start = (window.from < window.to).then(|| window::place_before(window.from.as_millisecond()));
        let to = window.to.as_millisecond();
        // No page holds a snapshot of the database while another is waited for, so that the log can be copied into the file meanwhile.
        let pages = stream::try_unfold(start, move |place| async move {
            let Some(place) = place else { return Ok(None) };
            self.read(move |connection| window::page(connection, place, to)).await.map(Some)
        });
        pages.boxed()
    }

    async fn forget(&self, entity: &Entity) -> Result<Forgotten, StoreError> {
        let mut all = Forgotten::default();
        loop {
            let some = self.writer.forget(entity.clone()).await?;
            all.add(some);
            if some.predictions < forgetting::ROWS.into() {
                return Ok(all);
            }
        }
    }

    async fn deleted(&self, window: Window) -> Result<u64, StoreError> {
        let [from, to] = window.days();
        self.read(move |connection| forgetting::count(connection, &from, &to)).await
    }

    async fn keep_report(&self, window_end: Timestamp, report: String) -> Result<(), StoreError> {
        self.writer.keep_report(window_end, report).await
    }

    async fn latest_report(&self) -> Result<Option<String>, StoreError> {
        self.read(|connection| {
            let latest = "SELECT report FROM reports ORDER BY window_to DESC LIMIT 1";
            connection.query_row(latest, [], |row| row.get(0)).optional()
        })
        .await
    }

    async fn publish(
        &self,
        recipe: &str,
        snapshot: PublishedSnapshot,
        text: Vec<u8>,
    ) -> Result<PublishedSnapshot, StoreError> {
        let snapshot = snapshot.checked(&text)?;
        self.writer.publish(Publication { recipe: recipe.to_owned(), snapshot, text }).await
    }

    async fn newest_snapshot(&self, recipe: &str) -> Result<Option<PublishedSnapshot>, StoreError> {
        let recipe = recipe.to_owned();
        self.read(move |connection| snapshots::newest_before(connection, &recipe, Timestamp::MAX)).await
    }

    async fn snapshot_before(&self, recipe: &str, moment: Timestamp) -> Result<Option<PublishedSnapshot>, StoreError> {
        let recipe = recipe.to_owned();
        self.read(move |connection| snapshots::newest_before(connection, &recipe, moment)).await
    }

    async fn snapshot(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let name = hash.to_owned();
        let text = self.read(move |connection| snapshots::text(connection, &name)).await?;
        text.map(|text| check(hash, &text).map(|()| text)).transpose()
    }

    async fn keep_sheet(&self, recipe: &str, date: Date, text: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        self.writer.keep_sheet(KeptSheet { recipe: recipe.to_owned(), date, text }).await
    }

    async fn sheets(&self, recipe: &str, from: Date, to: Date) -> Result<Vec<(Date, Vec<u8>)>, StoreError> {
        let recipe = recipe.to_owned();
        self.read(move |connection| snapshots::sheets(connection, &recipe, from, to)).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.writer.ready().await
    }
}

/// Reads a page of an entity's predictions, newest first.
fn history(
    connection: &Connection,
    names: &mut Names<'_>,
    entity: &Entity,
    after: Option<Cursor>,
    limit: usize,
) -> rusqlite::Result<Vec<Prediction>> {
    let (beginning, first) = PredictionId::beginnings(entity);
    let mut statement = connection.prepare_cached(&SELECT_HISTORY)?;
    let created_at = after.map(|cursor| cursor.created_at.as_millisecond());
    let hash = after.map(|cursor| cursor.hash.bytes());
    let limit = i64::try_from(limit).unwrap_or(i64::MAX);
    let page = statement.query_map(params![beginning, first, created_at, hash, limit], |row| prediction(row, names))?;
    page.collect()
}

/// Returns whether a file stands at the path, and refuses a log that stands there without one.
pub fn is_at(path: &Path) -> Result<bool, OpenError> {
    opened::refuse_orphaned_log(path)?;
    Ok(path.exists())
}

/// Returns whether a file is a database that this owner may open; it is not altered.
pub fn belongs_to(path: &Path, owner: &Owner) -> bool {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let Ok(connection) = Connection::open_with_flags(path, flags) else { return false };
    schema::check(&connection, path, Some(owner)).is_ok_and(|layout| layout > 0)
}

/// Tells a fault of the database from a fault of what stands in it.
fn store_error(error: rusqlite::Error) -> StoreError {
    if is_unreadable(&error) {
        return StoreError::Unreadable(error.into());
    }
    match obstacle(&error) {
        Some(obstacle) => StoreError::blocked(obstacle, error),
        None => StoreError::Unavailable(error.into()),
    }
}

/// Returns what an error of SQLite says to people who know nothing of SQLite.
fn obstacle(error: &rusqlite::Error) -> Option<Obstacle> {
    match error.sqlite_error_code()? {
        ErrorCode::DiskFull => Some(Obstacle::DiskFull),
        ErrorCode::SystemIoFailure => Some(Obstacle::DiskFails),
        ErrorCode::ReadOnly | ErrorCode::PermissionDenied => Some(Obstacle::ReadOnly),
        ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => Some(Obstacle::Locked),
        ErrorCode::CannotOpen | ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => Some(Obstacle::Unusable),
        _ => None,
    }
}

/// Says of a file that cannot be opened under a running service that the store is unavailable.
fn unopened(error: OpenError) -> StoreError {
    let obstacle = match &error {
        OpenError::Sqlite { source, .. } => obstacle(source).unwrap_or(Obstacle::Unusable),
        OpenError::ReadOnly(_) => Obstacle::ReadOnly,
        OpenError::OrphanedLog { .. } | OpenError::Replaced(_) => Obstacle::Moved,
        _ => Obstacle::Unusable,
    };
    StoreError::blocked(obstacle, error)
}

fn is_unreadable(error: &rusqlite::Error) -> bool {
    use rusqlite::Error as E;
    matches!(error, E::FromSqlConversionFailure(..) | E::InvalidColumnType(..) | E::IntegralValueOutOfRange(..))
}

/// A URL that names no SQLite file.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidSqliteUrl(String);

impl FromStr for SqliteConfig {
    type Err = InvalidSqliteUrl;

    /// Reads what follows `sqlite:`: a path, and `?synchronous=full` or `?synchronous=normal` behind it.
    fn from_str(text: &str) -> Result<Self, InvalidSqliteUrl> {
        let (path, options) = text.split_once('?').unwrap_or((text, ""));
        if path.is_empty() || path == ":memory:" {
            return Err(InvalidSqliteUrl("must name a file, as in sqlite:predictions.db".to_owned()));
        }
        // `sqlite://file` and `sqlite:///file` are what users of other tools write.
        let path = path.strip_prefix("//").unwrap_or(path);
        let mut config = Self::new(Path::new(path).to_owned());
        for option in options.split('&').filter(|option| !option.is_empty()) {
            config.synchronous = match option.to_ascii_lowercase().as_str() {
                "synchronous=full" => Synchronous::Full,
                "synchronous=normal" => Synchronous::Normal,
                _ => {
                    let known = "expected synchronous=full or synchronous=normal";
                    return Err(InvalidSqliteUrl(format!("has the unknown option {option}: {known}")));
                }
            };
        }
        Ok(config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read() {
        let config = |text: &str| text.parse::<SqliteConfig>();
        assert_eq!(config("a.db").unwrap().synchronous, Synchronous::Full);
        assert_eq!(config("///tmp/a.db?synchronous=NORMAL").unwrap().path, Path::new("/tmp/a.db"));
        assert_eq!(config("a.db?synchronous=normal").unwrap().synchronous, Synchronous::Normal);
        for bad in ["", ":memory:", "a.db?synchronous=off", "a.db?x"] {
            assert!(config(bad).is_err(), "{bad}");
        }
    }
}
