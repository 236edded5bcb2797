//! The one thread that writes, with group commit.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tokio::sync::{Semaphore, oneshot};
use tracing::{error, info, warn};

use super::batch::{Answer, Done, Job, commit};
use super::forgetting::forget_older;
use super::opened::{Opened, SaveError};
use super::readers::Readers;
use super::snapshots::{KeptSheet, Publication};
use super::{OpenError, Put, SqliteConfig, StoreError, store_error, unopened};
use crate::identity::Entity;
use crate::prediction::Prediction;
use crate::store::{Forgotten, Obstacle, Owner, PublishedSnapshot, Recording, ToldOutcome, chain};

/// So many requests may wait for the writer; further ones wait before they are taken in.
const QUEUE_LENGTH: usize = 1024;

/// A transaction takes in no further request once it has this many rows.
const BATCH_ROWS: usize = 2048;

/// How often the writer looks whether further requests have come.
const PAUSE: Duration = Duration::from_micros(100);

/// The longest that it waits for them.
const MOST_PATIENCE: Duration = Duration::from_millis(5);

/// How often the writer looks for its file when nobody writes: what is moved is whole within a second.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// How often the writer looks for predictions that are to be deleted by their age.
const SWEEP_EVERY: Duration = Duration::from_mins(1);

/// How long it leaves the file to requests between two deletions of a few hundred.
const SWEEP_PAUSE: Duration = Duration::from_millis(100);

/// How long the last write tells whether the database takes another one.
const NEWS: Duration = Duration::from_secs(1);

/// How long a question whether the database is ready may take; a locked one is known after two seconds.
const READY_PATIENCE: Duration = Duration::from_secs(3);

/// How long reads of a file may go on that the writer leaves.
const READ_PATIENCE: Duration = Duration::from_secs(2);

/// A handle to the writing thread; dropping it ends the thread after what it has taken in.
pub(super) struct Writer {
    /// What may still go into the queue.
    room: Arc<Semaphore>,
    queue: Option<Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread on an open database.
    pub(super) fn start(
        config: SqliteConfig,
        owner: Owner,
        opened: Opened,
        readers: Arc<Readers>,
    ) -> Result<Self, OpenError> {
        let room = Arc::new(Semaphore::new(QUEUE_LENGTH));
        let (queue, jobs) = channel();
        let database = Database {
            config,
            owner,
            opened: Some(opened),
            has_failed: false,
            last: None,
            trouble: None,
            next_sweep: Instant::now(),
            readers,
        };
        let jobs = Jobs { queue: jobs, room: Arc::clone(&room) };
        let thread = thread::Builder::new().name("sqlite-writer".to_owned()).spawn(move || database.run(&jobs));
        Ok(Self { room, queue: Some(queue), thread: Some(thread.map_err(OpenError::Thread)?) })
    }

    /// Hands predictions to the thread and waits until they are durable.
    pub(super) async fn put(&self, predictions: Vec<Prediction>) -> Answer<Vec<Put>> {
        let (answer, stored) = oneshot::channel();
        self.send(Job::Put { predictions, answer }).await?;
        stored.await.map_err(|_| gone())?
    }

    /// Hands outcomes to the thread and waits until they are durable.
    pub(super) async fn record_outcomes(&self, told: Vec<ToldOutcome>) -> Answer<Vec<Option<Recording>>> {
        let (answer, recorded) = oneshot::channel();
        self.send(Job::Record { told, answer }).await?;
        recorded.await.map_err(|_| gone())?
    }

    /// Hands a report to the thread and waits until it is durable.
    pub(super) async fn keep_report(&self, window_end: Timestamp, report: String) -> Answer<()> {
        let (answer, kept) = oneshot::channel();
        self.send(Job::Keep { window_end, report, answer }).await?;
        kept.await.map_err(|_| gone())?
    }

    /// Hands a snapshot to the thread, and returns the newest one once it is durable.
    pub(super) async fn publish(&self, publication: Publication) -> Answer<PublishedSnapshot> {
        let (answer, published) = oneshot::channel();
        self.send(Job::Publish { publication, answer }).await?;
        published.await.map_err(|_| gone())?
    }

    /// Hands a sheet to the thread, and returns the one that is kept once it is durable.
    pub(super) async fn keep_sheet(&self, sheet: KeptSheet) -> Answer<Vec<u8>> {
        let (answer, kept) = oneshot::channel();
        self.send(Job::KeepSheet { sheet, answer }).await?;
        kept.await.map_err(|_| gone())?
    }

    /// Hands an entity to the thread, which deletes some of its predictions, and waits until that is durable.
    pub(super) async fn forget(&self, entity: Entity) -> Answer<Forgotten> {
        let (answer, forgotten) = oneshot::channel();
        self.send(Job::Forget { entity, answer }).await?;
        forgotten.await.map_err(|_| gone())?
    }

