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
use crate::package::recipe::{Calendar, Day, HistoryRecords, Recipe, RecipeError, Sheet};
use crate::package::{LoadError, Package};
use crate::store::{PredictionStore, PublishedSnapshot, StoreError};
use crate::table::Labelled;
use known::Span;
pub use told::{Added, StepTold, Told};

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
    #[error(
        "the recipe of {0} looks up no last days: it has no history step with days, so there is no snapshot to make"
    )]
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
    #[error("the sheet of {date} in the store cannot be read")]
    Sheet {
        /// The day of the moment by which all that it has was known.
        date: Date,
        /// What is wrong with it.
        source: RecipeError,
    },
    /// A sheet is of another day than the one that it is kept under.
    #[error("the sheet of {date} in the store is one of {until}")]
    OtherSheet {
        /// The day that it is kept under.
        date: Date,
        /// Its own.
        until: Date,
    },
    /// Sheets do not fit the recipe.
    #[error(transparent)]
    Sheets(#[from] RecipeError),
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
        if let Some(covered) = sheets.last().map(|sheet| number(sheet.until())).filter(|covered| *covered < day) {
            sheets.push(self.next_sheet(covered, day).await?);
        }
        let last = sheets.iter().find(|sheet| number(sheet.until()) == day);
        let added = match (last, sheets.as_slice()) {
            // What the package came with was known before anybody made snapshots.
            (Some(last), [_]) if Sheet::parse(&self.package.sheet()?)?.until() == last.until() => None,
            (last, _) => last.map(Added::new),
        };
        self.publish(&sheets, day, now, added).await
    }

    /// Makes the first snapshot from labelled rows, in the place of the one that the package came with.
    pub async fn seed(&self, rows: &[Labelled], now: Timestamp) -> Result<Told, SnapshotError> {
        let (recipe, calendar) = self.recipe()?;
        if let Some((until, _)) = self.store.sheets(recipe.hash(), Date::MIN, Date::MAX).await?.last() {
            return Err(SnapshotError::Seeded { until: *until });
        }
        let sheet = recipe.seed(self.package.schema(), rows)?.ok_or(SnapshotError::NoEvents)?;
        let day = number(sheet.until());
        if day > calendar.newest_at(now) {
            return Err(too_early(calendar, day));
        }
        let (sheet, added) = (self.keep(&sheet).await?, Added::new(&sheet));
        self.publish(&[sheet], day, now, Some(added)).await
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
        if found.first().is_none_or(|(first, _)| number(*first) > day) {
            // Nobody made any for long: what there is goes on from the last one before.
            found = self.store.sheets(recipe.hash(), Date::MIN, Date::MAX).await?;
        }
        if found.is_empty() {
            let text = self.package.sheet()?.into_owned();
            let first = Sheet::parse(&text)?;
            found = vec![(first.until(), self.store.keep_sheet(recipe.hash(), first.until(), text).await?)];
        }
        match found.first() {
            Some((first, _)) if number(*first) > day => Err(SnapshotError::BeforeHistory { first: *first }),
            _ => found.iter().map(|(date, text)| read(*date, text)).collect(),
        }
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
        read(sheet.until(), &self.store.keep_sheet(recipe.hash(), sheet.until(), text).await?)
    }

    /// Computes the snapshot of a day, checks it, and publishes it.
    async fn publish(
        &self,
        sheets: &[Sheet],
        day: Day,
        now: Timestamp,
        added: Option<Added>,
    ) -> Result<Told, SnapshotError> {
        let (recipe, calendar) = self.recipe()?;
        let snapshot = recipe.snapshot(self.package.schema(), sheets, day)?;
        let text = serde_json::to_vec(&snapshot)?;
        // Nobody is given what cannot be read.
        self.package.with_snapshot(&text)?;
        let moment = calendar.moment(day);
        let last = self.store.newest_snapshot(recipe.hash()).await?.filter(|last| last.as_of < moment);
        let last = match last {
            Some(last) => self.store.snapshot(&last.hash).await?,
            None => None,
        };
        // One that is damaged is compared with nothing.
        let last = last.and_then(|text| HistoryRecords::parse(&text).ok());
        let published = PublishedSnapshot::new(&text, moment, now);
        let hash = Arc::clone(&published.hash);
        let newest = self.store.publish(recipe.hash(), published, text).await?;
        let is_newest = newest.hash == hash;
        let steps = told::steps(&snapshot, last.as_ref());
        let warnings = told::warnings(recipe, &steps, sheets, day);
        Ok(Told { as_of: moment, next_from: settled(calendar, day + 1), hash, is_newest, added, steps, warnings })
    }
}

/// Reads a sheet that is kept under a date.
fn read(date: Date, text: &[u8]) -> Result<Sheet, SnapshotError> {
    let sheet = Sheet::parse(text).map_err(|source| SnapshotError::Sheet { date, source })?;
    if sheet.until() != date {
        return Err(SnapshotError::OtherSheet { date, until: sheet.until() });
    }
    Ok(sheet)
}

/// Returns the day whose moment is the newest that is settled, up to the time that was asked for.
fn day(calendar: &Calendar, as_of: Option<Timestamp>, now: Timestamp) -> Result<Day, SnapshotError> {
    let newest = calendar.newest_at(now);
    let Some(as_of) = as_of else { return Ok(newest) };
    let wanted = calendar.last_by(as_of);
    if wanted > newest { Err(too_early(calendar, wanted)) } else { Ok(wanted) }
}

fn too_early(calendar: &Calendar, day: Day) -> SnapshotError {
    SnapshotError::TooEarly { moment: calendar.moment(day), from: settled(calendar, day) }
}

/// Returns when the snapshot of a day can be made.
fn settled(calendar: &Calendar, day: Day) -> Timestamp {
    calendar.moment(day).checked_add(LAG).unwrap_or(Timestamp::MAX)
}
