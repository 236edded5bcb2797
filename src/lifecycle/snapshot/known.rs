//! What became known between the moments of two days, by the entities that it is of.

use std::collections::BTreeSet;

use futures_util::stream::TryStreamExt;
use jiff::tz::TimeZone;

use super::contribution::Contributions;
use crate::identity::Entity;
use crate::package::recipe::{Calendar, Change, Day};
use crate::prediction::Prediction;
use crate::store::{Cursor, Days, PredictionStore, StoreError};
use crate::table::Schema;

/// So many entities are asked for at once.
const AT_ONCE: usize = 500;

/// So many predictions of an entity are read at a time.
const PAGE: usize = 100;

/// The moments of two days.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span<'a> {
    pub(super) calendar: &'a Calendar,
    /// What was known at the moment of this day is in the sheets.
    pub(super) covered: Day,
    /// What was known at the moment of this day is wanted.
    pub(super) day: Day,
}

/// Finds what became known, an entity after the other. A record without a whole key takes no part.
pub(super) async fn changes(
    store: &dyn PredictionStore,
    schema: &Schema,
    span: Span<'_>,
) -> Result<Vec<Change>, StoreError> {
    let entities: Vec<Entity> = entities(store, span).await?.into_iter().collect();
    let mut changes = Vec::new();
    for some in entities.chunks(AT_ONCE) {
        let found = store.histories(some.to_vec(), PAGE).await?;
        for (entity, mut predictions) in some.iter().zip(found) {
            read_on(store, entity, &mut predictions).await?;
            Contributions::new(&predictions).changes(schema, span.calendar, span.covered, span.day, &mut changes);
        }
    }
    Ok(changes)
}

/// Finds the entities of which something became known, in order.
async fn entities(store: &dyn PredictionStore, span: Span<'_>) -> Result<BTreeSet<Entity>, StoreError> {
    let (after, until) = (span.calendar.moment(span.covered), span.calendar.moment(span.day));
    let day = |moment| TimeZone::UTC.to_datetime(moment).date();
    let mut known = store.known(Days { from: day(after), to: day(until) });
    let mut entities = BTreeSet::new();
    while let Some(page) = known.try_next().await? {
        let new = page.into_iter().filter(|known| known.outcome.known_at > after && known.outcome.known_at <= until);
        entities.extend(new.filter_map(|known| known.prediction.id.entity()));
    }
    Ok(entities)
}

/// Reads the predictions of an entity of which there is more than a page.
async fn read_on(
    store: &dyn PredictionStore,
    entity: &Entity,
    predictions: &mut Vec<Prediction>,
) -> Result<(), StoreError> {
    let mut count = predictions.len();
    while count == PAGE {
        let Some(last) = predictions.last() else { break };
        let after = Cursor { created_at: last.created_at, hash: last.id.hash() };
        let page = store.history(entity, Some(after), PAGE).await?;
        count = page.len();
        predictions.extend(page);
    }
    Ok(())
}
