//! The host of the router on AWS Lambda: events become requests, and responses become what the maker of the event reads.
//!
//! Requests come from HTTP APIs, REST APIs, Function URLs and Application Load Balancers. They are read here, not by the crate
//! `lambda_http`: it panics on a host that is none, refuses the event of a header that is not ASCII, so that strangers can raise the
//! alarms of a function, doubles the stage of a REST API, and reads an event of three kinds up to three times.

mod answer;
mod event;
mod fields;
mod request;

use std::time::{Duration, SystemTime};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::http::response::Parts;
use axum::http::{Request, Response};
use http_body_util::BodyExt;
use lambda_runtime::{Context, Diagnostic, LambdaEvent, service_fn};
use serde_json::value::RawValue;
use tokio::time::timeout;
use tower::Service;
use tracing::{debug, error, warn};

use crate::api::{self, AnswerLimit, BasePath, Deadline};
use crate::service::{LiveService, ServiceError};
use crate::store::StoreError;
use event::{Event, HttpEvent, Purpose, Source};

/// A function that starts waits no longer than this for its database: requests find out for themselves.
const WARM_UP_TIMEOUT: Duration = Duration::from_secs(2);

/// So long before the function is stopped, a request is answered, whatever it still waits for.
const TIME_TO_ANSWER: Duration = Duration::from_millis(250);

/// Opens the connection to the database before the first request has to wait for it, and reads the newest snapshot beside that; a database
/// of another table is an error.
pub async fn warm_up(service: &LiveService, is_wanted: bool) -> Result<(), ServiceError> {
    if !is_wanted {
        return Ok(());
    }
    let pinned = service.pinned();
    let (ready, ()) = tokio::join!(timeout(WARM_UP_TIMEOUT, pinned.ready()), service.look_first(WARM_UP_TIMEOUT));
    match ready {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error @ ServiceError::Store(StoreError::NotOwned(_)))) => Err(error),
        _ => {
            warn!("the database could not be reached while the function started");
            Ok(())
        }
    }
}

/// Answers events by the router of a service until Lambda ends the function; where `base_path` stands before a path, it is left out.
///
/// Nothing runs between events, so that a look for a newer snapshot begins beside a request, which does not wait for it.
pub async fn run(router: Router, service: LiveService, base_path: BasePath) -> Result<(), lambda_runtime::Error> {
    let (router, service, base_path) = (&router, &service, &base_path);
    lambda_runtime::run(service_fn(async move |event: LambdaEvent<Event>| {
        let LambdaEvent { payload, context } = event;
        match payload.purpose() {
            Purpose::Http(event) => {
                service.look_beside();
                answer(router.clone(), *event, base_path, &context).await
            }
            Purpose::KeepWarm => {
                // Nobody waits for an answer.
                let _ = timeout(time_left(&context).unwrap_or_default(), service.look_if_due()).await;
                debug!("an event that only keeps the function warm");
                Ok(RawValue::NULL.to_owned())
            }
            Purpose::Unknown(event) => {
                error!(%event, "not a request: expected an event of an HTTP API, a REST API, a Function URL or a load balancer");
                Err(failure("UnknownEvent", format!("{event} is not a request")))
            }
        }
    }))
    .await
}

/// Answers the request of an event.
async fn answer(
    router: Router,
    event: HttpEvent<'_>,
    base_path: &BasePath,
    context: &Context,
) -> Result<Box<RawValue>, Diagnostic> {
    let source = event.source;
    let response = match request::request(event, base_path) {
        Some(mut request) => {
            request.extensions_mut().insert(limit(source));
            if let Some(deadline) = deadline(context) {
                request.extensions_mut().insert(deadline);
            }
            respond(router, request).await
        }
        None => api::unreadable_request(),
    };
    let (parts, body) = whole(response).await?;
    source.answer(&parts, &body).map_err(|error| failure("UnwritableAnswer", error.to_string()))
}

/// Returns how large an answer may be, written for the maker of an event.
fn limit(source: Source) -> AnswerLimit {
    let length = move |parts: &Parts, body: &Bytes| source.answer(parts, body).map_or(0, |answer| answer.get().len());
    AnswerLimit::new(source.most_bytes(), length)
}

async fn respond(mut router: Router, request: Request<Body>) -> Response<Body> {
    // A router is always ready, and cannot fail.
    match router.call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}

async fn whole(response: Response<Body>) -> Result<(Parts, Bytes), Diagnostic> {
    let (parts, body) = response.into_parts();
    let body = body.collect().await.map_err(|error| failure("UnreadableAnswer", error.to_string()))?;
    Ok((parts, body.to_bytes()))
}

/// Returns when a request must be answered, since Lambda stops the function.
fn deadline(context: &Context) -> Option<Deadline> {
    time_left(context).map(Deadline::after)
}

/// Returns how long a function may work before it must answer.
fn time_left(context: &Context) -> Option<Duration> {
    let left = context.deadline().duration_since(SystemTime::now()).ok()?;
    Some(left.saturating_sub(TIME_TO_ANSWER))
}

fn failure(kind: &str, message: String) -> Diagnostic {
    Diagnostic { error_type: kind.to_owned(), error_message: message }
}
