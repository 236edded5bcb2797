//! Which web pages of other origins may call the service from a browser: none, unless the operator names them.

use std::str::FromStr;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use thiserror::Error;
use tower_http::cors::{AllowOrigin, CorsLayer};

use super::request_id::REQUEST_ID;
use super::{inference, keys, predict};

/// How long a browser may remember what it was told.
const MAX_AGE: Duration = Duration::from_hours(1);

/// Origins whose pages may call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Every one.
    Any,
    /// Those of this list.
    These(Vec<HeaderValue>),
}

/// A text that names no origins.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected * or origins such as https://example.org, with commas between them, and found {0:?}")]
pub struct InvalidOrigin(String);

impl FromStr for CorsOrigins {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        if text.trim() == "*" {
            return Ok(Self::Any);
        }
        text.split(',').map(str::trim).map(origin).collect::<Result<_, _>>().map(Self::These)
    }
}

/// Reads an origin as browsers write it: scheme, host and port, and nothing behind them.
fn origin(text: &str) -> Result<HeaderValue, InvalidOrigin> {
    let invalid = || InvalidOrigin(text.to_owned());
    let uri: Uri = text.parse().map_err(|_| invalid())?;
    let (Some(scheme), Some(authority)) = (uri.scheme_str(), uri.authority()) else { return Err(invalid()) };
    let is_whole = format!("{scheme}://{authority}") == text && !authority.as_str().contains('@');
    let is_web = matches!(scheme, "http" | "https");
    if is_whole && is_web { HeaderValue::from_str(text).map_err(|_| invalid()) } else { Err(invalid()) }
}

impl CorsOrigins {
    /// Returns whether pages of an origin may call.
    pub(super) fn contains(&self, origin: &HeaderValue) -> bool {
        match self {
            Self::Any => true,
            Self::These(origins) => origins.contains(origin),
        }
    }

    /// Returns the layer that answers browsers.
    pub(super) fn layer(&self) -> CorsLayer {
        let origins = match self {
            Self::Any => AllowOrigin::any(),
            Self::These(origins) => AllowOrigin::list(origins.iter().cloned()),
        };
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST, Method::PUT])
            .allow_headers([
                header::ACCEPT,
                header::CONTENT_ENCODING,
                header::CONTENT_TYPE,
                header::IF_NONE_MATCH,
                HeaderName::from_static(keys::API_KEY),
                inference::JSON_LENGTH,
                REQUEST_ID,
            ])
            .expose_headers([
                header::ETAG,
                header::LOCATION,
                header::RETRY_AFTER,
                predict::CREATED,
                inference::JSON_LENGTH,
                REQUEST_ID,
            ])
            .max_age(MAX_AGE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read_as_browsers_write_them() {
        assert_eq!("*".parse(), Ok(CorsOrigins::Any));
        let two: CorsOrigins = "https://example.org, http://localhost:3000".parse().unwrap();
        assert_eq!(
            two,
            CorsOrigins::These(["https://example.org", "http://localhost:3000"].map(HeaderValue::from_static).into())
        );
        for bad in
            ["", "example.org", "https://example.org/", "ftp://example.org", "https://a@b", "*, https://a", "null"]
        {
            assert!(bad.parse::<CorsOrigins>().is_err(), "{bad}");
        }
    }
}
