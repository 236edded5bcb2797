//! Predictions in a DynamoDB table: the database of the serverless mode.
//!
//! The partition key `entity` gathers what belongs to one entity, the sort key `prediction` tells its predictions apart,
//! and an id holds both. So a put, a look-up and a history each go to one partition. The index by time holds the sampled ones only, that
//! by when outcomes became known holds all, and each of their days is in several partitions, so that none takes all the writes.

mod client;
mod forgetting;
mod item;
mod outcomes;
mod snapshots;
mod window;

use std::cmp::Reverse;
use std::collections::HashMap;
use std::error::Error as StdError;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use tokio::sync::OnceCell;

use super::{
    Cursor, Days, Forgotten, KnownOutcome, Owner, PredictionStore, PublishedSnapshot, Put, Recording, Retention,
    SampleRate, StoreError, ToldOutcome, Window,
};
use crate::aws::{AwsCredentials, ClientError};
use crate::identity::{ContentHash, Entity, PredictionId};
use crate::prediction::Prediction;
use item::{CORRECTION, Item, PARTITION_KEY, SORT_KEY, WriteId};

/// So many puts of one array are under way at a time.
const CONCURRENT_PUTS: usize = 32;

/// Which table, and how it is reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DynamoDbConfig {
    /// The table's name or ARN.
    pub table: String,
    /// The region that the table is in.
    pub region: String,
    /// Who asks.
    pub credentials: AwsCredentials,
    /// Another endpoint than the region's own.
    pub endpoint: Option<String>,
    /// A PEM file of root certificates to trust instead of Amazon's.
    pub ca_bundle: Option<PathBuf>,
    /// Which share of the predictions can be read by time.
    pub sample_rate: SampleRate,
    /// How long predictions that are stored from now on are kept; for good where nothing is said.
    pub retention: Option<Retention>,
}

/// Keeps predictions in a DynamoDB table.
pub struct DynamoDbStore {
    client: Client,
    table: String,
    sample_rate: SampleRate,
    retention: Option<Retention>,
    owner: Owner,
    /// Filled once the table is known to be the owner's.
    claimed: OnceCell<()>,
}

impl DynamoDbStore {
    /// Makes the client; nothing is sent before the first call.
    pub fn new(config: DynamoDbConfig, owner: Owner) -> Result<Self, ClientError> {
        Ok(Self {
            client: client::client(&config)?,
            table: config.table,
            sample_rate: config.sample_rate,
            retention: config.retention,
            owner,
            claimed: OnceCell::new(),
        })
    }

    /// Makes sure that the table is the owner's, and that the features of its version have names there: by one read, but for a version
    /// that is new.
    async fn claim(&self) -> Result<(), StoreError> {
        let claim = async || match self.read(item::key_of_version(&self.owner.version)).await? {
            Some(version) => item::check_owner(&version, &self.owner),
            None => self.claim_anew().await,
        };
        self.claimed.get_or_try_init(claim).await.copied()
    }

