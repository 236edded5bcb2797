//! What there is to say of a snapshot that was made.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::package::recipe::HistoryRecords;
use crate::store::PublishedSnapshot;

/// A step that finds fewer events than this share of those of the last snapshot is worth a look.
const FEW: f64 = 0.5;

/// What a snapshot is, and how it differs from the last one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Told {
    /// The moment.
    pub as_of: Timestamp,
    /// The SHA-256 of its text.
    pub hash: Arc<str>,
    /// Whether it is the one that serves from now on; one that is older than another does not.
    pub is_newest: bool,
    /// How many events became known since the snapshot before; none where that was found out earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub added: Option<usize>,
    /// How many events were taken back, since another outcome or record took their place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub taken_back: Option<usize>,
    /// What each step looks up.
    pub steps: Vec<StepTold>,
    /// What is worth a look.
    pub warnings: Vec<String>,
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
    /// The same of the last snapshot.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub beyond_before: Option<f64>,
}

impl Told {
    pub(super) fn new(
        as_of: Timestamp,
        hash: Arc<str>,
        newest: &PublishedSnapshot,
        snapshot: &HistoryRecords,
        last: Option<&HistoryRecords>,
        added: Option<(usize, usize)>,
    ) -> Self {
        let before = last.map(HistoryRecords::summary).unwrap_or_default();
        let mut warnings = Vec::new();
        let steps = snapshot.summary().into_iter().map(|(name, now)| {
            let before = before.get(&name);
            if let Some(before) = before.filter(|before| is_few(now.events, before.events)) {
                warnings.push(format!("{name} knows {} events, and {} in the last snapshot", now.events, before.events));
            }
            let beyond_before = before.map(|before| before.beyond);
            StepTold { name, keys: now.keys, events: now.events, beyond: now.beyond, beyond_before }
        });
        let steps: Vec<StepTold> = steps.collect();
        if added.is_some_and(|(added, _)| added == 0) {
            warnings.push("no outcome became known since the last snapshot".to_owned());
        }
        let is_newest = newest.hash == hash;
        Self {
            as_of,
            hash,
            is_newest,
            added: added.map(|(all, back)| all - back),
            taken_back: added.map(|(_, back)| back),
            steps,
            warnings,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "fewer than 2^53 events")]
fn is_few(now: u64, before: u64) -> bool {
    (now as f64) < FEW * before as f64
}
