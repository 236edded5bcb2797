//! What every request gets, whatever its route: an id, limits, and a line in the log.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::HeaderValue;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tokio::sync::Semaphore;
use tracing::{debug, error, warn};
use uuid::Uuid;

use super::error::{ApiError, Cause, Kind, REQUEST_ID};
use super::finish::{Wishes, finish};
use super::inference;
use super::{ApiConfig, Deadline, HEALTH};
use crate::metrics::{Answered, Metrics};

/// The longest request id that is taken over from a client.
const MAX_ID_BYTES: usize = 128;

/// How often the log says that requests are turned away.
const WARNING_INTERVAL: Duration = Duration::from_secs(10);

/// How long a request may take, how many there may be at a time, and where their answers are counted.
#[derive(Debug)]
pub(super) struct Limits {
    metrics: Option<Arc<Metrics>>,
    timeout: Duration,
    in_flight: Semaphore,
    warned: Mutex<Option<Instant>>,
}

impl Limits {
    /// Returns the limits that the operator set, and where answers are counted.
    pub(super) fn new(config: &ApiConfig, metrics: Option<Arc<Metrics>>) -> Self {
        let in_flight = Semaphore::new(config.max_requests_in_flight);
        Self { metrics, timeout: config.request_timeout, in_flight, warned: Mutex::default() }
    }

    /// Answers a request within the limits: one too many is turned away at once, since a queue of them would only make all late.
    async fn answer(&self, request: Request, next: Next) -> Response {
        // Whether the process is alive must be told above all when it is busy.
        let is_exempt = request.uri().path() == HEALTH;
        let permit = if is_exempt { None } else { Some(self.in_flight.try_acquire()) };
        if let Some(Err(_)) = permit {
            self.warn();
            return ApiError::Overloaded.into_response();
        }
        let left =
            request.extensions().get::<Deadline>().map(|deadline| deadline.0.saturating_duration_since(Instant::now()));
        let timeout = left.map_or(self.timeout, |left| left.min(self.timeout));
        let answer = tokio::time::timeout(timeout, next.run(request)).await;
        answer.unwrap_or_else(|_| ApiError::TimedOut.into_response())
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

/// Names, limits and logs a request. The log shows the route, never the path, which may tell who a passenger is.
pub(super) async fn observe(State(limits): State<Arc<Limits>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let wishes = Wishes::of(&request);
    let is_inference = inference::owns(request.uri().path());
    let mut response = limits.answer(request, next).await;

    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let (status, microseconds) = (response.status().as_u16(), started.elapsed().as_micros());
    let problem = response.extensions_mut().remove::<Kind>();
    let measurement = response.extensions_mut().remove();
    let request_id = id.to_str().unwrap_or_default();
    if let Some(metrics) = &limits.metrics {
        let problem = problem.map(Kind::name);
        metrics.record(Answered {
            request_id: request_id.to_owned(),
            route: route.to_owned(),
            status,
            problem,
            measurement,
        });
    }
    if let Some(Cause(cause)) = response.extensions_mut().remove() {
        error!(request_id, %method, route, status, microseconds, %cause, "request failed");
    } else {
        debug!(request_id, %method, route, status, microseconds, "request answered");
    }
    response.headers_mut().insert(REQUEST_ID, id);
    if is_inference {
        response = inference::in_protocol(response).await;
    }
    finish(response, &wishes).await
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
