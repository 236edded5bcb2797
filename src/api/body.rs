//! A request body: one passenger or a list of them, in JSON or CSV.

use std::fmt;

use axum::body::{Body, Bytes};
use axum::extract::Request;
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::encoding::Encoding;
use super::error::{ApiError, Pointed};
use super::{MAX_BODY_BYTES, MAX_PASSENGERS, csv};
use crate::passenger::json::{self, Parsed};
use crate::passenger::{Fault, Passenger};

/// So much of a body that is too large is read before its connection is closed on it.
const MOST_DROPPED_BYTES: usize = 16 * MAX_BODY_BYTES;

/// The passengers of a request, and whether they came as one object or as a list; a table is a list.
#[derive(Debug)]
pub(super) enum Passengers {
    One(Box<Passenger>),
    Many(Vec<Passenger>),
}

impl Passengers {
    /// Reads a request's body, or names every fault of it; for Kaggle, every passenger must have a `PassengerId`.
    pub(super) async fn read(request: Request, is_for_kaggle: bool) -> Result<Self, ApiError> {
        let format = Format::of(request.headers());
        let body = whole(request).await?;
        let format = format.ok_or(ApiError::UnsupportedMediaType)?;
        if body.is_empty() {
            return Err(ApiError::Malformed("the body is empty: expected a passenger or a list of them".to_owned()));
        }
        match format {
            Format::Json => {
                let passengers = Self::of_json(&body)?;
                if is_for_kaggle { passengers.with_ids() } else { Ok(passengers) }
            }
            Format::Csv => csv::parse(&body, is_for_kaggle).map(Self::Many),
        }
    }

    /// Returns the passengers, unless some have no `PassengerId`.
    fn with_ids(self) -> Result<Self, ApiError> {
        let lacks_id = |passenger: &Passenger| passenger.passenger_id().is_none();
        let faults: Vec<_> = match &self {
            Self::One(passenger) if lacks_id(passenger) => vec![Pointed::new("", csv::missing_id())],
            Self::One(_) => vec![],
            Self::Many(passengers) => {
                let places = passengers.iter().enumerate().filter(|(_, passenger)| lacks_id(passenger));
                places.map(|(index, _)| Pointed::new(&format!("/{index}"), csv::missing_id())).collect()
            }
        };
        if faults.is_empty() { Ok(self) } else { Err(ApiError::Invalid(faults)) }
    }

    fn of_json(body: &[u8]) -> Result<Self, ApiError> {
        match serde_json::from_slice(body) {
            Ok(Document::One(Parsed(result))) => match result {
                Ok(passenger) => Ok(Self::One(Box::new(passenger))),
                Err(faults) => {
                    Err(ApiError::Invalid(faults.into_iter().map(|fault| Pointed::new("", fault)).collect()))
                }
            },
            Ok(Document::Many { passengers, faults }) if faults.is_empty() => Ok(Self::Many(passengers)),
            Ok(Document::Many { faults, .. }) => Err(ApiError::Invalid(faults)),
            Ok(Document::Neither) => Err(ApiError::Invalid(vec![Pointed::new(
                "",
                Fault::of_record("must be an object or a list of objects"),
            )])),
            Err(error) => Err(ApiError::Malformed(format!("the body is not JSON: {}", json::fault(&error, body)))),
        }
    }
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
enum Document {
    One(Parsed),
    Many { passengers: Vec<Passenger>, faults: Vec<Pointed> },
    Neither,
}

impl<'de> Deserialize<'de> for Document {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(DocumentVisitor)
    }
}

struct DocumentVisitor;

impl<'de> Visitor<'de> for DocumentVisitor {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a passenger or a list of them")
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Document, A::Error> {
        Parsed::deserialize(MapAccessDeserializer::new(map)).map(Document::One)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Document, A::Error> {
        let (mut passengers, mut faults) = (Vec::new(), Vec::new());
        let mut count = 0;
        while count < MAX_PASSENGERS
            && let Some(Parsed(result)) = seq.next_element()?
        {
            match result {
                Ok(passenger) => passengers.push(passenger),
                Err(found) => {
                    let record = format!("/{count}");
                    faults.extend(found.into_iter().map(|fault| Pointed::new(&record, fault)));
                }
            }
            count += 1;
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        if !(1..=MAX_PASSENGERS).contains(&count) {
            let detail = format!("must hold 1 to {MAX_PASSENGERS} passengers, found {count}");
            faults.push(Pointed::new("", Fault::of_record(detail)));
        }
        Ok(Document::Many { passengers, faults })
    }

    fn visit_bool<E>(self, _: bool) -> Result<Document, E> {
        Ok(Document::Neither)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Document, E> {
        Ok(Document::Neither)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Document, E> {
        Ok(Document::Neither)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Document, E> {
        Ok(Document::Neither)
    }

    fn visit_str<E>(self, _: &str) -> Result<Document, E> {
        Ok(Document::Neither)
    }

    fn visit_unit<E>(self) -> Result<Document, E> {
        Ok(Document::Neither)
    }
}