    /// Asks the thread whether it can write now.
    pub(super) async fn ready(&self) -> Answer<()> {
        let asked = async {
            let (answer, ready) = oneshot::channel();
            self.send(Job::Ready { answer }).await?;
            ready.await.map_err(|_| gone())?
        };
        let slow = |elapsed| StoreError::blocked(Obstacle::Slow, elapsed);
        tokio::time::timeout(READY_PATIENCE, asked).await.map_err(slow)?
    }

    async fn send(&self, job: Job) -> Result<(), StoreError> {
        let queue = self.queue.as_ref().ok_or_else(gone)?;
        self.room.acquire().await.map_err(|_| gone())?.forget();
        queue.send(job).map_err(|_| gone())
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
    StoreError::blocked(Obstacle::Stopped, "the writer has stopped")
}

/// The thread's end of the queue.
struct Jobs {
    queue: Receiver<Job>,
    room: Arc<Semaphore>,
}

impl Jobs {
    fn next(&self) -> Result<Job, RecvTimeoutError> {
        let job = self.queue.recv_timeout(LOOK_EVERY)?;
        self.room.add_permits(1);
        Ok(job)
    }

    fn next_waiting(&self) -> Option<Job> {
        let job = self.queue.try_recv().ok()?;
        self.room.add_permits(1);
        Some(job)
    }
}

impl Drop for Jobs {
    /// Whoever waits for room learns that the writer has stopped.
    fn drop(&mut self) {
        self.room.close();
    }
}

/// The thread's side: the open database, and what came of its use.
struct Database {
    config: SqliteConfig,
    owner: Owner,
    /// Nothing while the file at the path cannot be opened.
    opened: Option<Opened>,
    /// Whether a write failed on this connection.
    has_failed: bool,
    /// What came of the last write, and when.
    last: Option<(Instant, Result<(), Arc<StoreError>>)>,
    /// What was last said about the file in the log: it is said once.
    trouble: Option<String>,
    /// When it next looks for predictions that are to be deleted by their age.
    next_sweep: Instant,
    readers: Arc<Readers>,
}

impl Database {
    fn run(mut self, jobs: &Jobs) {
        let mut batch = Vec::new();
        let mut patience = Duration::ZERO;
        loop {
            match jobs.next() {
                Ok(job) => batch.push(job),
                Err(RecvTimeoutError::Timeout) => {
                    self.look();
                    self.sweep();
                    continue;
                }
                Err(RecvTimeoutError::Disconnected) => break,
            }
            gather(jobs, &mut batch, patience);
            let (is_crowd, started) = (batch.len() > 1, Instant::now());
            self.answer(&mut batch);
            self.sweep();
            patience = if is_crowd { (started.elapsed() / 2).min(MOST_PATIENCE) } else { Duration::ZERO };
        }
        self.close();
    }

    /// Writes a batch in one transaction, and answers each request once it is committed or has failed.
    fn answer(&mut self, batch: &mut Vec<Job>) {
        let is_question = batch.iter().all(Job::is_question);
        if is_question && let Some(last) = self.news() {
            answer_all(batch, last.map(|()| batch.iter().map(|_| Done::Ready).collect()));
            return;
        }
        let written = self.write(batch).map_err(Arc::new);
        self.last = Some((Instant::now(), written.as_ref().map(drop).map_err(Arc::clone)));
        answer_all(batch, written);
    }

    /// Returns what came of the last write, if that was just now.
    fn news(&self) -> Option<Result<(), Arc<StoreError>>> {
        self.last.as_ref().filter(|(at, _)| at.elapsed() < NEWS).map(|(_, result)| result.clone())
    }

    fn write(&mut self, batch: &mut [Job]) -> Result<Vec<Done>, StoreError> {
        let sample_rate = self.config.sample_rate;
        let done = match commit(self.connect()?, batch, sample_rate) {
            Ok(done) => done,
            Err(error) => {
                self.has_failed = true;
                return Err(store_error(error));
            }
        };
        // What was written into a file that was moved meanwhile is safe only once it is saved there.
        self.leave_unless_kept()?;
        Ok(done)
    }

    /// Returns a connection to the file that is at the path now.
    ///
    /// A file that was moved, deleted or replaced under the running service would take writes that nobody can ever read.
    fn connect(&mut self) -> Result<&mut Opened, StoreError> {
        self.leave_unless_kept()?;
        if self.has_failed || self.opened.is_none() {
            self.open()?;
        }
        self.opened.as_mut().ok_or_else(gone)
    }

