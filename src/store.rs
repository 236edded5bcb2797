//! Where predictions are kept: one port, and an adapter for each database.
//!
//! Every adapter passes the same contract suite (`tests/store/contract.rs`).

pub mod dynamodb;
mod forgetting;
mod owner;
mod recording;
mod snapshots;
pub mod sqlite;

use async_trait::async_trait;
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use sha2::{Digest, Sha256};
use std::error::Error as StdError;
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;
use thiserror::Error;

use crate::identity::{ContentHash, Entity, PredictionId};
use crate::prediction::Prediction;
use dynamodb::DynamoDbConfig;
pub use forgetting::{Forgotten, InvalidRetention, Retention};
pub use owner::{NotOwned, Owner};
pub use recording::{Days, KnownOutcome, Recording, ToldOutcome};
pub use snapshots::PublishedSnapshot;
use sqlite::SqliteConfig;

/// So many entities are looked up at a time.
const CONCURRENT_LOOK_UPS: usize = 16;

/// Keeps predictions, each once.
#[async_trait]
pub trait PredictionStore: fmt::Debug + Send + Sync {
    /// Stores each prediction that is not there yet and returns what came of each, in order.
    ///
    /// When this returns `Ok`, every prediction is durable. When it fails, some may have been stored: the same call again
    /// repairs that, since what is there already is answered, not stored twice.
    async fn put(&self, predictions: Vec<Prediction>) -> Result<Vec<Put>, StoreError>;

    /// Returns a prediction by its id.
    async fn get(&self, id: &PredictionId) -> Result<Option<Prediction>, StoreError>;

    /// Returns up to `limit` predictions of an entity, newest first, that come after the cursor.
    async fn history(
        &self,
        entity: &Entity,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<Prediction>, StoreError>;

    /// Returns up to `limit` predictions of each of these entities, newest first, in the order of the entities.
    async fn histories(&self, entities: Vec<Entity>, limit: usize) -> Result<Vec<Vec<Prediction>>, StoreError> {
        let look_up = async |entity: Entity| self.history(&entity, None, limit).await;
        stream::iter(entities).map(look_up).buffered(CONCURRENT_LOOK_UPS).try_collect().await
    }

    /// Returns the names of the features that a version of the package has stored, in order; nothing where it never wrote here.
    async fn feature_names(&self, version: &str) -> Result<Option<Arc<[Box<str>]>>, StoreError>;

    /// Records what really happened, and returns what came of each, in order; nothing where there is no such prediction.
    ///
    /// What is told of one prediction is taken in this order. When this returns `Ok`, all of it is durable. When it fails, some may have
    /// been recorded: the same call again repairs that, since what stands already is answered, not recorded twice.
    async fn record_outcomes(&self, told: Vec<ToldOutcome>) -> Result<Vec<Option<Recording>>, StoreError>;

    /// Streams all outcomes that became known on these days, none left out by the sample, with their predictions, page by page, in no
    /// order that can be relied on.
    ///
    /// What this costs follows the number of outcomes and days.
    fn known(&self, days: Days) -> BoxStream<'_, Result<Vec<KnownOutcome>, StoreError>>;

    /// Streams the predictions of a window of time that the sample holds, page by page, in no order that can be relied on.
    ///
    /// What this costs follows the window and the sample, whatever else is stored. Whoever drops the stream ends the reading with what
    /// is under way.
    fn window(&self, window: Window) -> BoxStream<'_, Result<Vec<Prediction>, StoreError>>;

    /// Deletes all predictions of an entity with what was told of them, and returns how much that was: all of it, or an error after a part.
    ///
    /// Of a prediction that was made meanwhile, the same call again is sure. What is put again later is a new prediction.
    async fn forget(&self, entity: &Entity) -> Result<Forgotten, StoreError>;

    /// Returns how many predictions of the days of a window, of those that the sample held, were deleted by [`Self::forget`], or by their
    /// age where that is counted.
    async fn deleted(&self, window: Window) -> Result<u64, StoreError>;

    /// Keeps the text of a report under the end of its window, in place of one that has the same.
    async fn keep_report(&self, window_end: Timestamp, report: String) -> Result<(), StoreError>;

    /// Returns the kept report whose window ended last.
    async fn latest_report(&self) -> Result<Option<String>, StoreError>;

    /// Keeps the text of a snapshot and lets it be the newest of its recipe, in one step that nobody sees half of; returns the one that is
    /// newest then.
    ///
    /// A snapshot that is as of the same moment as the newest, or of an earlier one, does not take its place; it is kept all the same.
    /// `recipe` is the recipe's hash. A text that `snapshot.hash` does not name is refused.
    async fn publish(
        &self,
        recipe: &str,
        snapshot: PublishedSnapshot,
        text: Vec<u8>,
    ) -> Result<PublishedSnapshot, StoreError>;

    /// Returns the snapshot of a recipe that is as of the latest moment.
    async fn newest_snapshot(&self, recipe: &str) -> Result<Option<PublishedSnapshot>, StoreError>;

    /// Returns the snapshot of a recipe that is as of the latest moment before another one.
    async fn snapshot_before(&self, recipe: &str, moment: Timestamp) -> Result<Option<PublishedSnapshot>, StoreError>;

    /// Returns the text of a snapshot, whole and as it was published; nothing where it was never kept here.
    async fn snapshot(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps the sheet of a date unless the recipe has one, and returns the one that is kept.
    async fn keep_sheet(&self, recipe: &str, date: Date, text: Vec<u8>) -> Result<Vec<u8>, StoreError>;

    /// Returns the sheets of a recipe from a date to another, both with them, in the order of dates.
    async fn sheets(&self, recipe: &str, from: Date, to: Date) -> Result<Vec<(Date, Vec<u8>)>, StoreError>;

    /// Tells whether predictions can be stored now: where a write is cheap, by one that is durable and changes nothing.
    async fn ready(&self) -> Result<(), StoreError>;
}

/// Which database, by the scheme of its URL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Database {
    /// `sqlite:FILE`
    Sqlite(SqliteConfig),
    /// `dynamodb:TABLE`, with `AWS_REGION` (or `AWS_DEFAULT_REGION`), `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and
    /// `AWS_SESSION_TOKEN`, as Lambda sets them; `AWS_ENDPOINT_URL_DYNAMODB` (or `AWS_ENDPOINT_URL`) and `AWS_CA_BUNDLE`
    /// for a database that is not Amazon's own.
    DynamoDb(DynamoDbConfig),
}

/// Opens the store that the settings name, for its owner.
pub fn open(database: Database, owner: Owner) -> anyhow::Result<Arc<dyn PredictionStore>> {
    match database {
        Database::Sqlite(config) => Ok(Arc::new(sqlite::SqliteStore::open(config, owner)?)),
        Database::DynamoDb(config) => Ok(Arc::new(dynamodb::DynamoDbStore::new(config, owner)?)),
    }
}

/// A span of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Window {
    /// Its first moment.
    pub from: Timestamp,
    /// The moment after its last.
    pub to: Timestamp,
}

