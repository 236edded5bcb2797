//! All open connections, and which of them gives way.

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{Notify, oneshot};
use tokio::task::{AbortHandle, JoinHandle};
use tracing::{debug, warn};

use super::ServerConfig;
use super::connection::{Connection, Phase, Wait};

/// Most bytes of half-received bodies and half-sent answers together; beyond, the one that was waited for longest gives way.
const MAX_HELD_BYTES: usize = 64 << 20;

/// How long a server that stops waits for a request to begin: a browser connects before it has anything to ask.
const PARTING_TIME: Duration = Duration::from_secs(1);

/// How often the log says that connections give way.
const WARNING_INTERVAL: Duration = Duration::from_secs(10);

/// All open connections.
#[derive(Debug)]
pub(super) struct Connections {
    config: ServerConfig,
    open: Mutex<Open>,
    held_bytes: AtomicUsize,
    one_closed: Notify,
}

#[derive(Debug, Default)]
struct Open {
    entries: HashMap<u64, Entry>,
    last_number: u64,
    is_finishing: bool,
    warned: Option<Instant>,
}

#[derive(Debug)]
struct Entry {
    connection: Arc<Connection>,
    task: AbortHandle,
    /// Tells the task to answer the request under way, and no other.
    finish: Option<oneshot::Sender<()>>,
}

/// Keeps a connection in the table as long as its task lives.
#[derive(Debug)]
pub(super) struct Registration {
    pub(super) connection: Arc<Connection>,
    pub(super) finish: oneshot::Receiver<()>,
    all: Arc<Connections>,
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.connection.release();
        self.all.lock().entries.remove(&self.connection.number);
        self.all.one_closed.notify_one();
    }
}

impl Connections {
    pub(super) fn new(config: ServerConfig) -> Self {
        Self { config, open: Mutex::default(), held_bytes: AtomicUsize::new(0), one_closed: Notify::new() }
    }

    /// Enters a connection that `spawn` serves. Where there are as many as may be, the one that was waited for longest gives way; where
    /// the service works for all of them, the new one does.
    pub(super) fn open(self: &Arc<Self>, spawn: impl FnOnce(Registration) -> JoinHandle<()>) {
        let mut open = self.lock();
        if open.entries.len() >= self.config.max_connections {
            open.warn("connections are closed: as many are open as MAX_CONNECTIONS allows");
            if !open.close_longest_waiting(|_| true) {
                return;
            }
        }
        open.last_number += 1;
        let number = open.last_number;
        let connection = Arc::new(Connection::new(number, Arc::clone(self)));
        let (finish, finished) = oneshot::channel();
        let registration =
            Registration { connection: Arc::clone(&connection), finish: finished, all: Arc::clone(self) };
        let task = spawn(registration).abort_handle();
        open.entries.insert(number, Entry { connection, task, finish: Some(finish) });
    }

    /// Closes the connection that was waited for longest.
    pub(super) fn close_longest_waiting(&self) {
        self.lock().close_longest_waiting(|_| true);
    }

    /// Counts bytes that are held for a client. Where they are too many, the client that was waited for longest loses its own.
    pub(super) fn hold(&self, bytes: usize) {
        if self.held_bytes.fetch_add(bytes, Ordering::Relaxed) + bytes > MAX_HELD_BYTES {
            let mut open = self.lock();
            open.warn("connections are closed: half-sent requests and answers take too much memory");
            open.close_longest_waiting(|connection| connection.held_bytes() > 0);
        }
    }

    pub(super) fn release(&self, bytes: usize) {
        self.held_bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// How often [`Self::sweep`] must be called for times to be kept roughly.
    pub(super) fn sweep_interval(&self) -> Duration {
        let ServerConfig { header_timeout, idle_timeout, answer_timeout, .. } = self.config;
        let shortest = header_timeout.min(idle_timeout).min(answer_timeout);
        (shortest / 10).clamp(Duration::from_millis(5), Duration::from_millis(500))
    }

    /// Closes the connections of clients that have been waited for long enough.
    pub(super) fn sweep(&self) {
        let mut open = self.lock();
        let is_finishing = open.is_finishing;
        let late: Vec<_> = open.waits().filter(|(_, wait)| self.is_over(*wait, is_finishing)).collect();
        for (number, wait) in late {
            if open.close(number, wait) {
                debug!(phase = ?wait.phase, "a connection is closed: its client took too long");
            }
        }
    }

    fn is_over(&self, wait: Wait, is_finishing: bool) -> bool {
        let limit = match wait.phase {
            Phase::Head if is_finishing => self.config.header_timeout.min(PARTING_TIME),
            Phase::Head => self.config.header_timeout,
            Phase::Answer => self.config.answer_timeout,
            Phase::Idle => self.config.idle_timeout,
            // The router bounds the time of a body, and says so to the client.
            Phase::Body | Phase::Work | Phase::Closed => return false,
        };
        wait.began.elapsed() >= limit
    }

    /// Lets every connection finish the request under way.
    pub(super) fn finish(&self) {
        let mut open = self.lock();
        open.is_finishing = true;
        for finish in open.entries.values_mut().filter_map(|entry| entry.finish.take()) {
            // Its task may have ended; that is fine.
            let _ = finish.send(());
        }
    }

    /// Waits until no connection is open.
    pub(super) async fn all_closed(&self) {
        while !self.lock().entries.is_empty() {
            self.one_closed.notified().await;
        }
    }

    fn lock(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Open {
    /// Returns the connections whose clients are waited for.
    fn waits(&self) -> impl Iterator<Item = (u64, Wait)> {
        self.entries.iter().filter_map(|(number, entry)| Some((*number, entry.connection.wait()?)))
    }

    /// Closes the connection that was waited for longest among some, and returns whether there was one.
    fn close_longest_waiting(&mut self, is_meant: impl Fn(&Connection) -> bool) -> bool {
        // One whose client has just done its part is passed by.
        while let Some((number, wait)) = self.longest_waiting(&is_meant) {
            if self.close(number, wait) {
                return true;
            }
        }
        false
    }

    fn longest_waiting(&self, is_meant: impl Fn(&Connection) -> bool) -> Option<(u64, Wait)> {
        let meant = self.waits().filter(|(number, _)| is_meant(&self.entries[number].connection));
        meant.min_by_key(|(_, wait)| wait.began)
    }

    /// Closes a connection, unless its client is not waited for any more.
    fn close(&mut self, number: u64, wait: Wait) -> bool {
        let gives_way = self.entries.get(&number).is_some_and(|entry| entry.connection.gives_way(wait));
        if gives_way && let Some(entry) = self.entries.remove(&number) {
            entry.connection.release();
            entry.task.abort();
        }
        gives_way
    }

    /// Says, now and then, why connections are closed.
    fn warn(&mut self, reason: &'static str) {
        if self.warned.is_none_or(|last| last.elapsed() >= WARNING_INTERVAL) {
            self.warned = Some(Instant::now());
            warn!("{reason}; those whose clients were waited for longest give way");
        }
    }
}
