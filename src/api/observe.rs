//! What every request gets, whatever its route: an id, a look at where it comes from, and a line in the log.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::extract::{MatchedPath, Request, State};
use axum::http::Method;
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use tracing::{debug, error, info};

use super::answer_limit::AnswerLimit;
use super::cors::CorsOrigins;
use super::error::{ApiError, Cause, Kind};
use super::finish::{Wishes, finish};
use super::hosts::AllowedHosts;
use super::limits::Limits;
use super::request_id::{REQUEST_ID, request_id};
use super::settings::ApiConfig;
use super::{inference, sites};
use crate::metrics::{Answered, Metrics};

/// Where requests may come from, and where their answers are counted.
#[derive(Debug)]
pub(super) struct Observer {
    metrics: Option<Arc<Metrics>>,
    hosts: AllowedHosts,
    cors: Option<CorsOrigins>,
    limits: Option<Limits>,
}

impl Observer {
    /// Returns what observes requests; limits are given where nothing else must be asked before them.
    pub(super) fn new(config: &ApiConfig, metrics: Option<Arc<Metrics>>, limits: Option<Limits>) -> Self {
        Self { metrics, hosts: config.hosts.clone(), cors: config.cors.clone(), limits }
    }

    async fn answer(&self, request: Request, next: Next) -> Response {
        match (self.check(&request), &self.limits) {
            (Err(refused), _) => refused.into_response(),
            (Ok(()), Some(limits)) => limits.answer(request, next).await,
            (Ok(()), None) => next.run(request).await,
        }
    }

    fn check(&self, request: &Request) -> Result<(), ApiError> {
        self.hosts.check(request)?;
        sites::check(request, self.cors.as_ref())
    }
}

/// Names, answers and logs a request. The log shows the route, never the path, which may tell whom a record is about.
pub(super) async fn observe(State(observer): State<Arc<Observer>>, request: Request, next: Next) -> Response {
    let started = Instant::now();
    let id = request_id(&request);
    let method = request.method().clone();
    let route = request.extensions().get::<MatchedPath>().cloned();
    let wishes = Wishes::of(&request);
    let is_inference = inference::owns(request.uri().path());
    let limit = request.extensions().get::<AnswerLimit>().cloned();
    let mut response = observer.answer(request, next).await;
    if is_inference {
        response = inference::in_protocol(response).await;
    }
    // What is counted and logged is what the client sees.
    let mut response = finish(response, &wishes).await;
    if let Some(limit) = limit {
        response.headers_mut().insert(REQUEST_ID, id.clone());
        response = limit.apply(response, is_inference).await;
    }
    let route = route.as_ref().map_or("none", MatchedPath::as_str);
    let request_id = id.to_str().unwrap_or_default();
    observer.count(request_id, route, &mut response);
    log(request_id, &method, route, started.elapsed(), &mut response);
    response.headers_mut().insert(REQUEST_ID, id);
    response
}

impl Observer {
    fn count(&self, request_id: &str, route: &str, response: &mut Response) {
        let problem = response.extensions_mut().remove::<Kind>();
        let measurement = response.extensions_mut().remove();
        let Some(metrics) = &self.metrics else { return };
        metrics.record(Answered {
            request_id: request_id.to_owned(),
            route: route.to_owned(),
            status: response.status().as_u16(),
            problem: problem.map(Kind::name),
            measurement,
        });
    }
}

/// Writes what the service failed at as an error, and a client that was too slow where it may be looked for.
fn log(request_id: &str, method: &Method, route: &str, took: Duration, response: &mut Response) {
    let (status, microseconds) = (response.status().as_u16(), took.as_micros());
    if let Some(Cause(cause)) = response.extensions_mut().remove() {
        error!(request_id, %method, route, status, microseconds, %cause, "request failed");
    } else if status == Kind::BodyTimedOut.status() {
        info!(request_id, %method, route, status, microseconds, "request not received in time");
    } else {
        debug!(request_id, %method, route, status, microseconds, "request answered");
    }
}
