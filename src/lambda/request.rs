//! An event of a request becomes the request that the router knows.

use axum::body::Body;
use axum::http::{Method, Request, Uri, header};
use base64::prelude::{BASE64_STANDARD, Engine};
use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};

use super::event::{HttpEvent, Source};
use crate::api::BasePath;

/// The stage that stands in no path.
const DEFAULT_STAGE: &str = "$default";

/// What a query does not hold as it is. What is encoded already stays so.
const QUERY: &AsciiSet = &CONTROLS.add(b' ').add(b'"').add(b'#').add(b'<').add(b'>');

/// The same for a path.
const PATH: &AsciiSet = &QUERY.add(b'?').add(b'`').add(b'{').add(b'}').add(b'\\').add(b'^').add(b'|');

/// Returns the request of an event, with its [`BasePath`] as an extension; nothing where there can be no such request.
pub(super) fn request(event: HttpEvent<'_>, setting: &BasePath) -> Option<Request<Body>> {
    let (base, path) = event.split_path(setting);
    let mut uri: String = utf8_percent_encode(path, PATH).collect();
    if !event.query.is_empty() {
        uri.push('?');
        uri.extend(utf8_percent_encode(&event.query, QUERY));
    }
    let body = if event.is_base64 {
        BASE64_STANDARD.decode(event.body.as_bytes()).ok()?
    } else {
        event.body.into_owned().into_bytes()
    };
    let mut request = Request::new(Body::from(body));
    *request.method_mut() = Method::from_bytes(event.method.as_bytes()).ok()?;
    *request.uri_mut() = Uri::try_from(uri).ok()?;
    if !base.is_root() {
        request.extensions_mut().insert(base);
    }
    *request.headers_mut() = event.headers;
    if event.source == Source::RestApi {
        // What is compressed travels in base64, which a REST API hands on as it is unless it is told otherwise.
        request.headers_mut().remove(header::ACCEPT_ENCODING);
    }
    Some(request)
}

impl HttpEvent<'_> {
    /// Parts what stands before this service's paths from the path: the stage where there is one, and the operator's setting.
    fn split_path<'a>(&'a self, setting: &BasePath) -> (BasePath, &'a str) {
        let path = if self.path.is_empty() { "/" } else { &self.path };
        let stage = self.stage.as_deref().filter(|&stage| stage != DEFAULT_STAGE);
        let stage: BasePath = stage.and_then(|stage| stage.parse().ok()).unwrap_or_default();
        // A REST API has taken the stage off already, unless the client calls by a name of its own, whose path it leaves.
        let is_without_stage = self.whole_path.as_deref().is_some_and(|whole| whole != path);
        let (before, path) = match stage.strip(path) {
            Some(rest) if !is_without_stage => (stage, rest),
            _ if is_without_stage => (stage, path),
            _ => (BasePath::default(), path),
        };
        match setting.strip(path) {
            Some(rest) => (setting.clone(), rest),
            None => (before, path),
        }
    }
}
