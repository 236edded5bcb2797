//! The kinds of problems, and a problem as RFC 9457 has it.

use axum::http::StatusCode;
use serde::Serialize;
use utoipa::ToSchema;

use super::pointed::Pointed;

/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::api) enum Kind {
    Malformed,
    Unauthenticated,
    CrossSite,
    MisdirectedRequest,
    NotFound,
    MethodNotAllowed,
    BodyTimedOut,
    TooLarge,
    AnswerTooLarge,
    UnsupportedMediaType,
    UnsupportedEncoding,
    InvalidRecord,
    InvalidOutcome,
    OutcomeConflict,
    Internal,
    Overloaded,
    Unavailable,
}

impl Kind {
    /// Returns the status of its responses.
    pub(in crate::api) fn status(self) -> StatusCode {
        self.facts().0
    }

    /// Returns the name that a program can tell the problem by, as in `urn:lifeboat:problem:invalid-record`.
    pub(in crate::api) fn urn(self) -> String {
        format!("urn:lifeboat:problem:{}", self.name())
    }

    /// Returns the last part of its URN.
    pub(in crate::api) fn name(self) -> &'static str {
        self.facts().1
    }

    /// Returns the name that a person can tell it by.
    pub(in crate::api) fn title(self) -> &'static str {
        self.facts().2
    }

    /// Returns status, name and title.
    fn facts(self) -> (StatusCode, &'static str, &'static str) {
        match self {
            Self::Malformed => (StatusCode::BAD_REQUEST, "malformed", "Malformed request"),
            Self::Unauthenticated => (StatusCode::UNAUTHORIZED, "unauthenticated", "API key required"),
            Self::CrossSite => (StatusCode::FORBIDDEN, "cross-site", "Page of another site"),
            Self::MisdirectedRequest => (StatusCode::MISDIRECTED_REQUEST, "misdirected-request", "Another host"),
            Self::NotFound => (StatusCode::NOT_FOUND, "not-found", "Not found"),
            Self::MethodNotAllowed => (StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "Method not allowed"),
            Self::BodyTimedOut => (StatusCode::REQUEST_TIMEOUT, "request-timeout", "Request not received in time"),
            Self::TooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "too-large", "Request too large"),
            Self::AnswerTooLarge => (StatusCode::PAYLOAD_TOO_LARGE, "answer-too-large", "Answer too large"),
            Self::UnsupportedMediaType => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-media-type", "Unsupported media type")
            }
            Self::UnsupportedEncoding => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported-content-encoding", "Unsupported content encoding")
            }
            Self::InvalidRecord => (StatusCode::UNPROCESSABLE_ENTITY, "invalid-record", "Invalid record"),
            Self::InvalidOutcome => (StatusCode::UNPROCESSABLE_ENTITY, "invalid-outcome", "Invalid outcome"),
            Self::OutcomeConflict => (StatusCode::CONFLICT, "outcome-conflict", "Another outcome is recorded"),
            Self::Internal => (StatusCode::INTERNAL_SERVER_ERROR, "internal", "Internal error"),
            Self::Overloaded => (StatusCode::SERVICE_UNAVAILABLE, "overloaded", "Too many requests in flight"),
            Self::Unavailable => (StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Service unavailable"),
        }
    }
}

/// What went wrong, as RFC 9457 has it.
#[derive(Serialize, ToSchema)]
pub(in crate::api) struct Problem<'a> {
    /// Names the kind of problem to a program.
    pub(in crate::api) r#type: &'a str,
    /// Names it to a person.
    pub(in crate::api) title: &'static str,
    /// The status of the response.
    pub(in crate::api) status: u16,
    /// What is wrong this time.
    pub(in crate::api) detail: &'a str,
    /// Every fault of a request that holds the wrong values.
    #[serde(skip_serializing_if = "<[Pointed]>::is_empty")]
    #[schema(value_type = Vec<Pointed>, required = false)]
    pub(in crate::api) errors: &'a [Pointed],
}
