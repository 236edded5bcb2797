//! A part of a text, by a pattern.

use std::ops::Range;

use regex::{CaptureLocations, Regex};

use crate::package::recipe::slots::{MISSING, Slots, Source, Span, text};
use crate::table::Record;

/// An `extract` step, compiled.
#[derive(Debug)]
pub(in crate::package::recipe) struct ExtractStep {
    pub(in crate::package::recipe) from: usize,
    pub(in crate::package::recipe) regex: Regex,
    pub(in crate::package::recipe) upper: bool,
    pub(in crate::package::recipe) as_number: bool,
    pub(in crate::package::recipe) to: usize,
    /// The place among the steps that need room for groups.
    pub(in crate::package::recipe) locations: usize,
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
    pub(in crate::package::recipe) fn run(
        &self,
        record: &Record,
        constants: &str,
        slots: &mut Slots,
        locations: &mut CaptureLocations,
    ) {
        let from = slots.texts[self.from];
        let Slots { made, joined, numbers, texts } = slots;
        let whole = text(from, made, constants, record);
        let found = whole.and_then(|whole| Some((whole, self.find(whole, locations, joined)?)));
        if self.as_number {
            let digits = found.map(|(whole, found)| match found {
                Found::Part(part) => &whole[part],
                Found::Joined => joined.as_str(),
            });
            let number = digits.and_then(|digits| digits.parse().ok()).filter(|number: &f64| number.is_finite());
            numbers[self.to] = number.map_or(MISSING, |number| number + 0.0);
            return;
        }
        texts[self.to] = match found {
            None => Span::MISSING,
            Some((_, Found::Part(part))) => from.part(&part),
            Some((_, Found::Joined)) => {
                let start = made.len();
                made.push_str(joined);
                Span { source: Source::Made, start, end: made.len() }
            }
        };
    }

    /// Finds the pattern; most texts are a part of the whole as it stands, and are not copied.
    fn find(&self, whole: &str, locations: &mut CaptureLocations, joined: &mut String) -> Option<Found> {
        self.regex.captures_read(locations, whole)?;
        let first = usize::from(locations.len() > 1);
        let mut groups = (first..locations.len()).filter_map(|group| locations.get(group));
        let (start, end) = groups.next()?;
        let next = groups.next();
        if next.is_none() {
            let part = trim(whole, start..end);
            if !self.upper || !whole[part.clone()].chars().any(is_changed) {
                return (!part.is_empty()).then_some(Found::Part(part));
            }
        }
        joined.clear();
        for (start, end) in [(start, end)].into_iter().chain(next).chain(groups) {
            let part = &whole[start..end];
            if self.upper {
                joined.extend(part.chars().flat_map(char::to_uppercase));
            } else {
                joined.push_str(part);
            }
        }
        let part = trim(joined, 0..joined.len());
        joined.truncate(part.end);
        joined.drain(..part.start);
        (!joined.is_empty()).then_some(Found::Joined)
    }
}

/// Returns whether a letter becomes another in upper case, or may.
fn is_changed(letter: char) -> bool {
    if letter.is_ascii() { letter.is_ascii_lowercase() } else { letter.is_lowercase() || letter.is_alphabetic() }
}

/// Returns a part of a text without the space around it.
fn trim(whole: &str, part: Range<usize>) -> Range<usize> {
    let text = &whole[part.clone()];
    let is_close = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
    if is_close(text.as_bytes().first()) && is_close(text.as_bytes().last()) {
        return part;
    }
    let end = part.start + text.trim_end().len();
    let start = end - whole[part.start..end].trim_start().len();
    start..end
}
