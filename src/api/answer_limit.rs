//! The largest answer that the host of the router can send: a larger one would never arrive, and nobody would know.

use std::fmt;
use std::sync::Arc;

use axum::body::{Body, Bytes, HttpBody};
use axum::http::header::{self, HeaderName};
use axum::http::response::Parts;
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use tracing::warn;

use super::error::ApiError;
use super::request_id::REQUEST_ID;
use super::{finish, inference};

/// The most bytes that a host makes of one byte of a body, which is what JSON makes of a control character.
const LARGEST_GROWTH: u64 = 6;

/// More bytes than the headers of an answer take.
const HEADER_BYTES: u64 = 16 << 10;

/// What an answer that is not sent does not take along to the problem in its place.
const OF_THE_BODY: [HeaderName; 4] =
    [header::CACHE_CONTROL, header::CONTENT_ENCODING, header::CONTENT_TYPE, header::ETAG];

/// Returns in how many bytes a host writes an answer.
type Length = dyn Fn(&Parts, &Bytes) -> usize + Send + Sync;

/// How large an answer may be, as its host writes it; an extension of the request, where the host knows.
#[derive(Clone)]
pub struct AnswerLimit {
    most: usize,
    length: Arc<Length>,
}

impl AnswerLimit {
    /// Returns the limit of a host that sends `most` bytes, and writes an answer in so many as `length` says.
    pub fn new(most: usize, length: impl Fn(&Parts, &Bytes) -> usize + Send + Sync + 'static) -> Self {
        Self { most, length: Arc::new(length) }
    }

    /// Puts a problem in the place of an answer that is too large; what the headers of that tell is kept.
    pub(super) async fn apply(&self, response: Response, is_inference: bool) -> Response {
        // Most answers are so short that it need not be known how they are written.
        let longest = response.body().size_hint().upper().unwrap_or(u64::MAX);
        if longest.saturating_mul(LARGEST_GROWTH).saturating_add(HEADER_BYTES) <= self.most as u64 {
            return response;
        }
        let (parts, body) = response.into_parts();
        // Every body is whole already: nothing is waited for here.
        let Ok(body) = body.collect().await else { return ApiError::Panicked.into_response() };
        let body = body.to_bytes();
        let bytes = (self.length)(&parts, &body);
        if bytes <= self.most {
            return Response::from_parts(parts, Body::from(body));
        }
        let request_id = parts.headers.get(REQUEST_ID).and_then(|id| id.to_str().ok()).unwrap_or_default();
        warn!(request_id, bytes, most = self.most, "the answer is too large to be sent: the client is told 413");
        self.problem(parts, is_inference).await
    }

    async fn problem(&self, answer: Parts, is_inference: bool) -> Response {
        let problem = ApiError::AnswerTooLarge { most: self.most, is_done: answer.status.is_success() }.into_response();
        let mut response = if is_inference { inference::in_protocol(problem).await } else { problem };
        let mut extensions = answer.extensions;
        extensions.extend(std::mem::take(response.extensions_mut()));
        *response.extensions_mut() = extensions;
        let kept = answer.headers.into_iter().filter_map(|(name, value)| name.map(|name| (name, value)));
        response.headers_mut().extend(kept.filter(|(name, _)| !OF_THE_BODY.contains(name)));
        response.headers_mut().insert(header::CACHE_CONTROL, finish::NO_STORE);
        response
    }
}

impl fmt::Debug for AnswerLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AnswerLimit").field("most", &self.most).finish_non_exhaustive()
    }
}