    /// Opens the file. What broke may be the connection: the old one, if any, is closed only once there is a new one.
    fn open(&mut self) -> Result<(), StoreError> {
        let opened = Opened::open(&self.config, &self.owner).map_err(unopened)?;
        if self.opened.as_ref().is_some_and(|old| !old.place().is_same(opened.place())) {
            return Err(unopened(OpenError::Replaced(self.config.path.clone())));
        }
        self.readers.go_on(Arc::clone(opened.place()));
        self.opened = Some(opened);
        self.has_failed = false;
        Ok(())
    }

    /// Leaves a file that is not at the path any more, or has lost its log, once all that it was given is safe.
    fn leave_unless_kept(&mut self) -> Result<(), StoreError> {
        let Some(opened) = self.opened.take_if(|opened| !opened.place().is_kept()) else { return Ok(()) };
        match self.leave(&opened) {
            Ok(()) => Ok(()),
            Err(error) => {
                // The connection is all that leads to what was committed last.
                self.opened = Some(opened);
                Err(StoreError::blocked(Obstacle::Moved, error))
            }
        }
    }

    fn leave(&self, opened: &Opened) -> Result<(), SaveError> {
        opened.save()?;
        let place = opened.place();
        if !self.readers.stop(READ_PATIENCE) && place.has_database() {
            // The next connection to the same file would share a log with these reads that nobody else sees.
            self.readers.go_on(Arc::clone(place));
            return Err(SaveError::Read(place.path().to_owned()));
        }
        info!(file = %place.path().display(), "the database file was moved, deleted or replaced: the one at its path is used");
        Ok(())
    }

    /// Looks for the file while nobody writes.
    fn look(&mut self) {
        let found = self.connect().map(drop);
        let trouble = found.as_ref().err().map(|error| chain(error));
        if let Some(trouble) = &trouble
            && self.trouble.as_ref() != Some(trouble)
        {
            error!(cause = trouble, "the database file cannot be used");
        }
        self.trouble = trouble;
        if let Err(error) = found {
            self.last = Some((Instant::now(), Err(Arc::new(error))));
        }
    }

    /// Deletes some of the predictions that are older than the setting says, between requests.
    fn sweep(&mut self) {
        let Some(retention) = self.config.retention else { return };
        if Instant::now() < self.next_sweep {
            return;
        }
        let limit = retention.limit(Timestamp::now());
        let swept = self.connect().map(|opened| forget_older(opened, limit));
        let has_more = match swept {
            Ok(Ok(has_more)) => has_more,
            Ok(Err(error)) => {
                self.has_failed = true;
                warn!(cause = chain(&error), "old predictions could not be deleted: it is tried again in a minute");
                false
            }
            // Whoever looks for the file says what is the matter with it.
            Err(_) => false,
        };
        self.next_sweep = Instant::now() + if has_more { SWEEP_PAUSE } else { SWEEP_EVERY };
    }

    /// Ends with a file that alone is the whole database, wherever it stands, unless another program has it open too.
    fn close(mut self) {
        if let Err(error) = self.leave_unless_kept() {
            let cause = chain(&error);
            error!(cause, "the database file was moved or deleted, and what was stored last could not be saved");
        }
        // SQLite copies the log into the file, and deletes it, with the last connection that can write.
        self.readers.stop(READ_PATIENCE);
    }
}

/// Answers each request of a batch.
fn answer_all(batch: &mut Vec<Job>, written: Result<Vec<Done>, Arc<StoreError>>) {
    match written {
        Ok(all_done) => all_done.into_iter().zip(batch.drain(..)).for_each(|(done, job)| done.answer(job)),
        Err(error) => batch.drain(..).for_each(|job| job.fail(StoreError::Unavailable(Arc::clone(&error).into()))),
    }
}

/// Takes in what waits. Where requests come in crowds, it then waits for more, as long as they keep coming and up to half the
/// time that a commit takes: a commit costs little more for fifty rows than for one. A lone client never waits.
fn gather(jobs: &Jobs, batch: &mut Vec<Job>, patience: Duration) {
    let started = Instant::now();
    let mut rows: usize = batch.iter().map(Job::rows).sum();
    loop {
        let before = batch.len();
        while rows < BATCH_ROWS
            && let Some(job) = jobs.next_waiting()
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

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_writer_that_has_stopped_is_not_ready() {
        let room = Arc::new(Semaphore::new(QUEUE_LENGTH));
        let (queue, jobs) = channel();
        let writer = Writer { room: Arc::clone(&room), queue: Some(queue), thread: None };
        drop(Jobs { queue: jobs, room });
        assert_eq!(writer.ready().await.unwrap_err().obstacle(), Some(Obstacle::Stopped));
        assert_eq!(writer.put(Vec::new()).await.unwrap_err().obstacle(), Some(Obstacle::Stopped));
    }
}
