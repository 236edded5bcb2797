//! Passengers as Kaggle's files have them, and predictions as a table.

use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use csv::{ByteRecord, ReaderBuilder, Writer};

use super::MAX_PASSENGERS;
use super::error::{ApiError, Pointed};
use super::negotiation::choices;
use super::predict::Predicted;
use crate::explanation::Explanation;
use crate::passenger::csv::{Header, Lines};
use crate::passenger::{Fault, Passenger};
use crate::prediction::format_time;

const TEXT_CSV: HeaderValue = HeaderValue::from_static("text/csv; charset=utf-8; header=present");

/// Reads the passengers of a table, or names every fault of it by line and column; for Kaggle, each must have a `PassengerId`.
pub(super) fn parse(body: &[u8], is_for_kaggle: bool) -> Result<Vec<Passenger>, ApiError> {
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(body);
    let unreadable = |error: csv::Error| ApiError::Malformed(format!("the body is not CSV: {error}"));
    let header = Header::parse(reader.byte_headers().map_err(unreadable)?);
    let header = header.map_err(|error| {
        ApiError::Invalid(
            error.faults().iter().map(|detail| Pointed::in_table(1, Fault::of_record(detail.as_str()))).collect(),
        )
    })?;
    let lines = Lines::after_header(&reader);
    let (mut passengers, mut faults) = (Vec::new(), Vec::new());
    let (mut row, mut count) = (ByteRecord::new(), 0);
    while reader.read_byte_record(&mut row).map_err(unreadable)? {
        count += 1;
        if count > MAX_PASSENGERS {
            continue;
        }
        let passenger = match header.passenger(&row) {
            Ok(passenger) if is_for_kaggle && passenger.passenger_id().is_none() => Err(vec![missing_id()]),
            result => result,
        };
        match passenger {
            Ok(passenger) => passengers.push(passenger),
            Err(found) => {
                let line = lines.line(&row);
                faults.extend(found.into_iter().map(|fault| Pointed::in_table(line, fault)));
            }
        }
    }
    if !(1..=MAX_PASSENGERS).contains(&count) {
        let detail = format!("must be followed by 1 to {MAX_PASSENGERS} rows, found {count}");
        faults.push(Pointed::in_table(1, Fault::of_record(detail)));
    }
    if faults.is_empty() { Ok(passengers) } else { Err(ApiError::Invalid(faults)) }
}

/// Returns what is wrong with a passenger that Kaggle could not tell from others.
pub(super) fn missing_id() -> Fault {
    Fault { field: Some("PassengerId".to_owned()), detail: "is required with kaggle=true".to_owned() }
}

/// Which columns a table of predictions has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Table {
    /// All that the JSON answer has.
    Full,
    /// `PassengerId` and `Survived`, as the Kaggle competition takes it.
    Kaggle,
}

impl Table {
    /// Writes predictions down.
    pub(super) fn of(self, predicted: &Predicted) -> Response {
        match self.text(predicted) {
            Ok(text) => ([(header::CONTENT_TYPE, TEXT_CSV)], text).into_response(),
            Err(_) => ApiError::Panicked.into_response(),
        }
    }

    fn text(self, predicted: &Predicted) -> csv::Result<Vec<u8>> {
        let mut writer = Writer::from_writer(Vec::new());
        writer.write_record(self.header(predicted.explanations.is_some()))?;
        for (index, prediction) in predicted.predictions.iter().enumerate() {
            let passenger_id = prediction.passenger.passenger_id().map(|id| id.to_string()).unwrap_or_default();
            writer.write_field(passenger_id)?;
            writer.write_field(if prediction.survived { "1" } else { "0" })?;
            if self == Self::Full {
                writer.write_field(ryu::Buffer::new().format_finite(prediction.probability))?;
                writer.write_field(&*prediction.model_version)?;
                let created_at = predicted.is_stored.then(|| format_time(prediction.created_at));
                writer.write_field(created_at.unwrap_or_default())?;
                writer.write_field(prediction.id.to_string())?;
            }
            if let Some(explanations) = &predicted.explanations {
                for number in explanations[index].in_columns() {
                    writer.write_field(ryu::Buffer::new().format_finite(number))?;
                }
            }
            writer.write_record(None::<&[u8]>)?;
        }
        writer.into_inner().map_err(|error| error.into_error().into())
    }

    fn header(self, is_explained: bool) -> Vec<&'static str> {
        let mut columns = match self {
            Self::Full => vec!["PassengerId", "Survived", "probability", "model_version", "created_at", "id"],
            Self::Kaggle => vec!["PassengerId", "Survived"],
        };
        if is_explained {
            columns.extend(Explanation::COLUMNS);
        }
        columns
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
