//! How large a request may be.

/// The largest body that is read, in bytes.
pub const MAX_BODY_BYTES: usize = 1 << 20;

/// The most records in one request.
pub const MAX_RECORDS: usize = 1000;