    async fn claim_anew(&self) -> Result<(), StoreError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::of_owner(&self.owner)?))
            .condition_expression(format!("attribute_not_exists({SORT_KEY})"))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        if let Err(error) = put.send().await {
            let found = match item_in_the_way(error)? {
                Some(item) => item,
                None => self.read(item::key_of_owner()).await?.ok_or_else(|| unavailable(Vanished))?,
            };
            item::check_owner(&found, &self.owner)?;
        }
        let version = self.client.put_item().table_name(&self.table).set_item(Some(item::of_version(&self.owner)?));
        version.send().await.map(drop).map_err(unavailable)
    }

    /// Stores one prediction unless it is there; whoever comes second answers with the first one's.
    async fn put_one(&self, prediction: Prediction) -> Result<Put, StoreError> {
        let write_id = WriteId::new();
        let is_sampled = self.sample_rate.holds(&prediction.id);
        let expires_at = self.retention.map(|retention| retention.end(prediction.created_at));
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item::of(&prediction, &write_id, is_sampled, expires_at)?))
            .condition_expression(format!("attribute_not_exists({SORT_KEY})"))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let in_the_way = match put.send().await {
            Ok(_) => return Ok(Put::Created(prediction)),
            Err(error) => item_in_the_way(error)?,
        };
        let stored = match in_the_way {
            Some(item) => item,
            None => self.read(item::key(&prediction.id)).await?.ok_or_else(|| unavailable(Vanished))?,
        };
        // The client repeats a put whose answer was lost. If that put was applied, what is in the way is its own item.
        if write_id.wrote(&stored) {
            return Ok(Put::Created(prediction));
        }
        Ok(Put::Existing(item::prediction(&stored)?))
    }

    /// Reads what was stored last, not what a replica has of it: an answered prediction is there for whoever asks next.
    async fn read(&self, key: Item) -> Result<Option<Item>, StoreError> {
        let get = self.client.get_item().table_name(&self.table).set_key(Some(key)).consistent_read(true);
        Ok(get.send().await.map_err(unavailable)?.item)
    }
}

impl fmt::Debug for DynamoDbStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DynamoDbStore").field("table", &self.table).finish_non_exhaustive()
    }
}

#[async_trait]
impl PredictionStore for DynamoDbStore {
    async fn put(&self, mut predictions: Vec<Prediction>) -> Result<Vec<Put>, StoreError> {
        self.claim().await?;
        if predictions.len() == 1 {
            return Ok(vec![self.put_one(predictions.remove(0)).await?]);
        }
        // Each prediction is put once, however often it stands in the array; `places` tells which put answers for it.
        let mut unique = Vec::with_capacity(predictions.len());
        let mut place_of = HashMap::with_capacity(predictions.len());
        let mut places = Vec::with_capacity(predictions.len());
        for prediction in predictions {
            let next = unique.len();
            let place = *place_of.entry(prediction.id.clone()).or_insert(next);
            places.push((place, place == next));
            if place == next {
                unique.push(prediction);
            }
        }
        let puts = unique.into_iter().map(|prediction| self.put_one(prediction));
        let puts: Vec<Put> = stream::iter(puts).buffered(CONCURRENT_PUTS).try_collect().await?;
        let answer = |(place, is_first): (usize, bool)| match &puts[place] {
            Put::Created(prediction) if !is_first => Put::Existing(prediction.clone()),
            put => put.clone(),
        };
        Ok(places.into_iter().map(answer).collect())
    }

    async fn get(&self, id: &PredictionId) -> Result<Option<Prediction>, StoreError> {
        self.read(item::key(id)).await?.map(|item| item::prediction(&item)).transpose()
    }

    /// Reads all of the entity's predictions, of which there is one for each version of the model and of the record,
    /// and keeps the newest: the sort key is a hash and knows no time, and an index that did would double the cost of a put.
    async fn history(
        &self,
        entity: &Entity,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<Prediction>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .key_condition_expression(format!("{PARTITION_KEY} = :entity AND {SORT_KEY} < :corrections"))
            .expression_attribute_values(":entity", AttributeValue::S(item::partition(entity)))
            .expression_attribute_values(":corrections", item::text(CORRECTION));
        let mut pages = query.into_paginator().send();
        let mut newest: Vec<Prediction> = Vec::new();
        while let Some(page) = pages.next().await {
            for item in page.map_err(unavailable)?.items() {
                let prediction = item::prediction(item)?;
                if after.is_none_or(|after| place_in_time(&prediction) < (after.created_at, after.hash)) {
                    newest.push(prediction);
                }
            }
            newest.sort_unstable_by_key(|prediction| Reverse(place_in_time(prediction)));
            newest.truncate(limit);
        }
        Ok(newest)
    }

    async fn feature_names(&self, version: &str) -> Result<Option<Arc<[Box<str>]>>, StoreError> {
        let item = self.read(item::key_of_version(version)).await?;
        item.map(|item| item::feature_names(&item).map(Into::into)).transpose()
    }

