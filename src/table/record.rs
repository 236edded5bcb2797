//! A record: one row of the table, valid by construction.

use jiff::Timestamp;

use super::fault::{Fault, shorten};
use super::schema::{Column, Schema};
use super::value::{Cell, Value};

/// The most bytes of all texts of a record.
pub const MAX_TEXT_BYTES: usize = 64 * 1024;

/// The most bytes of all texts of a record's key: databases bound what they look up by.
pub const MAX_KEY_BYTES: usize = 2_000;

/// How many bytes of JSON most records are.
const TEXT_CAPACITY: usize = 256;

/// One row of a table, without its label: a value for each field of the schema, in its order, where the client gave one.
///
/// Texts are trimmed and an empty text is a missing one, so that two spellings of one record are one record. No default stands here.
#[derive(Debug, Clone, PartialEq)]
pub struct Record(Box<[Option<Value>]>);

impl Record {
    /// Returns the value of a field, by its place in the schema.
    pub fn get(&self, field: usize) -> Option<&Value> {
        self.0[field].as_ref()
    }

    /// Returns the values, in the order of the schema's fields.
    pub fn values(&self) -> &[Option<Value>] {
        &self.0
    }

    /// Returns the record as the text of a JSON object of the fields that it has, by their names.
    pub fn text(&self, schema: &Schema) -> String {
        let mut text = Vec::with_capacity(TEXT_CAPACITY);
        for (field, value) in schema.fields().iter().zip(self.values()) {
            if let Some(value) = value {
                text.push(if text.is_empty() { b'{' } else { b',' });
                text.extend_from_slice(field.member.as_bytes());
                // Texts and finite numbers can always be written.
                let _ = serde_json::to_writer(&mut text, &field.written(value));
            }
        }
        text.extend_from_slice(if text.is_empty() { b"{}" } else { b"}" });
        String::from_utf8(text).unwrap_or_default()
    }
}

/// A record with what is known of its label.
#[derive(Debug, Clone, PartialEq)]
pub struct Labelled {
    /// The record.
    pub record: Record,
    /// The value of the label, where one was given.
    pub label: Option<Value>,
    /// When the label became known, where somebody says so.
    pub known_at: Option<Timestamp>,
}

/// A record being read: takes cells in any order and remembers every fault.
#[derive(Debug)]
pub struct Draft<'s> {
    schema: &'s Schema,
    values: Vec<Option<Value>>,
    seen: Seen,
    reads: Reads<'s>,
    faults: Vec<Fault>,
    /// Whether the values of another record stand where none was read.
    is_reused: bool,
}

/// Which fields came already: a bit each, so that most tables need no list.
#[derive(Debug)]
struct Seen {
    first: u64,
    /// The fields behind the first 64.
    others: Box<[u64]>,
}

impl Seen {
    fn of_none(count: usize) -> Self {
        Self { first: 0, others: vec![0; count.saturating_sub(1) / 64].into() }
    }

    fn of_all(count: usize) -> Self {
        Self { first: u64::MAX, others: vec![u64::MAX; count.saturating_sub(1) / 64].into() }
    }

    /// Adds a field, and returns whether it was there.
    fn add(&mut self, field: usize) -> bool {
        let bit = 1 << (field % 64);
        let word = (field / 64).checked_sub(1).map_or(&mut self.first, |other| &mut self.others[other]);
        let was_there = *word & bit != 0;
        *word |= bit;
        was_there
    }

    /// Returns whether each of so many fields but one was there, as far as one look tells.
    fn has_all_but(&self, field: usize, count: usize) -> bool {
        count < 64 && self.first | 1 << field == (1 << count) - 1
    }

    fn has(&self, field: usize) -> bool {
        let word = (field / 64).checked_sub(1).map_or(self.first, |other| self.others[other]);
        word >> (field % 64) & 1 == 1
    }
}

/// Which fields are read; others are passed over.
#[derive(Debug, Clone, Copy)]
enum Reads<'s> {
    Record,
    Labelled,
    /// The fields of these places, any of which may be missing.
    Some(&'s [usize]),
}

impl<'s> Draft<'s> {
    /// Begins a record; a label is accepted and ignored, so that a labelled row can be sent as it is.
    pub fn new(schema: &'s Schema) -> Self {
        let count = schema.fields().len();
        let (mut values, seen) = (Vec::with_capacity(count), Seen::of_none(count));
        values.resize_with(count, || None);
        Self { schema, values, seen, reads: Reads::Record, faults: Vec::new(), is_reused: false }
    }

    /// Begins a record in the memory of another one of the schema.
    pub(super) fn in_place_of(record: Record, schema: &'s Schema) -> Self {
        let count = schema.fields().len();
        let (values, seen) = (record.0.into_vec(), Seen::of_none(count));
        Self { schema, values, seen, reads: Reads::Record, faults: Vec::new(), is_reused: true }
    }

    /// Begins a record whose label is read, too.
    pub fn labelled(schema: &'s Schema) -> Self {
        Self { reads: Reads::Labelled, ..Self::new(schema) }
    }

