//! How fast predictions go to a store that others use, too.

use std::collections::HashSet;
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

use super::failure::Failure;
use super::stored::StoredRows;
use super::{Bulk, Call};
use crate::prediction::Prediction;
use crate::store::{PredictionStore, Put};

/// So many predictions are put at a time: a second of few is not spent at once.
const PUT_AT_ONCE: usize = 100;

/// How long a store that does not answer is waited for before it is asked again.
const FIRST_WAIT: Duration = Duration::from_millis(200);
const LONGEST_WAIT: Duration = Duration::from_secs(10);

/// So long before the call must be over, a store is not waited for any more.
const RESERVE: Duration = Duration::from_secs(20);

/// Stores predictions no faster than so many a second.
#[derive(Debug)]
pub struct PacedStore<'a> {
    store: &'a dyn PredictionStore,
    runtime: Handle,
    /// How long one may take at least.
    interval: Duration,
    /// When the next may be put.
    due: Instant,
    call: Call,
    /// When the job began, by which its own predictions are known again.
    began: jiff::Timestamp,
    /// What came of it.
    pub stored: StoredRows,
}

impl<'a> PacedStore<'a> {
    /// Opens the store of a job for one slice, which gets its share of the pace.
    pub fn new(bulk: &'a Bulk, call: Call, began: jiff::Timestamp, writes_per_second: f64) -> Result<Self, Failure> {
        let store = bulk.store.as_deref().ok_or_else(|| {
            let detail = "the job is to store predictions, but the function has no table: deploy it with BulkStoring=on, or leave out \"store\"";
            Failure::InvalidInput(detail.to_owned())
        })?;
        let interval = Duration::from_secs_f64(1.0 / writes_per_second.max(0.01));
        let runtime = bulk.objects.runtime().clone();
        Ok(Self { store, runtime, interval, due: Instant::now(), call, began, stored: StoredRows::default() })
    }

    /// Stores predictions, and waits until that was no faster than it may be.
    pub fn put(&mut self, predictions: Vec<Prediction>) -> Result<(), Failure> {
        let mut left = predictions.into_iter().peekable();
        while left.peek().is_some() {
            let some: Vec<Prediction> = left.by_ref().take(PUT_AT_ONCE).collect();
            let now = Instant::now();
            thread::sleep(self.due.saturating_duration_since(now));
            self.due = self.due.max(now) + self.interval * u32::try_from(some.len()).unwrap_or(u32::MAX);
            let (puts, is_again) = self.put_patiently(&some)?;
            let mut made = HashSet::new();
            for put in puts {
                match put {
                    Put::Created(_) => self.stored.created += 1,
                    // A put that failed has made some of them all the same.
                    Put::Existing(there)
                        if there.created_at == self.began && is_again && made.insert(there.id.clone()) =>
                    {
                        self.stored.created += 1;
                    }
                    Put::Existing(there) if there.created_at == self.began => self.stored.repeated += 1,
                    Put::Existing(_) => self.stored.existing += 1,
                }
            }
        }
        Ok(())
    }

    /// Puts predictions until the store takes them: what it took already, it answers as existing. Tells whether it was asked again.
    fn put_patiently(&self, predictions: &[Prediction]) -> Result<(Vec<Put>, bool), Failure> {
        let (mut wait, mut is_again) = (FIRST_WAIT, false);
        loop {
            match self.runtime.block_on(self.store.put(predictions.to_vec())) {
                Ok(puts) => return Ok((puts, is_again)),
                Err(error) => {
                    let failure = Failure::from(error);
                    let is_worth_it = matches!(failure, Failure::Unavailable(_));
                    if !is_worth_it || Instant::now() + wait + RESERVE > self.call.ends {
                        return Err(failure);
                    }
                }
            }
            thread::sleep(wait.mul_f64(0.5 + fastrand::f64() / 2.0));
            is_again = true;
            wait = (wait * 2).min(LONGEST_WAIT);
        }
    }
}
