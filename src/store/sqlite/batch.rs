//! A batch of requests: what each wants written, and the one transaction that they share.

use jiff::Timestamp;
use rusqlite::{TransactionBehavior, params};
use tokio::sync::oneshot;

use super::names::Names;
use super::opened::Opened;
use super::outcomes::record;
use super::row::{INSERT, KEEP_REPORT, SELECT_MADE, TOUCH, bind, stored};
use super::snapshots::{KeptSheet, Publication, keep_sheet, publish};
use super::{Put, StoreError, forgetting, is_unreadable, store_error};
use crate::identity::Entity;
use crate::prediction::{Prediction, format_time};
use crate::store::{Forgotten, PublishedSnapshot, Recording, SampleRate, ToldOutcome};

pub(super) type Answer<T> = Result<T, StoreError>;

/// What a request wants written, and where its answer goes.
pub(super) enum Job {
    Put { predictions: Vec<Prediction>, answer: oneshot::Sender<Answer<Vec<Put>>> },
    Record { told: Vec<ToldOutcome>, answer: oneshot::Sender<Answer<Vec<Option<Recording>>>> },
    Keep { window_end: Timestamp, report: String, answer: oneshot::Sender<Answer<()>> },
    Publish { publication: Publication, answer: oneshot::Sender<Answer<PublishedSnapshot>> },
    KeepSheet { sheet: KeptSheet, answer: oneshot::Sender<Answer<Vec<u8>>> },
    Forget { entity: Entity, answer: oneshot::Sender<Answer<Forgotten>> },
    Ready { answer: oneshot::Sender<Answer<()>> },
}

impl Job {
    pub(super) fn rows(&self) -> usize {
        match self {
            Self::Put { predictions, .. } => predictions.len(),
            Self::Record { told, .. } => told.len(),
            Self::Keep { .. } | Self::Publish { .. } | Self::KeepSheet { .. } => 1,
            Self::Forget { .. } => forgetting::ROWS.into(),
            Self::Ready { .. } => 0,
        }
    }

    pub(super) fn is_question(&self) -> bool {
        matches!(self, Self::Ready { .. })
    }

    /// Answers that the job was not done. A client that no longer waits is not told.
    pub(super) fn fail(self, error: StoreError) {
        match self {
            Self::Put { answer, .. } => drop(answer.send(Err(error))),
            Self::Record { answer, .. } => drop(answer.send(Err(error))),
            Self::Keep { answer, .. } | Self::Ready { answer } => drop(answer.send(Err(error))),
            Self::Publish { answer, .. } => drop(answer.send(Err(error))),
            Self::KeepSheet { answer, .. } => drop(answer.send(Err(error))),
            Self::Forget { answer, .. } => drop(answer.send(Err(error))),
        }
    }
}

/// What was done for a job; nobody may be told before it is durable.
pub(super) enum Done {
    Put(Answer<Vec<Put>>),
    Recorded(Answer<Vec<Option<Recording>>>),
    Kept,
    Published(Answer<PublishedSnapshot>),
    KeptSheet(Vec<u8>),
    Forgotten(Answer<Forgotten>),
    Ready,
}

impl Done {
    /// Answers a job. A client that no longer waits has its prediction stored all the same.
    pub(super) fn answer(self, job: Job) {
        match (self, job) {
            (Self::Put(result), Job::Put { answer, .. }) => drop(answer.send(result)),
            (Self::Recorded(result), Job::Record { answer, .. }) => drop(answer.send(result)),
            (Self::Published(result), Job::Publish { answer, .. }) => drop(answer.send(result)),
            (Self::KeptSheet(text), Job::KeepSheet { answer, .. }) => drop(answer.send(Ok(text))),
            (Self::Forgotten(result), Job::Forget { answer, .. }) => drop(answer.send(result)),
            (Self::Kept, Job::Keep { answer, .. }) | (Self::Ready, Job::Ready { answer }) => {
                drop(answer.send(Ok(())));
            }
            _ => {}
        }
    }
}

/// Writes all requests in one transaction. A stored row that cannot be read fails the request that met it, not the others.
pub(super) fn commit(opened: &mut Opened, batch: &mut [Job], sample_rate: SampleRate) -> rusqlite::Result<Vec<Done>> {
    let transaction = opened.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut all_done = Vec::with_capacity(batch.len());
    {
        let mut insert = transaction.prepare_cached(INSERT)?;
        let mut select = transaction.prepare_cached(&SELECT_MADE)?;
        let mut names = Names::new(&transaction, &mut opened.names);
        let mut put = |new: Prediction| {
            bind(&mut insert, &new, &mut names, sample_rate.holds(&new.id))?;
            if insert.raw_execute()? == 1 {
                return Ok(Put::Created(new));
            }
            let mut rows = select.query(params![new.id.beginning(), new.id.hash().bytes()])?;
            let row = rows.next()?.ok_or(rusqlite::Error::QueryReturnedNoRows)?;
            stored(new, row, &mut names).map(Put::Existing)
        };
        for job in batch {
            all_done.push(match job {
                Job::Put { predictions, .. } => {
                    let puts: rusqlite::Result<_> = std::mem::take(predictions).into_iter().map(&mut put).collect();
                    Done::Put(unless_unreadable(puts)?)
                }
                Job::Record { told, .. } => {
                    let recorded = told.iter().map(|told| record(&transaction, told)).collect();
                    Done::Recorded(unless_unreadable(recorded)?)
                }
                Job::Keep { window_end, report, .. } => {
                    transaction.execute(KEEP_REPORT, params![format_time(*window_end), &*report])?;
                    Done::Kept
                }
                Job::Publish { publication, .. } => {
                    Done::Published(unless_unreadable(publish(&transaction, publication))?)
                }
                Job::KeepSheet { sheet, .. } => Done::KeptSheet(keep_sheet(&transaction, sheet)?),
                Job::Forget { entity, .. } => {
                    Done::Forgotten(unless_unreadable(forgetting::forget(&transaction, entity))?)
                }
                Job::Ready { .. } => Done::Ready,
            });
        }
    }
    if all_done.iter().all(|done| matches!(done, Done::Ready)) {
        transaction.execute_batch(TOUCH)?;
    }
    transaction.commit()?;
    Ok(all_done)
}

/// Tells a request that met what cannot be read from a transaction that cannot go on.
fn unless_unreadable<T>(result: rusqlite::Result<T>) -> rusqlite::Result<Answer<T>> {
    match result {
        Ok(done) => Ok(Ok(done)),
        Err(error) if is_unreadable(&error) => Ok(Err(store_error(error))),
        Err(error) => Err(error),
    }
}