    /// Begins to read some fields only, by their places in the schema: each may be missing, and others may be anything.
    pub fn of_fields(schema: &'s Schema, fields: &'s [usize]) -> Self {
        Self { reads: Reads::Some(fields), ..Self::new(schema) }
    }

    /// Returns the schema by which the record is read.
    pub(super) fn schema(&self) -> &'s Schema {
        self.schema
    }

    /// Takes what stands in one field, and refuses a field that came before.
    pub fn set(&mut self, column: Column, cell: Cell<'_>) {
        self.put(column, matches!(cell, Cell::Missing), |field, value| field.read_into(cell, value));
    }

    /// Takes what stands in one cell of a file, where everything is a text.
    pub fn set_from_file(&mut self, column: Column, text: &str) {
        // A missing value is never a fault where only some fields are read; else it is one of what is read.
        let is_missing =
            matches!(self.reads, Reads::Some(_)) && self.schema.fields()[column.field()].is_missing(text.trim());
        self.put(column, is_missing, |field, value| field.read_from_file_into(text, value));
    }

    fn put(
        &mut self,
        column: Column,
        is_missing: bool,
        read: impl FnOnce(&super::Field, &mut Option<Value>) -> Result<(), String>,
    ) {
        let place = column.field();
        if self.seen.add(place) {
            self.fault(column, "stands more than once");
            return;
        }
        let is_read = match self.reads {
            Reads::Record => place != self.schema.label(),
            Reads::Labelled => true,
            Reads::Some(fields) => !is_missing && fields.contains(&place),
        };
        if !is_read {
            return;
        }
        if let Err(detail) = read(&self.schema.fields()[place], &mut self.values[place]) {
            self.values[place] = None;
            self.fault(column, detail);
        }
    }

    /// Records a field that the table does not have.
    pub fn refuse(&mut self, name: &str) {
        self.faults.push(Fault::of_field(shorten(name), self.schema.unknown(name)));
    }

    /// Records a field that the table does not have, and that none of the first records has.
    pub(super) fn refuse_late(&mut self, name: &str) {
        let detail = "is not a field, and no record of the first thousand has it: leave it out, or give it to one of those as null";
        self.faults.push(Fault::of_field(shorten(name), detail));
    }

    /// Records that this is no record at all, so that nothing more is said of it.
    pub fn refuse_record(&mut self, detail: impl Into<String>) {
        self.seen = Seen::of_all(self.values.len());
        self.faults.push(Fault::of_record(detail));
    }

    /// Records a fault of a field.
    pub fn fault(&mut self, column: Column, detail: impl Into<String>) {
        self.faults.push(Fault::of_field(self.schema.spelling(column), detail));
    }

    /// Returns the record, or every fault that stands in its way.
    pub fn finish(self) -> Result<Record, Vec<Fault>> {
        self.finish_labelled().map(|labelled| labelled.record)
    }

    /// Returns the record with the values that are not at fault.
    pub(super) fn finish_stored(self) -> Record {
        Record(self.values.into())
    }

    /// Returns the record and its label, or every fault that stands in their way.
    pub fn finish_labelled(self) -> Result<Labelled, Vec<Fault>> {
        let label = self.schema.label();
        let mut values = self.finish_fields()?;
        let label = values[label].take();
        Ok(Labelled { record: Record(values.into()), label, known_at: None })
    }

    /// Returns the values that were read, in the order of the schema's fields, or every fault that stands in their way.
    pub fn finish_fields(mut self) -> Result<Vec<Option<Value>>, Vec<Fault>> {
        if self.is_reused && !self.seen.has_all_but(self.schema.label(), self.values.len()) {
            let unread = self.values.iter_mut().enumerate().filter(|(place, _)| !self.seen.has(*place));
            unread.for_each(|(_, value)| *value = None);
        }
        let label = self.schema.label();
        let is_needed = |place: usize| match self.reads {
            Reads::Record => place != label,
            Reads::Labelled => true,
            Reads::Some(_) => false,
        };
        for &place in self.schema.required() {
            if !self.seen.has(place) && is_needed(place) {
                self.faults.push(Fault::of_field(&*self.schema.fields()[place].name, "is required"));
            }
        }
        let total: usize = self.values.iter().map(|value| text_bytes(value.as_ref())).sum();
        if total > MAX_TEXT_BYTES {
            let detail = format!("has {total} bytes of text, but may have {MAX_TEXT_BYTES}");
            self.faults.push(Fault::of_record(detail));
        }
        let key_bytes: usize = self.schema.key().iter().map(|&place| text_bytes(self.values[place].as_ref())).sum();
        if key_bytes > MAX_KEY_BYTES {
            let names: Vec<&str> = self.schema.key().iter().map(|&place| &*self.schema.fields()[place].name).collect();
            let detail =
                format!("has a key ({}) of {key_bytes} bytes, but it may have {MAX_KEY_BYTES}", names.join(", "));
            self.faults.push(Fault::of_record(detail));
        }
        if self.faults.is_empty() { Ok(self.values) } else { Err(self.faults) }
    }
}

fn text_bytes(value: Option<&Value>) -> usize {
    match value {
        Some(Value::Text(text)) => text.len(),
        _ => 0,
    }
}
