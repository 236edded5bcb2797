//! A request body: one record or a list of them, in JSON or CSV.

use std::fmt;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::encoding::Encoding;
use super::error::{ApiError, Pointed};
use super::{MAX_BODY_BYTES, MAX_RECORDS, csv};
use crate::table::json::RecordSeed;
use crate::table::{Fault, Record, Schema, json_fault};

/// So much of a body that is too large is read before its connection is closed on it.
const MOST_DROPPED_BYTES: usize = 16 * MAX_BODY_BYTES;

/// The records of a request, and how they came.
#[derive(Debug)]
pub(super) struct Records {
    pub(super) records: Vec<Record>,
    pub(super) places: Places,
}

/// Where the records of a request stand in its body.
#[derive(Debug)]
pub(super) enum Places {
    /// The body is the one record.
    Body,
    /// They are the elements of a list.
    List,
    /// They are the rows of a table, on these lines.
    Lines(Vec<u64>),
}

impl Places {
    /// Points at a record by its number.
    pub(super) fn pointed(&self, row: usize, fault: Fault) -> Pointed {
        match self {
            Self::Body => Pointed::new("", fault),
            Self::List => Pointed::new(&format!("/{row}"), fault),
            Self::Lines(lines) => Pointed::in_table(lines.get(row).copied().unwrap_or_default(), fault),
        }
    }
}

impl Records {
    /// Reads a request's body, or names every fault of it; where `needs_key`, every record must have a whole key.
    pub(super) async fn read(request: Request, schema: &Schema, needs_key: bool) -> Result<Self, ApiError> {
        let format = Format::of(request.headers());
        let body = whole(request).await?;
        let format = format.ok_or(ApiError::UnsupportedMediaType)?;
        if body.is_empty() {
            let one = schema.noun().one_with_article();
            return Err(ApiError::Malformed(format!("the body is empty: expected {one} or a list of them")));
        }
        match format {
            Format::Json => Self::of_json(&body, schema, needs_key),
            Format::Csv => {
                let (records, lines) = csv::parse(&body, schema, needs_key)?;
                Ok(Self { records, places: Places::Lines(lines) })
            }
        }
    }

    fn of_json(body: &[u8], schema: &Schema, needs_key: bool) -> Result<Self, ApiError> {
        let mut json = serde_json::Deserializer::from_slice(body);
        let document = DocumentSeed { schema, needs_key }.deserialize(&mut json);
        match document.and_then(|document| json.end().map(|()| document)) {
            Ok(Document { records, is_one, faults }) if faults.is_empty() => {
                Ok(Self { records, places: if is_one { Places::Body } else { Places::List } })
            }
            Ok(Document { faults, .. }) => Err(ApiError::Invalid(faults)),
            Err(error) => {
                Err(ApiError::Malformed(format!("the body is not JSON: {}", json_fault::in_words(&error, body))))
            }
        }
    }
}

/// Returns the faults of a record that must have a whole key.
pub(super) fn missing_key(schema: &Schema, record: &Record) -> Vec<Fault> {
    let missing = schema.key().iter().filter(|&&place| record.get(place).is_none());
    missing.map(|&place| Fault::of_field(&*schema.fields()[place].name, "is required with kaggle=true")).collect()
}

/// Reads a request's body to its end, and decodes it where it is compressed.
pub(super) async fn whole(request: Request) -> Result<Bytes, ApiError> {
    let encoding = Encoding::of_body(request.headers());
    let body = received(request.into_body()).await?;
    match encoding? {
        Some(encoding) => encoding.decode(&body, MAX_BODY_BYTES).map(Bytes::from),
        None => Ok(body),
    }
}

