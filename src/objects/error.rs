//! What can go wrong with an object, in words for the one who named it, and what to do.

use std::error::Error as StdError;
use std::{fmt, io};

use aws_sdk_s3::config::http::HttpResponse;
use aws_sdk_s3::error::{ProvideErrorMetadata, SdkError};
use thiserror::Error;

use super::location::Location;

/// Why an object cannot be read, written, listed or deleted.
#[derive(Debug, Error)]
pub enum ObjectError {
    /// Somebody has replaced it since it was looked at.
    #[error("{0} has changed since it was looked at: begin again with it as it is now")]
    Changed(Location),
    /// Somebody has deleted it since it was looked at.
    #[error("{0} is not there any more")]
    Gone(Location),
    /// It is larger than it may be.
    #[error("{at} has {bytes} bytes, and {most} at most are taken")]
    TooLarge {
        /// The object.
        at: Location,
        /// What it has.
        bytes: u64,
        /// What is taken.
        most: u64,
    },
    /// It is in a class of storage that is not read at once.
    #[error("{0} is archived: restore it first")]
    Archived(Location),
    /// The bucket is not there.
    #[error("there is no bucket {0}: look at its name, and at whose credentials these are")]
    NoBucket(String),
    /// The bucket is in another region than the client.
    #[error("the bucket {bucket} is in {there}, not in {here}: set AWS_REGION={there}")]
    OtherRegion {
        /// The bucket.
        bucket: String,
        /// Its region.
        there: String,
        /// The client's region.
        here: String,
    },
    /// The credentials do not allow it.
    #[error("no permission to {action} {at}: the credentials need {}", action.permission())]
    NoAccess {
        /// What was to be done.
        action: Action,
        /// To what.
        at: Location,
        /// What S3 says.
        source: Answer,
    },
    /// The credentials are nobody's, or no longer.
    #[error(
        "the credentials are not accepted: renew AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, and look at the clock"
    )]
    Credentials(#[source] Answer),
    /// Nothing came of it after all attempts; the same may do later.
    #[error("cannot {action} {at} now: try again later")]
    Unavailable {
        /// What was to be done.
        action: Action,
        /// To what.
        at: Location,
        /// What came of the last attempt.
        source: Box<dyn StdError + Send + Sync>,
    },
    /// S3 does not do it, however often it is asked.
    #[error("cannot {action} {at}")]
    Refused {
        /// What was to be done.
        action: Action,
        /// To what.
        at: Location,
        /// Why.
        source: Box<dyn StdError + Send + Sync>,
    },
}

/// What is done with an object; of a list, with those whose keys begin so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Action {
    /// Its bytes, or what it is, are asked for.
    Read,
    /// It is made.
    Write,
    /// Keys are asked for.
    List,
    /// It is removed.
    Delete,
}

impl Action {
    fn permission(self) -> &'static str {
        match self {
            Self::Read => {
                "s3:GetObject there, s3:ListBucket on the bucket (without it, what is missing counts as forbidden), and \
                 kms:Decrypt where it is encrypted by a key of KMS"
            }
            Self::Write => {
                "s3:PutObject and s3:AbortMultipartUpload there, and kms:GenerateDataKey and kms:Decrypt where the bucket is encrypted \
                 by a key of KMS"
            }
            Self::List => "s3:ListBucket on the bucket, for that prefix",
            Self::Delete => "s3:DeleteObject there",
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Read => "read",
            Self::Write => "write",
            Self::List => "list",
            Self::Delete => "delete",
        })
    }
}

/// An answer of S3 that is none of those that were hoped for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    status: u16,
    code: Option<String>,
    message: Option<String>,
}

impl fmt::Display for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "S3 answers {}", self.status)?;
        if let Some(code) = &self.code {
            write!(f, " {code}")?;
        }
        match &self.message {
            Some(message) => write!(f, ": {}", message.trim_end_matches('.')),
            None => Ok(()),
        }
    }
}

impl StdError for Answer {}

