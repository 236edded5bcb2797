//! What every response gets, whatever its route: security headers, a word on caching, and fewer bytes where that pays.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::response::Parts;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use http_body::Body as _;
use http_body_util::BodyExt;
use sha2::{Digest, Sha256};

use super::encoding::{GZIP, gzip, takes_gzip};

/// A shorter body would hardly be shorter compressed.
const WORTH_ENCODING_BYTES: u64 = 1024;

/// What nobody may keep.
pub(super) const NO_STORE: HeaderValue = HeaderValue::from_static("no-store");

/// What the client itself may keep, if it asks each time whether it is still so.
const PRIVATE_REVALIDATED: HeaderValue = HeaderValue::from_static("private, no-cache");

/// What answers are to a browser: nothing that it may run, show in a frame, or guess the type of.
const SECURITY: [(header::HeaderName, HeaderValue); 3] = [
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
];

/// What a request says of the response that it would have.
#[derive(Debug)]
pub(super) struct Wishes {
    accept_encoding: Option<HeaderValue>,
    if_none_match: Option<HeaderValue>,
}

impl Wishes {
    /// Reads the headers of a request.
    pub(super) fn of(request: &Request) -> Self {
        Self {
            accept_encoding: request.headers().get(header::ACCEPT_ENCODING).cloned(),
            if_none_match: request.headers().get(header::IF_NONE_MATCH).cloned(),
        }
    }
}

/// A response that a client may keep and ask about again: it gets an `ETag`, and is `304` to who has it.
#[derive(Debug)]
pub(super) struct Revalidated<R>(pub(super) R);

/// Marks the response of [`Revalidated`].
#[derive(Debug, Clone, Copy)]
struct Tagged;

impl<R: IntoResponse> IntoResponse for Revalidated<R> {
    fn into_response(self) -> Response {
        let mut response = self.0.into_response();
        response.extensions_mut().insert(Tagged);
        response.headers_mut().entry(header::CACHE_CONTROL).or_insert(PRIVATE_REVALIDATED);
        response
    }
}

/// Adds to a response what its handler need not know of.
pub(super) async fn finish(response: Response, wishes: &Wishes) -> Response {
    let (mut parts, body) = response.into_parts();
    for (name, value) in SECURITY {
        parts.headers.entry(name).or_insert(value);
    }
    parts.headers.entry(header::CACHE_CONTROL).or_insert(NO_STORE);
    let is_tagged = parts.extensions.remove::<Tagged>().is_some();
    let is_worth_encoding = body.size_hint().lower() >= WORTH_ENCODING_BYTES;
    if !is_tagged && !is_worth_encoding {
        return Response::from_parts(parts, body);
    }
    // Every body is whole already: nothing is waited for here.
    let Ok(body) = body.collect().await else { return StatusCode::INTERNAL_SERVER_ERROR.into_response() };
    let body = body.to_bytes();
    if is_worth_encoding {
        parts.headers.append(header::VARY, HeaderValue::from_static("accept-encoding"));
    }
    if is_tagged && tag(&mut parts.headers, &body, wishes.if_none_match.as_ref()) {
        parts.status = StatusCode::NOT_MODIFIED;
        parts.headers.remove(header::CONTENT_TYPE);
        return Response::from_parts(parts, Body::empty());
    }
    let body = if is_worth_encoding { encoded(&mut parts, body, wishes) } else { body };
    Response::from_parts(parts, Body::from(body))
}

/// Tags a body by its content, and tells whether it is the one that the client has.
///
/// The tag is weak, since the body is the same to a client whether it comes compressed or not.
fn tag(headers: &mut HeaderMap, body: &Bytes, if_none_match: Option<&HeaderValue>) -> bool {
    let tag = format!("\"{}\"", hex::encode(&Sha256::digest(body)[..8]));
    let known = if_none_match.and_then(|value| value.to_str().ok()).unwrap_or_default();
    let is_known = known.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag);
    if let Ok(tag) = HeaderValue::from_str(&format!("W/{tag}")) {
        headers.insert(header::ETAG, tag);
    }
    is_known
}

/// Compresses a body for a client that takes it so.
fn encoded(parts: &mut Parts, body: Bytes, wishes: &Wishes) -> Bytes {
    if !takes_gzip(wishes.accept_encoding.as_ref()) {
        return body;
    }
    let Ok(encoded) = gzip(&body) else { return body };
    parts.headers.insert(header::CONTENT_ENCODING, GZIP);
    encoded.into()
}
