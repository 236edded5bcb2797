//! A part of a text, by a pattern.

use std::ops::Range;

use super::pattern::{Groups, Pattern, Room};
use crate::package::recipe::slots::{Block, MISSING, Slots, Source, Span, text};
use crate::table::Decimal;
use crate::table::value::trim;

/// An `extract` step, compiled.
#[derive(Debug)]
pub(in crate::package::recipe) struct ExtractStep {
    pub(in crate::package::recipe) from: usize,
    pub(in crate::package::recipe) pattern: Pattern,
    /// The place of its room among those of all steps.
    pub(in crate::package::recipe) room: usize,
    pub(in crate::package::recipe) upper: bool,
    pub(in crate::package::recipe) as_number: bool,
    pub(in crate::package::recipe) to: usize,
}

/// What was found in a text.
enum Found {
    /// This part of it.
    Part(Range<usize>),
    /// What was joined.
    Joined,
}

impl ExtractStep {
    /// Fills the step's slot.
    pub(in crate::package::recipe) fn run(&self, block: &mut Block<'_>, rooms: &mut [Room]) {
        for row in 0..block.rows() {
            self.run_row(block, row, &mut rooms[self.room]);
        }
    }

    fn run_row(&self, block: &mut Block<'_>, row: usize, room: &mut Room) {
        let Block { records, constants, slots } = block;
        let from = slots.text(self.from, row);
        let Slots { made, joined, .. } = &mut **slots;
        let whole = text(from, made, constants, records[row]);
        let found = whole.and_then(|whole| Some((whole, self.find(whole, room, joined)?)));
        if self.as_number {
            let digits = found.map(|(whole, found)| match found {
                Found::Part(part) => &whole[part],
                Found::Joined => joined.as_str(),
            });
            let number = digits.and_then(number).unwrap_or(MISSING);
            slots.numbers_mut(self.to)[row] = number;
            return;
        }
        let found = match found {
            None => Span::MISSING,
            Some((_, Found::Part(part))) => from.part(&part),
            Some((_, Found::Joined)) => {
                let start = made.len();
                made.push_str(joined);
                Span { source: Source::Made, start, end: made.len() }
            }
        };
        slots.set_text(self.to, row, found);
    }

    /// Finds the pattern; most texts are a part of the whole as it stands, and are not copied.
    fn find(&self, whole: &str, room: &mut Room, joined: &mut String) -> Option<Found> {
        if !self.pattern.find(whole, room) {
            return None;
        }
        self.groups(whole, &room.groups, joined)
    }

    /// Takes the one group that took part, or joins several.
    fn groups(&self, whole: &str, groups: &Groups, joined: &mut String) -> Option<Found> {
        let mut taken = groups.taken();
        let first = taken.next()?;
        let Some(next) = taken.next() else { return self.part(whole, first, joined) };
        joined.clear();
        for part in [first, next].into_iter().chain(taken) {
            self.join(&whole[part], joined);
        }
        joined_part(joined)
    }

    /// Takes a part of a text.
    fn part(&self, whole: &str, part: Range<usize>, joined: &mut String) -> Option<Found> {
        let start = part.start;
        let text = &whole[part];
        let trimmed = trim(text);
        if !self.upper || !trimmed.chars().any(is_changed) {
            let before = if trimmed.len() == text.len() { 0 } else { text.len() - text.trim_start().len() };
            let start = start + before;
            return (!trimmed.is_empty()).then(|| Found::Part(start..start + trimmed.len()));
        }
        joined.clear();
        self.join(trimmed, joined);
        joined_part(joined)
    }

    fn join(&self, part: &str, joined: &mut String) {
        if self.upper {
            joined.extend(part.chars().flat_map(char::to_uppercase));
        } else {
            joined.push_str(part);
        }
    }
}

/// Returns the number that a text is.
fn number(text: &str) -> Option<f64> {
    if let Some(decimal) = Decimal::parse(text) {
        return Some(decimal.number());
    }
    // Negative zero is zero, or two equal numbers would not be the same key.
    text.parse().ok().filter(|number: &f64| number.is_finite()).map(|number| number + 0.0)
}

/// Takes what was joined, without the space around it.
fn joined_part(joined: &mut String) -> Option<Found> {
    let start = joined.len() - joined.trim_start().len();
    joined.truncate(joined.trim_end().len().max(start));
    joined.drain(..start);
    (!joined.is_empty()).then_some(Found::Joined)
}

/// Returns whether a letter becomes another in upper case, or may.
fn is_changed(letter: char) -> bool {
    if letter.is_ascii() { letter.is_ascii_lowercase() } else { letter.is_lowercase() || letter.is_alphabetic() }
}
