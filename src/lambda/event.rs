//! What Lambda hands over: an HTTP request in one of the three forms that AWS writes it in, an event that only keeps the function
//! warm, or anything else.

use std::borrow::Cow;
use std::fmt;

use axum::http::HeaderMap;
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::fields::{Headers, QueryParameters, Text};

/// An event as it came.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Event(Box<RawValue>);

/// What an event is for.
#[derive(Debug)]
pub(super) enum Purpose<'a> {
    Http(Box<HttpEvent<'a>>),
    /// It asks for nothing.
    KeepWarm,
    Unknown(Unknown),
}

/// Who made an event of a request, and so how it would have the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// An HTTP API with payload 2.0, or a Function URL.
    HttpApi,
    /// A REST API, or an HTTP API with payload 1.0.
    RestApi,
    /// An Application Load Balancer.
    LoadBalancer {
        /// Whether its target group has `lambda.multi_value_headers.enabled`.
        has_lists: bool,
    },
}

/// A request, as far as it is read.
#[derive(Debug)]
pub(super) struct HttpEvent<'a> {
    pub(super) source: Source,
    pub(super) method: Cow<'a, str>,
    pub(super) path: Cow<'a, str>,
    /// The path that the client asked for, where the event has another one as well: it begins with the stage then.
    pub(super) whole_path: Option<Cow<'a, str>>,
    pub(super) stage: Option<Cow<'a, str>>,
    /// Encoded, as it stands in a URL.
    pub(super) query: Cow<'a, str>,
    pub(super) headers: HeaderMap,
    pub(super) body: Cow<'a, str>,
    pub(super) is_base64: bool,
}

impl Event {
    /// Tells what the event is for.
    pub(super) fn purpose(&self) -> Purpose<'_> {
        let text = self.0.get();
        if text == "null" {
            return Purpose::KeepWarm;
        }
        match serde_json::from_str::<Fields<'_>>(text) {
            Ok(fields) => fields.purpose(text),
            Err(_) => Purpose::Unknown(Unknown::of(text)),
        }
    }
}

/// The members that tell what an event is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Fields<'a> {
    #[serde(borrow, default)]
    raw_path: Text<'a>,
    #[serde(borrow, default)]
    raw_query_string: Text<'a>,
    #[serde(borrow, default)]
    path: Text<'a>,
    #[serde(borrow, default)]
    http_method: Text<'a>,
    #[serde(borrow, default)]
    headers: Headers<'a>,
    #[serde(borrow, default)]
    multi_value_headers: Headers<'a>,
    #[serde(borrow, default)]
    query_string_parameters: QueryParameters<'a>,
    #[serde(borrow, default)]
    multi_value_query_string_parameters: QueryParameters<'a>,
    #[serde(borrow, default)]
    request_context: Option<RequestContext<'a>>,
    #[serde(borrow, default)]
    body: Text<'a>,
    #[serde(default)]
    is_base64_encoded: Option<bool>,
    #[serde(borrow, default)]
    source: Text<'a>,
    #[serde(borrow, default, rename = "detail-type")]
    detail_type: Text<'a>,
    #[serde(default)]
    warmer: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct RequestContext<'a> {
    #[serde(borrow, default)]
    stage: Text<'a>,
    #[serde(borrow, default)]
    path: Text<'a>,
    #[serde(borrow, default)]
    http: Option<Http<'a>>,
    #[serde(default)]
    elb: Option<IgnoredAny>,
}

#[derive(Deserialize)]
struct Http<'a> {
    #[serde(borrow, default)]
    method: Text<'a>,
}

impl<'a> Fields<'a> {
    fn purpose(self, text: &str) -> Purpose<'a> {
        if self.keeps_warm(text) {
            return Purpose::KeepWarm;
        }
        match self.http() {
            Some(event) => Purpose::Http(Box::new(event)),
            None => Purpose::Unknown(Unknown::of(text)),
        }
    }

    /// Tells whether the event only keeps the function warm: that of a schedule, of the usual plugins, or an empty one.
    fn keeps_warm(&self, text: &str) -> bool {
        let is_scheduled = self.detail_type.is("Scheduled Event");
        let is_of_plugin = self.warmer.is_some() || self.source.is("serverless-plugin-warmup");
        is_scheduled || is_of_plugin || text.bytes().filter(|byte| !byte.is_ascii_whitespace()).eq(*b"{}")
    }

    fn http(self) -> Option<HttpEvent<'a>> {
        let context = self.request_context?;
        let method = context.http.map_or(self.http_method, |http| http.method).0?;
        let stage = context.stage.0;
        let has_lists = self.multi_value_headers.is_given();
        let headers = if has_lists { self.multi_value_headers } else { self.headers };
        let parameters = self.multi_value_query_string_parameters.or(self.query_string_parameters);
        let (source, path, whole_path, query) = if let Some(path) = self.raw_path.0 {
            (Source::HttpApi, path, None, self.raw_query_string.0.unwrap_or_default())
        } else if context.elb.is_some() {
            // A load balancer hands parameters over as they were sent.
            (Source::LoadBalancer { has_lists }, self.path.0?, None, parameters.joined().into())
        } else {
            (Source::RestApi, self.path.0?, context.path.0, parameters.encoded().into())
        };
        let (headers, body) = (headers.into_map(), self.body.0.unwrap_or_default());
        let is_base64 = self.is_base64_encoded.unwrap_or_default();
        Some(HttpEvent { source, method, path, whole_path, stage, query, headers, body, is_base64 })
    }
}

/// What an event looks like that is none of those that this function answers; its content stays out.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Unknown(String);

impl Unknown {
    /// Names the members of an event, and nothing of what they hold.
    fn of(text: &str) -> Self {
        const MOST_MEMBERS: usize = 12;
        const MOST_CHARS: usize = 40;
        let Ok(members) = serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text) else {
            return Self("an event that is no object".to_owned());
        };
        let names = members.keys().take(MOST_MEMBERS).map(|name| name.chars().take(MOST_CHARS).collect::<String>());
        let names: Vec<_> = names.map(|name| format!("{name:?}")).collect();
        let more = if members.len() > MOST_MEMBERS { " and others" } else { "" };
        Self(format!("an event with the members {}{more}", names.join(", ")))
    }
}

impl fmt::Display for Unknown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
