//! Every way a request can fail, as RFC 9457 `application/problem+json`.

use std::any::Any;
use std::sync::Arc;

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::encoding::Encoding;
use crate::lifecycle::monitor::NoBaseline;
use crate::lifecycle::reports::ReportError;
use crate::package::InferenceError;
use crate::package::explanation::ExplainError;
use crate::prediction::{Outcome, format_time};
use crate::service::ServiceError;
use crate::store::{StoreError, chain};
use crate::table::Fault;

/// How soon a client should try again when the store or the service is overloaded, in seconds.
const RETRY_AFTER_SECONDS: HeaderValue = HeaderValue::from_static("1");

/// So many faults are listed; the rest is counted.
const LISTED_FAULTS: usize = 1000;

/// Why a request was not answered as asked.
#[derive(Debug)]
pub(super) enum ApiError {
    /// The body, a query or a path is not of its format.
    Malformed(String),
    Unauthenticated,
    /// A web page of another site would write.
    CrossSite,
    /// It is for a host that is not served here.
    MisdirectedRequest,
    /// There is no such thing; says what.
    NotFound(&'static str),
    MethodNotAllowed,
    TooLarge,
    /// The answer has more bytes than the host can send.
    AnswerTooLarge {
        most: usize,
        /// Whether what was asked for was done.
        is_done: bool,
    },
    UnsupportedMediaType,
    UnsupportedEncoding,
    /// Well-formed, but with values that no record has.
    Invalid(Vec<Pointed>),
    /// The same of an outcome.
    InvalidOutcome(Vec<Pointed>),
    /// Another outcome is recorded: this one.
    OutcomeConflict(Outcome),
    /// More requests are in flight than may be.
    Overloaded,
    /// The client took too long to send the body.
    BodyTimedOut,
    TimedOut,
    /// A report was not ready in the time of a request.
    ReportTimedOut,
    Service(ServiceError),
    /// The package does not tell what to compare with.
    NoBaseline(NoBaseline),
    Panicked,
}

/// A fault and where it stands.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Fault)]
pub(super) struct Pointed {
    #[serde(flatten)]
    place: Place,
    /// What was expected and what was found.
    detail: String,
}

/// Where a fault stands: in JSON or in a table.
#[derive(Debug, Serialize, ToSchema)]
#[serde(untagged)]
enum Place {
    /// JSON pointer (RFC 6901) into the body.
    Json {
        /// JSON pointer (RFC 6901) into the body.
        pointer: String,
    },
    /// Line of a table, the header being the first, and the column by its name where the fault is in a cell.
    Table {
        /// The header is line 1.
        line: u64,
        /// Left out where the line as a whole is at fault.
        #[serde(skip_serializing_if = "Option::is_none")]
        #[schema(nullable = false)]
        column: Option<String>,
    },
}

impl Pointed {
    /// Points at a field of a record; `record` is the pointer of the record itself.
    pub(super) fn new(record: &str, fault: Fault) -> Self {
        let pointer = match fault.field {
            Some(field) => format!("{record}/{}", field.replace('~', "~0").replace('/', "~1")),
            None => record.to_owned(),
        };
        Self { place: Place::Json { pointer }, detail: fault.detail }
    }

    /// Points at a line of a table, or at a cell in it.
    pub(super) fn in_table(line: u64, fault: Fault) -> Self {
        Self { place: Place::Table { line, column: fault.field }, detail: fault.detail }
    }
}

/// What only the log may know of a failure; travels with the response to where requests are logged.
#[derive(Debug, Clone)]
pub(super) struct Cause(pub(super) Arc<str>);

/// What went wrong, as RFC 9457 has it.
#[derive(Serialize, ToSchema)]
pub(super) struct Problem<'a> {
    /// Names the kind of problem to a program.
    pub(super) r#type: &'static str,
    /// Names it to a person.
    pub(super) title: &'static str,
    /// The status of the response.
    pub(super) status: u16,
    /// What is wrong this time.
    pub(super) detail: &'a str,
    /// Every fault of a request that holds the wrong values.
    #[serde(skip_serializing_if = "<[Pointed]>::is_empty")]
    #[schema(value_type = Vec<Pointed>, required = false)]
    pub(super) errors: &'a [Pointed],
}