    async fn record_outcomes(&self, told: Vec<ToldOutcome>) -> Result<Vec<Option<Recording>>, StoreError> {
        self.tell_all(&told).await
    }

    fn known(&self, days: Days) -> BoxStream<'_, Result<Vec<KnownOutcome>, StoreError>> {
        self.read_known(days)
    }

    fn window(&self, window: Window) -> BoxStream<'_, Result<Vec<Prediction>, StoreError>> {
        self.pages(&item::BY_TIME, window, |item| item::prediction(&item))
    }

    async fn forget(&self, entity: &Entity) -> Result<Forgotten, StoreError> {
        self.forget_entity(entity).await
    }

    async fn deleted(&self, window: Window) -> Result<u64, StoreError> {
        self.count_of_deleted(window).await
    }

    async fn keep_report(&self, window_end: Timestamp, report: String) -> Result<(), StoreError> {
        let item = item::of_report(window_end, report);
        let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
        put.send().await.map(drop).map_err(unavailable)
    }

    async fn latest_report(&self) -> Result<Option<String>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{PARTITION_KEY} = :reports"))
            .expression_attribute_values(":reports", item::text(item::REPORTS))
            .scan_index_forward(false)
            .limit(1)
            .consistent_read(true);
        let found = query.send().await.map_err(unavailable)?;
        found.items().first().map(item::report).transpose()
    }

    async fn publish(
        &self,
        recipe: &str,
        snapshot: PublishedSnapshot,
        text: Vec<u8>,
    ) -> Result<PublishedSnapshot, StoreError> {
        self.publish_snapshot(recipe, snapshot, text).await
    }

    async fn newest_snapshot(&self, recipe: &str) -> Result<Option<PublishedSnapshot>, StoreError> {
        self.newest_before(recipe, None).await
    }

    async fn snapshot_before(&self, recipe: &str, moment: Timestamp) -> Result<Option<PublishedSnapshot>, StoreError> {
        self.newest_before(recipe, Some(moment)).await
    }

    async fn snapshot(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.snapshot_text(hash).await
    }

    async fn keep_sheet(&self, recipe: &str, date: Date, text: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        self.put_sheet(recipe, date, text).await
    }

    async fn sheets(&self, recipe: &str, from: Date, to: Date) -> Result<Vec<(Date, Vec<u8>)>, StoreError> {
        self.sheets_between(recipe, from, to).await
    }

    /// Reads an item that is small: it takes the way and the permission of any other read. To claim the table is to read one.
    async fn ready(&self) -> Result<(), StoreError> {
        if !self.claimed.initialized() {
            return self.claim().await;
        }
        let get = self.client.get_item().table_name(&self.table).set_key(Some(item::key_of_owner()));
        get.send().await.map(drop).map_err(unavailable)
    }
}

/// Returns the item that kept a put from being applied, where it came with the failure.
fn item_in_the_way(error: SdkError<PutItemError>) -> Result<Option<Item>, StoreError> {
    match error {
        SdkError::ServiceError(failure) if failure.err().is_conditional_check_failed_exception() => {
            match failure.into_err() {
                PutItemError::ConditionalCheckFailedException(lost) => Ok(lost.item),
                other => Err(unavailable(other)),
            }
        }
        other => Err(unavailable(other)),
    }
}

/// Returns what a history is sorted by.
fn place_in_time(prediction: &Prediction) -> (Timestamp, ContentHash) {
    (prediction.created_at, prediction.id.hash())
}

/// Whatever the client could not mend by its retries may mend itself, or be mended by the operator.
fn unavailable(error: impl StdError + Send + Sync + 'static) -> StoreError {
    StoreError::Unavailable(Box::new(error))
}

/// What was in the way of a put was deleted before it could be read.
#[derive(Debug, thiserror::Error)]
#[error("the stored prediction was deleted meanwhile")]
struct Vanished;
