//! An object that is written as a stream: in parts, of which two are held, or by one request where it is small.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::mpsc;
use std::time::Duration;
use std::{fmt, mem};

use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{ChecksumAlgorithm, CompletedMultipartUpload, CompletedPart};
use bytes::Bytes;
use tokio::task::JoinHandle;
use tokio::time::sleep;

use super::error::{Action, Broken, Errand, status_and_code};
use super::location::Location;
use super::put::{Completed, InTheWay, Metadata, content_type};
use super::{ObjectError, Objects};

/// Bytes of the first thousand parts. Each thousand after it has parts of twice the size, so that 10,000, which is the most that S3 takes,
/// hold 8 TB; and an object of up to 8 GB needs no more memory than a small one.
const PART_BYTES: usize = 8 << 20;
const PARTS_OF_ONE_SIZE: usize = 1000;

/// How long an upload that is given up waits until its parts are deleted.
const ABORT_TIMEOUT: Duration = Duration::from_secs(10);

/// A part that has arrived, and the memory that held it.
type Sent = Result<(CompletedPart, Bytes), ObjectError>;

/// Writes an object that is there once it is finished, whole, unless one is there before.
///
/// One part is filled while the one before is sent. What is dropped unfinished leaves nothing behind.
pub struct Upload {
    objects: Objects,
    at: Location,
    metadata: Metadata,
    /// What has not been sent yet.
    part: Vec<u8>,
    /// The multipart upload, from its first part on.
    id: Option<String>,
    /// Memory for the part after the one that is being filled.
    spare: Vec<u8>,
    sent: Vec<CompletedPart>,
    sending: Option<JoinHandle<Sent>>,
    is_broken: bool,
}

impl Upload {
    pub(super) fn new(objects: Objects, at: Location, metadata: BTreeMap<String, String>) -> Self {
        let metadata = Metadata::new(metadata);
        Self {
            objects,
            at,
            metadata,
            part: Vec::new(),
            id: None,
            spare: Vec::new(),
            sent: Vec::new(),
            sending: None,
            is_broken: false,
        }
    }

    /// Makes the object of what was written, and tells whether there was one before.
    pub fn finish(mut self) -> Result<Completed, ObjectError> {
        if self.is_broken {
            return Err(self.errand().unavailable(Broken::EarlierPart));
        }
        let runtime = self.objects.runtime.clone();
        if self.id.is_none() {
            let body = Bytes::from(mem::take(&mut self.part));
            return runtime.block_on(self.objects.create(&self.at, body, &self.metadata));
        }
        self.send_part()?;
        runtime.block_on(async {
            self.await_part().await?;
            self.complete().await
        })
    }

    /// Sends what is held as a part, once the part before has arrived.
    fn send_part(&mut self) -> Result<(), ObjectError> {
        let runtime = self.objects.runtime.clone();
        runtime.block_on(self.begin_part()).inspect_err(|_| self.is_broken = true)
    }

    async fn begin_part(&mut self) -> Result<(), ObjectError> {
        self.await_part().await?;
        let id = match &self.id {
            Some(id) => id.clone(),
            None => self.id.insert(self.begin().await?).clone(),
        };
        let body = Bytes::from(mem::replace(&mut self.part, mem::take(&mut self.spare)));
        let sending = send(self.objects.clone(), self.at.clone(), id, self.sent.len() + 1, body);
        self.sending = Some(self.objects.runtime.spawn(sending));
        Ok(())
    }

    async fn await_part(&mut self) -> Result<(), ObjectError> {
        let Some(sending) = self.sending.take() else { return Ok(()) };
        let (part, body) = sending.await.map_err(|error| self.errand().unavailable(error))??;
        self.sent.push(part);
        // The same two pieces of memory take turns: new ones for each part would be three, by the time that one is free again.
        self.spare = body.into();
        self.spare.clear();
        Ok(())
    }

    async fn begin(&self) -> Result<String, ObjectError> {
        let create = self.objects.client.create_multipart_upload().bucket(&self.at.bucket).key(&self.at.key);
        let create = create.content_type(content_type(&self.at.key)).set_metadata(Some(self.metadata.entries()));
        let create = create.checksum_algorithm(ChecksumAlgorithm::Crc32);
        let created = create.send().await.map_err(|error| self.errand().failed(error))?;
        created.upload_id.ok_or_else(|| self.errand().unavailable(Broken::UploadLost))
    }

