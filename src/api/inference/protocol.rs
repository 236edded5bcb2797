//! What the protocol has of its own: its paths, a header, and the form of an error.

use axum::http::{HeaderName, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body_util::BodyExt;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::api::answer::Json;

const PREFIX: &str = "/v2";

/// How much of the body is JSON; binary tensors follow. Without it, all is.
pub(in crate::api) const JSON_LENGTH: HeaderName = HeaderName::from_static("inference-header-content-length");

/// Where whoever watches over the process asks.
pub(in crate::api) const LIVE: &str = "/v2/health/live";

/// Tells whether a path is the protocol's.
pub(in crate::api) fn owns(path: &str) -> bool {
    path.strip_prefix(PREFIX).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

/// What a problem says, as far as the protocol has room for it.
#[derive(Deserialize)]
struct Problem {
    detail: String,
    #[serde(default)]
    errors: Vec<Fault>,
}

#[derive(Deserialize)]
struct Fault {
    pointer: String,
    detail: String,
}

/// What went wrong, in the form of the Open Inference Protocol.
#[derive(Serialize, ToSchema)]
#[schema(as = InferenceError)]
pub(in crate::api) struct Error {
    /// What is wrong, with every fault.
    error: String,
}

/// Writes a problem in the protocol's form: one text, and `400` for whatever is wrong with a request's content.
pub(in crate::api) async fn in_protocol(response: Response) -> Response {
    if response.status().is_success() {
        return response;
    }
    let (mut parts, body) = response.into_parts();
    let body = body.collect().await.map(http_body_util::Collected::to_bytes).unwrap_or_default();
    let error = match serde_json::from_slice::<Problem>(&body) {
        Ok(problem) => {
            let faults: Vec<_> =
                problem.errors.into_iter().map(|fault| format!("{} {}", fault.pointer, fault.detail)).collect();
            if faults.is_empty() { problem.detail } else { format!("{}: {}", problem.detail, faults.join("; ")) }
        }
        Err(_) => parts.status.canonical_reason().unwrap_or_default().to_owned(),
    };
    if parts.status == StatusCode::UNPROCESSABLE_ENTITY {
        parts.status = StatusCode::BAD_REQUEST;
    }
    let error = Json(Error { error }).into_response();
    parts.headers.remove(header::CONTENT_TYPE);
    parts.headers.extend(error.headers().clone());
    Response::from_parts(parts, error.into_body())
}
