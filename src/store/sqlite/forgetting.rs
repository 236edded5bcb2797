//! Deletes predictions with their outcomes: some at a time, so that requests wait for few of them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, TransactionBehavior, params};

use super::opened::Opened;
use super::row::unreadable;
use crate::identity::{Entity, PredictionId};
use crate::store::Forgotten;

/// So many predictions are deleted at a time.
pub(super) const ROWS: u16 = 500;

/// What names a row, and what is counted of it.
const SELECT_OF_ENTITY: &str = "SELECT number, created_at, sampled FROM stored WHERE beginning IN (?1, ?2) LIMIT ?3";

/// The index begins with whether a row is sampled.
const SELECT_MADE_BEFORE: &str = "SELECT number, created_at, sampled FROM stored WHERE sampled = ?1 AND created_at < ?2 ORDER BY created_at LIMIT ?3";

const IS_ANY_MADE_BEFORE: &str = "SELECT 1 FROM stored WHERE sampled IN (0, 1) AND created_at < ?1 LIMIT 1";

/// Keeps how many were deleted of a day, and nothing else of them.
const COUNT: &str = "INSERT INTO deleted (day, predictions) VALUES (?1, ?2) \
    ON CONFLICT (day) DO UPDATE SET predictions = predictions + excluded.predictions";

/// A row that is to be deleted.
struct Doomed {
    number: i64,
    created_at: i64,
    is_sampled: bool,
}

/// Deletes [`ROWS`] predictions of an entity at the most, and returns what was deleted.
pub(super) fn forget(transaction: &Connection, entity: &Entity) -> rusqlite::Result<Forgotten> {
    let (beginning, first) = PredictionId::beginnings(entity);
    let doomed = {
        let mut select = transaction.prepare_cached(SELECT_OF_ENTITY)?;
        select.query_map(params![beginning, first, ROWS], doomed)?.collect::<rusqlite::Result<Vec<_>>>()?
    };
    delete(transaction, &doomed)
}

/// Deletes about [`ROWS`] predictions that were made before a moment; returns whether there may be more of them.
pub(super) fn forget_older(opened: &mut Opened, limit: Timestamp) -> rusqlite::Result<bool> {
    let limit = limit.as_millisecond();
    let any = opened.connection.prepare_cached(IS_ANY_MADE_BEFORE)?.query_row([limit], |_| Ok(())).optional()?;
    if any.is_none() {
        return Ok(false);
    }
    let transaction = opened.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut is_full = false;
    for is_sampled in [true, false] {
        let doomed = {
            let mut select = transaction.prepare_cached(SELECT_MADE_BEFORE)?;
            select.query_map(params![is_sampled, limit, ROWS], doomed)?.collect::<rusqlite::Result<Vec<_>>>()?
        };
        is_full |= doomed.len() == usize::from(ROWS);
        delete(&transaction, &doomed)?;
    }
    transaction.commit()?;
    Ok(is_full)
}

/// Returns how many predictions were deleted that were made from a day to another and belonged to the sample.
pub(super) fn count(connection: &Connection, from: &str, to: &str) -> rusqlite::Result<u64> {
    let query = "SELECT coalesce(sum(predictions), 0) FROM deleted WHERE day BETWEEN ?1 AND ?2";
    connection.query_row(query, [from, to], |row| row.get(0).map(i64::unsigned_abs))
}

fn doomed(row: &Row<'_>) -> rusqlite::Result<Doomed> {
    Ok(Doomed { number: row.get(0)?, created_at: row.get(1)?, is_sampled: row.get(2)? })
}

fn delete(transaction: &Connection, doomed: &[Doomed]) -> rusqlite::Result<Forgotten> {
    let mut forgotten = Forgotten::default();
    let mut days: BTreeMap<String, u32> = BTreeMap::new();
    let mut delete_outcomes = transaction.prepare_cached("DELETE FROM outcomes WHERE prediction = ?1")?;
    let mut delete = transaction.prepare_cached("DELETE FROM stored WHERE number = ?1")?;
    for Doomed { number, created_at, is_sampled } in doomed {
        forgotten.outcomes += delete_outcomes.execute([number])? as u64;
        forgotten.predictions += delete.execute([number])? as u64;
        if *is_sampled {
            let created_at = Timestamp::from_millisecond(*created_at).map_err(|_| unreadable(1))?;
            *days.entry(created_at.strftime("%Y-%m-%d").to_string()).or_default() += 1;
        }
    }
    let mut count = transaction.prepare_cached(COUNT)?;
    for (day, predictions) in days {
        count.execute(params![day, predictions])?;
    }
    Ok(forgotten)
}