/// A kind of problem.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
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
    pub(super) fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Unauthenticated => StatusCode::UNAUTHORIZED,
            Self::CrossSite => StatusCode::FORBIDDEN,
            Self::MisdirectedRequest => StatusCode::MISDIRECTED_REQUEST,
            Self::BodyTimedOut => StatusCode::REQUEST_TIMEOUT,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::MethodNotAllowed => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge | Self::AnswerTooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::UnsupportedMediaType | Self::UnsupportedEncoding => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Self::InvalidRecord | Self::InvalidOutcome => StatusCode::UNPROCESSABLE_ENTITY,
            Self::OutcomeConflict => StatusCode::CONFLICT,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            Self::Overloaded | Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    /// Returns the last part of its URN, as in `invalid-record`.
    pub(super) fn name(self) -> &'static str {
        self.urn().rsplit(':').next().unwrap_or_default()
    }

    /// Returns the name that a program can tell the problem by.
    pub(super) fn urn(self) -> &'static str {
        match self {
            Self::Malformed => "urn:lifeboat:problem:malformed",
            Self::Unauthenticated => "urn:lifeboat:problem:unauthenticated",
            Self::CrossSite => "urn:lifeboat:problem:cross-site",
            Self::MisdirectedRequest => "urn:lifeboat:problem:misdirected-request",
            Self::BodyTimedOut => "urn:lifeboat:problem:request-timeout",
            Self::NotFound => "urn:lifeboat:problem:not-found",
            Self::MethodNotAllowed => "urn:lifeboat:problem:method-not-allowed",
            Self::TooLarge => "urn:lifeboat:problem:too-large",
            Self::AnswerTooLarge => "urn:lifeboat:problem:answer-too-large",
            Self::UnsupportedMediaType => "urn:lifeboat:problem:unsupported-media-type",
            Self::UnsupportedEncoding => "urn:lifeboat:problem:unsupported-content-encoding",
            Self::InvalidRecord => "urn:lifeboat:problem:invalid-record",
            Self::InvalidOutcome => "urn:lifeboat:problem:invalid-outcome",
            Self::OutcomeConflict => "urn:lifeboat:problem:outcome-conflict",
            Self::Internal => "urn:lifeboat:problem:internal",
            Self::Overloaded => "urn:lifeboat:problem:overloaded",
            Self::Unavailable => "urn:lifeboat:problem:unavailable",
        }
    }

    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Malformed => "Malformed request",
            Self::Unauthenticated => "API key required",
            Self::CrossSite => "Page of another site",
            Self::MisdirectedRequest => "Another host",
            Self::BodyTimedOut => "Request not received in time",
            Self::NotFound => "Not found",
            Self::MethodNotAllowed => "Method not allowed",
            Self::TooLarge => "Request too large",
            Self::AnswerTooLarge => "Answer too large",
            Self::UnsupportedMediaType => "Unsupported media type",
            Self::UnsupportedEncoding => "Unsupported content encoding",
            Self::InvalidRecord => "Invalid record",
            Self::InvalidOutcome => "Invalid outcome",
            Self::OutcomeConflict => "Another outcome is recorded",
            Self::Internal => "Internal error",
            Self::Overloaded => "Too many requests in flight",
            Self::Unavailable => "Service unavailable",
        }
    }
}

impl ApiError {
    pub(super) fn kind(&self) -> Kind {
        match self {
            Self::Malformed(_) => Kind::Malformed,
            Self::Unauthenticated => Kind::Unauthenticated,
            Self::CrossSite => Kind::CrossSite,
            Self::MisdirectedRequest => Kind::MisdirectedRequest,
            Self::BodyTimedOut => Kind::BodyTimedOut,
            Self::NotFound(_) => Kind::NotFound,
            Self::MethodNotAllowed => Kind::MethodNotAllowed,
            Self::TooLarge | Self::Service(ServiceError::Explain(ExplainError::TooMany { .. })) => Kind::TooLarge,
            Self::AnswerTooLarge { .. } => Kind::AnswerTooLarge,
            Self::UnsupportedMediaType => Kind::UnsupportedMediaType,
            Self::UnsupportedEncoding => Kind::UnsupportedEncoding,
            Self::Invalid(_) => Kind::InvalidRecord,
            Self::InvalidOutcome(_) => Kind::InvalidOutcome,
            Self::OutcomeConflict(_) => Kind::OutcomeConflict,
            Self::Overloaded => Kind::Overloaded,
            Self::TimedOut | Self::ReportTimedOut | Self::Service(ServiceError::Store(StoreError::Unavailable(_))) => {
                Kind::Unavailable
            }
            Self::Service(_) | Self::NoBaseline(_) | Self::Panicked => Kind::Internal,
        }
    }

