//! What really happened: a list in the item of a prediction, which only grows.
//!
//! The first outcome is one conditional update of that item, which is in the index by when it became known from then on. A correction
//! is one transaction: it adds to the list, and puts a small item beside the prediction's, by which the index finds the correction too.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::operation::update_item::UpdateItemError;
use aws_sdk_dynamodb::types::{
    AttributeValue, Put, ReturnValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use futures_util::future::ready;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use uuid::Uuid;

use super::item::{self, EXPIRES_AT, Item, KNOWN_AT, KNOWN_DAY_PART, OUTCOME, OUTCOMES, SORT_KEY};
use super::{DynamoDbStore, unavailable};
use crate::identity::PredictionId;
use crate::prediction::{Outcome, format_time};
use crate::store::{Days, KnownOutcome, Recording, StoreError, ToldOutcome};

/// So many predictions are told of at a time, and so many are read.
const CONCURRENT_CALLS: usize = 32;

/// So often somebody else may be quicker.
const MOST_ATTEMPTS: u32 = 20;

/// About so long is waited after the first time.
const PAUSE: Duration = Duration::from_millis(10);

/// What a call to tell found.
enum Found {
    /// There is no such prediction.
    Nothing,
    /// The item as it was before, or as it is where another outcome stands.
    Item(Item),
    /// Somebody else is writing.
    Conflict,
}

impl DynamoDbStore {
    /// Tells outcomes: those of one prediction one after the other, others side by side.
    pub(super) async fn tell_all(&self, told: &[ToldOutcome]) -> Result<Vec<Option<Recording>>, StoreError> {
        let mut places: HashMap<&PredictionId, Vec<usize>> = HashMap::with_capacity(told.len());
        for (place, one) in told.iter().enumerate() {
            places.entry(&one.id).or_default().push(place);
        }
        let of_prediction = async |places: Vec<usize>| {
            let mut recorded = Vec::with_capacity(places.len());
            for place in places {
                recorded.push((place, self.tell(&told[place]).await?));
            }
            Ok::<_, StoreError>(recorded)
        };
        let recorded = stream::iter(places.into_values().map(of_prediction)).buffer_unordered(CONCURRENT_CALLS);
        let mut recorded: Vec<_> = recorded.try_concat().await?;
        recorded.sort_unstable_by_key(|(place, _)| *place);
        Ok(recorded.into_iter().map(|(_, recording)| recording).collect())
    }

    async fn tell(&self, told: &ToldOutcome) -> Result<Option<Recording>, StoreError> {
        for attempt in 0..MOST_ATTEMPTS {
            match self.record_unless_another(told).await? {
                Found::Nothing => return Ok(None),
                Found::Conflict => {}
                Found::Item(item) => {
                    let outcomes = item::outcomes(&item)?;
                    let recording = told.meet(outcomes.last());
                    let is_done = match &recording {
                        Recording::Corrected(outcome) => {
                            let expires_at = item.get(EXPIRES_AT).cloned();
                            self.correct(&told.id, &outcomes, outcome, expires_at).await?
                        }
                        _ => true,
                    };
                    if is_done {
                        return Ok(Some(recording));
                    }
                }
            }
            tokio::time::sleep(pause(attempt)).await;
        }
        Err(unavailable(Contended))
    }

    /// Records an outcome where there is none, by one conditional update without a read: it brings what stands, whoever told it.
    ///
    /// An update that the client repeats because its answer was lost finds its own outcome, which stands then.
    async fn record_unless_another(&self, told: &ToldOutcome) -> Result<Found, StoreError> {
        let outcome = &told.outcome;
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .set_key(Some(item::key(&told.id)))
            .condition_expression(format!(
                "attribute_exists({SORT_KEY}) AND (attribute_not_exists({OUTCOME}) OR {OUTCOME} = :label)"
            ))
            .update_expression(format!(
                "SET {OUTCOME} = :label, {OUTCOMES} = if_not_exists({OUTCOMES}, :list), \
                 {KNOWN_AT} = if_not_exists({KNOWN_AT}, :time), {KNOWN_DAY_PART} = if_not_exists({KNOWN_DAY_PART}, :part)"
            ))
            .expression_attribute_values(":label", item::json(&outcome.label)?)
            .expression_attribute_values(":list", item::list_of(outcome)?)
            .expression_attribute_values(":time", item::text(&format_time(outcome.known_at)))
            .expression_attribute_values(":part", item::text(&item::part_of(&told.id, outcome.known_at)))
            .return_values(ReturnValue::AllOld)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let found = match update.send().await {
            Ok(updated) => updated.attributes,
            Err(error) => match error.into_service_error() {
                UpdateItemError::ConditionalCheckFailedException(refused) => refused.item,
                UpdateItemError::TransactionConflictException(_) => return Ok(Found::Conflict),
                other => return Err(unavailable(other)),
            },
        };
        Ok(found.map_or(Found::Nothing, Found::Item))
    }

    /// Adds a correction to a list that stands so; tells whether it still stood so.
    ///
    /// The client names the transaction, so that one that it repeats because its answer was lost is done once.
    async fn correct(
        &self,
        id: &PredictionId,
        standing: &[Outcome],
        outcome: &Outcome,
        expires_at: Option<AttributeValue>,
    ) -> Result<bool, StoreError> {
        let count = AttributeValue::N(standing.len().to_string());
        let update = Update::builder()
            .table_name(&self.table)
            .set_key(Some(item::key(id)))
            .condition_expression(format!("size({OUTCOMES}) = :count"))
            .update_expression(format!("SET {OUTCOME} = :label, {OUTCOMES} = list_append({OUTCOMES}, :list)"))
            .expression_attribute_values(":count", count)
            .expression_attribute_values(":label", item::json(&outcome.label)?)
            .expression_attribute_values(":list", item::list_of(outcome)?);
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item::of_correction(id, standing.len(), outcome, expires_at)))
            .condition_expression(format!("attribute_not_exists({SORT_KEY})"));
        let both = [
            TransactWriteItem::builder().update(update.build().map_err(unavailable)?).build(),
            TransactWriteItem::builder().put(put.build().map_err(unavailable)?).build(),
        ];
        match self.client.transact_write_items().set_transact_items(Some(both.into())).send().await {
            Ok(_) => Ok(true),
            Err(error) => match error.into_service_error() {
                TransactWriteItemsError::TransactionCanceledException(canceled)
                    if canceled
                        .cancellation_reasons()
                        .iter()
                        .any(|reason| reason.code().is_some_and(is_of_another)) =>
                {
                    Ok(false)
                }
                other => Err(unavailable(other)),
            },
        }
    }

    /// Streams what became known, page by page, in no order.
    pub(super) fn read_known(&self, days: Days) -> BoxStream<'_, Result<Vec<KnownOutcome>, StoreError>> {
        let Some(window) = days.window() else { return stream::empty().boxed() };
        self.pages(&item::BY_KNOWN, window, Ok).and_then(|page| self.known_of(page)).boxed()
    }

    async fn known_of(&self, page: Vec<Item>) -> Result<Vec<KnownOutcome>, StoreError> {
        let known = page.into_iter().map(async |item| {
            let (prediction, place) = match item::correction(&item)? {
                Some((key, place)) => (self.read(key).await?, place),
                None => (Some(item), 0),
            };
            let prediction = prediction.map(|item| item::prediction(&item)).transpose()?;
            Ok(prediction.and_then(|prediction| KnownOutcome::new(prediction, place)))
        });
        stream::iter(known).buffered(CONCURRENT_CALLS).try_filter_map(|known| ready(Ok(known))).try_collect().await
    }
}

/// Returns whether a transaction failed because somebody else was quicker.
fn is_of_another(code: &str) -> bool {
    matches!(code, "ConditionalCheckFailed" | "TransactionConflict")
}

/// Returns how long to wait: longer each time, and not as long as others do.
fn pause(attempt: u32) -> Duration {
    let (random, _) = Uuid::new_v4().as_u64_pair();
    let share = u32::try_from(random % 1024).unwrap_or_default();
    PAUSE * (attempt + 1) * (512 + share) / 1024
}

/// Others were quicker each time.
#[derive(Debug, thiserror::Error)]
#[error("too many correct the outcome of one prediction at once")]
struct Contended;
