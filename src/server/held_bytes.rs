//! How many bytes of half-received bodies and half-sent answers are held, by all connections together.

use std::sync::atomic::{AtomicUsize, Ordering};

/// Most bytes that are held together; beyond, the connection that was waited for longest gives way.
const MAX_HELD_BYTES: usize = 64 << 20;

/// A count of bytes.
#[derive(Debug, Default)]
pub(super) struct HeldBytes(AtomicUsize);

impl HeldBytes {
    pub(super) fn hold(&self, bytes: usize) {
        self.0.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(super) fn release(&self, bytes: usize) {
        self.0.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(super) fn are_too_many(&self) -> bool {
        self.0.load(Ordering::Relaxed) > MAX_HELD_BYTES
    }
}
