//! Outcomes as a list of JSON objects, or as a table.

use serde::de::IgnoredAny;
use serde_json::value::RawValue;

use super::OutcomeList;
use super::entries::{Entries, NamedBy, OutcomeMembers};
use crate::api::error::{ApiError, Pointed};
use crate::api::records::Places;
use crate::api::records::csv::{line, of_table, packed_table};
use crate::api::size::MAX_RECORDS;
use crate::outcome::{self, NewOutcome, OutcomeColumns, OwnNames, Subject};
use crate::table::columns::{ExtraColumns, Purpose, Selection};
use crate::table::csv_text::Table;
use crate::table::fault::shorten;
use crate::table::{Fault, Schema, json_fault};

/// Reads a list of objects.
pub(super) fn json(body: &[u8], schema: &Schema) -> Result<OutcomeList, ApiError> {
    let elements: Vec<&RawValue> = serde_json::from_slice(body).map_err(|error| {
        if serde_json::from_slice::<IgnoredAny>(body).is_ok() {
            refused(Pointed::new("", Fault::of_record("must be a list of outcomes")))
        } else {
            ApiError::Malformed(format!("the body is not JSON: {}", json_fault::in_words(&error, body)))
        }
    })?;
    if !(1..=MAX_RECORDS).contains(&elements.len()) {
        let detail = format!("must hold 1 to {MAX_RECORDS} outcomes, found {}", elements.len());
        return Err(refused(Pointed::new("", Fault::of_record(detail))));
    }
    let outcomes = elements.into_iter().map(|element| element_of(element, schema)).collect();
    Ok(OutcomeList { outcomes, places: Places::List })
}

fn refused(fault: Pointed) -> ApiError {
    ApiError::InvalidOutcome(vec![fault])
}

/// Reads one object, or names every fault of it.
fn element_of(element: &RawValue, schema: &Schema) -> Result<NewOutcome, Vec<Fault>> {
    let entries: Entries =
        serde_json::from_str(element.get()).map_err(|_| vec![Fault::of_record("must be an object")])?;
    let members = OutcomeMembers::new(schema, entries, NamedBy::Members);
    let subject = Subject::find(schema, members.id.as_deref(), &members.values);
    let label = members.label(schema);
    let mut faults = members.faults;
    match (subject, label) {
        (Ok(subject), Some(label)) if faults.is_empty() => {
            Ok(NewOutcome { subject, label, corrects: members.corrects })
        }
        (subject, _) => {
            // What is wrong with a key is said already.
            faults.extend(subject.err().filter(|_| !members.is_subject_wrong));
            Err(faults)
        }
    }
}

/// Reads a table.
pub(super) fn csv(body: &[u8], schema: &Schema) -> Result<OutcomeList, ApiError> {
    if let Some(fault) = packed_table(body) {
        return Err(refused(Pointed::in_table(1, fault)));
    }
    let unreadable = |error| of_table(error, ApiError::InvalidOutcome);
    let selection = Selection { extra_columns: ExtraColumns::Keep, purpose: Purpose::Fields };
    let table = Table::open(body, schema, selection).map_err(unreadable)?;
    let strange = strange_columns(schema, table.extra_columns());
    if !strange.is_empty() {
        return Err(ApiError::InvalidOutcome(strange));
    }
    let columns = OutcomeColumns::new(schema, table.extra_columns().iter().map(String::as_str));
    let wanted = outcome::fields(schema);
    let (mut outcomes, mut lines, mut count) = (Vec::new(), Vec::new(), 0);
    let read = table.for_each(|row| {
        count += 1;
        if count <= MAX_RECORDS {
            outcomes.push(columns.outcome(schema, &row.extras(), row.fields(&wanted)));
            lines.push(line(row.place()));
        }
    });
    read.map_err(unreadable)?;
    if !(1..=MAX_RECORDS).contains(&count) {
        let detail = format!("must be followed by 1 to {MAX_RECORDS} rows, found {count}");
        return Err(refused(Pointed::in_table(1, Fault::of_record(detail))));
    }
    Ok(OutcomeList { outcomes, places: Places::Lines(lines) })
}

/// Names the columns that are neither fields nor names of ours.
fn strange_columns(schema: &Schema, names: &[String]) -> Vec<Pointed> {
    let ours = OwnNames::new(schema);
    let strange = names.iter().filter(|name| **name != ours.id && **name != ours.corrects);
    let fault = |name: &String| Fault::of_record(format!("column {:?} {}", shorten(name), schema.unknown(name)));
    strange.map(|name| Pointed::in_table(1, fault(name))).collect()
}
