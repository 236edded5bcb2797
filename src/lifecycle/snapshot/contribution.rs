//! What an entity counts as of a moment: once, by the outcome that was told of it last, and by the record that was asked about last
//! before that outcome was known. Retries, two instances and two versions of a model do not make it count twice. An outcome that is told
//! before the day of its event counts as none.

use jiff::Timestamp;

use crate::lifecycle::stored::label;
use crate::package::recipe::{Calendar, Change, Day};
use crate::prediction::{Outcome, Prediction};
use crate::table::{Schema, json};

/// An entity's predictions, with all that was told of them.
pub(super) struct Contributions<'a> {
    predictions: &'a [Prediction],
    /// The outcomes of all of them, in the order in which they became known.
    told: Vec<&'a Outcome>,
}

/// The prediction and the outcome that count.
type Counted<'a> = (&'a Prediction, &'a Outcome);

impl<'a> Contributions<'a> {
    pub(super) fn new(predictions: &'a [Prediction]) -> Self {
        let mut oldest_first: Vec<&Prediction> = predictions.iter().collect();
        oldest_first.sort_by_key(|one| (one.created_at, one.id.hash()));
        let mut told: Vec<&Outcome> = oldest_first.into_iter().flat_map(|prediction| &prediction.outcomes).collect();
        // Stable: of two that became known at once, that of the latest prediction stands.
        told.sort_by_key(|outcome| outcome.known_at);
        Self { predictions, told }
    }

    /// Returns what counts of what was known at a moment.
    fn at(&self, moment: Timestamp) -> Option<Counted<'a>> {
        let end = self.told.partition_point(|outcome| outcome.known_at <= moment);
        let outcome = self.told[..end].last()?;
        let asked = self.predictions.iter().filter(|prediction| prediction.created_at <= outcome.known_at);
        // A prediction that is dated after its own outcome comes from another clock: it is the entity's all the same.
        let latest = asked.max_by_key(|one| (one.created_at, one.id.hash()));
        let latest = latest.or_else(|| self.predictions.iter().min_by_key(|one| (one.created_at, one.id.hash())));
        Some((latest?, outcome))
    }

    /// Adds what changed between the moments of two days: what counted before is taken back where something else counts now.
    pub(super) fn changes(
        &self,
        schema: &Schema,
        calendar: &Calendar,
        covered: Day,
        day: Day,
        changes: &mut Vec<Change>,
    ) {
        let mut before = self.at(calendar.moment(covered));
        let mut days: Vec<Day> = self.told.iter().map(|outcome| calendar.known_by(outcome.known_at)).collect();
        days.retain(|known| (covered + 1..=day).contains(known));
        days.dedup();
        for known in days {
            let now = self.at(calendar.moment(known));
            if is_same(before, now) {
                continue;
            }
            let change = |counted: Option<Counted<'_>>, takes_back| {
                let (prediction, outcome) = counted?;
                let (record, label) = (json::stored(schema, &prediction.record), label(schema, &outcome.label)?);
                Some(Change { record, label, told: calendar.known_by(outcome.known_at), known, takes_back })
            };
            changes.extend(change(before, true));
            changes.extend(change(now, false));
            before = now;
        }
    }
}

fn is_same(one: Option<Counted<'_>>, other: Option<Counted<'_>>) -> bool {
    match (one, other) {
        (Some((one, told)), Some((other, told_then))) => one.record == other.record && told.label == told_then.label,
        (None, None) => true,
        _ => false,
    }
}
