//! All open connections, and which of them gives way.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::response::Response;
use tokio::sync::{Notify, oneshot};
use tokio::task::{AbortHandle, JoinHandle};
use tracing::{debug, warn};

use super::connection::{Connection, Phase, Wait};
use super::held_bytes::HeldBytes;
use super::settings::ServerConfig;

/// How long a server that stops waits for a request to begin: a browser connects before it has anything to ask.
const PARTING_TIME: Duration = Duration::from_secs(1);

/// How often the log says that connections give way.
const WARNING_INTERVAL: Duration = Duration::from_secs(10);

/// All open connections.
#[derive(Debug)]
pub(super) struct Connections {
    config: ServerConfig,
    open: Mutex<Open>,
    held_bytes: Arc<HeldBytes>,
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
    number: u64,
    all: Arc<Connections>,
}

impl Registration {
    /// Says that an answer is made, and that the client must receive it.
    pub(super) fn waits_for_reader(&self, answer: &Response) {
        self.connection.waits_for_reader(answer);
        self.all.make_room();
    }

    /// Says that a part of a body is held.
    pub(super) fn holds_part(&self, bytes: usize) {
        self.connection.holds_part(bytes);
        self.all.make_room();
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        self.connection.release();
        self.all.lock().entries.remove(&self.number);
        self.all.one_closed.notify_one();
    }
}

impl Connections {
    pub(super) fn new(config: ServerConfig) -> Self {
        Self { config, open: Mutex::default(), held_bytes: Arc::default(), one_closed: Notify::new() }
    }

    /// Enters a connection that `spawn` serves. Where there are as many as may be, the one that was waited for longest gives way; where
    /// the service works for all of them, the new one does.
    pub(super) fn open(self: &Arc<Self>, spawn: impl FnOnce(Registration, oneshot::Receiver<()>) -> JoinHandle<()>) {
        let mut open = self.lock();
        if open.entries.len() >= self.config.max_connections {
            open.warn("connections are closed: as many are open as MAX_CONNECTIONS allows");
            if !open.close_longest_waiting(|_| true) {
                return;
            }
        }
        open.last_number += 1;
        let number = open.last_number;
        let connection = Arc::new(Connection::new(Arc::clone(&self.held_bytes)));
        let (finish, finished) = oneshot::channel();
        let registration = Registration { connection: Arc::clone(&connection), number, all: Arc::clone(self) };
        let task = spawn(registration, finished).abort_handle();
        open.entries.insert(number, Entry { connection, task, finish: Some(finish) });
    }

    /// Closes the connection that was waited for longest.
    pub(super) fn close_longest_waiting(&self) {
        self.lock().close_longest_waiting(|_| true);
    }

    /// Takes from the client that was waited for longest what is held for it, where too much is held.
    fn make_room(&self) {
        if self.held_bytes.are_too_many() {
            let mut open = self.lock();
            open.warn("connections are closed: half-sent requests and answers take too much memory");
            open.close_longest_waiting(|connection| connection.held_bytes() > 0);
        }
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
