//! A service whose history changes while it serves. A request is answered by one snapshot from its beginning to its end.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use arc_swap::ArcSwap;
use jiff::{SignedDuration, Timestamp};
use tokio::time::{sleep, timeout};

use super::look::Looks;
use super::{Parts, PredictionService, SnapshotSource};

/// Serves by the newest snapshot that was taken up.
#[derive(Clone)]
pub struct LiveService(pub(super) Arc<Live>);

pub(super) struct Live {
    serving: ArcSwap<Parts>,
    /// What came of the looks for newer snapshots.
    looks: Mutex<Looks>,
    /// Held by the look that is under way.
    pub(super) turn: tokio::sync::Mutex<()>,
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

/// A published snapshot that cannot serve: the last good one does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RefusedSnapshot {
    /// The SHA-256 of its text.
    pub hash: Arc<str>,
    /// The moment whose history it is said to be.
    pub as_of: Timestamp,
    /// Why it cannot serve.
    pub reason: Box<str>,
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

    /// Lets requests that begin from now on be answered by this service.
    pub(super) fn serve(&self, service: PredictionService) {
        self.0.serving.store(service.0);
    }

    pub(super) fn looks(&self) -> MutexGuard<'_, Looks> {
        self.0.looks.lock().unwrap_or_else(PoisonError::into_inner)
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

    pub(super) fn begins(&self) {
        self.looks().begun_at = Some(SystemTime::now());
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
