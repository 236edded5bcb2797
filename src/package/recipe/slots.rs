//! What records are while their features are computed: a slot for each field and each column, by number.
//!
//! A slot holds a number of each record, NaN where it is missing, or a text. A category is the number of its place, an integer its value,
//! `true` is 1, a day or a moment is a number that grows with time. What several records have in a slot stands side by side, so that a step
//! goes through a column and not through a record.

use std::ops::Range;

use crate::table::{Record, Value};

/// The number that stands for a missing one.
pub(super) const MISSING: f64 = f64::NAN;

/// What can be asked for the content of a slot: a record that is being computed, or one of the history.
pub(super) trait View {
    /// Returns a number, NaN where it is missing.
    fn number(&self, slot: usize) -> f64;

    /// Returns a text.
    fn text(&self, slot: usize) -> Option<&str>;
}

/// Where the text of a slot stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Source {
    /// Nowhere.
    Missing,
    /// In a field of the record.
    Field(usize),
    /// Among the texts that were made for this record.
    Made,
    /// Among the texts of the recipe.
    Constants,
}

/// A text of a slot.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) source: Source,
    pub(super) start: usize,
    pub(super) end: usize,
}

impl Span {
    pub(super) const MISSING: Self = Self { source: Source::Missing, start: 0, end: 0 };

    /// Returns a part of the text.
    pub(super) fn part(self, part: &Range<usize>) -> Self {
        Self { start: self.start + part.start, end: self.start + part.end, ..self }
    }
}

/// The slots of some records.
#[derive(Debug, Default)]
pub(super) struct Slots {
    /// So many records have room.
    room: usize,
    /// So many are there.
    rows: usize,
    numbers: Vec<f64>,
    texts: Vec<Span>,
    pub(super) made: String,
    /// Where a text is joined.
    pub(super) joined: String,
}

/// The numbers of the slots before one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Earlier<'a> {
    room: usize,
    rows: usize,
    numbers: &'a [f64],
}

impl Earlier<'_> {
    /// Returns the number of each record in a slot.
    pub(super) fn numbers(&self, slot: usize) -> &[f64] {
        &self.numbers[slot * self.room..][..self.rows]
    }
}

impl Slots {
    /// Makes so many slots for so many records at most.
    pub(super) fn new(count: usize, room: usize) -> Self {
        let (numbers, texts) = (vec![MISSING; count * room], vec![Span::MISSING; count * room]);
        Self { room, rows: 0, numbers, texts, ..Self::default() }
    }

    /// Returns how many records have room.
    pub(super) fn room(&self) -> usize {
        self.room
    }

    /// Returns how many records there are.
    pub(super) fn rows(&self) -> usize {
        self.rows
    }

    /// Returns the number of each record in a slot.
    pub(super) fn numbers(&self, slot: usize) -> &[f64] {
        &self.numbers[slot * self.room..][..self.rows]
    }

    /// Returns the same, to be filled.
    pub(super) fn numbers_mut(&mut self, slot: usize) -> &mut [f64] {
        &mut self.numbers[slot * self.room..][..self.rows]
    }

    /// Returns the numbers of a slot to be filled, and those of the slots before it.
    pub(super) fn fill(&mut self, slot: usize) -> (Earlier<'_>, &mut [f64]) {
        let (before, rest) = self.numbers.split_at_mut(slot * self.room);
        (Earlier { room: self.room, rows: self.rows, numbers: before }, &mut rest[..self.rows])
    }

    /// Returns a record's text in a slot.
    pub(super) fn text(&self, slot: usize, row: usize) -> Span {
        self.texts[slot * self.room + row]
    }

    /// Returns the text of each record in a slot.
    pub(super) fn texts(&self, slot: usize) -> &[Span] {
        &self.texts[slot * self.room..][..self.rows]
    }

    /// Keeps a record's text.
    pub(super) fn set_text(&mut self, slot: usize, row: usize, text: Span) {
        self.texts[slot * self.room + row] = text;
    }

