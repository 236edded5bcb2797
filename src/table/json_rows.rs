//! Records as JSON: the elements of an array, a single object, or an object a line.

mod elements;
mod extras;

use std::io::{BufRead, BufReader, Read};
use std::sync::Arc;

use super::columns::{ExtraColumns, KNOWN_AT, Purpose, Selection};
use super::json::{self, Unknown};
use super::json_fault;
use super::output_cell::OutputCell;
use super::place::Place;
use super::read_error::ReadError;
use super::record::Draft;
use super::schema::Schema;
use super::source::Peek;
use elements::Elements;

/// The longest text of one record, in bytes.
const MAX_RECORD_BYTES: usize = 8 << 20;

const BUFFER_BYTES: usize = 1 << 16;

/// Reads the texts of records.
pub(super) struct JsonReader {
    texts: Texts,
    policy: Arc<Policy>,
}

enum Texts {
    Elements(Elements<BufReader<Peek>>),
    Lines(Lines),
}

/// Lines of text, and how far they are read.
struct Lines {
    input: BufReader<Peek>,
    line: u64,
    bytes: u64,
}

/// What becomes of members that are no fields.
#[derive(Debug, Default)]
enum Policy {
    #[default]
    Refuse,
    /// Refuses all but this one, which is kept or not.
    Pass { name: [String; 1], is_kept: bool },
    /// Passes over all but these, which are kept.
    Ignore(Vec<String>),
    /// Keeps these, and refuses others.
    Keep(Vec<String>),
}

impl Policy {
    fn new(schema: &Schema, selection: Selection) -> Self {
        let pass = |is_kept| Self::Pass { name: [KNOWN_AT.to_owned()], is_kept };
        match (selection.extra_columns, selection.purpose) {
            (ExtraColumns::Ignore, Purpose::Labels) if schema.column(KNOWN_AT).is_none() => {
                Self::Ignore(vec![KNOWN_AT.to_owned()])
            }
            (ExtraColumns::Ignore, _) => Self::Ignore(Vec::new()),
            (ExtraColumns::Keep, _) => Self::Keep(Vec::new()),
            (ExtraColumns::Refuse, _) if schema.column(KNOWN_AT).is_some() => Self::Refuse,
            (ExtraColumns::Refuse, Purpose::Labels) => pass(true),
            (ExtraColumns::Refuse, Purpose::Records) => pass(false),
            (ExtraColumns::Refuse, Purpose::Fields | Purpose::Columns) => Self::Refuse,
        }
    }
}

/// Some texts of records, one after the other. Those that are read next take the memory of those that stood here.
#[derive(Debug, Default)]
pub(super) struct JsonRows {
    policy: Arc<Policy>,
    text: Vec<u8>,
    /// Where each record is, and where its text ends.
    rows: Vec<(Place, usize)>,
}

impl JsonReader {
    /// Begins to read an array, or a single object.
    pub(super) fn of_elements(input: Peek, schema: &Schema, selection: Selection) -> Self {
        let texts = Texts::Elements(Elements::new(BufReader::with_capacity(BUFFER_BYTES, input)));
        Self { texts, policy: Arc::new(Policy::new(schema, selection)) }
    }

    /// Begins to read an object a line.
    pub(super) fn of_lines(input: Peek, schema: &Schema, selection: Selection) -> Self {
        let input = BufReader::with_capacity(BUFFER_BYTES, input);
        let texts = Texts::Lines(Lines { input, line: 0, bytes: 0 });
        Self { texts, policy: Arc::new(Policy::new(schema, selection)) }
    }

    /// Says which line the first is: they are a part of a file.
    pub(super) fn set_first_line(&mut self, line: u64) {
        if let Texts::Lines(lines) = &mut self.texts {
            lines.line = line.saturating_sub(1);
        }
    }

    /// Returns where the next line begins: its byte, counted from the first of the text, and its number.
    pub(super) fn position(&self) -> (u64, u64) {
        match &self.texts {
            Texts::Lines(lines) => (lines.bytes, lines.line + 1),
            Texts::Elements(_) => (0, 1),
        }
    }

    /// Passes over a record; tells whether there was one.
    pub(super) fn pass_over(&mut self, text: &mut Vec<u8>) -> Result<bool, ReadError> {
        text.clear();
        Ok(self.texts.read(text)?.is_some())
    }

