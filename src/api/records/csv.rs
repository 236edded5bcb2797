//! Records as a table of comma-separated values.

use super::demand::Demand;
use crate::api::error::{ApiError, Pointed};
use crate::api::size::MAX_RECORDS;
use crate::table::place::Place;
use crate::table::read_error::ReadError;
use crate::table::signature::packed;
use crate::table::{Fault, Record, csv_text};

/// Reads the records of a table and the line of each, or names every fault of it by line and column.
pub(super) fn parse(body: &[u8], demand: Demand<'_>) -> Result<(Vec<Record>, Vec<u64>), ApiError> {
    if let Some(fault) = packed_table(body) {
        return Err(ApiError::Invalid(vec![Pointed::in_table(1, fault)]));
    }
    let (mut records, mut lines, mut faults) = (Vec::new(), Vec::new(), Vec::new());
    let mut count = 0;
    let take = |row: csv_text::Row<'_>| {
        count += 1;
        if count > MAX_RECORDS {
            return;
        }
        match demand.met_by(row.record()) {
            Ok(record) => {
                records.push(record);
                lines.push(line(row.place()));
            }
            Err(found) => faults.extend(found.into_iter().map(|fault| Pointed::in_table(line(row.place()), fault))),
        }
    };
    csv_text::read(body, demand.schema, take).map_err(unreadable)?;
    if !(1..=MAX_RECORDS).contains(&count) {
        let detail = format!("must be followed by 1 to {MAX_RECORDS} rows, found {count}");
        faults.push(Pointed::in_table(1, Fault::of_record(detail)));
    }
    if faults.is_empty() { Ok((records, lines)) } else { Err(ApiError::Invalid(faults)) }
}

/// Returns the line that a row of a table stands on.
pub(in crate::api) fn line(place: Place) -> u64 {
    match place {
        Place::Line(number) | Place::Element(number) | Place::Row(number) => number,
    }
}

/// Says of a table that is packed that it cannot be read.
///
/// What is unpacked may be a thousand times as large. A client says so by a header, and is held to the limit of a body.
pub(in crate::api) fn packed_table(body: &[u8]) -> Option<Fault> {
    packed(body).map(|what| Fault::of_record(format!("the table cannot be read: {what}")))
}

/// Tells a header that does not fit from bytes that are no table.
fn unreadable(error: ReadError) -> ApiError {
    of_table(error, ApiError::Invalid)
}

/// Tells a header that does not fit, which is such an error, from bytes that are no table.
pub(in crate::api) fn of_table(error: ReadError, invalid: impl FnOnce(Vec<Pointed>) -> ApiError) -> ApiError {
    match error {
        ReadError::Header(faults) | ReadError::UnknownColumns(faults) => {
            let faults = faults.into_iter().map(|detail| Pointed::in_table(1, Fault::of_record(detail)));
            invalid(faults.collect())
        }
        error => ApiError::Malformed(error.to_string()),
    }
}
