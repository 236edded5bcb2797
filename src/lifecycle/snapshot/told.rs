//! What there is to say of a snapshot that was made.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::package::recipe::recent::calendar::date;
use crate::package::recipe::{Day, HistoryRecords, Recipe, Sheet, StepSummary};
use crate::table::counted;

/// A step that finds fewer events than this share of those of the last snapshot is worth a look.
const FEW: f64 = 0.5;

/// Steps that look back so many days do not lose that many events to a quiet day, nor to a weekend.
const WEEK: Day = 7;

/// So many days without an outcome are worth a look: a weekend has fewer.
const QUIET: Day = 3;

/// What a snapshot is, and how it differs from the last one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    /// The moment.
    pub as_of: Timestamp,
    /// When the next one can be made, in which what became known after that moment counts.
    pub next_from: Timestamp,
    /// The SHA-256 of its text.
    pub hash: Arc<str>,
    /// Whether it is the one that serves from now on; one that is older than another does not.
    pub is_newest: bool,
    /// What became known since the snapshot before; none where that was found out together with other days.
    #[serde(flatten)]
    pub added: Option<Added>,
    /// What each step looks up.
    pub steps: Vec<StepTold>,
    /// What is worth a look.
    pub warnings: Vec<String>,
}

/// What became known since the snapshot before.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Added {
    /// How many events count now.
    pub added: usize,
    /// How many do not count any more, since another outcome or record took their place.
    pub taken_back: usize,
}

/// What a step looks up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct StepTold {
    /// The step.
    pub name: String,
    /// How many keys it knows.
    pub keys: usize,
    /// How many events are behind them.
    pub events: u64,
    /// How far these fared beyond what was expected, on average.
    pub beyond: f64,
    /// How many events were behind the last snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events_before: Option<u64>,
    /// How far these fared beyond what was expected.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beyond_before: Option<f64>,
}

impl Added {
    pub(super) fn new(sheet: &Sheet) -> Self {
        let taken_back = sheet.taken_back();
        Self { added: sheet.len() - taken_back, taken_back }
    }
}

/// Tells what each step looks up, beside what it looked up in the last snapshot.
pub(super) fn steps(snapshot: &HistoryRecords, last: Option<&HistoryRecords>) -> Vec<StepTold> {
    let before = last.map(HistoryRecords::summary).unwrap_or_default();
    let step = |(name, now): (String, StepSummary)| {
        let before = before.get(&name);
        StepTold {
            keys: now.keys,
            events: now.events,
            beyond: now.beyond,
            events_before: before.map(|before| before.events),
            beyond_before: before.map(|before| before.beyond),
            name,
        }
    };
    snapshot.summary().into_iter().map(step).collect()
}

/// Names what is worth a look: a quiet day is not, since a snapshot is made of it like of any other.
pub(super) fn warnings(recipe: &Recipe, steps: &[StepTold], sheets: &[Sheet], day: Day) -> Vec<String> {
    let few = steps.iter().filter_map(|step| {
        let (now, before) = (step.events, step.events_before?);
        let looks_far = recipe.days(&step.name).is_some_and(|days| days >= WEEK);
        let told = || format!("{} knows {}, and knew {before} in the last snapshot", step.name, counted(now, "event"));
        (looks_far && is_few(now, before)).then(told)
    });
    let latest = sheets.iter().filter_map(|sheet| sheet.latest(day)).max();
    let quiet = match latest {
        Some(latest) if day - latest < QUIET => None,
        Some(latest) => Some(format!("no outcome became known since {}", date(latest))),
        None => Some("no outcome is known of any of the days that count".to_owned()),
    };
    few.chain(quiet).collect()
}

#[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 events")]
fn is_few(now: u64, before: u64) -> bool {
    (now as f64) < FEW * before as f64
}
