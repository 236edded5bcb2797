//! The way of a prediction: record, features, graph, store. Knows no HTTP, no cloud, no monitoring and no counting.
//!
//! - [`live`]: a service whose history changes while it serves.
//! - `look`: how it looks for a newer snapshot of it.

pub mod live;
mod look;

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::stream::BoxStream;
use jiff::{SignedDuration, Timestamp};
use thiserror::Error;
use tokio::task::spawn_blocking;
use tracing::warn;

use crate::clock::{self, Clock};
use crate::identity::{Entity, Naming, PredictionId};
use crate::outcome::{NewOutcome, Subject};
use crate::package::explanation::{ExplainError, Explanation, explain};
use crate::package::{self, InferenceError, LoadError, Package};
use crate::prediction::{Answer, Outcome, Prediction, Shadow, scalar, to_milliseconds};
use crate::store::{Cursor, PredictionStore, Put, Recording, StoreError, ToldOutcome, Window};
use crate::table::descriptor::Scalar;
use crate::table::{Record, Schema};
pub use live::{LiveService, RefusedSnapshot, ServingSnapshot};

/// Predicts, and stores what it predicted. A router clones it several times a request.
#[derive(Clone)]
pub struct PredictionService(Arc<Parts>);

#[derive(Clone)]
struct Parts {
    package: Arc<Package>,
    naming: Naming,
    store: Arc<dyn PredictionStore>,
    clock: Clock,
    shadow: Option<Arc<Package>>,
    source: SnapshotSource,
}

/// Where the snapshot comes from by which a service answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotSource {
    /// The package: it is the one that the package came with.
    Package,
    /// The store, where it was published.
    Store,
}

/// What came of records that were predicted and stored, and how long that took.
#[derive(Debug)]
pub struct Predicted {
    /// What came of each, in the order of the records.
    pub puts: Vec<Put>,
    /// How long features and graph took.
    pub inference: Duration,
    /// How long the store took.
    pub storing: Duration,
    /// How old the snapshot was that was looked up, where the history changes.
    pub snapshot_age: Option<SignedDuration>,
}

/// What came of an outcome that was told of a prediction.
#[derive(Debug)]
pub struct Recorded {
    /// Which prediction was meant.
    pub id: PredictionId,
    /// What came of it.
    pub recording: Recording,
}

