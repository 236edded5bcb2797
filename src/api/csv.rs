//! Records and predictions as tables of comma-separated values.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::MAX_RECORDS;
use super::body::missing_key;
use super::error::{ApiError, Pointed};
use super::negotiation::choices;
use super::predict::Predicted;
use crate::package::Package;
use crate::prediction::columns::{AnswerColumns, AnswerRow, Part};
use crate::prediction::format_time;
use crate::table::chunk::Chunk;
use crate::table::format::Format;
use crate::table::place::Place;
use crate::table::read_error::ReadError;
use crate::table::reader::{Options, Reader};
use crate::table::signature::packed;
use crate::table::source::Source;
use crate::table::writer::{Layout, TableWriter, WriteError};
use crate::table::{Fault, Record, Schema};

const TEXT_CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8; header=present");

/// Reads the records of a table and the line of each, or names every fault of it by line and column; where `needs_key`, each must have a whole key.
pub(super) fn parse(body: &[u8], schema: &Schema, needs_key: bool) -> Result<(Vec<Record>, Vec<u64>), ApiError> {
    let options = Options { format: Some(Format::Csv), ..Options::default() };
    // What is unpacked may be a thousand times as large. A client says so by a header, and is held to the limit of a body.
    if let Some(what) = packed(body) {
        let fault = Fault::of_record(format!("the table cannot be read: {what}"));
        return Err(ApiError::Invalid(vec![Pointed::in_table(1, fault)]));
    }
    let mut reader = Reader::open(Source::from_bytes(body), schema, &options).map_err(unreadable)?;
    let (mut records, mut lines, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    let (mut chunk, mut count) = (Chunk::default(), 0);
    while reader.next_chunk(&mut chunk).map_err(unreadable)? {
        for row in chunk.rows() {
            count += 1;
            if count > MAX_RECORDS {
                continue;
            }
            let record = row.record(schema).and_then(|record| {
                let missing = if needs_key { missing_key(schema, &record) } else { vec![] };
                if missing.is_empty() { Ok(record) } else { Err(missing) }
            });
            match record {
                Ok(record) => {
                    records.push(record);
                    lines.push(line(row.place()));
                }
                Err(found) => faults.extend(found.into_iter().map(|fault| Pointed::in_table(line(row.place()), fault))),
            }
        }
    }
    if !(1..=MAX_RECORDS).contains(&count) {
        let detail = format!("must be followed by 1 to {MAX_RECORDS} rows, found {count}");
        faults.push(Pointed::in_table(1, Fault::of_record(detail)));
    }
    if faults.is_empty() { Ok((records, lines)) } else { Err(ApiError::Invalid(faults)) }
}

fn line(place: Place) -> u64 {
    match place {
        Place::Line(number) | Place::Element(number) | Place::Row(number) => number,
    }
}

/// Tells a header that does not fit from bytes that are no table.
fn unreadable(error: ReadError) -> ApiError {
    match error {
        ReadError::Header(faults) => {
            let faults = faults.into_iter().map(|detail| Pointed::in_table(1, Fault::of_record(detail)));
            ApiError::Invalid(faults.collect())
        }
        error => ApiError::Malformed(error.to_string()),
    }
}

/// Which columns a table of predictions has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    /// All that the JSON answer has.
    Full,
    /// Key and label, as Kaggle's competitions take them.
    Kaggle,
}

impl Table {
    /// Writes predictions down.
    pub(super) fn response(self, package: &Package, predicted: &Predicted) -> Response {
        match self.text(package, predicted) {
            Ok(text) => ([(header::CONTENT_TYPE, TEXT_CSV)], text).into_response(),
            Err(_) => ApiError::Panicked.into_response(),
        }
    }

    fn text(self, package: &Package, predicted: &Predicted) -> Result<Vec<u8>, WriteError> {
        let part = match self {
            Self::Full => Part::Stored,
            Self::Kaggle => Part::KeyAndLabel,
        };
        let groups = if predicted.explanations.is_some() { package.groups() } else { &[] };
        let columns = AnswerColumns::new(package.schema(), part, groups);
        let layout = Layout::new(Format::Csv, columns.columns().to_vec())?;
        let mut writer = TableWriter::new(&layout, Vec::new())?;
        for (index, prediction) in predicted.predictions.iter().enumerate() {
            let row = AnswerRow {
                record: &predicted.records[index],
                answer: &prediction.answer,
                model_version: &prediction.model_version,
                id: Some(prediction.id.to_string()),
                created_at: predicted.is_stored.then(|| format_time(prediction.created_at)),
                explanation: predicted.explanations.as_ref().map(|explanations| &explanations[index]),
            };
            writer.write_row(&columns.cells(&row))?;
        }
        writer.finish()
    }
}

/// Tells whether a client would rather have CSV than JSON.
pub(super) fn is_preferred(headers: &HeaderMap) -> bool {
    let (mut csv, mut json) = (0.0, 0.0_f32);
    for (media_type, weight) in choices(headers.get_all(header::ACCEPT)) {
        match media_type.to_ascii_lowercase().as_str() {
            "text/csv" => csv = weight,
            "application/json" | "application/*" | "*/*" => json = json.max(weight),
            _ => {}
        }
    }
    csv > json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_is_answered_to_those_who_would_rather_have_it() {
        let is_preferred = |accept: &'static str| {
            is_preferred(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(accept))]))
        };
        for accept in ["text/csv", "Text/CSV", "text/csv, */*;q=0.8", "application/json;q=0.5, text/csv;q=0.6"] {
            assert!(is_preferred(accept), "{accept}");
        }
        for accept in ["", "*/*", "text/html", "text/csv;q=0", "text/csv, application/json", "text/csv;q=0.1, */*"] {
            assert!(!is_preferred(accept), "{accept}");
        }
    }
}