impl Window {
    /// Returns its last millisecond; what is stored is dated to the millisecond.
    pub(crate) fn last(self) -> Timestamp {
        self.to.checked_sub(jiff::SignedDuration::from_millis(1)).unwrap_or(self.from)
    }

    /// Returns its first day and its last, of UTC.
    fn days(self) -> [String; 2] {
        [self.from, self.last()].map(|time| time.strftime("%Y-%m-%d").to_string())
    }
}

/// Which share of the predictions can be read by time. A prediction belongs to the sample by its hash, for good.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SampleRate {
    /// The first of the 2^32 values of the hash's beginning that does not belong.
    end: u64,
}

impl SampleRate {
    /// Every prediction.
    pub const ALL: Self = Self { end: Self::VALUES };

    const VALUES: u64 = 1 << 32;

    fn holds(self, id: &PredictionId) -> bool {
        u64::from(id.hash().beginning()) < self.end
    }
}

/// A text that is no share.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected a number from 0 to 1")]
pub struct InvalidSampleRate;

impl FromStr for SampleRate {
    type Err = InvalidSampleRate;

    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        clippy::cast_sign_loss,
        reason = "0 to 2^32"
    )]
    fn from_str(text: &str) -> Result<Self, InvalidSampleRate> {
        let share: f64 = text.parse().map_err(|_| InvalidSampleRate)?;
        if !(0.0..=1.0).contains(&share) {
            return Err(InvalidSampleRate);
        }
        Ok(Self { end: (share * Self::VALUES as f64).round() as u64 })
    }
}

/// What came of a put.
#[derive(Debug, Clone, PartialEq)]
pub enum Put {
    /// The prediction was stored by this call.
    Created(Prediction),
    /// It was there already; this is the stored one.
    Existing(Prediction),
}

impl Put {
    /// Returns the stored prediction, whoever stored it.
    pub fn prediction(&self) -> &Prediction {
        match self {
            Self::Created(prediction) | Self::Existing(prediction) => prediction,
        }
    }

    /// Returns the stored prediction for good.
    pub fn into_prediction(self) -> Prediction {
        match self {
            Self::Created(prediction) | Self::Existing(prediction) => prediction,
        }
    }

    /// Tells whether this call stored it.
    pub fn is_created(&self) -> bool {
        matches!(self, Self::Created(_))
    }
}

