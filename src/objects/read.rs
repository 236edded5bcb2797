//! A piece of an object as a stream, which goes on where its connection was cut off.

use std::io::{self, Read};
use std::mem;
use std::ops::Range;
use std::time::{Duration, Instant};

use aws_sdk_s3::primitives::ByteStream;
use bytes::{Buf, Bytes};
use tokio::time::{sleep, timeout};

use super::error::{Action, Broken, Errand};
use super::location::Location;
use super::{Object, ObjectError, Objects};

/// Fewer bytes a second are as bad as none: another connection, to another of S3's machines, mostly brings more.
const SLOWEST_READ: f64 = 16_000.0;

/// Bytes after which a body counts as one that makes progress, whatever befell it before.
const PROGRESS_BYTES: u64 = 1 << 20;

/// Reads a piece of an object, as it was when it was looked at.
///
/// Holds what one read of the connection brought, tens or hundreds of kilobytes, and nothing else.
#[derive(Debug)]
pub struct ObjectReader {
    objects: Objects,
    at: Location,
    etag: String,
    body: Option<ByteStream>,
    /// What has arrived and is not read yet.
    chunk: Bytes,
    /// The byte of the object that arrives next.
    next: u64,
    end: u64,
    pace: Pace,
    /// How often in a row the body broke.
    failures: u32,
    /// The byte that was next when it broke last.
    broke_at: u64,
}

impl ObjectReader {
    pub(super) fn new(objects: Objects, at: Location, object: &Object, bytes: Range<u64>) -> Self {
        let end = bytes.end.min(object.size);
        let next = bytes.start.min(end);
        let etag = object.etag.clone();
        Self {
            objects,
            at,
            etag,
            body: None,
            chunk: Bytes::new(),
            next,
            end,
            pace: Pace::default(),
            failures: 0,
            broke_at: next,
        }
    }

    /// Makes a reader of an object whose bytes arrive already.
    pub(super) fn of_body(objects: Objects, at: Location, object: &Object, body: ByteStream) -> Self {
        Self { body: Some(body), ..Self::new(objects, at, object, 0..object.size) }
    }

    /// Returns how many bytes have not been read yet.
    pub(super) fn left(&self) -> u64 {
        self.end - self.next + self.chunk.len() as u64
    }

    /// Waits for the bytes that are next, of which there are some.
    async fn fill(&mut self) -> Result<(), ObjectError> {
        let patience = self.objects.patience;
        while self.chunk.is_empty() {
            let body = match &mut self.body {
                Some(body) => body,
                None => self.body.insert(self.open().await?),
            };
            let begin = Instant::now();
            let broken = match timeout(patience.silence, body.try_next()).await {
                Ok(Ok(Some(chunk))) => {
                    self.pace.add(chunk.len(), begin.elapsed());
                    self.take(chunk)?;
                    if !self.pace.is_slow(patience.silence) {
                        continue;
                    }
                    Broken::Slow
                }
                Ok(Ok(None)) => Broken::Cut(None),
                Ok(Err(error)) => Broken::Cut(Some(error.into())),
                Err(_) => Broken::Silent(patience.silence.as_secs()),
            };
            self.body = None;
            self.pace = Pace::default();
            self.count(broken)?;
            sleep(patience.pause(self.failures)).await;
        }
        Ok(())
    }

    fn take(&mut self, chunk: Bytes) -> Result<(), ObjectError> {
        self.next += chunk.len() as u64;
        if self.next > self.end {
            return Err(self.errand().refused(Broken::OtherBytes));
        }
        self.chunk = chunk;
        Ok(())
    }

    /// Counts that the body broke, and gives up when it did so too often.
    fn count(&mut self, broken: Broken) -> Result<(), ObjectError> {
        if self.next - self.broke_at >= PROGRESS_BYTES {
            self.failures = 0;
        }
        self.broke_at = self.next;
        self.failures += 1;
        if self.failures >= self.objects.patience.attempts {
            return Err(self.errand().unavailable(broken));
        }
        tracing::debug!(object = %self.at, byte = self.next, error = %broken, "reading is taken up again");
        Ok(())
    }

    /// Asks for the bytes that have not arrived yet.
    async fn open(&self) -> Result<ByteStream, ObjectError> {
        let get = self.objects.client.get_object().bucket(&self.at.bucket).key(&self.at.key);
        let get = get.range(format!("bytes={}-{}", self.next, self.end - 1)).if_match(&self.etag);
        let answer = get.send().await.map_err(|error| self.errand().failed(error))?;
        if answer.content_length().is_some_and(|bytes| u64::try_from(bytes) != Ok(self.end - self.next)) {
            return Err(self.errand().refused(Broken::OtherBytes));
        }
        Ok(answer.body)
    }

    fn errand(&self) -> Errand<'_> {
        self.objects.errand(Action::Read, &self.at)
    }
}

/// How fast bytes came of late, by the time that was waited for them: a reader may pause as long as it likes.
#[derive(Debug, Default)]
struct Pace {
    bytes: usize,
    waited: Duration,
}

impl Pace {
    fn add(&mut self, bytes: usize, waited: Duration) {
        self.bytes += bytes;
        self.waited += waited;
    }

    /// Returns whether bytes came too slowly for so long, and begins to count anew after that time.
    #[expect(clippy::cast_precision_loss, reason = "bytes of some seconds")]
    fn is_slow(&mut self, span: Duration) -> bool {
        if self.waited < span {
            return false;
        }
        let Self { bytes, waited } = mem::take(self);
        (bytes as f64) < SLOWEST_READ * waited.as_secs_f64()
    }
}

impl Read for ObjectReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if buffer.is_empty() || self.left() == 0 {
            return Ok(0);
        }
        if self.chunk.is_empty() {
            let runtime = self.objects.runtime.clone();
            runtime.block_on(self.fill())?;
        }
        let bytes = self.chunk.len().min(buffer.len());
        self.chunk.copy_to_slice(&mut buffer[..bytes]);
        if self.left() == 0 {
            // The connection is free for the next request.
            self.body = None;
        }
        Ok(bytes)
    }
}
