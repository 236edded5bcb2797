//! What the operator decides of connections.

use std::time::Duration;

/// How many connections there may be, and how long each phase of one may last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerConfig {
    /// `MAX_CONNECTIONS`: open connections; one more closes the one that was waited for longest. Default: 1024.
    pub max_connections: usize,
    /// `HEADER_TIMEOUT_SECONDS`: time to send a request's head, from its first byte or from connecting. Default: 10.
    pub header_timeout: Duration,
    /// `IDLE_TIMEOUT_SECONDS`: time between two requests. Default: 75.
    pub idle_timeout: Duration,
    /// `ANSWER_TIMEOUT_SECONDS`: time to receive an answer. Default: 60.
    pub answer_timeout: Duration,
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self {
            max_connections: 1024,
            header_timeout: Duration::from_secs(10),
            idle_timeout: Duration::from_secs(75),
            answer_timeout: Duration::from_mins(1),
        }
    }
}
