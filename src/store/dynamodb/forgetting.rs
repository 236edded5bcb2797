//! Deletes all items of an entity. What has a time to live is deleted by DynamoDB itself, without a word.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::operation::delete_item::DeleteItemError;
use aws_sdk_dynamodb::types::{AttributeValue, ReturnValue};
use futures_util::future::join_all;

use super::item::{self, Item, PARTITION_KEY, SORT_KEY, WriteId, key_of, text, unreadable};
use super::{DynamoDbStore, unavailable};
use crate::identity::Entity;
use crate::store::{Forgotten, StoreError, Window};

/// So many items are deleted at a time.
const CONCURRENT_CALLS: usize = 16;

/// The partition of what is left of deleted predictions: how many of a day there were in the sample.
const DELETED: &str = "deleted";
const PREDICTIONS: &str = "predictions";

impl DynamoDbStore {
    pub(super) async fn forget_entity(&self, entity: &Entity) -> Result<Forgotten, StoreError> {
        // Another package may have keys that read the same.
        if let Some(owner) = self.read(item::key_of_owner()).await? {
            item::check_owner(&owner, &self.owner)?;
        }
        let (mut forgotten, mut days) = (Forgotten::default(), BTreeMap::new());
        let deleted = self.delete_all(entity, &mut forgotten, &mut days).await;
        // What was deleted is counted, also where the rest could not be.
        let counted = self.count_deleted(days).await;
        deleted.and(counted).map(|()| forgotten)
    }

    /// Deletes until nothing is found: somebody may tell an outcome of a prediction just before it is gone.
    async fn delete_all(
        &self,
        entity: &Entity,
        forgotten: &mut Forgotten,
        days: &mut BTreeMap<String, u64>,
    ) -> Result<(), StoreError> {
        loop {
            let keys = self.keys_of(entity).await?;
            if keys.is_empty() {
                return Ok(());
            }
            for keys in keys.chunks(CONCURRENT_CALLS) {
                // All that were begun are waited for: what they deleted counts, also where one of them failed.
                let deleted = join_all(keys.iter().map(|key| self.delete(key.clone()))).await;
                let items = deleted.iter().flatten().flatten();
                for item in items.filter(|item| item::is_prediction(item)) {
                    forgotten.predictions += 1;
                    forgotten.outcomes += item::count_of_outcomes(item);
                    if let Some(day) = item::day_in_sample(item) {
                        *days.entry(day).or_default() += 1;
                    }
                }
                deleted.into_iter().try_for_each(|deleted| deleted.map(drop))?;
            }
        }
    }

    async fn keys_of(&self, entity: &Entity) -> Result<Vec<Item>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .consistent_read(true)
            .projection_expression(format!("{PARTITION_KEY}, {SORT_KEY}"))
            .key_condition_expression(format!("{PARTITION_KEY} = :entity"))
            .expression_attribute_values(":entity", AttributeValue::S(item::partition(entity)));
        query.into_paginator().items().send().try_collect().await.map_err(unavailable)
    }

    /// Deletes an item, and returns it as it was; nothing where it was gone, or is just being corrected: then it is found again.
    async fn delete(&self, key: Item) -> Result<Option<Item>, StoreError> {
        let delete = self.client.delete_item().table_name(&self.table).set_key(Some(key));
        match delete.return_values(ReturnValue::AllOld).send().await {
            Ok(deleted) => Ok(deleted.attributes),
            Err(error) => match error.into_service_error() {
                DeleteItemError::TransactionConflictException(_) => Ok(None),
                other => Err(unavailable(other)),
            },
        }
    }

    /// Keeps how many were deleted of each day, in an item that no other call has: a put that is repeated counts once.
    async fn count_deleted(&self, days: BTreeMap<String, u64>) -> Result<(), StoreError> {
        for (day, predictions) in days {
            let mut item = key_of(DELETED, format!("{day}.{}", WriteId::new().as_str()));
            item.insert(PREDICTIONS.to_owned(), AttributeValue::N(predictions.to_string()));
            let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
            put.send().await.map_err(unavailable)?;
        }
        Ok(())
    }

    pub(super) async fn count_of_deleted(&self, window: Window) -> Result<u64, StoreError> {
        let [from, to] = window.days();
        if from > to {
            return Ok(0);
        }
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{PARTITION_KEY} = :deleted AND {SORT_KEY} BETWEEN :from AND :to"))
            .expression_attribute_values(":deleted", text(DELETED))
            .expression_attribute_values(":from", AttributeValue::S(from))
            // What follows a day sorts before the next character.
            .expression_attribute_values(":to", AttributeValue::S(format!("{to}/")))
            .consistent_read(true);
        let items: Vec<Item> = query.into_paginator().items().send().try_collect().await.map_err(unavailable)?;
        items.iter().map(|item| item::number::<u64>(item, PREDICTIONS).map_err(unreadable)).sum()
    }
}
