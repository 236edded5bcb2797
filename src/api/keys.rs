//! Who may ask: where API keys are set, clients show one with each request.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use thiserror::Error;

use super::error::ApiError;

pub(super) const API_KEY: &str = "x-api-key";

/// A shorter key could be guessed.
const SHORTEST_KEY: usize = 16;

/// What is asked by machines that watch over the service and by people who read how to use it, and tells nothing worth a key.
const OPEN_PATHS: [&str; 7] =
    ["/health", "/ready", "/v2/health/live", "/v2/health/ready", "/openapi.json", "/", "/docs"];

/// The parts of the pages, which hold no secrets either.
const OPEN_FOLDER: &str = "/assets/";

/// Keys, each of which opens the service: while one is exchanged for another, both do.
///
/// What is kept and compared are hashes, so that the time of a comparison tells nothing of a key.
#[derive(Clone, PartialEq, Eq)]
pub struct ApiKeys(Arc<[[u8; 32]]>);

impl ApiKeys {
    fn allow(&self, shown: &[u8]) -> bool {
        let shown: [u8; 32] = Sha256::digest(shown).into();
        self.0.iter().fold(Choice::from(0), |allowed, key| allowed | key.ct_eq(&shown)).into()
    }
}

/// A text that holds no keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected one key or several with commas between them, each of {SHORTEST_KEY} visible characters at least")]
pub struct InvalidKeys;

impl FromStr for ApiKeys {
    type Err = InvalidKeys;

    fn from_str(text: &str) -> Result<Self, InvalidKeys> {
        let is_key = |key: &&str| key.len() >= SHORTEST_KEY && key.bytes().all(|byte| byte.is_ascii_graphic());
        let keys: Vec<_> = text.split(',').map(str::trim).collect();
        if !keys.iter().all(is_key) {
            return Err(InvalidKeys);
        }
        Ok(Self(keys.into_iter().map(|key| Sha256::digest(key).into()).collect()))
    }
}

impl fmt::Debug for ApiKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKeys({})", self.0.len())
    }
}

/// Tells whether a path is answered to whoever asks.
pub(super) fn is_open(path: &str) -> bool {
    OPEN_PATHS.contains(&path) || path.starts_with(OPEN_FOLDER)
}

/// Lets a request pass that shows a key, or needs none.
pub(super) async fn authenticate(State(keys): State<ApiKeys>, request: Request, next: Next) -> Response {
    let shown = request.headers().get(API_KEY).map(HeaderValue::as_bytes).unwrap_or_default();
    if is_open(request.uri().path()) || keys.allow(shown) {
        return next.run(request).await;
    }
    ApiError::Unauthenticated.into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_of_the_keys_opens_and_nothing_else_does() {
        let keys: ApiKeys = "0123456789abcdef, fedcba9876543210".parse().unwrap();
        assert!(keys.allow(b"0123456789abcdef"));
        assert!(keys.allow(b"fedcba9876543210"));
        for shown in ["", "0123456789abcde", "0123456789abcdef0", "0123456789abcdef, fedcba9876543210"] {
            assert!(!keys.allow(shown.as_bytes()), "{shown}");
        }
        assert_eq!(format!("{keys:?}"), "ApiKeys(2)");
    }

    #[test]
    fn what_could_be_guessed_or_sent_by_mistake_is_no_key() {
        for text in ["", ",", "short", "0123456789abcdef,", "0123456789abcdef,short", "0123456789 abcdef"] {
            assert_eq!(text.parse::<ApiKeys>(), Err(InvalidKeys), "{text}");
        }
    }
}
