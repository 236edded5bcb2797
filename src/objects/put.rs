//! Objects that are made once: whoever comes second finds the first one's.

use std::collections::{BTreeMap, HashMap};

use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use tokio::time::sleep;
use uuid::Uuid;

use super::error::{Action, Broken, status_and_code};
use super::location::Location;
use super::{ObjectError, Objects};

/// Under this name an object's metadata tells whose it is: an attempt whose answer was lost finds its own object in its way.
const WRITE_ID: &str = "write-id";

/// What became of an object that was to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completed {
    /// It is there now.
    Created,
    /// There was one before, which stays as it is.
    Existed,
}

/// The metadata of an object that is made once.
#[derive(Debug, Clone)]
pub(super) struct Metadata {
    entries: HashMap<String, String>,
    write_id: String,
}

impl Metadata {
    pub(super) fn new(entries: BTreeMap<String, String>) -> Self {
        let write_id = Uuid::new_v4().to_string();
        let own = (WRITE_ID.to_owned(), write_id.clone());
        Self { entries: entries.into_iter().chain([own]).collect(), write_id }
    }

    pub(super) fn entries(&self) -> HashMap<String, String> {
        self.entries.clone()
    }
}

/// Why an object was not made.
pub(super) enum InTheWay {
    /// There is one.
    Object,
    /// Others write there just now.
    Writers,
}

impl InTheWay {
    pub(super) fn from_answer(status: u16, code: &str) -> Option<Self> {
        match (status, code) {
            (412, _) => Some(Self::Object),
            (409, "ConditionalRequestConflict" | "OperationAborted") => Some(Self::Writers),
            _ => None,
        }
    }
}

impl Objects {
    /// Makes an object by one request, unless there is one.
    pub(super) async fn create(
        &self,
        at: &Location,
        body: Bytes,
        metadata: &Metadata,
    ) -> Result<Completed, ObjectError> {
        let errand = self.errand(Action::Write, at);
        for attempt in 1..=self.patience.attempts {
            let put = self.client.put_object().bucket(&at.bucket).key(&at.key).if_none_match("*");
            let put = put.content_type(content_type(&at.key)).set_metadata(Some(metadata.entries()));
            let put = put.body(ByteStream::from(body.clone())).customize();
            let Err(error) = put.config_override(self.patience.sending(body.len())).send().await else {
                return Ok(Completed::Created);
            };
            let (status, code) = status_and_code(&error);
            match InTheWay::from_answer(status, code) {
                None => return Err(errand.failed(error)),
                Some(InTheWay::Writers) => {}
                Some(InTheWay::Object) => {
                    if let Some(completed) = self.whose(at, metadata).await? {
                        return Ok(completed);
                    }
                    // It was deleted meanwhile, and can be made.
                }
            }
            sleep(self.patience.pause(attempt)).await;
        }
        Err(errand.unavailable(Broken::Contended))
    }

    /// Tells whether the object that is there was made with this metadata, or by somebody else.
    pub(super) async fn whose(&self, at: &Location, metadata: &Metadata) -> Result<Option<Completed>, ObjectError> {
        let Some(head) = self.look(at).await? else { return Ok(None) };
        let is_own = head.metadata.get(WRITE_ID) == Some(&metadata.write_id);
        Ok(Some(if is_own { Completed::Created } else { Completed::Existed }))
    }
}

/// Returns the media type that the end of a key tells.
pub(super) fn content_type(key: &str) -> &'static str {
    let (_, name) = key.rsplit_once('/').unwrap_or(("", key));
    match name.rsplit_once('.').map(|(_, ending)| ending) {
        Some("csv") => "text/csv; charset=utf-8",
        Some("json") => "application/json",
        Some("ndjson") => "application/x-ndjson",
        Some("parquet") => "application/vnd.apache.parquet",
        Some("gz") => "application/gzip",
        Some("zst") => "application/zstd",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_what_it_holds() {
        for (key, expected) in [
            ("out/part-00000.parquet", "application/vnd.apache.parquet"),
            ("out/_plan/slices.json", "application/json"),
            ("part.csv", "text/csv; charset=utf-8"),
            ("v1.csv/_JOB", "application/octet-stream"),
        ] {
            assert_eq!(content_type(key), expected, "{key}");
        }
    }
}
