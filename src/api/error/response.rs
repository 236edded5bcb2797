//! An error as a response: a problem, advice in headers, and what only the log may know.

use std::any::Any;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::{Serialize, Serializer};

use super::kind::Problem;
use super::{ApiError, Cause, LISTED_FAULTS};
use crate::api::encoding::Encoding;

/// How soon a client should try again when the store or the service is overloaded, in seconds.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// What a client must show; there is no registered scheme for keys in a header of their own.
const API_KEY_SCHEME: HeaderValue = HeaderValue::from_static("ApiKey");

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let kind = self.kind();
        let status = kind.status();
        let body = serde_json::to_vec(&self).unwrap_or_default();
        let mut response = (status, [(header::CONTENT_TYPE, PROBLEM_JSON)], body).into_response();
        let advice = match status {
            _ if matches!(self, Self::UnsupportedEncoding) => Some((header::ACCEPT_ENCODING, Encoding::ALL)),
            StatusCode::SERVICE_UNAVAILABLE => Some((header::RETRY_AFTER, RETRY_AFTER_SECONDS)),
            StatusCode::UNAUTHORIZED => Some((header::WWW_AUTHENTICATE, API_KEY_SCHEME)),
            StatusCode::REQUEST_TIMEOUT => Some((header::CONNECTION, HeaderValue::from_static("close"))),
            _ => None,
        };
        response.headers_mut().extend(advice);
        response.extensions_mut().insert(kind);
        if let Some(cause) = self.cause() {
            response.extensions_mut().insert(cause);
        }
        response
    }
}

impl Serialize for ApiError {
    /// Writes the problem that a client sees.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let kind = self.kind();
        let errors = &self.faults()[..self.faults().len().min(LISTED_FAULTS)];
        let (r#type, title, detail) = (kind.urn(), kind.title(), self.detail());
        let status = kind.status().as_u16();
        Problem { r#type: &r#type, title, status, detail: &detail, errors }.serialize(serializer)
    }
}

/// Answers for a handler that panicked; what it said goes to the log only.
#[expect(clippy::needless_pass_by_value, reason = "the signature that the layer asks for")]
pub(in crate::api) fn panic_response(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let mut response = ApiError::Panicked.into_response();
    let cause = format!("panicked: {}", text.unwrap_or("with something that is no text"));
    response.extensions_mut().insert(Cause(cause.into()));
    response
}