    /// Returns what to tell the client: all that helps it, nothing from within.
    pub(super) fn detail(&self) -> String {
        match self {
            Self::Malformed(detail) => detail.clone(),
            Self::Unauthenticated => "the header x-api-key must hold a key that this service knows".to_owned(),
            Self::CrossSite => {
                "a web page of another site may not write here, unless CORS_ORIGINS names its origin".to_owned()
            }
            Self::MisdirectedRequest => {
                "this service answers for localhost, and for the host names in ALLOWED_HOSTS".to_owned()
            }
            Self::NotFound(detail) => (*detail).to_owned(),
            Self::MethodNotAllowed => "this path does not answer that method: see the Allow header".to_owned(),
            Self::TooLarge => format!("the body must be at most {} bytes", super::MAX_BODY_BYTES),
            Self::AnswerTooLarge { most, is_done: true } => format!(
                "the answer has more than the {most} bytes that can be sent from here; what was asked for is done, and the same \
                 records again are the same predictions: ask for fewer at a time, without explain, for text/csv, or for gzip"
            ),
            Self::AnswerTooLarge { most, is_done: false } => format!(
                "the answer, which tells what is wrong with the request, has more than the {most} bytes that can be sent from \
                 here; nothing was stored: send fewer records at a time"
            ),
            Self::UnsupportedMediaType => {
                "the content type must be application/json or, for records, text/csv".to_owned()
            }
            Self::UnsupportedEncoding => "the body may be compressed by gzip or br, once".to_owned(),
            Self::Invalid(_) | Self::InvalidOutcome(_) => match self.faults().len() {
                1 => "nothing was stored: 1 fault".to_owned(),
                count if count > LISTED_FAULTS => {
                    format!("nothing was stored: {count} faults, of which {LISTED_FAULTS} are listed")
                }
                count => format!("nothing was stored: {count} faults"),
            },
            Self::OutcomeConflict(outcome) => format!(
                "the outcome is {} since {}, and stays",
                outcome.label,
                format_time(outcome.recorded_at)
            ),
            Self::Overloaded => "the service is busy with other requests; the same request again is safe".to_owned(),
            Self::BodyTimedOut => "the body did not come in time; the same request again is safe".to_owned(),
            Self::ReportTimedOut => {
                "the window holds more than can be read in the time of a request: ask for a shorter one, or make the report \
                 by lifeboat monitor --keep, and ask without a window"
                    .to_owned()
            }
            Self::TimedOut => "the request took too long; the same request again is safe".to_owned(),
            Self::Service(ServiceError::Store(error @ StoreError::Unavailable(_))) => match error.obstacle() {
                Some(obstacle) => format!("{obstacle}; the same request again is safe"),
                None => "predictions cannot be stored or read now; the same request again is safe".to_owned(),
            },
            Self::Service(ServiceError::Explain(error @ ExplainError::TooMany { .. })) => error.to_string(),
            Self::NoBaseline(_) => {
                "the package that is served does not tell what its training data looked like: it lacks a baseline".to_owned()
            }
            Self::Service(_) | Self::Panicked => "the request could not be answered".to_owned(),
        }
    }

    /// Returns what is wrong with the values of the request.
    pub(super) fn faults(&self) -> &[Pointed] {
        match self {
            Self::Invalid(faults) | Self::InvalidOutcome(faults) => faults,
            _ => &[],
        }
    }

    fn cause(&self) -> Option<Cause> {
        match self {
            Self::Service(error) => Some(Cause(chain(error).into())),
            Self::NoBaseline(error) => Some(Cause(chain(error).into())),
            Self::TimedOut => Some(Cause("the request timed out".into())),
            Self::ReportTimedOut => Some(Cause("the report was not ready in the time of a request".into())),
            _ => None,
        }
    }
}

impl From<ReportError> for ApiError {
    fn from(error: ReportError) -> Self {
        match error {
            ReportError::Service(error) => Self::Service(error),
            ReportError::NoBaseline(error) => Self::NoBaseline(error),
        }
    }
}

impl ApiError {
    /// Blames the record that the model has no answer for, whose place is told by its number.
    pub(super) fn unanswered(error: ServiceError, place: impl Fn(usize, Fault) -> Pointed) -> Self {
        let beyond =
            |what| Fault::of_record(format!("is beyond what the model can {what}: it computes no finite number"));
        match error {
            ServiceError::Inference(InferenceError::NotFinite { row }) => {
                Self::Invalid(vec![place(row, beyond("answer"))])
            }
            ServiceError::Inference(InferenceError::Missing { row, column }) => {
                let detail = format!("cannot be answered: the model needs {column:?}, which is missing");
                Self::Invalid(vec![place(row, Fault::of_record(detail))])
            }
            ServiceError::Explain(ExplainError::Inference(InferenceError::NotFinite { .. })) => {
                Self::Invalid(vec![Pointed::new("", beyond("explain"))])
            }
            error => Self::Service(error),
        }
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        Self::Service(error)
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let kind = self.kind();
        let status = kind.status();
        let errors = &self.faults()[..self.faults().len().min(LISTED_FAULTS)];
        let (r#type, title, detail) = (kind.urn(), kind.title(), self.detail());
        let problem = Problem { r#type, title, status: status.as_u16(), detail: &detail, errors };
        let body = serde_json::to_vec(&problem).unwrap_or_default();
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

/// What a client must show; there is no registered scheme for keys in a header of their own.
const API_KEY_SCHEME: HeaderValue = HeaderValue::from_static("ApiKey");

const PROBLEM_JSON: HeaderValue = HeaderValue::from_static("application/problem+json");

/// The header that names a request in the log and in the answer.
pub(super) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// Answers for a handler that panicked; what it said goes to the log only.
#[expect(clippy::needless_pass_by_value, reason = "the signature that the layer asks for")]
pub(super) fn panic_response(panic: Box<dyn Any + Send>) -> Response {
    let text = panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let mut response = ApiError::Panicked.into_response();
    let cause = format!("panicked: {}", text.unwrap_or("with something that is no text"));
    response.extensions_mut().insert(Cause(cause.into()));
    response
}
