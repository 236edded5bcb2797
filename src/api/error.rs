//! Every way a request can fail, and what the client is told of it.

mod kind;
mod pointed;
pub(super) mod response;

use std::sync::Arc;

use super::encoding::EncodingError;
use crate::lifecycle::monitor::NoBaseline;
use crate::lifecycle::reports::ReportError;
use crate::package::InferenceError;
use crate::package::explanation::ExplainError;
use crate::prediction::{Outcome, format_time};
use crate::service::ServiceError;
use crate::store::{StoreError, chain};
use crate::table::Fault;
pub(super) use kind::{Kind, Problem};
pub(super) use pointed::Pointed;

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

/// What only the log may know of a failure; travels with the response to where requests are logged.
#[derive(Debug, Clone)]
pub(super) struct Cause(pub(super) Arc<str>);

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
            Self::TooLarge => format!("the body must be at most {} bytes", super::size::MAX_BODY_BYTES),
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
                "the outcome is {} since {}, and stays, since this one does not say that it corrects it",
                outcome.label,
                format_time(outcome.known_at)
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

impl From<EncodingError> for ApiError {
    fn from(error: EncodingError) -> Self {
        match error {
            EncodingError::Unknown => Self::UnsupportedEncoding,
            EncodingError::TooLarge => Self::TooLarge,
            EncodingError::NotOfIt(_) => Self::Malformed(error.to_string()),
        }
    }
}

impl From<ServiceError> for ApiError {
    fn from(error: ServiceError) -> Self {
        Self::Service(error)
    }
}
