//! What a record is while its features are computed: a slot for each field and each column, by number.
//!
//! A slot holds a number, NaN where it is missing, or a text. A category is the number of its place, an integer its value, `true` is 1,
//! a day or a moment is a number that grows with time.

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

/// The slots of one record.
#[derive(Debug, Default)]
pub(super) struct Slots {
    pub(super) numbers: Vec<f64>,
    pub(super) texts: Vec<Span>,
    pub(super) made: String,
    /// Where a text is joined.
    pub(super) joined: String,
}

impl Slots {
    pub(super) fn new(count: usize) -> Self {
        Self { numbers: vec![MISSING; count], texts: vec![Span::MISSING; count], ..Self::default() }
    }

    /// Keeps a number; one that is not finite is missing.
    pub(super) fn set_number(&mut self, slot: usize, number: f64) {
        // Negative zero is zero, or two equal numbers would not be the same key.
        self.numbers[slot] = if number.is_finite() { number + 0.0 } else { MISSING };
    }

    /// Takes the fields of a record in.
    pub(super) fn load(&mut self, loads: &[Load], record: &Record) {
        self.made.clear();
        for (slot, (load, value)) in loads.iter().zip(record.values()).enumerate() {
            if let Load::Text = load {
                self.texts[slot] = match value {
                    Some(Value::Text(text)) => Span { source: Source::Field(slot), start: 0, end: text.len() },
                    _ => Span::MISSING,
                };
            } else {
                self.numbers[slot] = value.as_ref().map_or(MISSING, |value| load.number(value));
            }
        }
    }
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

/// A record that is being computed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asked<'a> {
    pub(super) record: &'a Record,
    pub(super) constants: &'a str,
    pub(super) slots: &'a Slots,
}

impl View for Asked<'_> {
    fn number(&self, slot: usize) -> f64 {
        self.slots.numbers[slot]
    }

    fn text(&self, slot: usize) -> Option<&str> {
        text(self.slots.texts[slot], &self.slots.made, self.constants, self.record)
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