    /// Takes the fields of records in.
    pub(super) fn load(&mut self, loads: &[Load], records: &[&Record]) {
        self.made.clear();
        self.rows = records.len().min(self.room);
        for (slot, load) in loads.iter().enumerate() {
            let values = records.iter().map(|record| record.get(slot));
            if let Load::Text = load {
                for (row, value) in values.enumerate() {
                    let text = match value {
                        Some(Value::Text(text)) => Span { source: Source::Field(slot), start: 0, end: text.len() },
                        _ => Span::MISSING,
                    };
                    self.set_text(slot, row, text);
                }
            } else {
                for (number, value) in self.numbers_mut(slot).iter_mut().zip(values) {
                    *number = value.map_or(MISSING, |value| load.number(value));
                }
            }
        }
    }
}

/// Returns a number as it is kept: one that is not finite is missing.
pub(super) fn kept(number: f64) -> f64 {
    // Negative zero is zero, or two equal numbers would not be the same key.
    if number.is_finite() { number + 0.0 } else { MISSING }
}

/// Returns the text that a span names.
pub(super) fn text<'a>(span: Span, made: &'a str, constants: &'a str, record: &'a Record) -> Option<&'a str> {
    let whole = match span.source {
        Source::Missing => return None,
        Source::Made => made,
        Source::Constants => constants,
        Source::Field(field) => match record.values().get(field) {
            Some(Some(Value::Text(text))) => text,
            _ => return None,
        },
    };
    whole.get(span.start..span.end)
}

/// Records that are being computed, at most as many as have room.
#[derive(Debug)]
pub(super) struct Block<'a> {
    pub(super) records: &'a [&'a Record],
    pub(super) constants: &'a str,
    pub(super) slots: &'a mut Slots,
}

impl Block<'_> {
    /// Returns how many records there are.
    pub(super) fn rows(&self) -> usize {
        self.slots.rows()
    }

    /// Returns what can be asked for the content of a record's slots.
    pub(super) fn asked(&self, row: usize) -> Asked<'_> {
        Asked { record: self.records[row], constants: self.constants, slots: self.slots, row }
    }
}

/// A record that is being computed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) record: &'a Record,
    constants: &'a str,
    slots: &'a Slots,
    row: usize,
}

impl<'a> Asked<'a> {
    /// Returns what can be asked of one of some records.
    pub(super) fn new(record: &'a Record, constants: &'a str, slots: &'a Slots, row: usize) -> Self {
        Self { record, constants, slots, row }
    }
}

impl View for Asked<'_> {
    fn number(&self, slot: usize) -> f64 {
        self.slots.numbers[slot * self.slots.room + self.row]
    }

    fn text(&self, slot: usize) -> Option<&str> {
        text(self.slots.text(slot, self.row), &self.slots.made, self.constants, self.record)
    }
}

/// How a field becomes the content of its slot.
#[derive(Debug)]
pub(super) enum Load {
    /// The field is a text.
    Text,
    /// The field is a number, or becomes one.
    Number,
    /// The field is an integer with categories: its value by its place.
    Values(Box<[f64]>),
}

impl Load {
    /// Returns the number of a value that is no text.
    #[expect(clippy::cast_precision_loss, reason = "integers are within 2^53, and microseconds of our days are, too")]
    pub(super) fn number(&self, value: &Value) -> f64 {
        match (value, self) {
            (Value::Category(place), Self::Values(values)) => values.get(*place as usize).copied().unwrap_or(MISSING),
            (Value::Category(place), _) => f64::from(*place),
            (Value::Number(number), _) => *number,
            (Value::Integer(number), _) => *number as f64,
            (Value::Boolean(value), _) => f64::from(u8::from(*value)),
            (Value::Date(date), _) => {
                f64::from(i32::from(date.year()) * 10_000 + i32::from(date.month()) * 100 + i32::from(date.day()))
            }
            (Value::Datetime(moment), _) => moment.as_microsecond() as f64,
            (Value::Text(_), _) => MISSING,
        }
    }
}
