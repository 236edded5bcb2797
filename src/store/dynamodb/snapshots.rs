//! Snapshots and sheets: texts in parts, each text in a partition of its own that its hash names, and pointers to them.
//!
//! A pointer is one item, put once and after all parts, so that whoever finds it finds the whole text. Pointers of a recipe are in the
//! order of their moments or dates: the last one is the newest, whoever put it when.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::stream::{self, StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Date;

use super::item::{self, Damaged, Item, PARTITION_KEY, SORT_KEY, key_of, required, required_text, unreadable};
use super::{DynamoDbStore, item_in_the_way, unavailable};
use crate::prediction::format_time;
use crate::store::snapshots::{check, digest};
use crate::store::{PublishedSnapshot, StoreError};

/// What a partition begins with that holds the parts of a text.
const SNAPSHOT: &str = "snapshot:";
const SHEET: &str = "sheet:";

/// What a partition begins with that holds the pointers of a recipe.
const SNAPSHOTS: &str = "snapshots:";
const SHEETS: &str = "sheets:";

/// The size of a part in bytes; an item may have 400 KB. A text is kept in the parts that it was first split into.
const PART_BYTES: usize = 300_000;

/// What the sort keys of parts begin with, before a number of three digits.
const PART: &str = "part.";
const MOST_PARTS: usize = 1000;

/// So many parts or texts are on their way at a time.
const CONCURRENT_CALLS: usize = 4;

const TEXT: &str = "text";
/// How many parts a text has; in each of them.
const PARTS: &str = "parts";
const HASH: &str = "hash";
const MADE_AT: &str = "made_at";

impl DynamoDbStore {
    pub(super) async fn publish_snapshot(
        &self,
        recipe: &str,
        snapshot: PublishedSnapshot,
        text: Vec<u8>,
    ) -> Result<PublishedSnapshot, StoreError> {
        let snapshot = snapshot.checked(&text)?;
        self.claim().await?;
        self.keep_text(SNAPSHOT, &snapshot.hash, &text).await?;
        self.put_unless_there(of_snapshot(recipe, &snapshot)).await?;
        self.newest_before(recipe, None).await?.ok_or_else(|| unavailable(Vanished))
    }

    /// Returns the newest snapshot of a recipe, or of those that are as of a moment before another one.
    pub(super) async fn newest_before(
        &self,
        recipe: &str,
        moment: Option<Timestamp>,
    ) -> Result<Option<PublishedSnapshot>, StoreError> {
        let mut condition = format!("{PARTITION_KEY} = :snapshots");
        if moment.is_some() {
            condition = format!("{condition} AND {SORT_KEY} < :moment");
        }
        let moment = moment.map(|moment| (":moment".to_owned(), AttributeValue::S(format_time(moment))));
        let snapshots = (":snapshots".to_owned(), AttributeValue::S(format!("{SNAPSHOTS}{recipe}")));
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression(condition)
            .set_expression_attribute_values(Some(moment.into_iter().chain([snapshots]).collect()))
            .scan_index_forward(false)
            .limit(1)
            .consistent_read(true);
        let found = query.send().await.map_err(unavailable)?;
        found.items().first().map(read_snapshot).transpose().map_err(unreadable)
    }

    pub(super) async fn snapshot_text(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.text(SNAPSHOT, hash).await
    }

    pub(super) async fn put_sheet(&self, recipe: &str, date: Date, text: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        self.claim().await?;
        let hash = digest(&text);
        // Of two that put another sheet of a date at once, the first pointer decides; the parts of the other are left without one.
        self.keep_text(SHEET, &hash, &text).await?;
        let Some(kept) = self.put_unless_there(of_sheet(recipe, date, &hash)).await? else { return Ok(text) };
        match required_text(&kept, HASH).map_err(unreadable)? {
            kept if kept == hash => Ok(text),
            kept => self.sheet_text(kept).await,
        }
    }

    pub(super) async fn sheets_between(
        &self,
        recipe: &str,
        from: Date,
        to: Date,
    ) -> Result<Vec<(Date, Vec<u8>)>, StoreError> {
        // DynamoDB refuses a condition of which the end is before the beginning.
        if from > to {
            return Ok(Vec::new());
        }
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{PARTITION_KEY} = :sheets AND {SORT_KEY} BETWEEN :from AND :to"))
            .expression_attribute_values(":sheets", AttributeValue::S(format!("{SHEETS}{recipe}")))
            .expression_attribute_values(":from", AttributeValue::S(from.to_string()))
            .expression_attribute_values(":to", AttributeValue::S(to.to_string()))
            .consistent_read(true);
        let pointers: Vec<Item> = query.into_paginator().items().send().try_collect().await.map_err(unavailable)?;
        let sheets = pointers.into_iter().map(async |pointer| {
            let date = required(&pointer, SORT_KEY).map_err(unreadable)?;
            Ok((date, self.sheet_text(required_text(&pointer, HASH).map_err(unreadable)?).await?))
        });
        stream::iter(sheets).buffered(CONCURRENT_CALLS).try_collect().await
    }

