//! The one thread that writes, with group commit.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};
use tokio::sync::{mpsc, oneshot};

use super::row::{INSERT, KEEP_REPORT, RECORD_OUTCOME, SELECT_MADE, SELECT_OUTCOME, bind, outcome, stored};
use super::{OpenError, Put, Readers, SqliteConfig, StoreError, is_unreadable, open_to_write, store_error};
use crate::prediction::{Outcome, Prediction, PredictionId, format_time};
use crate::store::{Recording, SampleRate};

/// So many requests may wait for the writer; further ones wait before they are taken in.
const QUEUE_LENGTH: usize = 1024;

/// A transaction takes in no further request once it has this many rows.
const BATCH_ROWS: usize = 2048;

/// How often the writer looks whether further requests have come.
const PAUSE: Duration = Duration::from_micros(100);

/// The longest that it waits for them.
const MOST_PATIENCE: Duration = Duration::from_millis(5);

type Answer<T> = Result<T, StoreError>;

/// What a request wants written, and where its answer goes.
enum Job {
    Put { predictions: Vec<Prediction>, answer: oneshot::Sender<Answer<Vec<Put>>> },
    Record { id: PredictionId, outcome: Outcome, answer: oneshot::Sender<Answer<Option<Recording>>> },
    Keep { window_end: Timestamp, report: String, answer: oneshot::Sender<Answer<()>> },
}

impl Job {
    fn rows(&self) -> usize {
        match self {
            Self::Put { predictions, .. } => predictions.len(),
            Self::Record { .. } | Self::Keep { .. } => 1,
        }
    }

    /// Answers that the job was not done. A client that no longer waits is not told.
    fn fail(self, error: StoreError) {
        match self {
            Self::Put { answer, .. } => drop(answer.send(Err(error))),
            Self::Record { answer, .. } => drop(answer.send(Err(error))),
            Self::Keep { answer, .. } => drop(answer.send(Err(error))),
        }
    }
}

/// What was done for a job; nobody may be told before it is durable.
enum Done {
    Put(Answer<Vec<Put>>),
    Recorded(Answer<Option<Recording>>),
    Kept,
}

impl Done {
    /// Answers a job. A client that no longer waits has its prediction stored all the same.
    fn answer(self, job: Job) {
        match (self, job) {
            (Self::Put(result), Job::Put { answer, .. }) => drop(answer.send(result)),
            (Self::Recorded(result), Job::Record { answer, .. }) => drop(answer.send(result)),
            (Self::Kept, Job::Keep { answer, .. }) => drop(answer.send(Ok(()))),
            _ => {}
        }
    }
}

/// A handle to the writing thread; dropping it ends the thread after what it has taken in.
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread on an open connection.
    pub(super) fn start(
        config: SqliteConfig,
        connection: Connection,
        readers: Arc<Readers>,
    ) -> Result<Self, OpenError> {
        let (queue, jobs) = mpsc::channel(QUEUE_LENGTH);
        let mut database =
            Database { file: FileIdentity::of(&config.path), log: None, config, connection: Some(connection), readers };
        let thread = thread::Builder::new().name("sqlite-writer".to_owned()).spawn(move || database.run(jobs));
        Ok(Self { queue: Some(queue), thread: Some(thread.map_err(OpenError::Thread)?) })
    }

    /// Hands predictions to the thread and waits until they are durable.
    pub(super) async fn put(&self, predictions: Vec<Prediction>) -> Answer<Vec<Put>> {
        let (answer, stored) = oneshot::channel();
        self.send(Job::Put { predictions, answer }).await?;
        stored.await.map_err(|_| gone())?
    }

    /// Hands an outcome to the thread and waits until it is durable.
    pub(super) async fn record_outcome(&self, id: PredictionId, outcome: Outcome) -> Answer<Option<Recording>> {
        let (answer, recorded) = oneshot::channel();
        self.send(Job::Record { id, outcome, answer }).await?;
        recorded.await.map_err(|_| gone())?
    }

    /// Hands a report to the thread and waits until it is durable.
    pub(super) async fn keep_report(&self, window_end: Timestamp, report: String) -> Answer<()> {
        let (answer, kept) = oneshot::channel();
        self.send(Job::Keep { window_end, report, answer }).await?;
        kept.await.map_err(|_| gone())?
    }

    async fn send(&self, job: Job) -> Result<(), StoreError> {
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        queue.send(job).await.map_err(|_| gone())
    }
}

