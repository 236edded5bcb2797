//! How long a request's body may take, how long its work may take, and how much work there may be at a time.
//!
//! The layers of tower queue what is too much, count the wait for a body as work, set a timer for each wait, and answer without a problem.

use std::pin::{Pin, pin};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::body::{Body, HttpBody};
use axum::extract::{MatchedPath, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tokio::time::{Instant, Sleep, sleep};
use tracing::warn;

use super::body::received;
use super::deadline::Deadline;
use super::error::ApiError;
use super::inference;
use super::settings::ApiConfig;
use super::status::HEALTH;

/// How often the log says that requests are turned away.
const WARNING_INTERVAL: Duration = Duration::from_secs(10);

/// What whoever watches over the process asks, above all when it is busy.
const ALWAYS_ANSWERED: [&str; 2] = [HEALTH, inference::LIVE];

/// The limits of what is under way.
#[derive(Debug)]
pub(super) struct Limits {
    body_timeout: Duration,
    request_timeout: Duration,
    in_flight: Semaphore,
    warned: Mutex<Option<Instant>>,
}

impl Limits {
    /// Returns the limits that the operator set.
    pub(super) fn new(config: &ApiConfig) -> Self {
        Self {
            body_timeout: config.body_timeout,
            request_timeout: config.request_timeout,
            in_flight: Semaphore::new(config.max_requests_in_flight),
            warned: Mutex::default(),
        }
    }

    /// Has a request answered within the limits. Its body is received first, since a permit is for work and not for waiting; one request
    /// too many is turned away at once, since a queue would only make all late.
    pub(super) async fn answer(&self, request: Request, next: Next) -> Response {
        if ALWAYS_ANSWERED.contains(&request.uri().path()) {
            return next.run(request).await;
        }
        // One timer for both waits: to put one off costs less than to set another.
        let mut time_is_up = pin!(sleep(self.body_timeout));
        let request = match whole(request, time_is_up.as_mut()).await {
            Ok(request) => request,
            Err(error) => return error.into_response(),
        };
        let Ok(_permit) = self.in_flight.try_acquire() else {
            self.warn();
            return ApiError::Overloaded.into_response();
        };
        let left = request.extensions().get::<Deadline>().map(|deadline| deadline.left());
        let time = left.map_or(self.request_timeout, |left| left.min(self.request_timeout));
        time_is_up.as_mut().reset(Instant::now() + time);
        tokio::select! {
            biased;
            response = next.run(request) => response,
            () = time_is_up => ApiError::TimedOut.into_response(),
        }
    }

    /// Says, now and then, that requests are turned away.
    fn warn(&self) {
        let mut warned = self.warned.lock().unwrap_or_else(PoisonError::into_inner);
        if warned.is_none_or(|last| last.elapsed() >= WARNING_INTERVAL) {
            *warned = Some(Instant::now());
            warn!("requests are turned away: as many are in flight as MAX_REQUESTS_IN_FLIGHT allows");
        }
    }
}

/// The limits as a layer, for requests that must be asked something before.
pub(super) async fn limit(State(limits): State<Arc<Limits>>, request: Request, next: Next) -> Response {
    limits.answer(request, next).await
}

/// Receives a request's body, unless there is none or nothing reads it.
async fn whole(request: Request, time_is_up: Pin<&mut Sleep>) -> Result<Request, ApiError> {
    if request.body().is_end_stream() || request.extensions().get::<MatchedPath>().is_none() {
        return Ok(request);
    }
    let (parts, body) = request.into_parts();
    let body = tokio::select! {
        biased;
        body = received(body) => body?,
        () = time_is_up => return Err(ApiError::BodyTimedOut),
    };
    Ok(Request::from_parts(parts, Body::from(body)))
}