/// A request, or the body of an answer, that came to nothing.
#[derive(Debug, Error)]
pub(super) enum Broken {
    /// Nothing came for too long.
    #[error("S3 sent nothing for {0} s")]
    Silent(u64),
    /// Too little came for too long.
    #[error("S3 sent next to nothing")]
    Slow,
    /// It ended too early.
    #[error("the connection was cut off")]
    Cut(#[source] Option<Box<dyn StdError + Send + Sync>>),
    /// A writer or a deleter was quicker, again and again.
    #[error("others write there at the same time")]
    Contended,
    /// A multipart upload was ended by somebody else.
    #[error("the upload was ended before it was complete")]
    UploadLost,
    /// A part that came before could not be sent.
    #[error("an earlier part could not be sent")]
    EarlierPart,
    /// The answer holds other bytes than those that were asked for.
    #[error("S3 sends other bytes than those that were asked for")]
    OtherBytes,
}

/// Who asked for what: all that an error has to name.
#[derive(Debug, Clone)]
pub(super) struct Errand<'a> {
    pub(super) action: Action,
    pub(super) at: &'a Location,
    /// The client's region.
    pub(super) region: &'a str,
}

impl Errand<'_> {
    /// Says what to do about a request that failed, after all attempts.
    pub(super) fn failed<E>(&self, error: SdkError<E, HttpResponse>) -> ObjectError
    where
        E: ProvideErrorMetadata + StdError + Send + Sync + 'static,
    {
        match &error {
            SdkError::ServiceError(_) => {}
            SdkError::ConstructionFailure(_) => return self.refused(error),
            _ => return self.unavailable(error),
        }
        let there = region_of_bucket(&error).filter(|there| there != self.region);
        if let Some(there) = there {
            return ObjectError::OtherRegion { bucket: self.at.bucket.clone(), there, here: self.region.to_owned() };
        }
        self.answered(answer(&error))
    }

    fn answered(&self, answer: Answer) -> ObjectError {
        let code = answer.code.as_deref().unwrap_or_default();
        match (answer.status, code) {
            (_, "NoSuchBucket") => ObjectError::NoBucket(self.at.bucket.clone()),
            (_, "InvalidObjectState") => ObjectError::Archived(self.at.clone()),
            (
                _,
                "ExpiredToken"
                | "InvalidToken"
                | "TokenRefreshRequired"
                | "InvalidAccessKeyId"
                | "SignatureDoesNotMatch"
                | "RequestTimeTooSkewed",
            ) => ObjectError::Credentials(answer),
            // What takes S3 long is begun with 200, and may end with any of these all the same.
            (500.. | 429, _) | (_, "RequestTimeout" | "SlowDown" | "InternalError" | "ServiceUnavailable") => {
                self.unavailable(answer)
            }
            (404, _) if self.action == Action::Read => ObjectError::Gone(self.at.clone()),
            (412 | 416, _) if self.action == Action::Read => ObjectError::Changed(self.at.clone()),
            (401 | 403, _) => ObjectError::NoAccess { action: self.action, at: self.at.clone(), source: answer },
            _ => self.refused(answer),
        }
    }

    pub(super) fn unavailable(&self, why: impl Into<Box<dyn StdError + Send + Sync>>) -> ObjectError {
        ObjectError::Unavailable { action: self.action, at: self.at.clone(), source: why.into() }
    }

    pub(super) fn refused(&self, why: impl Into<Box<dyn StdError + Send + Sync>>) -> ObjectError {
        ObjectError::Refused { action: self.action, at: self.at.clone(), source: why.into() }
    }
}

/// Returns the status and the code of an answer, where there is one.
pub(super) fn status_and_code<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> (u16, &str) {
    (error.raw_response().map_or(0, |response| response.status().as_u16()), error.code().unwrap_or_default())
}

fn answer<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Answer {
    let (status, _) = status_and_code(error);
    Answer { status, code: error.code().map(str::to_owned), message: error.message().map(str::to_owned) }
}

/// Returns where the bucket is: S3 says so whenever it refuses.
fn region_of_bucket<E>(error: &SdkError<E, HttpResponse>) -> Option<String> {
    error.raw_response()?.headers().get("x-amz-bucket-region").map(str::to_owned)
}

