//! A response becomes the JSON that Lambda hands back, in the form that the maker of the event reads.

use axum::body::Bytes;
use axum::http::response::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde::Serialize;
use serde::ser::{SerializeMap, Serializer};
use serde_json::value::{RawValue, to_raw_value};

use super::event::Source;

/// The most bytes that Lambda hands back.
const LAMBDA_BYTES: usize = 6 * 1024 * 1024;

/// The most bytes that a load balancer takes from a function, which its documentation calls 1 MB.
const LOAD_BALANCER_BYTES: usize = 1_000_000;

impl Source {
    /// Returns the most bytes of JSON that an answer may have.
    pub(super) fn most_bytes(self) -> usize {
        match self {
            Self::HttpApi | Self::RestApi => LAMBDA_BYTES,
            Self::LoadBalancer { .. } => LOAD_BALANCER_BYTES,
        }
    }

    /// Writes a response down.
    pub(super) fn answer(self, parts: &Parts, body: &Bytes) -> serde_json::Result<Box<RawValue>> {
        let (text, is_base64_encoded) = match std::str::from_utf8(body) {
            Ok(text) => (text, false),
            Err(_) => (&*BASE64_STANDARD.encode(body), true),
        };
        let has_lists = matches!(self, Self::RestApi | Self::LoadBalancer { has_lists: true });
        let is_balancer = matches!(self, Self::LoadBalancer { .. });
        let reason = || format!("{} {}", parts.status.as_u16(), parts.status.canonical_reason().unwrap_or("Unknown"));
        to_raw_value(&Written {
            status_code: parts.status.as_u16(),
            status_description: is_balancer.then(reason),
            headers: (!has_lists).then_some(Joined(&parts.headers)),
            multi_value_headers: has_lists.then_some(Listed(&parts.headers)),
            // `cargo lambda watch` asks for the field, though no cookie is ever set.
            cookies: (self == Self::HttpApi).then_some([]),
            body: text,
            is_base64_encoded,
        })
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Written<'a> {
    status_code: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    status_description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    headers: Option<Joined<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    multi_value_headers: Option<Listed<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cookies: Option<[&'a str; 0]>,
    body: &'a str,
    is_base64_encoded: bool,
}

/// Headers as one text each, with commas between several values.
struct Joined<'a>(&'a HeaderMap);

impl Serialize for Joined<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        for name in self.0.keys() {
            let mut values = texts(self.0, name);
            match (values.next(), values.next()) {
                (Some(first), Some(second)) => {
                    let all: Vec<_> = [first, second].into_iter().chain(values).collect();
                    map.serialize_entry(name.as_str(), &all.join(", "))?;
                }
                (one, _) => map.serialize_entry(name.as_str(), one.unwrap_or_default())?,
            }
        }
        map.end()
    }
}

/// Headers as a list of texts each.
struct Listed<'a>(&'a HeaderMap);

impl Serialize for Listed<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let lists = self.0.keys().map(|name| (name.as_str(), texts(self.0, name).collect::<Vec<_>>()));
        serializer.collect_map(lists)
    }
}

/// Returns the values of a header, all of which this program writes as texts.
fn texts<'a>(headers: &'a HeaderMap, name: &HeaderName) -> impl Iterator<Item = &'a str> {
    headers.get_all(name).iter().map(HeaderValue::to_str).filter_map(Result::ok)
}
