//! Connections for reading: a few, which all reads share.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use tokio::sync::Semaphore;

use super::files::Place;
use super::{BUSY_TIMEOUT, StoreError, store_error};
use crate::store::Obstacle;

/// So many reads run at a time; further ones wait for one to end. Each has a connection, with its cache, and a thread.
const MOST_READS: usize = 16;

/// How long a read waits while the writer goes from one file to another.
const PATIENCE: Duration = Duration::from_secs(3);

/// Runs reads on connections to the file that the writer has open.
#[derive(Debug)]
pub(super) struct Readers {
    turns: Arc<Semaphore>,
    pool: Mutex<Pool>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct Pool {
    /// What the connections are to; nothing while the writer goes from one file to another.
    place: Option<Arc<Place>>,
    idle: Vec<Connection>,
    in_use: usize,
}

impl Readers {
    pub(super) fn new(place: Arc<Place>) -> Self {
        let pool = Mutex::new(Pool { place: Some(place), ..Pool::default() });
        Self { turns: Arc::new(Semaphore::new(MOST_READS)), pool, changed: Condvar::new() }
    }

    /// Runs a read on a thread where it may block.
    pub(super) async fn read<T: Send + 'static>(
        self: &Arc<Self>,
        query: impl FnOnce(&Connection) -> rusqlite::Result<T> + Send + 'static,
    ) -> Result<T, StoreError> {
        let turn = Arc::clone(&self.turns).acquire_owned().await;
        let turn = turn.map_err(|closed| StoreError::Unavailable(closed.into()))?;
        let readers = Arc::clone(self);
        let read = move || {
            let _turn = turn;
            readers.lease()?.run(query).map_err(store_error)
        };
        tokio::task::spawn_blocking(read).await.map_err(|error| StoreError::Unavailable(error.into()))?
    }

    /// Closes all connections, and waits for those in use; returns whether none is left.
    pub(super) fn stop(&self, patience: Duration) -> bool {
        let mut pool = self.pool();
        pool.place = None;
        pool.idle.clear();
        let waited = self.changed.wait_timeout_while(pool, patience, |pool| pool.in_use > 0);
        waited.unwrap_or_else(PoisonError::into_inner).0.in_use == 0
    }

    /// Reads from the file at this place from now on.
    pub(super) fn go_on(&self, place: Arc<Place>) {
        self.pool().place = Some(place);
        self.changed.notify_all();
    }

    /// Takes an idle connection, or makes one.
    fn lease(&self) -> Result<Lease<'_>, StoreError> {
        let started = Instant::now();
        loop {
            let (place, idle) = {
                let mut pool = self.pool();
                pool.in_use += 1;
                (pool.place.clone(), pool.idle.pop())
            };
            let mut lease = Lease { readers: self, place, connection: idle };
            if lease.connect().map_err(store_error)? {
                return Ok(lease);
            }
            let place = lease.place.clone();
            drop(lease);
            self.wait_for_another(place.as_ref(), PATIENCE.saturating_sub(started.elapsed()))?;
        }
    }

    /// Waits until the writer has opened another file than this.
    fn wait_for_another(&self, place: Option<&Arc<Place>>, patience: Duration) -> Result<(), StoreError> {
        let is_same = |pool: &mut Pool| pool.place.as_ref().map(Arc::as_ptr) == place.map(Arc::as_ptr);
        let waited = self.changed.wait_timeout_while(self.pool(), patience, is_same);
        if waited.unwrap_or_else(PoisonError::into_inner).1.timed_out() {
            return Err(StoreError::blocked(Obstacle::Moved, "the file at the path is not the one that was opened"));
        }
        Ok(())
    }

    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A connection that a read has for itself, or is to have.
struct Lease<'a> {
    readers: &'a Readers,
    place: Option<Arc<Place>>,
    connection: Option<Connection>,
}

impl Lease<'_> {
    /// Makes a connection where there is none; returns whether there is one then.
    fn connect(&mut self) -> rusqlite::Result<bool> {
        if self.connection.is_none()
            && let Some(place) = &self.place
        {
            self.connection = open(place)?;
        }
        Ok(self.connection.is_some())
    }

    /// Runs a query; a connection on which one failed is not used again.
    fn run<T>(mut self, query: impl FnOnce(&Connection) -> rusqlite::Result<T>) -> rusqlite::Result<T> {
        let connection = self.connection.take().ok_or(rusqlite::Error::InvalidQuery)?;
        let result = query(&connection)?;
        self.connection = Some(connection);
        Ok(result)
    }
}

impl Drop for Lease<'_> {
    /// Gives the connection back, unless the writer has gone to another file.
    fn drop(&mut self) {
        let mut pool = self.readers.pool();
        pool.in_use -= 1;
        let is_same = self.place.as_ref().map(Arc::as_ptr) == pool.place.as_ref().map(Arc::as_ptr);
        if is_same {
            pool.idle.extend(self.connection.take());
        }
        // The connection is closed before the writer hears of it.
        self.connection = None;
        self.readers.changed.notify_all();
    }
}

/// Opens a connection, if the files at the path are those that the writer has open.
///
/// A connection to another file would open the log and the index that belong to the writer's. That is why the files are looked
/// at before the connection first reads, which is when it opens these two.
fn open(place: &Place) -> rusqlite::Result<Option<Connection>> {
    if !place.is_kept() {
        return Ok(None);
    }
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(place.path(), flags);
    if !place.is_kept() {
        return Ok(None);
    }
    let connection = connection?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    let first = connection.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()));
    if !place.is_kept() {
        return Ok(None);
    }
    first.map(|()| Some(connection))
}
