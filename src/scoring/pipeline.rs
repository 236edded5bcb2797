//! One thread reads, one on each processor scores, and the caller takes what came out in the order of the input.

use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Mutex, PoisonError};
use std::thread;

use super::{Scored, Scorer, ScoringError};
use crate::table::chunk::Chunk;
use crate::table::reader::Reader;

/// So many chunks may wait between the reader, the workers and the taker.
const QUEUED_CHUNKS: usize = 4;

type Handover = (Chunk, SyncSender<Result<Scored, ScoringError>>);

/// Reads a table to its end and hands on what became of each chunk; ends at the first failure, of the reader, a worker or the taker.
pub fn run<E: From<ScoringError>>(
    scorer: &Scorer<'_>,
    reader: Reader,
    mut take: impl FnMut(Scored) -> Result<(), E>,
) -> Result<(), E> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let (work, queue) = sync_channel::<Handover>(QUEUED_CHUNKS);
    let (order, results) = sync_channel::<Receiver<Result<Scored, ScoringError>>>(QUEUED_CHUNKS + workers);
    let queue = Mutex::new(queue);
    let (done, spare) = channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (queue, done) = (&queue, done.clone());
            scope.spawn(move || {
                let mut old = Vec::new();
                while let Some((chunk, answer)) = next(queue) {
                    let _ = answer.send(scorer.score(&chunk, &mut old));
                    let _ = done.send(chunk);
                }
            });
        }
        // When the reader ends, its ends of the queues go with it: that lets the workers and the taker end.
        let reading = scope.spawn(move || read(reader, &work, &order, &spare));
        let taken = take_all(results, &mut take);
        let read = reading.join().map_err(|_| ScoringError::Thread)?;
        taken.and(read.map_err(E::from))
    })
}

/// Hands each chunk to a worker, and the place of its result to the taker; ends when nobody takes any more.
fn read(
    mut reader: Reader,
    work: &SyncSender<Handover>,
    order: &SyncSender<Receiver<Result<Scored, ScoringError>>>,
    spare: &Receiver<Chunk>,
) -> Result<(), ScoringError> {
    loop {
        let mut chunk = spare.try_recv().unwrap_or_default();
        if !reader.next_chunk(&mut chunk)? {
            return Ok(());
        }
        let (answer, result) = sync_channel(1);
        if work.send((chunk, answer)).is_err() || order.send(result).is_err() {
            return Ok(());
        }
    }
}

fn next(queue: &Mutex<Receiver<Handover>>) -> Option<Handover> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Takes the results in order; at the first failure the queue is dropped, which stops the reader.
fn take_all<E: From<ScoringError>>(
    results: Receiver<Receiver<Result<Scored, ScoringError>>>,
    take: &mut impl FnMut(Scored) -> Result<(), E>,
) -> Result<(), E> {
    for result in results {
        let scored = result.recv().map_err(|_| ScoringError::Thread)?;
        take(scored?)?;
    }
    Ok(())
}