/// Receives a body to its end. One that is too large is received and dropped for a while, since a client that is still sending
/// does not see an answer.
pub(super) async fn received(mut body: Body) -> Result<Bytes, ApiError> {
    let (mut first, mut bytes, mut length) = (Bytes::new(), Vec::new(), 0);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|_| ApiError::Malformed("the body ended before it was whole".to_owned()))?;
        let Ok(data) = frame.into_data() else { continue };
        length += data.len();
        if first.is_empty() {
            // A body that comes at once is not copied.
            first = data;
        } else if length <= MAX_BODY_BYTES {
            if bytes.is_empty() {
                bytes.extend_from_slice(&first);
            }
            bytes.extend_from_slice(&data);
        } else if length > MOST_DROPPED_BYTES {
            break;
        }
    }
    match length {
        _ if length > MAX_BODY_BYTES => Err(ApiError::TooLarge),
        _ if bytes.is_empty() => Ok(first),
        _ => Ok(bytes.into()),
    }
}

/// What a body is written in.
#[derive(Debug, Clone, Copy)]
pub(super) enum Format {
    Json,
    Csv,
}

impl Format {
    /// Returns the format that the content type names, whatever its parameters.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
        let media_type = content_type.split(';').next().unwrap_or_default().trim();
        if media_type.eq_ignore_ascii_case("application/json") {
            Some(Self::Json)
        } else if media_type.eq_ignore_ascii_case("text/csv") {
            Some(Self::Csv)
        } else {
            None
        }
    }
}

/// A JSON body as it is read: in one pass, with every fault of every record.
#[derive(Default)]
struct Document {
    records: Vec<Record>,
    is_one: bool,
    faults: Vec<Pointed>,
}

impl Document {
    fn take(&mut self, pointer: &str, record: Result<Record, Vec<Fault>>, seed: DocumentSeed<'_>) {
        let record = record.and_then(|record| {
            let missing = if seed.needs_key { missing_key(seed.schema, &record) } else { vec![] };
            if missing.is_empty() { Ok(record) } else { Err(missing) }
        });
        match record {
            Ok(record) => self.records.push(record),
            Err(faults) => self.faults.extend(faults.into_iter().map(|fault| Pointed::new(pointer, fault))),
        }
    }

    fn neither() -> Self {
        let fault = Fault::of_record("must be an object or a list of objects");
        Self { faults: vec![Pointed::new("", fault)], ..Self::default() }
    }
}

#[derive(Clone, Copy)]
struct DocumentSeed<'s> {
    schema: &'s Schema,
    needs_key: bool,
}

impl<'de> DeserializeSeed<'de> for DocumentSeed<'_> {
    type Value = Document;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Document, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DocumentSeed<'_> {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} or a list of them", self.schema.noun().one_with_article())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Document, A::Error> {
        let mut document = Document { is_one: true, ..Document::default() };
        let record = RecordSeed(self.schema).deserialize(MapAccessDeserializer::new(map))?;
        document.take("", record, self);
        Ok(document)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Document, A::Error> {
        let (mut document, mut count) = (Document::default(), 0);
        while count < MAX_RECORDS
            && let Some(record) = seq.next_element_seed(RecordSeed(self.schema))?
        {
            document.take(&format!("/{count}"), record, self);
            count += 1;
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        if !(1..=MAX_RECORDS).contains(&count) {
            let detail = format!("must hold 1 to {MAX_RECORDS} {}, found {count}", self.schema.noun().many);
            document.faults.push(Pointed::new("", Fault::of_record(detail)));
        }
        Ok(document)
    }

    fn visit_bool<E>(self, _: bool) -> Result<Document, E> {
        Ok(Document::neither())
    }

    fn visit_i64<E>(self, _: i64) -> Result<Document, E> {
        Ok(Document::neither())
    }

    fn visit_u64<E>(self, _: u64) -> Result<Document, E> {
        Ok(Document::neither())
    }

    fn visit_f64<E>(self, _: f64) -> Result<Document, E> {
        Ok(Document::neither())
    }

    fn visit_str<E>(self, _: &str) -> Result<Document, E> {
        Ok(Document::neither())
    }

    fn visit_unit<E>(self) -> Result<Document, E> {
        Ok(Document::neither())
    }
}
