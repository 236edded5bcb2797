//! One connection: what it is at, since when, and how many bytes it holds for its client.

use std::future::poll_fn;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::task::Poll;
use std::time::{Duration, Instant};

use axum::response::Response;
use futures_util::task::AtomicWaker;
use http_body::Body;

use super::held_bytes::HeldBytes;
use crate::api::MAX_BODY_BYTES;

/// A shorter answer fits into the system's buffer, and is not held here.
const HELD_ANSWER_BYTES: usize = 64 << 10;

/// What a connection is at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// It waits for the rest of a request's head, or for its first request.
    Head,
    /// It waits for the rest of a request's body.
    Body,
    /// The service works on its request.
    Work,
    /// It waits until its client has received an answer.
    Answer,
    /// It waits for another request.
    Idle,
    /// It gives way, and its task ends soon.
    Closed,
}

impl Phase {
    const ALL: [Self; 6] = [Self::Head, Self::Body, Self::Work, Self::Answer, Self::Idle, Self::Closed];

    /// Whether the client decides how long it lasts.
    fn is_wait(self) -> bool {
        !matches!(self, Self::Work | Self::Closed)
    }
}

/// A phase and when it began, in one word: the lowest three bits are the phase, the others microseconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct State(u64);

impl State {
    const PHASE_BITS: u32 = 3;

    fn new(phase: Phase, began: Duration) -> Self {
        let microseconds = u64::try_from(began.as_micros()).unwrap_or(u64::MAX);
        Self(microseconds << Self::PHASE_BITS | phase as u64)
    }

    fn phase(self) -> Phase {
        let index = usize::try_from(self.0 & ((1 << Self::PHASE_BITS) - 1)).unwrap_or_default();
        Phase::ALL[index.min(Phase::ALL.len() - 1)]
    }

    fn began(self) -> Duration {
        Duration::from_micros(self.0 >> Self::PHASE_BITS)
    }
}

/// One connection. Its own task says what it is at; others read that, and may tell it to give way.
#[derive(Debug)]
pub(super) struct Connection {
    /// What all connections hold.
    all: Arc<HeldBytes>,
    opened: Instant,
    state: AtomicU64,
    held_bytes: AtomicUsize,
    /// The task that waits until an answer is received.
    next_request: AtomicWaker,
}

/// A client that is waited for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Wait {
    pub(super) phase: Phase,
    pub(super) began: Instant,
    state: State,
}

impl Connection {
    pub(super) fn new(all: Arc<HeldBytes>) -> Self {
        Self {
            all,
            opened: Instant::now(),
            state: AtomicU64::new(State::new(Phase::Head, Duration::ZERO).0),
            held_bytes: AtomicUsize::new(0),
            next_request: AtomicWaker::new(),
        }
    }

    /// Says that bytes have come.
    pub(super) fn hears(&self) {
        if self.state().phase() == Phase::Idle {
            self.enter(Phase::Head);
        }
    }

    /// Says that a request has come, and that its body is waited for.
    pub(super) fn waits_for_body(&self) {
        self.enter(Phase::Body);
    }

    /// Says that a request is whole.
    pub(super) fn works(&self) {
        self.release();
        self.enter(Phase::Work);
    }

    /// Says that an answer is made, and that the client must receive it.
    pub(super) fn waits_for_reader(&self, answer: &Response) {
        self.release();
        self.enter(Phase::Answer);
        let bytes = usize::try_from(answer.body().size_hint().lower()).unwrap_or(usize::MAX);
        if bytes > HELD_ANSWER_BYTES {
            self.hold(bytes);
        }
    }

    /// Says that all that was to be written is with the system.
    pub(super) fn has_written(&self) {
        if self.state().phase() == Phase::Answer {
            self.release();
            self.enter(Phase::Idle);
            self.next_request.wake();
        }
    }

    /// Waits until the answer before this request is received: a client that only asks would fill the memory with answers.
    pub(super) async fn answer_received(&self) {
        poll_fn(|cx| {
            if self.state().phase() != Phase::Answer {
                return Poll::Ready(());
            }
            // Requests and answers of a connection are one task's, so that nothing is written between the look and this.
            self.next_request.register(cx.waker());
            Poll::Pending
        })
        .await;
    }

    /// Says that a part of a body is held. What a body has beyond its limit is dropped, and counts for nothing.
    pub(super) fn holds_part(&self, bytes: usize) {
        self.hold(bytes.min(MAX_BODY_BYTES.saturating_sub(self.held_bytes())));
    }

    fn hold(&self, bytes: usize) {
        self.held_bytes.fetch_add(bytes, Ordering::Relaxed);
        self.all.hold(bytes);
    }

    /// Says that nothing is held any more.
    pub(super) fn release(&self) {
        match self.held_bytes.load(Ordering::Relaxed) {
            0 => {}
            _ => self.all.release(self.held_bytes.swap(0, Ordering::Relaxed)),
        }
    }

    pub(super) fn held_bytes(&self) -> usize {
        self.held_bytes.load(Ordering::Relaxed)
    }

    /// Returns what the client is waited for, if it is.
    pub(super) fn wait(&self) -> Option<Wait> {
        let state = self.state();
        let phase = state.phase();
        phase.is_wait().then(|| Wait { phase, began: self.opened + state.began(), state })
    }

    /// Closes the connection unless the client has done since what it was waited for.
    pub(super) fn gives_way(&self, wait: Wait) -> bool {
        let closed = State::new(Phase::Closed, Duration::ZERO);
        self.state.compare_exchange(wait.state.0, closed.0, Ordering::Relaxed, Ordering::Relaxed).is_ok()
    }

    fn state(&self) -> State {
        State(self.state.load(Ordering::Relaxed))
    }

    /// Begins a phase, unless the connection gives way.
    fn enter(&self, phase: Phase) {
        let state = self.state();
        if state.phase() != Phase::Closed {
            let next = State::new(phase, self.opened.elapsed());
            // Nobody else writes but who closes it, and that stays.
            let _ = self.state.compare_exchange(state.0, next.0, Ordering::Relaxed, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_is_a_phase_and_a_time() {
        for phase in Phase::ALL {
            for began in [Duration::ZERO, Duration::from_micros(1), Duration::from_hours(24 * 365 * 100)] {
                let state = State::new(phase, began);
                assert_eq!((state.phase(), state.began()), (phase, began));
            }
        }
    }
}
