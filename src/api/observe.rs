//! What every request gets, whatever its route: an id, a time limit, and a line in the log.

use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::{debug, error};
use uuid::Uuid;

use super::Deadline;
use super::error::{ApiError, Cause, REQUEST_ID};

/// The longest request id that is taken over from a client.
const MAX_ID_BYTES: usize = 128;

/// Names, limits and logs a request. The log shows the route, never the path, which may tell who a passenger is.
pub(super) async fn observe(State(timeout): State<Duration>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let left = request.extensions().get::<Deadline>().map(|deadline| deadline.0.saturating_duration_since(started));
    let timeout = left.map_or(timeout, |left| left.min(timeout));
    let answer = tokio::time::timeout(timeout, next.run(request)).await;
    let mut response = answer.unwrap_or_else(|_| ApiError::TimedOut.into_response());

    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let (status, microseconds) = (response.status().as_u16(), started.elapsed().as_micros());
    let request_id = id.to_str().unwrap_or_default();
    if let Some(Cause(cause)) = response.extensions_mut().remove() {
        error!(request_id, %method, route, status, microseconds, %cause, "request failed");
    } else {
        debug!(request_id, %method, route, status, microseconds, "request answered");
    }
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

/// Takes the client's id where it is short and plain, so that nobody can write into the log; else makes one.
fn request_id(request: &Request) -> HeaderValue {
    let given = request.headers().get(REQUEST_ID).filter(|id| {
        let bytes = id.as_bytes();
        (1..=MAX_ID_BYTES).contains(&bytes.len()) && bytes.iter().all(u8::is_ascii_graphic)
    });
    given.cloned().unwrap_or_else(|| {
        let mut text = [0; uuid::fmt::Simple::LENGTH];
        let text: &str = Uuid::new_v4().simple().encode_lower(&mut text);
        HeaderValue::from_str(text).unwrap_or_else(|_| HeaderValue::from_static("none"))
    })
}