impl ObjectError {
    /// Returns whether the same may do later.
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Unavailable { .. })
    }

    /// Finds the error of an object in one that it caused, through readers, writers and whatever else wraps it.
    pub fn within<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Self> {
        let mut next = Some(error);
        while let Some(error) = next {
            // What an `io::Error` wraps is not its source.
            let wrapped = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
            let wrapped = wrapped.map(|wrapped| wrapped as &(dyn StdError + 'static));
            if let Some(found) = wrapped.unwrap_or(error).downcast_ref::<Self>() {
                return Some(found);
            }
            next = wrapped.or_else(|| error.source());
        }
        None
    }
}

/// The kinds are none of those that a decoder takes for damage of its input.
impl From<ObjectError> for io::Error {
    fn from(error: ObjectError) -> Self {
        let kind = match &error {
            ObjectError::Changed(_) => io::ErrorKind::StaleNetworkFileHandle,
            ObjectError::Gone(_) | ObjectError::NoBucket(_) => io::ErrorKind::NotFound,
            ObjectError::NoAccess { .. } | ObjectError::Credentials(_) => io::ErrorKind::PermissionDenied,
            ObjectError::Unavailable { .. } => io::ErrorKind::TimedOut,
            _ => io::ErrorKind::Unsupported,
        };
        Self::new(kind, error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answered(action: Action, status: u16, code: &str) -> ObjectError {
        let at = Location::new("data", "in/a.csv");
        let errand = Errand { action, at: &at, region: "eu-central-1" };
        errand.answered(Answer { status, code: (!code.is_empty()).then(|| code.to_owned()), message: None })
    }

    #[test]
    fn every_answer_says_what_to_do() {
        for (action, status, code, words) in [
            (Action::Read, 404, "NoSuchBucket", "there is no bucket data: look at its name"),
            (Action::Read, 404, "NoSuchKey", "s3://data/in/a.csv is not there any more"),
            (Action::Read, 412, "PreconditionFailed", "s3://data/in/a.csv has changed since it was looked at"),
            (Action::Read, 416, "InvalidRange", "s3://data/in/a.csv has changed since it was looked at"),
            (Action::Read, 403, "", "no permission to read s3://data/in/a.csv: the credentials need s3:GetObject"),
            (Action::Read, 403, "InvalidObjectState", "s3://data/in/a.csv is archived: restore it first"),
            (
                Action::Write,
                403,
                "AccessDenied",
                "no permission to write s3://data/in/a.csv: the credentials need s3:Put",
            ),
            (
                Action::List,
                403,
                "AccessDenied",
                "no permission to list s3://data/in/a.csv: the credentials need s3:List",
            ),
            (Action::Delete, 400, "ExpiredToken", "the credentials are not accepted: renew AWS_ACCESS_KEY_ID"),
            (Action::Write, 403, "SignatureDoesNotMatch", "the credentials are not accepted"),
            (Action::Write, 400, "EntityTooLarge", "cannot write s3://data/in/a.csv"),
            (Action::Read, 503, "SlowDown", "cannot read s3://data/in/a.csv now: try again later"),
            (Action::Write, 200, "InternalError", "cannot write s3://data/in/a.csv now: try again later"),
            (Action::Write, 400, "RequestTimeout", "cannot write s3://data/in/a.csv now: try again later"),
        ] {
            let error = answered(action, status, code);
            assert!(error.to_string().starts_with(words), "{status} {code}: {error}");
            assert_eq!(error.is_retryable(), words.ends_with("later"), "{status} {code}");
        }
    }

    #[test]
    fn what_s3_says_is_the_cause() {
        let error = answered(Action::Write, 403, "AccessDenied");
        assert_eq!(error.source().unwrap().to_string(), "S3 answers 403 AccessDenied");
    }

    #[test]
    fn an_error_is_found_in_what_it_caused() {
        let at = Location::new("data", "in/a.csv");
        let wrapped = io::Error::other(io::Error::from(ObjectError::Changed(at)));
        assert!(matches!(ObjectError::within(&wrapped), Some(ObjectError::Changed(_))));
        assert!(ObjectError::within(&io::Error::other("something else")).is_none());
    }
}
