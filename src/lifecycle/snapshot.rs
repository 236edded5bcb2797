//! Makes the next snapshot of a history: what became known since the last one is added to the sheets, the snapshot is computed from
//! those of the last days, checked, and published.
//!
//! - `contribution`: what an entity counts as of a moment.
//! - `known`: what became known between two moments.
//! - `told`: what there is to say of a snapshot.

mod contribution;

mod known;

mod told;

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::Date;
use thiserror::Error;

use crate::package::recipe::recent::calendar::{LAG, date, number};
use crate::package::recipe::{Calendar, Day, Recipe, RecipeError, Sheet};
use crate::package::{LoadError, Package};
use crate::store::{PredictionStore, PublishedSnapshot, StoreError};
use crate::table::Labelled;
use known::Span;
pub use told::{StepTold, Told};

/// Makes snapshots of a package's history from what a store knows.
#[derive(Debug, Clone)]
pub struct SnapshotMaker {
    package: Arc<Package>,
    store: Arc<dyn PredictionStore>,
}

/// Why no snapshot was made. The one that was published last stays.
#[derive(Debug, Error)]
pub enum SnapshotError {
    /// The package has no history that changes.
    #[error("the recipe of {0} looks up no last days: it has no history step with days, so there is no snapshot to make")]
    NoHistory(String),
    /// It is not time yet.
    #[error("the snapshot of {moment} can be made from {from} on: outcomes may be recorded late")]
    TooEarly {
        /// The moment that was asked for.
        moment: Timestamp,
        /// When it is settled.
        from: Timestamp,
    },
    /// Nothing is known of the days before.
    #[error("the events behind the package's history reach to {first}: a snapshot of an earlier day cannot be made")]
    BeforeHistory {
        /// The day of the first sheet.
        first: Date,
    },
    /// There are sheets, which a seed would contradict.
    #[error("the store has sheets of this recipe up to {until}: a seed is for a store that has none")]
    Seeded {
        /// The day of the last one.
        until: Date,
    },
    /// The rows of a seed cannot be used.
    #[error("the rows tell no event: each needs a key, a time and a label")]
    NoEvents,
    /// A row of a seed has no time.
    #[error(transparent)]
    WithoutTime(#[from] crate::package::recipe::error::RowWithoutTime),
    /// The package's own sheet cannot be read, or what was made is none of this package.
    #[error(transparent)]
    Package(#[from] LoadError),
    /// A sheet is damaged.
    #[error("a sheet of the history cannot be used")]
    Sheet(#[from] RecipeError),
    /// A snapshot cannot be written.
    #[error("the snapshot cannot be written")]
    Unwritable(#[from] serde_json::Error),
    /// The store did not take or give something.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SnapshotMaker {
    /// Makes snapshots of a package's history from what a store knows.
    pub fn new(package: Arc<Package>, store: Arc<dyn PredictionStore>) -> Self {
        Self { package, store }
    }

    /// Makes and publishes the snapshot of the newest moment, or of the newest one up to a time.
    pub async fn make(&self, as_of: Option<Timestamp>, now: Timestamp) -> Result<Told, SnapshotError> {
        let recipe = self.recipe()?;
        let day = day(recipe.1, as_of, now)?;
        let mut sheets = self.sheets(day).await?;
        let Some((covered, _)) = sheets.iter().map(|sheet| (number(sheet.until()), sheet)).max_by_key(|(day, _)| *day)
        else {
            return Err(SnapshotError::BeforeHistory { first: date(day) });
        };
        if day > covered {
            sheets.push(self.next_sheet(covered, day).await?);
        } else if let Some(first) = sheets.iter().map(Sheet::until).min().filter(|first| number(*first) > day) {
            return Err(SnapshotError::BeforeHistory { first });
        }
        let added = sheets.last().filter(|sheet| number(sheet.until()) == day);
        let added = added.map(|sheet| (sheet.len(), sheet.taken_back()));
        self.publish(&sheets, day, now, added).await
    }

    /// Makes the first snapshot from labelled rows, in the place of the one that the package came with.
    pub async fn seed(&self, rows: &[Labelled], now: Timestamp) -> Result<Told, SnapshotError> {
        let (recipe, _) = self.recipe()?;
        if let Some((until, _)) = self.store.sheets(recipe.hash(), Date::MIN, Date::MAX).await?.last() {
            return Err(SnapshotError::Seeded { until: *until });
        }
        let sheet = recipe.seed(self.package.schema(), rows)?.ok_or(SnapshotError::NoEvents)?;
        let (day, added) = (number(sheet.until()), Some((sheet.len(), sheet.taken_back())));
        let sheet = self.keep(&sheet).await?;
        self.publish(&[sheet], day, now, added).await
    }

    fn recipe(&self) -> Result<(&Recipe, &Calendar), SnapshotError> {
        let recipe = self.package.living_recipe();
        let found = recipe.and_then(|recipe| Some((recipe, recipe.calendar()?)));
        found.ok_or_else(|| SnapshotError::NoHistory(self.package.name().to_owned()))
    }

    /// Returns the sheets that the snapshot of a day is made of, in order of their days: those of the store, or else the package's own.
    async fn sheets(&self, day: Day) -> Result<Vec<Sheet>, SnapshotError> {
        let (recipe, _) = self.recipe()?;
        let oldest = date(day - recipe.reach());
        let mut found = self.store.sheets(recipe.hash(), oldest, Date::MAX).await?;
        if found.is_empty() {
            // A server that was away for long goes on from where it was.
            found = self.store.sheets(recipe.hash(), Date::MIN, oldest).await?;
        }
        if found.is_empty() {
            let text = self.package.sheet()?.into_owned();
            let first = Sheet::parse(&text)?;
            found = vec![(first.until(), self.store.keep_sheet(recipe.hash(), first.until(), text).await?)];
        }
        Ok(found.iter().map(|(_, text)| Sheet::parse(text)).collect::<Result<_, _>>()?)
    }

    /// Makes and keeps the sheet of what became known between the moments of two days.
    async fn next_sheet(&self, covered: Day, day: Day) -> Result<Sheet, SnapshotError> {
        let (recipe, calendar) = self.recipe()?;
        let span = Span { calendar, covered, day };
        let changes = known::changes(&*self.store, self.package.schema(), span).await?;
        let sheet = recipe.sheet(self.package.schema(), &changes, day);
        self.keep(&sheet.ok_or(SnapshotError::NoEvents)?).await
    }

    /// Keeps a sheet, and returns the one that is kept: somebody else may have been quicker.
    async fn keep(&self, sheet: &Sheet) -> Result<Sheet, SnapshotError> {
        let (recipe, _) = self.recipe()?;
        let text = serde_json::to_vec(sheet)?;
        Ok(Sheet::parse(&self.store.keep_sheet(recipe.hash(), sheet.until(), text).await?)?)
    }

    /// Computes the snapshot of a day, checks it, and publishes it.
    async fn publish(
        &self,
        sheets: &[Sheet],
        day: Day,
        now: Timestamp,
        added: Option<(usize, usize)>,
    ) -> Result<Told, SnapshotError> {
        let (recipe, calendar) = self.recipe()?;
        let snapshot = recipe.snapshot(self.package.schema(), sheets, day)?;
        let text = serde_json::to_vec(&snapshot)?;
        // Nobody is given what cannot be read.
        self.package.with_snapshot(&text)?;
        let last = match self.store.newest_snapshot(recipe.hash()).await? {
            Some(last) => self.store.snapshot(&last.hash).await?,
            None => None,
        };
        let last = last.and_then(|text| crate::package::recipe::HistoryRecords::parse(&text).ok());
        let published = PublishedSnapshot::new(&text, calendar.moment(day), now);
        let hash = Arc::clone(&published.hash);
        let newest = self.store.publish(recipe.hash(), published, text).await?;
        Ok(Told::new(calendar.moment(day), hash, &newest, &snapshot, last.as_ref(), added))
    }
}

/// Returns the day whose moment is the newest that is settled, up to the time that was asked for.
fn day(calendar: &Calendar, as_of: Option<Timestamp>, now: Timestamp) -> Result<Day, SnapshotError> {
    let newest = calendar.newest_at(now);
    let Some(as_of) = as_of else { return Ok(newest) };
    let wanted = calendar.day(as_of);
    let wanted = if calendar.moment(wanted) <= as_of { wanted } else { wanted - 1 };
    if wanted > newest || as_of > now {
        let moment = calendar.moment(wanted);
        let from = moment.checked_add(LAG).unwrap_or(Timestamp::MAX).max(as_of);
        return Err(SnapshotError::TooEarly { moment, from });
    }
    Ok(wanted)
}