/// Why a store could not answer.
#[derive(Debug, Error)]
pub enum StoreError {
    /// The database cannot be reached or cannot write: the same call may succeed later.
    #[error("the prediction store is unavailable")]
    Unavailable(#[source] Box<dyn StdError + Send + Sync>),
    /// The database keeps the predictions of another table.
    #[error("the database belongs to another table: {0}")]
    NotOwned(#[from] NotOwned),
    /// What was read is not what was written.
    #[error("what is stored cannot be read")]
    Unreadable(#[source] Box<dyn StdError + Send + Sync>),
}

impl StoreError {
    /// Says of a database that is unavailable what is in its way.
    pub(crate) fn blocked(obstacle: Obstacle, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        Self::Unavailable(Box::new(Blocked { obstacle, source: source.into() }))
    }

    /// Returns what is in the way of a database that is unavailable, where that is known.
    pub fn obstacle(&self) -> Option<Obstacle> {
        let mut cause = self.source();
        while let Some(error) = cause {
            if let Some(blocked) = error.downcast_ref::<Blocked>() {
                return Some(blocked.obstacle);
            }
            cause = error.source();
        }
        None
    }
}

/// What keeps a database from storing predictions, in words for whoever asks the service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum Obstacle {
    /// Nothing more fits on its disk.
    #[error("the disk of the database is full")]
    DiskFull,
    /// Its disk refuses to write or read.
    #[error("the disk of the database cannot be written or read")]
    DiskFails,
    /// It may be read only.
    #[error("the database is read-only")]
    ReadOnly,
    /// Another program has it for itself.
    #[error("another program has locked the database")]
    Locked,
    /// Its file is not at its place any more, and what it holds is not safe yet.
    #[error("the file of the database was moved or deleted")]
    Moved,
    /// What is at its place is not a database of this program, or damaged.
    #[error("the file of the database cannot be used")]
    Unusable,
    /// It takes too long.
    #[error("the database does not answer in time")]
    Slow,
    /// Nobody writes into it any more.
    #[error("the writer of the database has stopped: the service must be started again")]
    Stopped,
}

/// An obstacle, and what told of it.
#[derive(Debug, Error)]
#[error("{obstacle}")]
struct Blocked {
    obstacle: Obstacle,
    source: Box<dyn StdError + Send + Sync>,
}

/// Returns an error with all that caused it, outermost first.
pub(crate) fn chain(error: &dyn StdError) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

/// A place in an entity's predictions, newest first: the one after which a page begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    /// When the prediction was made.
    pub created_at: Timestamp,
    /// Which of those made in that millisecond.
    pub hash: ContentHash,
}

impl Cursor {
    /// Points behind this prediction.
    pub fn after(prediction: &Prediction) -> Self {
        Self { created_at: prediction.created_at, hash: prediction.id.hash() }
    }

    fn checksum(text: &str) -> String {
        hex::encode(&Sha256::digest(text)[..4])
    }
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = format!("{:016x}{}", self.created_at.as_millisecond(), self.hash);
        write!(f, "{text}{}", Self::checksum(&text))
    }
}

/// A text that no page ended with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a cursor that this service gave out")]
pub struct InvalidCursor;

impl FromStr for Cursor {
    type Err = InvalidCursor;

    fn from_str(text: &str) -> Result<Self, InvalidCursor> {
        const TIME_DIGITS: usize = 16;
        let checked = text.len().checked_sub(8).and_then(|at| text.split_at_checked(at));
        let (payload, checksum) = checked.ok_or(InvalidCursor)?;
        if Self::checksum(payload) != checksum {
            return Err(InvalidCursor);
        }
        let (time, hash) = payload.split_at_checked(TIME_DIGITS).ok_or(InvalidCursor)?;
        let millisecond = i64::from_str_radix(time, 16).map_err(|_| InvalidCursor)?;
        Ok(Self {
            created_at: Timestamp::from_millisecond(millisecond).map_err(|_| InvalidCursor)?,
            hash: hash.parse().map_err(|_| InvalidCursor)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_cursor_is_read_back() {
        let cursor = Cursor {
            created_at: "2026-11-23T10:15:04.211Z".parse().unwrap(),
            hash: "0123456789abcdef0123456789abcdef".parse().unwrap(),
        };
        assert_eq!(cursor.to_string().parse(), Ok(cursor));
    }

    #[test]
    fn an_obstacle_is_known_however_deep_it_stands() {
        let full = Arc::new(StoreError::blocked(Obstacle::DiskFull, "no space left"));
        assert_eq!(StoreError::Unavailable(full.into()).obstacle(), Some(Obstacle::DiskFull));
        assert_eq!(StoreError::Unavailable("no route to host".into()).obstacle(), None);
    }

    #[test]
    fn a_sample_holds_its_share() {
        let ids: Vec<PredictionId> = (0..2000_u32)
            .map(|number| hex::encode(&Sha256::digest(number.to_be_bytes())[..16]).parse().unwrap())
            .collect();
        let share = |rate: &str| {
            let rate: SampleRate = rate.parse().unwrap();
            ids.iter().filter(|id| rate.holds(id)).count()
        };
        assert_eq!((share("0"), share("1")), (0, 2000));
        assert!((400..600).contains(&share("0.25")), "{}", share("0.25"));
        assert_eq!("1.0".parse(), Ok(SampleRate::ALL));
        for bad in ["-0.1", "1.1", "nan", "", "half"] {
            assert_eq!(bad.parse::<SampleRate>(), Err(InvalidSampleRate), "{bad}");
        }
    }

    proptest! {
        #[test]
        fn a_forged_cursor_is_refused(text in "[0-9a-f]{0,64}") {
            prop_assert_eq!(text.parse::<Cursor>(), Err(InvalidCursor));
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in ".{0,80}") {
            let _ = text.parse::<Cursor>();
        }
    }
}
