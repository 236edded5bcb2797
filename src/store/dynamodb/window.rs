//! What an index holds of a window of time, read side by side. An index is behind its table by some milliseconds.
//!
//! A window is read by a query for each part of each of its days. Where these are many beside what the index holds, as in a window of ten
//! years over a table of last month, the whole index is scanned instead: so the calls follow what is stored, however long the window is.
//!
//! Each part is read by a task of its own, which takes the answers apart as well: a runtime with several threads does that on as many
//! processors, while whoever reads the stream works on another page.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use tokio::sync::mpsc;
use tokio::task::JoinSet;

use super::item::{self, Item, TimeIndex};
use super::{DynamoDbStore, unavailable};
use crate::prediction::format_time;
use crate::store::{StoreError, Window};

/// So many calls are under way at a time. Each holds a page in memory.
const CONCURRENT_CALLS: usize = 16;

/// So many items are in a page: a quarter of a megabyte, and some ten times that while it is read.
const PAGE_ITEMS: u8 = 250;

/// So many segments a scan has at the most: all are read at a time.
const MOST_SEGMENTS: i32 = 16;

/// A window of so few queries is read by them, whatever the index holds: two months.
const FEW_QUERIES: u64 = 512;

/// A page of a scan takes as long as so many queries that find nothing.
const QUERIES_A_PAGE: u64 = 4;

/// What one chain of calls reads, page after page.
enum Part {
    /// A partition of the index.
    Partition(String),
    /// One of so many equal parts of the whole index.
    Segment { number: i32, of: i32 },
}

/// The window's first moment and its last, as `:from` and `:last`.
type Moments = HashMap<String, AttributeValue>;

fn moments(window: Window) -> Moments {
    let moments = [(":from", window.from), (":last", window.last())];
    moments.map(|(name, time)| (name.to_owned(), item::text(&format_time(time)))).into()
}

impl DynamoDbStore {
    /// Streams what an index holds of a window page by page, in no order, each item as `read` reads it.
    pub(super) fn pages<T: Send + 'static>(
        &self,
        index: &'static TimeIndex,
        window: Window,
        read: fn(Item) -> Result<T, StoreError>,
    ) -> BoxStream<'_, Result<Vec<T>, StoreError>> {
        if window.from >= window.to {
            return stream::empty().boxed();
        }
        let moments = moments(window);
        let parts = stream::once(self.parts(index, window)).map_ok(move |parts| {
            let moments = moments.clone();
            let pages = parts.map(move |part| {
                let items = self.items(index, part, moments.clone());
                in_a_task(items.map(move |page| page?.into_iter().map(read).collect()).boxed())
            });
            stream::iter(pages).flatten_unordered(CONCURRENT_CALLS)
        });
        parts.try_flatten().boxed()
    }

    /// Decides what is asked for.
    async fn parts(
        &self,
        index: &TimeIndex,
        window: Window,
    ) -> Result<Box<dyn Iterator<Item = Part> + Send>, StoreError> {
        let queries = item::count_of_parts(window);
        if queries > FEW_QUERIES {
            let pages = self.pages_of_index(index).await?;
            if pages.saturating_mul(QUERIES_A_PAGE) <= queries {
                let of = i32::try_from(pages).unwrap_or(i32::MAX).clamp(1, MOST_SEGMENTS);
                return Ok(Box::new((0..of).map(move |number| Part::Segment { number, of })));
            }
        }
        Ok(Box::new(item::parts_of(window).map(Part::Partition)))
    }

    /// Returns how many pages an index has, as DynamoDB counts them every six hours.
    async fn pages_of_index(&self, index: &TimeIndex) -> Result<u64, StoreError> {
        let described = self.client.describe_table().table_name(&self.table).send().await.map_err(unavailable)?;
        let indexes = described.table.and_then(|table| table.global_secondary_indexes).unwrap_or_default();
        let found = indexes.iter().find(|found| found.index_name() == Some(index.name));
        let items = found.ok_or_else(|| unavailable(NoIndex(index.name)))?.item_count().unwrap_or_default();
        Ok(items.unsigned_abs().div_ceil(u64::from(PAGE_ITEMS)))
    }

    /// Streams the items of one part, a page at a time.
    fn items(
        &self,
        index: &'static TimeIndex,
        part: Part,
        moments: Moments,
    ) -> BoxStream<'static, Result<Vec<Item>, StoreError>> {
        match part {
            Part::Partition(key) => self.query(index, key, moments),
            Part::Segment { number, of } => self.scan(index, (number, of), moments),
        }
    }

    fn query(
        &self,
        index: &TimeIndex,
        partition: String,
        moments: Moments,
    ) -> BoxStream<'static, Result<Vec<Item>, StoreError>> {
        let query = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(index.name)
            .key_condition_expression("#part = :part AND #time BETWEEN :from AND :last")
            .expression_attribute_names("#part", index.partition_key)
            .expression_attribute_names("#time", index.sort_key)
            .set_expression_attribute_values(Some(moments))
            .expression_attribute_values(":part", AttributeValue::S(partition));
        let pages = query.into_paginator().page_size(PAGE_ITEMS.into()).send();
        let items = stream::try_unfold(pages, |mut pages| async move {
            let Some(page) = pages.next().await else { return Ok(None) };
            Ok(Some((page.map_err(unavailable)?.items.unwrap_or_default(), pages)))
        });
        items.boxed()
    }

    fn scan(
        &self,
        index: &TimeIndex,
        (segment, of): (i32, i32),
        moments: Moments,
    ) -> BoxStream<'static, Result<Vec<Item>, StoreError>> {
        let scan = self
            .client
            .scan()
            .table_name(&self.table)
            .index_name(index.name)
            .segment(segment)
            .total_segments(of)
            .filter_expression("#time BETWEEN :from AND :last")
            .expression_attribute_names("#time", index.sort_key)
            .set_expression_attribute_values(Some(moments));
        let pages = scan.into_paginator().page_size(PAGE_ITEMS.into()).send();
        let items = stream::try_unfold(pages, |mut pages| async move {
            let Some(page) = pages.next().await else { return Ok(None) };
            Ok(Some((page.map_err(unavailable)?.items.unwrap_or_default(), pages)))
        });
        items.boxed()
    }
}

/// Reads a stream in a task of its own, one page ahead of whoever asks; the task ends when the stream that is returned is dropped.
fn in_a_task<T: Send + 'static>(
    mut pages: BoxStream<'static, Result<T, StoreError>>,
) -> BoxStream<'static, Result<T, StoreError>> {
    let (ready, next) = mpsc::channel(1);
    let mut task = JoinSet::new();
    task.spawn(async move {
        while let Some(page) = pages.next().await {
            if ready.send(page).await.is_err() {
                return;
            }
        }
    });
    let read = stream::unfold((next, task), |(mut next, mut task)| async move {
        match next.recv().await {
            Some(page) => Some((page, (next, task))),
            // A task that failed must not look like one that has read all.
            None => match task.join_next().await? {
                Ok(()) => None,
                Err(error) => Some((Err(unavailable(error)), (next, task))),
            },
        }
    });
    read.boxed()
}

/// The table is not as `template.yaml` makes it.
#[derive(Debug, thiserror::Error)]
#[error("the table has no index {0}")]
struct NoIndex(&'static str);
