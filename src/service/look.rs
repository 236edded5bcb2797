//! A look for a newer snapshot, and what comes of it: it is taken up, or refused by name while the last good one serves on.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use jiff::Timestamp;
use tracing::{info, warn};

use super::live::{LiveService, RefusedSnapshot};
use super::{PredictionService, aside};
use crate::store::{PublishedSnapshot, StoreError, chain};

/// No call of a store takes so long: who waited longer was frozen meanwhile, as a function is between requests.
const FROZEN: Duration = Duration::from_secs(30);

/// So many snapshots are tried in a look: where the newest cannot serve, one before it may.
const MOST_TRIED: usize = 4;

/// What came of the looks so far.
#[derive(Debug, Default)]
pub(super) struct Looks {
    /// When the last one began.
    pub(super) begun_at: Option<SystemTime>,
    /// When the store last answered.
    pub(super) answered_at: Option<Timestamp>,
    /// Whether the store failed at the last one.
    is_store_lost: bool,
    /// The newest snapshot, where it cannot serve.
    pub(super) refused: Option<Refusal>,
}

/// A snapshot that was refused.
#[derive(Debug, Clone)]
pub(super) struct Refusal {
    pub(super) snapshot: RefusedSnapshot,
    /// Whether its text is at fault, which never changes.
    is_final: bool,
}

/// Why a newer snapshot does not serve.
enum Obstacle {
    /// The store does not give it, for now.
    Store(StoreError),
    /// It is refused.
    Refused(Refusal),
}

impl Obstacle {
    fn refused(published: &PublishedSnapshot, is_final: bool, reason: impl Into<Box<str>>) -> Self {
        let PublishedSnapshot { hash, as_of, .. } = published;
        let snapshot = RefusedSnapshot { hash: Arc::clone(hash), as_of: *as_of, reason: reason.into() };
        Self::Refused(Refusal { snapshot, is_final })
    }
}

impl LiveService {
    /// Asks the store for the newest snapshot, and takes it up where it is newer than the one that serves. Of several looks at a time, one
    /// is made.
    pub async fn look(&self) {
        let Ok(_turn) = self.0.turn.try_lock() else { return };
        self.begins();
        let serving = self.pinned();
        let Some(recipe) = serving.package().living_recipe() else { return };
        match self.look_at(&serving, recipe.hash()).await {
            Ok(()) => self.store_works(),
            Err(error) => self.store_failed(&error),
        }
    }

    /// Where the newest snapshot is refused, those before it are tried, down to the one that serves.
    async fn look_at(&self, serving: &PredictionService, recipe: &str) -> Result<(), StoreError> {
        let mut published = thawed(FROZEN, || serving.0.store.newest_snapshot(recipe)).await?;
        self.looks().answered_at = Some(serving.now());
        let mut refused = None;
        for _ in 0..MOST_TRIED {
            let Some(candidate) = published.filter(|published| serving.is_before(published)) else { break };
            let refusal = match self.known_refusal(&candidate) {
                Some(refusal) => refusal,
                None => match serving.next(&candidate).await {
                    Ok(next) => {
                        self.serve(next);
                        info!(snapshot = %candidate.hash, as_of = %candidate.as_of, "answering by a newer snapshot");
                        break;
                    }
                    Err(Obstacle::Store(error)) => return Err(error),
                    Err(Obstacle::Refused(refusal)) => refusal,
                },
            };
            refused = refused.or(Some(refusal));
            published = thawed(FROZEN, || serving.0.store.snapshot_before(recipe, candidate.as_of)).await?;
        }
        self.tell(refused);
        Ok(())
    }

    /// Returns why a snapshot was refused the last time, where that never changes.
    fn known_refusal(&self, candidate: &PublishedSnapshot) -> Option<Refusal> {
        let looks = self.looks();
        looks.refused.as_ref().filter(|refused| refused.is_final && refused.snapshot.hash == candidate.hash).cloned()
    }

    /// Keeps what was refused for `GET /model`, and logs it once.
    fn tell(&self, refused: Option<Refusal>) {
        let before = std::mem::replace(&mut self.looks().refused, refused.clone());
        let Some(Refusal { snapshot, .. }) = refused else { return };
        if before.is_none_or(|before| before.snapshot != snapshot) {
            let RefusedSnapshot { hash, as_of, reason } = snapshot;
            warn!(snapshot = %hash, %as_of, %reason, "a snapshot is refused: the one before serves on");
        }
    }

    /// Logs once that the store is lost.
    fn store_failed(&self, error: &StoreError) {
        if !std::mem::replace(&mut self.looks().is_store_lost, true) {
            warn!(error = %chain(error), "the store does not give the newest snapshot: the one before serves on");
        }
    }

    fn store_works(&self) {
        if std::mem::take(&mut self.looks().is_store_lost) {
            info!("the store gives the newest snapshot again");
        }
    }
}

impl PredictionService {
    /// Returns whether a published snapshot is newer than the one that serves.
    fn is_before(&self, newest: &PublishedSnapshot) -> bool {
        let package = self.package();
        // What the package came with may be of a time that has not come by this clock: the model was trained later.
        let as_of = package.as_of().filter(|as_of| *as_of <= self.now());
        package.snapshot() != Some(&newest.hash) && as_of.is_none_or(|as_of| as_of < newest.as_of)
    }

    /// Returns the service by a published snapshot, which is read and made ready beside the threads that serve.
    async fn next(&self, published: &PublishedSnapshot) -> Result<Self, Obstacle> {
        let not_yet = |reason: &str| Obstacle::refused(published, false, reason);
        if published.as_of > self.now() {
            return Err(not_yet("it is as of a time that has not come"));
        }
        let text = match thawed(FROZEN, || self.0.store.snapshot(&published.hash)).await {
            Ok(Some(text)) => text,
            Ok(None) => return Err(not_yet("the store has not all of it")),
            Err(StoreError::Unreadable(cause)) => return Err(not_yet(&chain(&*cause))),
            Err(error) => return Err(Obstacle::Store(error)),
        };
        let serving = self.clone();
        let next = aside(move || serving.with_snapshot(&text)).await;
        let next = next.map_err(|error| Obstacle::refused(published, true, chain(&error)))?;
        match next.package().as_of() {
            Some(as_of) if as_of != published.as_of => {
                Err(Obstacle::refused(published, true, format!("its text is as of {as_of}")))
            }
            _ => Ok(next),
        }
    }
}

/// Asks a store, and once more where its answer was lost while this side was frozen: that took longer than any call does.
async fn thawed<T, F>(longest: Duration, ask: impl Fn() -> F) -> Result<T, StoreError>
where
    F: Future<Output = Result<T, StoreError>>,
{
    let asked = SystemTime::now();
    match ask().await {
        Err(_) if asked.elapsed().is_ok_and(|took| took > longest) => ask().await,
        answer => answer,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU32, Ordering};

    use tokio::time::sleep;

    use super::*;

    #[tokio::test]
    async fn who_was_frozen_asks_again_and_who_is_refused_does_not() {
        for (longest, asked) in [(Duration::ZERO, 2), (Duration::from_mins(1), 1)] {
            let calls = AtomicU32::new(0);
            let answer: Result<u32, _> = thawed(longest, || async {
                sleep(Duration::from_millis(2)).await;
                match calls.fetch_add(1, Ordering::SeqCst) {
                    0 => Err(StoreError::Unavailable("it takes too long".into())),
                    call => Ok(call),
                }
            })
            .await;
            assert_eq!((calls.into_inner(), answer.is_ok()), (asked, asked == 2));
        }
    }
}
