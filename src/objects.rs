//! Objects of S3, for threads that block: looked at, listed, read by pieces, and made once.
//!
//! - [`location`]: where an object is, as people write it.
//! - [`client`]: how S3 is reached, and how patiently.
//! - [`error`]: what can go wrong, and what to do.
//! - [`read`]: a piece of an object as a stream; [`mod@file`]: an object as a file that is read here and there.
//! - [`put`]: an object that is made once, by one request; [`upload`]: the same as a stream, in parts.
//!
//! An object that is read is the one that was looked at: S3 is told its entity tag, and an object that was replaced since is
//! [`ObjectError::Changed`]. What S3 answers badly, slowly or in part is asked for again, from the byte that is missing. Encryption is the
//! bucket's own: no request asks for another.

pub mod client;
pub mod error;
pub mod file;
pub mod location;
pub mod put;
pub mod read;
pub mod upload;

use std::collections::BTreeMap;
use std::fmt;
use std::io::Read;
use std::ops::Range;
use std::sync::Arc;

use aws_sdk_s3::Client;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::EncodingType;
use bytes::Bytes;
use percent_encoding::percent_decode_str;
use tokio::runtime::Handle;

use crate::aws::ClientError;
pub use client::{ObjectSettings, Patience};
pub use error::ObjectError;
use error::{Action, Broken, Errand, status_and_code};
pub use file::ObjectFile;
pub use location::{InvalidLocation, Location};
pub use put::Completed;
use put::{Metadata, content_type};
pub use read::ObjectReader;
pub use upload::Upload;

/// An object as it was when it was looked at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its key.
    pub key: String,
    /// Its number of bytes.
    pub size: u64,
    /// Its entity tag, as S3 writes it: another one means other bytes.
    pub etag: String,
}

/// An object, and what is written on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Head {
    /// The object.
    pub object: Object,
    /// Its metadata, by names in lower case.
    pub metadata: BTreeMap<String, String>,
}

/// The buckets that some credentials reach, for threads that are not the runtime's own: each call blocks until it is answered.
///
/// A clone shares the connections. A call by a thread that runs futures panics, as `Handle::block_on` does.
#[derive(Clone)]
pub struct Objects {
    client: Client,
    runtime: Handle,
    region: Arc<str>,
    patience: Patience,
}

impl Objects {
    /// Makes the client; nothing is sent before the first call. The runtime needs its timer and its network.
    pub fn open(settings: &ObjectSettings, runtime: Handle) -> Result<Self, ClientError> {
        let client = client::client(settings)?;
        Ok(Self { client, runtime, region: settings.region.as_str().into(), patience: settings.patience })
    }

    /// Returns the runtime whose network this uses.
    pub fn runtime(&self) -> &Handle {
        &self.runtime
    }

    /// Returns the objects whose keys begin as the location says, by their keys.
    pub fn list(&self, prefix: &Location) -> Result<Vec<Object>, ObjectError> {
        let mut objects = self.runtime.block_on(self.list_pages(prefix, usize::MAX))?;
        objects.sort_unstable_by(|one, other| one.key.cmp(&other.key));
        Ok(objects)
    }

    /// Returns the first of those objects, as many as one answer of S3 tells: a thousand at most.
    pub fn list_first(&self, prefix: &Location) -> Result<Vec<Object>, ObjectError> {
        self.runtime.block_on(self.list_pages(prefix, 1))
    }

    /// Returns what an object is, where there is one.
    pub fn head(&self, bucket: &str, key: &str) -> Result<Option<Head>, ObjectError> {
        self.runtime.block_on(self.look(&Location::new(bucket, key)))
    }

    /// Returns the bytes of an object, where there is one; refuses one that has more than `most`.
    pub fn get(&self, bucket: &str, key: &str, most: u64) -> Result<Option<Vec<u8>>, ObjectError> {
        let at = Location::new(bucket, key);
        let Some((object, body)) = self.runtime.block_on(self.begin_get(&at))? else { return Ok(None) };
        if object.size > most {
            return Err(ObjectError::TooLarge { at, bytes: object.size, most });
        }
        let mut bytes = Vec::with_capacity(usize::try_from(object.size).unwrap_or_default());
        let mut reader = ObjectReader::of_body(self.clone(), at.clone(), &object, body);
        reader.read_to_end(&mut bytes).map_err(|error| match error.downcast::<ObjectError>() {
            Ok(error) => error,
            Err(error) => self.errand(Action::Read, &at).unavailable(error),
        })?;
        Ok(Some(bytes))
    }

    /// Makes an object, or replaces it.
    pub fn put(&self, bucket: &str, key: &str, body: impl Into<Bytes>) -> Result<(), ObjectError> {
        let (at, body) = (Location::new(bucket, key), body.into());
        let put = self.client.put_object().bucket(bucket).key(key).content_type(content_type(key));
        let settings = self.patience.sending(body.len());
        let put = put.body(ByteStream::from(body)).customize().config_override(settings);
        let answer = self.runtime.block_on(put.send());
        answer.map(drop).map_err(|error| self.errand(Action::Write, &at).failed(error))
    }