    /// Reads at most so many records; tells whether there were any.
    pub(super) fn read(&mut self, chunk: &mut JsonRows, most: usize) -> Result<bool, ReadError> {
        chunk.text.clear();
        chunk.rows.clear();
        if !Arc::ptr_eq(&chunk.policy, &self.policy) {
            chunk.policy = Arc::clone(&self.policy);
        }
        while chunk.rows.len() < most
            && let Some(place) = self.texts.read(&mut chunk.text)?
        {
            chunk.rows.push((place, chunk.text.len()));
        }
        Ok(!chunk.rows.is_empty())
    }

    /// Takes the names of all members of these first records that are no fields for those that are kept.
    pub(super) fn keep_extras_of(&mut self, first: &mut JsonRows, schema: &Schema) {
        let mut names = Vec::new();
        for index in 0..first.count() {
            extras::gather(first.text(index), schema, &mut names);
        }
        self.policy = Arc::new(Policy::Keep(names));
        first.policy = Arc::clone(&self.policy);
    }

    /// Takes these names for those of the members that are kept.
    pub(super) fn keep(&mut self, names: &[String]) {
        self.policy = Arc::new(Policy::Keep(names.to_vec()));
    }

    /// Returns the names of the members that are kept.
    pub(super) fn extras(&self) -> &[String] {
        match &*self.policy {
            Policy::Keep(names) | Policy::Ignore(names) => names,
            Policy::Pass { name, is_kept: true } => name,
            Policy::Refuse | Policy::Pass { .. } => &[],
        }
    }
}

impl Texts {
    /// Appends the text of the next record, and returns where it stands.
    fn read(&mut self, text: &mut Vec<u8>) -> Result<Option<Place>, ReadError> {
        match self {
            Self::Elements(elements) => elements.read(text),
            Self::Lines(lines) => lines.read(text),
        }
    }
}

impl Lines {
    /// Appends the next line that is not blank.
    fn read(&mut self, text: &mut Vec<u8>) -> Result<Option<Place>, ReadError> {
        let start = text.len();
        loop {
            let mut limited = self.input.by_ref().take(MAX_RECORD_BYTES as u64);
            let read = limited.read_until(b'\n', text)?;
            if read == 0 {
                return Ok(None);
            }
            self.line += 1;
            self.bytes += read as u64;
            if limited.limit() == 0 {
                return Err(too_long(Place::Line(self.line)));
            }
            if text[start..].trim_ascii().is_empty() {
                text.truncate(start);
            } else {
                return Ok(Some(Place::Line(self.line)));
            }
        }
    }
}

fn too_long(place: Place) -> ReadError {
    ReadError::input(format!("{place} has more than {} MB, which is no record", MAX_RECORD_BYTES >> 20))
}

impl JsonRows {
    pub(super) fn count(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn place(&self, index: usize) -> Place {
        self.rows[index].0
    }

    fn text(&self, index: usize) -> &[u8] {
        let start = index.checked_sub(1).map_or(0, |before| self.rows[before].1);
        &self.text[start..self.rows[index].1]
    }

    /// Puts the members of an object into a draft.
    pub(super) fn fill(&self, index: usize, draft: &mut Draft<'_>) {
        let text = self.text(index);
        let unknown = match &*self.policy {
            Policy::Refuse => Unknown::Refused,
            Policy::Ignore(_) => Unknown::Ignored,
            Policy::Pass { name, .. } => Unknown::RefusedBut(name),
            Policy::Keep(names) => Unknown::Kept(names),
        };
        let mut deserializer = serde_json::Deserializer::from_slice(text);
        if let Err(error) = json::fill(draft, &mut deserializer, unknown).and_then(|()| deserializer.end()) {
            draft.refuse_record(format!("is not JSON: {}", json_fault::in_words(&error, text)));
        }
    }

    /// Hands on the members that are kept, in the order of their names.
    pub(super) fn extras<'a>(&'a self, index: usize, cells: &mut Vec<OutputCell<'a>>) {
        let names: &[String] = match &*self.policy {
            Policy::Keep(names) | Policy::Ignore(names) if !names.is_empty() => names,
            Policy::Pass { name, is_kept: true } => name,
            Policy::Refuse | Policy::Pass { .. } | Policy::Ignore(_) | Policy::Keep(_) => return,
        };
        extras::find(self.text(index), names, cells);
    }
}