/// Why a prediction could not be answered.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// The store did not take or find it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The graph gave no answer.
    #[error(transparent)]
    Inference(#[from] InferenceError),
    /// The answers cannot be explained.
    #[error(transparent)]
    Explain(#[from] ExplainError),
}

impl PredictionService {
    /// Joins a package and a store; predictions are dated by the system's clock.
    pub fn new(package: Arc<Package>, store: Arc<dyn PredictionStore>) -> Self {
        let naming = naming(&package);
        let (clock, source) = (clock::of_system(), SnapshotSource::Package);
        Self(Arc::new(Parts { package, naming, store, clock, shadow: None, source }))
    }

    /// Dates predictions by another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        Arc::make_mut(&mut self.0).clock = clock;
        self
    }

    /// Lets a second package say what it thinks of each record that is stored; nobody is answered by it.
    #[must_use]
    pub fn with_shadow(mut self, package: Option<Arc<Package>>) -> Self {
        Arc::make_mut(&mut self.0).shadow = package;
        self
    }

    /// Returns the same service by another snapshot of the package's history, read from its text. A package in the shadow goes along
    /// where its recipe is the same, and keeps its own snapshot otherwise.
    pub fn with_snapshot(&self, text: &[u8]) -> Result<Self, LoadError> {
        let Parts { package, shadow, .. } = &*self.0;
        let recipe = |package: &Package| package.living_recipe().map(|recipe| recipe.hash().to_owned());
        let shadow =
            match shadow.as_ref().filter(|shadow| recipe(shadow).is_some() && recipe(shadow) == recipe(package)) {
                Some(shadow) => Some(Arc::new(shadow.with_snapshot(text)?)),
                None => shadow.clone(),
            };
        let package = Arc::new(package.with_snapshot(text)?);
        let (naming, source) = (naming(&package), SnapshotSource::Store);
        let (store, clock) = (Arc::clone(&self.0.store), Arc::clone(&self.0.clock));
        Ok(Self(Arc::new(Parts { package, naming, store, clock, shadow, source })))
    }

    /// Returns the package that predicts.
    pub fn package(&self) -> &Arc<Package> {
        &self.0.package
    }

    /// Predicts each record and stores each prediction that is new.
    ///
    /// Inference is pure, so it comes first: the store then decides by a single conditional write who was first.
    pub async fn predict(&self, records: &[Record]) -> Result<Predicted, ServiceError> {
        let created_at = to_milliseconds((self.0.clock)());
        let started = Instant::now();
        let mut predictions = predict_named(&self.0.package, &self.0.naming, records, created_at)?;
        let inference = started.elapsed();
        if let Some(shadow) = &self.0.shadow {
            cast(shadow, records, &mut predictions);
        }
        let asked = Instant::now();
        let puts = self.0.store.put(predictions).await?;
        let snapshot_age = self.snapshot_age(created_at);
        Ok(Predicted { puts, inference, storing: asked.elapsed(), snapshot_age })
    }

    /// Predicts each record without storing anything, and without looking whether something is stored.
    pub fn preview(&self, records: &[Record]) -> Result<Vec<Prediction>, ServiceError> {
        Ok(predict_named(&self.0.package, &self.0.naming, records, to_milliseconds((self.0.clock)()))?)
    }

    /// Explains what the package says of each record, in order, on a thread of its own: it asks the graph many times a record.
    pub async fn explain(&self, records: Vec<Record>) -> Result<Vec<Explanation>, ServiceError> {
        let package = Arc::clone(&self.0.package);
        Ok(aside(move || explain(&package, &records)).await?)
    }

    /// Returns a stored prediction.
    pub async fn prediction(&self, id: &PredictionId) -> Result<Option<Prediction>, ServiceError> {
        Ok(self.0.store.get(id).await?)
    }

    /// Returns the names of the features of a stored prediction, in order; nothing where nobody knows them.
    pub async fn feature_names(&self, version: &str) -> Result<Option<Arc<[Box<str>]>>, ServiceError> {
        if **self.0.package.version() == *version {
            return Ok(Some(self.0.package.feature_names().into()));
        }
        Ok(self.0.store.feature_names(version).await?)
    }

    /// Records what really happened, and returns what came of each, in order; nothing where there is no such prediction.
    pub async fn record_outcomes(&self, told: Vec<NewOutcome>) -> Result<Vec<Option<Recorded>>, ServiceError> {
        let known_at = to_milliseconds((self.0.clock)());
        let ids = self.meant(&told).await?;
        let told = ids.iter().zip(told).filter_map(|(id, NewOutcome { label, corrects, .. })| {
            Some(ToldOutcome { id: id.clone()?, outcome: Outcome { label, known_at }, corrects })
        });
        let told: Vec<ToldOutcome> = told.collect();
        // Where nothing is to be recorded, nobody need write.
        let recordings = if told.is_empty() { Vec::new() } else { self.0.store.record_outcomes(told).await? };
        let mut recordings = recordings.into_iter();
        let recorded = ids.into_iter().map(|id| {
            let id = id?;
            recordings.next().flatten().map(|recording| Recorded { id, recording })
        });
        Ok(recorded.collect())
    }

    /// Returns the ids of the predictions that are meant.
    async fn meant(&self, told: &[NewOutcome]) -> Result<Vec<Option<PredictionId>>, StoreError> {
        let entities = told.iter().filter_map(|told| match &told.subject {
            Subject::LatestOf(entity) => Some(entity.clone()),
            Subject::Prediction(_) => None,
        });
        let entities: Vec<Entity> = entities.collect();
        let latest = if entities.is_empty() { Vec::new() } else { self.0.store.histories(entities, 1).await? };
        let mut latest = latest.into_iter();
        let id = |told: &NewOutcome| match &told.subject {
            Subject::Prediction(id) => Some(id.clone()),
            Subject::LatestOf(_) => latest.next()?.into_iter().next().map(|prediction| prediction.id),
        };
        Ok(told.iter().map(id).collect())
    }

    /// Returns up to `limit` stored predictions of an entity, newest first.
    pub async fn history(
        &self,
        entity: &Entity,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<Prediction>, ServiceError> {
        Ok(self.0.store.history(entity, after, limit).await?)
    }

    /// Streams the predictions of a window of time, page by page.
    pub fn window(&self, window: Window) -> BoxStream<'_, Result<Vec<Prediction>, StoreError>> {
        self.0.store.window(window)
    }

    /// Returns how many predictions of the days of a window were deleted, of those that the sample held.
    pub async fn deleted(&self, window: Window) -> Result<u64, ServiceError> {
        Ok(self.0.store.deleted(window).await?)
    }

    /// Keeps the text of a report on a window where [`Self::latest_report`] finds it, in place of one on a window of the same end.
    pub async fn keep_report(&self, window: Window, report: String) -> Result<(), ServiceError> {
        Ok(self.0.store.keep_report(window.to, report).await?)
    }

    /// Returns the kept report whose window ended last.
    pub async fn latest_report(&self) -> Result<Option<String>, ServiceError> {
        Ok(self.0.store.latest_report().await?)
    }

    /// Tells the time by the clock that dates predictions.
    pub fn now(&self) -> Timestamp {
        (self.0.clock)()
    }

    /// Returns how old the snapshot is that is looked up, where the history changes.
    pub fn snapshot_age(&self, now: Timestamp) -> Option<SignedDuration> {
        self.0.package.as_of().map(|as_of| now.duration_since(as_of))
    }

    /// Tells whether predictions can be stored now.
    pub async fn ready(&self) -> Result<(), ServiceError> {
        Ok(self.0.store.ready().await?)
    }
}