    /// Makes an object unless there is one, and returns whether it did.
    pub fn put_new(&self, bucket: &str, key: &str, body: impl Into<Bytes>) -> Result<bool, ObjectError> {
        let at = Location::new(bucket, key);
        let completed = self.runtime.block_on(self.create(&at, body.into(), &Metadata::new(BTreeMap::new())))?;
        Ok(completed == Completed::Created)
    }

    /// Deletes an object, where there is one.
    pub fn delete(&self, bucket: &str, key: &str) -> Result<(), ObjectError> {
        let at = Location::new(bucket, key);
        let answer = self.runtime.block_on(self.client.delete_object().bucket(bucket).key(key).send());
        answer.map(drop).map_err(|error| self.errand(Action::Delete, &at).failed(error))
    }

    /// Reads a piece of an object as a stream; what lies beyond its end is not there. Nothing is asked for before the first read.
    pub fn read(&self, bucket: &str, object: &Object, bytes: Range<u64>) -> ObjectReader {
        ObjectReader::new(self.clone(), Location::new(bucket, &object.key), object, bytes)
    }

    /// Reads an object here and there.
    pub fn file(&self, bucket: &str, object: &Object) -> ObjectFile {
        ObjectFile::new(self.clone(), Location::new(bucket, &object.key), object.clone())
    }

    /// Writes an object that is to be made once, with metadata of one's own: names are of `a-z`, `0-9` and `-`, values of ASCII.
    pub fn upload(&self, bucket: &str, key: &str, metadata: BTreeMap<String, String>) -> Upload {
        Upload::new(self.clone(), Location::new(bucket, key), metadata)
    }

    async fn list_pages(&self, prefix: &Location, most_pages: usize) -> Result<Vec<Object>, ObjectError> {
        let list = self.client.list_objects_v2().bucket(&prefix.bucket).prefix(&prefix.key);
        // As it is, a key may hold what XML cannot.
        let mut pages = list.encoding_type(EncodingType::Url).into_paginator().send();
        let mut objects = Vec::new();
        for _ in 0..most_pages {
            let Some(page) = pages.next().await else { break };
            let page = page.map_err(|error| self.errand(Action::List, prefix).failed(error))?;
            let is_encoded = page.encoding_type() == Some(&EncodingType::Url);
            for entry in page.contents() {
                let key = entry.key().unwrap_or_default();
                let key = if is_encoded { decoded(key) } else { key.to_owned() };
                objects.push(self.object(prefix, key, entry.size(), entry.e_tag())?);
            }
        }
        Ok(objects)
    }

    async fn look(&self, at: &Location) -> Result<Option<Head>, ObjectError> {
        let answer = match self.client.head_object().bucket(&at.bucket).key(&at.key).send().await {
            Ok(answer) => answer,
            Err(error) if status_and_code(&error).0 == 404 => return Ok(None),
            Err(error) => return Err(self.errand(Action::Read, at).failed(error)),
        };
        let object = self.object(at, at.key.clone(), answer.content_length(), answer.e_tag())?;
        Ok(Some(Head { object, metadata: answer.metadata.unwrap_or_default().into_iter().collect() }))
    }

    async fn begin_get(&self, at: &Location) -> Result<Option<(Object, ByteStream)>, ObjectError> {
        let answer = match self.client.get_object().bucket(&at.bucket).key(&at.key).send().await {
            Ok(answer) => answer,
            Err(error) if status_and_code(&error) == (404, "NoSuchKey") => return Ok(None),
            Err(error) => return Err(self.errand(Action::Read, at).failed(error)),
        };
        let object = self.object(at, at.key.clone(), answer.content_length(), answer.e_tag())?;
        Ok(Some((object, answer.body)))
    }

    /// Makes an object of what S3 says of it.
    fn object(&self, at: &Location, key: String, size: Option<i64>, etag: Option<&str>) -> Result<Object, ObjectError> {
        match (size.map(u64::try_from), etag) {
            (Some(Ok(size)), Some(etag)) => Ok(Object { key, size, etag: etag.to_owned() }),
            _ => Err(self.errand(Action::Read, at).refused(Broken::OtherBytes)),
        }
    }

    fn errand<'a>(&'a self, action: Action, at: &'a Location) -> Errand<'a> {
        Errand { action, at, region: &self.region }
    }
}

/// Reads a key as S3 writes it into a list.
fn decoded(key: &str) -> String {
    percent_decode_str(&key.replace('+', " ")).decode_utf8_lossy().into_owned()
}

impl fmt::Debug for Objects {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Objects").field("region", &self.region).finish_non_exhaustive()
    }
}
