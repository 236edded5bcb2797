//! What is looked for in a text.
//!
//! Most patterns of recipes need no engine: characters at the end of a text, or a pattern from its start whose every choice the next
//! character decides. These cost a record a tenth of what an engine does, and a start of the program far less; an engine runs the others.

mod run;
mod sequence;
mod set;

use std::ops::Range;

use regex::{CaptureLocations, Regex, RegexBuilder};

use run::Run;
use sequence::Sequence;

/// The most bytes that a compiled pattern takes.
const MAX_BYTES: usize = 1 << 20;

/// A pattern, compiled.
#[derive(Debug)]
pub(in crate::package::recipe) enum Pattern {
    /// Characters of one set at the end.
    Run(Run),
    /// A pattern without a second thought.
    Sequence(Sequence),
    /// Anything else.
    Regex(Regex),
}

/// Where a pattern and its groups stand in a text: the whole first, then each group, if it took part.
#[derive(Debug, Default)]
pub(in crate::package::recipe) struct Groups(Vec<Option<Range<usize>>>);

/// The room in which a pattern is looked for.
#[derive(Debug, Default)]
pub(in crate::package::recipe) struct Room {
    pub(in crate::package::recipe) groups: Groups,
    /// What the engine of this pattern writes to.
    locations: Option<CaptureLocations>,
}

impl Pattern {
    /// Compiles a pattern, or tells what is wrong with it.
    pub(in crate::package::recipe) fn new(pattern: &str) -> Result<Self, String> {
        if let Ok(hir) = regex_syntax::parse(pattern) {
            if let Some(run) = Run::of(&hir) {
                return Ok(Self::Run(run));
            }
            if let Some(sequence) = Sequence::of(&hir) {
                return Ok(Self::Sequence(sequence));
            }
        }
        let reason = |error: regex::Error| {
            let error = error.to_string();
            error.lines().last().unwrap_or_default().trim_start_matches("error: ").to_owned()
        };
        RegexBuilder::new(pattern).size_limit(MAX_BYTES).build().map(Self::Regex).map_err(reason)
    }

    /// Returns the room that the pattern needs.
    pub(in crate::package::recipe) fn room(&self) -> Room {
        let locations = match self {
            Self::Regex(regex) => Some(regex.capture_locations()),
            Self::Run(_) | Self::Sequence(_) => None,
        };
        Room { locations, ..Room::default() }
    }

    /// Finds the first place of the pattern, and returns whether there is one.
    pub(in crate::package::recipe) fn find(&self, text: &str, room: &mut Room) -> bool {
        let Room { groups: Groups(groups), locations } = room;
        groups.clear();
        match (self, locations) {
            (Self::Run(run), _) => groups.extend(run.find(text).map(Some)),
            (Self::Sequence(sequence), _) => sequence.find(text, groups),
            (Self::Regex(regex), Some(locations)) => {
                if regex.captures_read(locations, text).is_some() {
                    let found = (0..locations.len()).map(|group| locations.get(group));
                    groups.extend(found.map(|group| group.map(|(start, end)| start..end)));
                }
            }
            (Self::Regex(_), None) => {}
        }
        !groups.is_empty()
    }
}

impl Groups {
    /// Returns what took part of the groups; of a pattern without any, the whole.
    pub(in crate::package::recipe) fn taken(&self) -> impl Iterator<Item = Range<usize>> {
        let first = usize::from(self.0.len() > 1);
        self.0[first.min(self.0.len())..].iter().flatten().cloned()
    }
}