impl Drop for Writer {
    fn drop(&mut self) {
        self.queue.take();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn gone() -> StoreError {
    StoreError::Unavailable("the writer has stopped".into())
}

/// The thread's side: the connection, opened anew after a failure.
struct Database {
    config: SqliteConfig,
    connection: Option<Connection>,
    /// The file that the connection is to.
    file: Option<FileIdentity>,
    /// Its write-ahead log.
    log: Option<FileIdentity>,
    readers: Arc<Readers>,
}

impl Database {
    fn run(&mut self, mut jobs: mpsc::Receiver<Job>) {
        let mut batch = Vec::new();
        let mut patience = Duration::ZERO;
        while let Some(job) = jobs.blocking_recv() {
            batch.push(job);
            gather(&mut jobs, &mut batch, patience);
            let (is_crowd, started) = (batch.len() > 1, Instant::now());
            self.write(&mut batch);
            patience = if is_crowd { (started.elapsed() / 2).min(MOST_PATIENCE) } else { Duration::ZERO };
        }
    }

    /// Writes a batch in one transaction, and answers each request once it is committed or has failed.
    fn write(&mut self, batch: &mut Vec<Job>) {
        let sample_rate = self.config.sample_rate;
        match self.connect().and_then(|connection| commit(connection, batch, sample_rate).map_err(store_error)) {
            Ok(results) => results.into_iter().zip(batch.drain(..)).for_each(|(done, job)| done.answer(job)),
            Err(error) => {
                // What broke may be this connection or the file: the next batch starts from a new one.
                self.connection = None;
                let error = Arc::new(error);
                batch.drain(..).for_each(|job| job.fail(StoreError::Unavailable(Arc::clone(&error).into())));
            }
        }
    }

    /// Returns a connection to the file that is at the path now.
    ///
    /// A file that was deleted or replaced under the running service would take writes that nobody can ever read.
    fn connect(&mut self) -> Result<&mut Connection, StoreError> {
        let path = &self.config.path;
        let has_moved = FileIdentity::of(path) != self.file;
        if self.connection.is_none() || has_moved {
            self.connection = None;
            self.readers.clear();
            let log = self.log.take();
            if has_moved {
                remove_stale_log(path, log);
            }
            let connection = open_to_write(&self.config).map_err(|error| StoreError::Unavailable(error.into()))?;
            self.file = FileIdentity::of(path);
            self.connection = Some(connection);
        }
        self.log = self.log.or_else(|| FileIdentity::of(&log_of(path)));
        self.connection.as_mut().ok_or_else(gone)
    }
}

/// Removes the write-ahead log of a file that is gone: SQLite would take it for that of the file now in its place.
fn remove_stale_log(path: &Path, stale: Option<FileIdentity>) {
    let log = log_of(path);
    if stale.is_some() && FileIdentity::of(&log) == stale {
        let _ = fs::remove_file(log);
        let _ = fs::remove_file(beside(path, "-shm"));
    }
}

fn log_of(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// Takes in what waits. Where requests come in crowds, it then waits for more, as long as they keep coming and up to half the
/// time that a commit takes: a commit costs little more for fifty rows than for one. A lone client never waits.
fn gather(jobs: &mut mpsc::Receiver<Job>, batch: &mut Vec<Job>, patience: Duration) {
    let started = Instant::now();
    let mut rows: usize = batch.iter().map(Job::rows).sum();
    loop {
        let before = batch.len();
        while rows < BATCH_ROWS
            && let Ok(job) = jobs.try_recv()
        {
            rows += job.rows();
            batch.push(job);
        }
        let is_over = before > 1 && batch.len() == before;
        if is_over || rows >= BATCH_ROWS || started.elapsed() >= patience {
            return;
        }
        thread::sleep(PAUSE);
    }
}

/// Writes all requests in one transaction. A stored row that cannot be read fails the request that met it, not the others.
fn commit(connection: &mut Connection, batch: &mut [Job], sample_rate: SampleRate) -> rusqlite::Result<Vec<Done>> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut all_done = Vec::with_capacity(batch.len());
    {
        let mut insert = transaction.prepare_cached(&INSERT)?;
        let mut select = transaction.prepare_cached(&SELECT_MADE)?;
        let mut put = |new: Prediction| {
            bind(&mut insert, &new, sample_rate.holds(new.id))?;
            if insert.raw_execute()? == 1 {
                return Ok(Put::Created(new));
            }
            let mut rows = select.query([new.id.to_string()])?;
            let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
            stored(new, row).map(Put::Existing)
        };
        for job in batch {
            all_done.push(match job {
                Job::Put { predictions, .. } => {
                    let puts: rusqlite::Result<_> = std::mem::take(predictions).into_iter().map(&mut put).collect();
                    Done::Put(unless_unreadable(puts)?)
                }
                Job::Record { id, outcome, .. } => {
                    Done::Recorded(unless_unreadable(record(&transaction, *id, *outcome))?)
                }
                Job::Keep { window_end, report, .. } => {
                    transaction.execute(KEEP_REPORT, params![format_time(*window_end), &*report])?;
                    Done::Kept
                }
            });
        }
    }
    transaction.commit()?;
    Ok(all_done)
}

/// Records an outcome where there is none, and returns what stands there then.
fn record(transaction: &Connection, id: PredictionId, told: Outcome) -> rusqlite::Result<Option<Recording>> {
    let id = id.to_string();
    let mut update = transaction.prepare_cached(RECORD_OUTCOME)?;
    if update.execute(params![id, told.survived, format_time(told.recorded_at)])? == 1 {
        return Ok(Some(Recording::Stands(told)));
    }
    let mut select = transaction.prepare_cached(SELECT_OUTCOME)?;
    let recorded = select.query_row([id], |row| outcome(row, 0)).optional()?.flatten();
    Ok(recorded.map(|recorded| Recording::of(told, recorded)))
}

/// Tells a request that met what cannot be read from a transaction that cannot go on.
fn unless_unreadable<T>(result: rusqlite::Result<T>) -> rusqlite::Result<Answer<T>> {
    match result {
        Ok(done) => Ok(Ok(done)),
        Err(error) if is_unreadable(&error) => Ok(Err(store_error(error))),
        Err(error) => Err(error),
    }
}

/// Which file stands at a path: two that differ in this are two files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct FileIdentity(u64, u64);

impl FileIdentity {
    #[cfg(unix)]
    fn of(path: &Path) -> Option<Self> {
        use std::os::unix::fs::MetadataExt;
        fs::metadata(path).ok().map(|metadata| Self(metadata.dev(), metadata.ino()))
    }

    #[cfg(not(unix))]
    fn of(_: &Path) -> Option<Self> {
        None
    }
}
