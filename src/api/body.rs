//! A request's body: what it is written in, and its bytes.

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;

use super::encoding::Encoding;
use super::error::ApiError;
use super::size::MAX_BODY_BYTES;

/// So much of a body that is too large is read before its connection is closed on it.
const MOST_DROPPED_BYTES: usize = 16 * MAX_BODY_BYTES;

/// Reads a request's body to its end, and decodes it where it is compressed.
pub(super) async fn whole(request: Request) -> Result<Bytes, ApiError> {
    let encoding = Encoding::of_body(request.headers());
    let body = received(request.into_body()).await?;
    match encoding? {
        Some(encoding) => Ok(encoding.decode(&body, MAX_BODY_BYTES)?.into()),
        None => Ok(body),
    }
}

/// Receives a body to its end. One that is too large is received and dropped for a while, since a client that is still sending
/// does not see an answer.
pub(super) async fn received(mut body: Body) -> Result<Bytes, ApiError> {
    let (mut first, mut bytes, mut length) = (Bytes::new(), Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::Malformed("the body ended before it was whole".to_owned()))?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if first.is_empty() {
            // A body that comes at once is not copied.
            first = data;
        } else if length <= MAX_BODY_BYTES {
            if bytes.is_empty() {
                bytes.extend_from_slice(&first);
            }
            bytes.extend_from_slice(&data);
        } else if length > MOST_DROPPED_BYTES {
            break;
        }
    }
    match length {
        _ if length > MAX_BODY_BYTES => Err(ApiError::TooLarge),
        _ if bytes.is_empty() => Ok(first),
        _ => Ok(bytes.into()),
    }
}

/// What a body is written in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Format {
    Json,
    Csv,
}

impl Format {
    /// Returns the format that the content type names, whatever its parameters.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if media_type.eq_ignore_ascii_case("application/json") {
            Some(Self::Json)
        } else if media_type.eq_ignore_ascii_case("text/csv") {
            Some(Self::Csv)
        } else {
            None
        }
    }
}