    async fn complete(&mut self) -> Result<Completed, ObjectError> {
        let parts = CompletedMultipartUpload::builder().set_parts(Some(mem::take(&mut self.sent))).build();
        let patience = self.objects.patience;
        for attempt in 1..=patience.attempts {
            let complete = self.objects.client.complete_multipart_upload().bucket(&self.at.bucket).key(&self.at.key);
            let complete = complete.set_upload_id(self.id.clone()).multipart_upload(parts.clone()).if_none_match("*");
            let complete = complete.customize().config_override(patience.waiting(patience.complete));
            let Err(error) = complete.send().await else {
                self.id = None;
                return Ok(Completed::Created);
            };
            let (status, code) = status_and_code(&error);
            match InTheWay::from_answer(status, code) {
                Some(InTheWay::Writers) => sleep(patience.pause(attempt)).await,
                Some(InTheWay::Object) => return self.found().await,
                // An attempt whose answer was lost may have ended the upload.
                None if code == "NoSuchUpload" => return self.found().await,
                None => return Err(self.errand().failed(error)),
            }
        }
        Err(self.errand().unavailable(Broken::Contended))
    }

    /// Tells whose object is there, after one was in the way of this.
    async fn found(&mut self) -> Result<Completed, ObjectError> {
        let found = self.objects.whose(&self.at, &self.metadata).await?;
        if found == Some(Completed::Created) {
            self.id = None;
        }
        found.ok_or_else(|| self.errand().unavailable(Broken::UploadLost))
    }

    fn errand(&self) -> Errand<'_> {
        self.objects.errand(Action::Write, &self.at)
    }
}

/// Returns the size of a part, of which so many come before it.
const fn part_bytes(before: usize) -> usize {
    PART_BYTES << (before / PARTS_OF_ONE_SIZE)
}

async fn send(objects: Objects, at: Location, id: String, number: usize, body: Bytes) -> Sent {
    let number = i32::try_from(number).unwrap_or(i32::MAX);
    let settings = objects.patience.sending(body.len());
    let part = objects.client.upload_part().bucket(&at.bucket).key(&at.key).upload_id(id).part_number(number);
    let part = part.checksum_algorithm(ChecksumAlgorithm::Crc32).body(ByteStream::from(body.clone()));
    let sent = part.customize().config_override(settings).send().await;
    let sent = sent.map_err(|error| objects.errand(Action::Write, &at).failed(error))?;
    let part = CompletedPart::builder().part_number(number).set_e_tag(sent.e_tag);
    Ok((part.set_checksum_crc32(sent.checksum_crc32).build(), body))
}

impl Write for Upload {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.is_broken {
            return Err(self.errand().unavailable(Broken::EarlierPart).into());
        }
        // The part that is being filled comes after those that have arrived and one that is on its way.
        let size = part_bytes(self.sent.len() + usize::from(self.sending.is_some()));
        // A full part is sent when more comes: the object may be no larger than it.
        if self.part.len() >= size && !bytes.is_empty() {
            self.send_part()?;
        }
        if self.part.capacity() == 0 {
            self.part.reserve_exact(PART_BYTES);
        }
        let taken = bytes.len().min(size.saturating_sub(self.part.len()));
        self.part.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    /// Sends nothing: what is written is there when it is finished.
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Drop for Upload {
    /// Deletes the parts of an upload that is not finished. By another thread, since the one that drops may be the runtime's own.
    fn drop(&mut self) {
        let (objects, at, sending) = (self.objects.clone(), self.at.clone(), self.sending.take());
        let Some(id) = self.id.take() else { return };
        let (done, is_done) = mpsc::channel();
        self.objects.runtime.spawn(async move {
            if let Some(sending) = sending {
                sending.abort();
                drop(sending.await);
            }
            let abort = objects.client.abort_multipart_upload().bucket(&at.bucket).key(&at.key).upload_id(id);
            if let Err(error) = abort.send().await
                && status_and_code(&error).0 != 404
            {
                let error = objects.errand(Action::Write, &at).failed(error);
                tracing::warn!(object = %at, %error, "the parts of an upload stay until the bucket's lifecycle deletes them");
            }
            let _ = done.send(());
        });
        let _ = is_done.recv_timeout(ABORT_TIMEOUT);
    }
}

impl fmt::Debug for Upload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Upload").field("at", &self.at).field("id", &self.id).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ten_thousand_parts_hold_the_largest_object() {
        let all: u64 = (0..10_000).map(|part| part_bytes(part) as u64).sum();
        assert!(all >= 5 << 40, "{all}");
        assert!(part_bytes(9_999) as u64 <= 5 << 30, "no part is larger than S3 takes");
        assert_eq!(part_bytes(999), 8 << 20);
    }
}