    async fn sheet_text(&self, hash: &str) -> Result<Vec<u8>, StoreError> {
        self.text(SHEET, hash).await?.ok_or_else(|| unavailable(Vanished))
    }

    /// Puts a text in parts. Whoever puts the same text again, or at the same time, puts the same parts.
    async fn keep_text(&self, kind: &str, hash: &str, text: &[u8]) -> Result<(), StoreError> {
        let count = text.len().div_ceil(PART_BYTES).max(1);
        if count > MOST_PARTS {
            return Err(unavailable(TooLong(text.len())));
        }
        let parts = (0..count).map(async |number| {
            let end = text.len().min((number + 1) * PART_BYTES);
            let mut item = key_of_part(kind, hash, number);
            item.insert(PARTS.to_owned(), AttributeValue::N(count.to_string()));
            item.insert(TEXT.to_owned(), AttributeValue::B(Blob::new(&text[number * PART_BYTES..end])));
            let put = self.client.put_item().table_name(&self.table).set_item(Some(item));
            put.send().await.map(drop).map_err(unavailable)
        });
        stream::iter(parts).buffer_unordered(CONCURRENT_CALLS).try_collect().await
    }

    /// Returns a text whose parts are all there.
    async fn text(&self, kind: &str, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .key_condition_expression(format!("{PARTITION_KEY} = :text"))
            .expression_attribute_values(":text", AttributeValue::S(format!("{kind}{hash}")))
            .consistent_read(true);
        let mut parts = query.into_paginator().items().send();
        let (mut text, mut found, mut count) = (Vec::new(), 0, 0);
        while let Some(part) = parts.next().await {
            let mut part = part.map_err(unavailable)?;
            count = item::number(&part, PARTS).map_err(unreadable)?;
            let Some(AttributeValue::B(bytes)) = part.remove(TEXT) else { return Err(unreadable(Damaged(TEXT))) };
            text.extend_from_slice(bytes.as_ref());
            found += 1;
        }
        // Its writer is at it, or stopped: no pointer leads here yet.
        if found < count.max(1) {
            return Ok(None);
        }
        check(hash, &text).map(|()| Some(text))
    }

    /// Puts an item, or returns the one that is there.
    async fn put_unless_there(&self, item: Item) -> Result<Option<Item>, StoreError> {
        let key = item.iter().filter(|(name, _)| [PARTITION_KEY, SORT_KEY].contains(&name.as_str()));
        let key: Item = key.map(|(name, value)| (name.clone(), value.clone())).collect();
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item))
            .condition_expression(format!("attribute_not_exists({SORT_KEY})"));
        let Err(error) = put.send().await else { return Ok(None) };
        item_in_the_way(error)?;
        self.read(key).await?.ok_or_else(|| unavailable(Vanished)).map(Some)
    }
}

fn key_of_part(kind: &str, hash: &str, number: usize) -> Item {
    key_of(format!("{kind}{hash}"), format!("{PART}{number:03}"))
}

/// Returns the item that publishes a snapshot.
fn of_snapshot(recipe: &str, snapshot: &PublishedSnapshot) -> Item {
    let mut item = key_of(format!("{SNAPSHOTS}{recipe}"), format_time(snapshot.as_of));
    item.insert(HASH.to_owned(), item::text(&snapshot.hash));
    item.insert(MADE_AT.to_owned(), AttributeValue::S(format_time(snapshot.made_at)));
    item
}

fn read_snapshot(item: &Item) -> Result<PublishedSnapshot, Damaged> {
    Ok(PublishedSnapshot {
        hash: required_text(item, HASH)?.into(),
        as_of: required(item, SORT_KEY)?,
        made_at: required(item, MADE_AT)?,
    })
}

/// Returns the item that keeps a sheet.
fn of_sheet(recipe: &str, date: Date, hash: &str) -> Item {
    let mut item = key_of(format!("{SHEETS}{recipe}"), date.to_string());
    item.insert(HASH.to_owned(), item::text(hash));
    item
}

/// A text that takes too many parts.
#[derive(Debug, thiserror::Error)]
#[error("a text of {0} bytes is longer than the {MOST_PARTS} parts of {PART_BYTES} that one may have")]
struct TooLong(usize);

/// What a pointer leads to, or the pointer itself, was deleted by somebody.
#[derive(Debug, thiserror::Error)]
#[error("a snapshot or a sheet was deleted from the table")]
struct Vanished;
