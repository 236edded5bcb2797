//! A service whose history changes while it serves. A request is answered by one snapshot from its beginning to its end.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{sleep, timeout};
use tracing::info;

use super::look::{Found, Looks, RefusedSnapshot};
use super::{Parts, PredictionService, SnapshotSource};

/// Serves by the newest snapshot that was taken up.
#[derive(Clone)]
pub struct LiveService(Arc<Live>);

struct Live {
    serving: ArcSwap<Parts>,
    /// What came of the looks for newer snapshots.
    looks: Mutex<Looks>,
    /// Held by the look that is under way.
    turn: tokio::sync::Mutex<()>,
    /// How long after a look another one begins.
    every: Duration,
}

/// The snapshot by which a service answers, and whether a newer one was refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServingSnapshot {
    /// The SHA-256 of its text.
    pub hash: Arc<str>,
    /// The moment whose history it is.
    pub as_of: Option<Timestamp>,
    /// How long that is ago.
    pub age: Option<SignedDuration>,
    /// Where it comes from.
    pub source: SnapshotSource,
    /// When the store was last asked for a newer one, and answered.
    pub looked_at: Option<Timestamp>,
    /// The newer one that cannot serve.
    pub refused: Option<RefusedSnapshot>,
}

impl LiveService {
    /// Serves by the package's own snapshot at first; newer ones are looked for at most once in this time.
    pub fn new(service: PredictionService, every: Duration) -> Self {
        Self(Arc::new(Live {
            serving: ArcSwap::new(service.0),
            looks: Mutex::default(),
            turn: tokio::sync::Mutex::default(),
            every,
        }))
    }

    /// Returns the service by the snapshot that serves now, whatever is taken up later.
    pub fn pinned(&self) -> PredictionService {
        PredictionService(self.0.serving.load_full())
    }

    fn looks(&self) -> MutexGuard<'_, Looks> {
        self.0.looks.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks the store for the newest snapshot, and takes it up where it is newer than the one that serves. Of several looks at a time, one
    /// is made.
    pub async fn look(&self) {
        let Ok(_turn) = self.0.turn.try_lock() else { return };
        let before = {
            let mut looks = self.looks();
            looks.begun_at = Some(SystemTime::now());
            looks.refused.clone()
        };
        let serving = self.pinned();
        let Some(recipe) = serving.package().living_recipe() else { return };
        match serving.newer(recipe.hash(), before.as_ref()).await {
            Ok(Found { next, refused }) => {
                if let Some(next) = next {
                    self.take_up(next);
                }
                self.looks().end(serving.now(), refused);
            }
            Err(error) => self.looks().fail(&error),
        }
    }

    /// Lets requests that begin from now on be answered by a newer snapshot.
    fn take_up(&self, next: PredictionService) {
        let package = Arc::clone(next.package());
        self.0.serving.store(next.0);
        if let (Some(snapshot), Some(as_of)) = (package.snapshot(), package.as_of()) {
            info!(%snapshot, %as_of, "answering by a newer snapshot");
        }
    }

    /// Looks for a newer snapshot before the first request; one that takes longer than this is taken up later.
    pub async fn look_first(&self, patience: Duration) {
        if self.is_living() {
            let live = self.clone();
            let look = tokio::spawn(async move { live.look().await });
            let _ = timeout(patience, look).await;
        }
    }

    /// Looks again and again, for as long as this is waited for.
    pub async fn keep_looking(&self) {
        if !self.is_living() {
            return std::future::pending().await;
        }
        loop {
            sleep(self.0.every).await;
            let live = self.clone();
            // On a task of its own: a look that panics ends no server.
            let _ = tokio::spawn(async move { live.look().await }).await;
        }
    }

    /// Begins a look that nobody waits for, where the last one is long enough ago.
    pub fn look_beside(&self) {
        if self.is_due() {
            let live = self.clone();
            tokio::spawn(async move { live.look().await });
        }
    }

    /// Looks where the last time is long enough ago.
    pub async fn look_if_due(&self) {
        if self.is_due() {
            self.look().await;
        }
    }

    fn is_living(&self) -> bool {
        self.0.serving.load().package.living_recipe().is_some()
    }

    /// Returns whether it is time for a look. By the wall clock: another one may stand still while a function is frozen.
    fn is_due(&self) -> bool {
        if !self.is_living() {
            return false;
        }
        let begun_at = self.looks().begun_at;
        begun_at.is_none_or(|begun_at| begun_at.elapsed().map_or(true, |since| since >= self.0.every))
    }

    /// Tells by which snapshot requests are answered, where the history changes.
    pub fn snapshot(&self) -> Option<ServingSnapshot> {
        let service = self.pinned();
        let package = service.package();
        let hash = Arc::clone(package.snapshot().filter(|_| package.living_recipe().is_some())?);
        let looks = self.looks();
        Some(ServingSnapshot {
            hash,
            as_of: package.as_of(),
            age: service.snapshot_age(service.now()),
            source: service.0.source,
            looked_at: looks.answered_at,
            refused: looks.refused.as_ref().map(|refusal| refusal.snapshot.clone()),
        })
    }
}

/// A service that answers by the package's own snapshot.
impl From<PredictionService> for LiveService {
    fn from(service: PredictionService) -> Self {
        Self::new(service, Duration::MAX)
    }
}

impl fmt::Debug for LiveService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("LiveService").field(&self.pinned()).finish()
    }
}
