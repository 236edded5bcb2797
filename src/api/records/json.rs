//! Records in JSON: one object, or a list of them.

use std::fmt;

use serde::de::value::MapAccessDeserializer;
use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::demand::Demand;
use crate::api::error::{ApiError, Pointed};
use crate::api::size::MAX_RECORDS;
use crate::table::json::RecordSeed;
use crate::table::{Fault, Record, json_fault};

/// Reads the records of a body and whether it is the one record, or names every fault of it.
pub(super) fn parse(body: &[u8], demand: Demand<'_>) -> Result<(Vec<Record>, bool), ApiError> {
    let mut json = serde_json::Deserializer::from_slice(body);
    let document = DocumentSeed(demand).deserialize(&mut json);
    match document.and_then(|document| json.end().map(|()| document)) {
        Ok(Document { records, is_one, faults }) if faults.is_empty() => Ok((records, is_one)),
        Ok(Document { faults, .. }) => Err(ApiError::Invalid(faults)),
        Err(error) => Err(ApiError::Malformed(format!("the body is not JSON: {}", json_fault::in_words(&error, body)))),
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
    fn take(&mut self, pointer: &str, record: Result<Record, Vec<Fault>>, demand: Demand<'_>) {
        match demand.met_by(record) {
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
struct DocumentSeed<'s>(Demand<'s>);

impl<'de> DeserializeSeed<'de> for DocumentSeed<'_> {
    type Value = Document;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Document, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for DocumentSeed<'_> {
    type Value = Document;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} or a list of them", self.0.schema.noun().one_with_article())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Document, A::Error> {
        let mut document = Document { is_one: true, ..Document::default() };
        let record = RecordSeed(self.0.schema).deserialize(MapAccessDeserializer::new(map))?;
        document.take("", record, self.0);
        Ok(document)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Document, A::Error> {
        let (mut document, mut count) = (Document::default(), 0);
        while count < MAX_RECORDS
            && let Some(record) = seq.next_element_seed(RecordSeed(self.0.schema))?
        {
            document.take(&format!("/{count}"), record, self.0);
            count += 1;
        }
        while seq.next_element::<IgnoredAny>()?.is_some() {
            count += 1;
        }
        if !(1..=MAX_RECORDS).contains(&count) {
            let detail = format!("must hold 1 to {MAX_RECORDS} {}, found {count}", self.0.schema.noun().many);
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
