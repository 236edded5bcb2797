//! The packages that are at hand: those that were given, by their own snapshots and by those in the store.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::package::Package;
use crate::store::{PredictionStore, StoreError, chain};

/// So many packages by other snapshots are kept for the next page: pages come in the order of days, mostly.
const KEPT: usize = 8;

/// The packages by which predictions can be computed again.
#[derive(Debug)]
pub(super) struct AtHand {
    packages: Vec<Arc<Package>>,
    store: Arc<dyn PredictionStore>,
    /// Packages by snapshots of the store, the one that was asked for last in front.
    kept: VecDeque<Arc<Package>>,
}

/// What is at hand of the package and the snapshot that made a prediction.
#[derive(Debug)]
pub(super) enum Found {
    /// Both.
    Package(Arc<Package>),
    /// No package of that version.
    NoPackage,
    /// Not the snapshot, for this reason.
    NoSnapshot(String),
}

impl AtHand {
    pub(super) fn new(packages: Vec<Arc<Package>>, store: Arc<dyn PredictionStore>) -> Self {
        Self { packages, store, kept: VecDeque::new() }
    }

    /// Finds the package of a version, by a snapshot.
    pub(super) async fn find(&mut self, version: &str, snapshot: Option<&str>) -> Result<Found, StoreError> {
        let mut of_version = self.packages.iter().filter(|package| **package.version() == *version);
        let Some(first) = of_version.clone().next() else { return Ok(Found::NoPackage) };
        // What was stored by an earlier program may name none.
        let Some(snapshot) = snapshot else { return Ok(Found::Package(Arc::clone(first))) };
        let has_it = |package: &Arc<Package>| {
            **package.version() == *version && package.snapshot().is_some_and(|own| **own == *snapshot)
        };
        if let Some(package) = self.packages.iter().find(|package| has_it(package)) {
            return Ok(Found::Package(Arc::clone(package)));
        }
        if let Some(place) = self.kept.iter().position(has_it)
            && let Some(package) = self.kept.remove(place)
        {
            self.kept.push_front(Arc::clone(&package));
            return Ok(Found::Package(package));
        }
        let Some(living) = of_version.find(|package| package.living_recipe().is_some()) else {
            return Ok(Found::NoSnapshot("the package has another history".to_owned()));
        };
        let text = match self.store.snapshot(snapshot).await {
            Ok(Some(text)) => text,
            Ok(None) => return Ok(Found::NoSnapshot("neither the package nor the database has it".to_owned())),
            Err(StoreError::Unreadable(cause)) => return Ok(Found::NoSnapshot(chain(&*cause))),
            Err(error) => return Err(error),
        };
        match living.with_snapshot(&text) {
            Ok(package) => Ok(Found::Package(self.keep(package.into()))),
            Err(error) => Ok(Found::NoSnapshot(chain(&error))),
        }
    }

    fn keep(&mut self, package: Arc<Package>) -> Arc<Package> {
        self.kept.push_front(Arc::clone(&package));
        self.kept.truncate(KEPT);
        package
    }
}