/// Computes on a thread that serves nobody.
pub async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    spawn_blocking(work).await.unwrap_or_else(|error| resume_unwind(error.into_panic()))
}

/// Computes what the model says of each record, in order.
pub fn answers(package: &Package, records: &[Record]) -> Result<Vec<Answer>, InferenceError> {
    let answers = package.answers_alone(records)?.into_iter();
    Ok(answers.map(|one| answer(package.schema(), one)).collect())
}

/// Computes predictions without storing them.
pub fn predict(
    package: &Package,
    records: &[Record],
    created_at: Timestamp,
) -> Result<Vec<Prediction>, InferenceError> {
    predict_named(package, &naming(package), records, created_at)
}

fn naming(package: &Package) -> Naming {
    Naming::new(Arc::clone(package.version()), package.snapshot().cloned())
}

fn predict_named(
    package: &Package,
    naming: &Naming,
    records: &[Record],
    created_at: Timestamp,
) -> Result<Vec<Prediction>, InferenceError> {
    let schema = package.schema();
    let answers = package.answers(records)?;
    let made = records.iter().zip(answers).map(|(record, answered)| Prediction {
        id: naming.name(schema, record),
        record: record.text(schema).into(),
        features: answered.features,
        answer: answer(schema, answered.answer),
        model_version: Arc::clone(naming.version()),
        snapshot: naming.snapshot().cloned(),
        created_at,
        outcomes: Vec::new(),
        shadow: None,
    });
    Ok(made.collect())
}

/// Says what a graph answered by the values of the label.
pub fn answer(schema: &Schema, answer: package::Answer) -> Answer {
    let classes = schema.classes().unwrap_or_default();
    let class = |place: usize| scalar(schema, &classes[place]);
    match answer {
        package::Answer::Binary { label, probability } => {
            Answer { label: class(label), probability: Some(probability), probabilities: None }
        }
        package::Answer::Multiclass { label, probabilities } => {
            let probabilities = probabilities.iter().enumerate().map(|(place, value)| (class(place), *value)).collect();
            Answer { label: class(label), probability: None, probabilities: Some(probabilities) }
        }
        package::Answer::Regression { value } => {
            Answer { label: Scalar::Number(value), probability: None, probabilities: None }
        }
    }
}

/// Adds to each prediction what another package says of its record. Where that package fails, the predictions stay as they are.
fn cast(shadow: &Package, records: &[Record], predictions: &mut [Prediction]) {
    match shadow.answers(records) {
        Ok(answers) => {
            for (prediction, answered) in predictions.iter_mut().zip(answers) {
                let answer = answer(shadow.schema(), answered.answer);
                prediction.shadow = Some(Shadow { model_version: Arc::clone(shadow.version()), answer });
            }
        }
        Err(error) => warn!(%error, model_version = %shadow.version(), "the shadow model failed"),
    }
}

impl fmt::Debug for PredictionService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PredictionService")
            .field("package", &self.0.package)
            .field("store", &self.0.store)
            .finish_non_exhaustive()
    }
}
