//! How long the host of a request waits for its answer.

use std::time::{Duration, Instant};

/// When the host of a request stops waiting for its answer; an extension of the request, where the host knows.
#[derive(Debug, Clone, Copy)]
pub struct Deadline(Instant);

impl Deadline {
    /// Returns the deadline that is so long from now.
    pub fn after(left: Duration) -> Self {
        Self(Instant::now() + left)
    }

    pub(super) fn left(self) -> Duration {
        self.0.saturating_duration_since(Instant::now())
    }
}
