//! The way of a prediction: passenger, features, model, store. Knows no HTTP and no cloud.

use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::time::Instant;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use thiserror::Error;
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;
use tracing::warn;

use crate::explanation::{Explanation, explain};
use crate::features::Features;
use crate::metrics::Measurement;
use crate::model::{InferenceError, Model};
use crate::monitor::report::Report;
use crate::monitor::{Monitor, NoBaseline};
use crate::passenger::Passenger;
use crate::prediction::{Outcome, Prediction, PredictionId, Shadow, to_milliseconds};
use crate::store::{Cursor, PredictionStore, Put, Recording, StoreError, Window};

/// So many reports are made at a time: each keeps a processor busy, and requests need one too. Others wait.
const REPORTS_AT_A_TIME: usize = 1;

/// Tells the time; a test sets its own.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// Predicts, and stores what it predicted.
#[derive(Clone)]
pub struct PredictionService {
    model: Arc<Model>,
    store: Arc<dyn PredictionStore>,
    clock: Clock,
    shadow: Option<Arc<Model>>,
    /// A permit for each report that may be made now.
    reports: Arc<Semaphore>,
}

/// Why a prediction could not be answered.
#[derive(Debug, Error)]
pub enum ServiceError {
    /// The store did not take or find it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The model did not give a probability.
    #[error(transparent)]
    Inference(#[from] InferenceError),
    /// A kept report is none that this program writes.
    #[error("the kept report cannot be read")]
    UnreadableReport(#[from] serde_json::Error),
    /// The model's package does not tell what to compare with.
    #[error(transparent)]
    NoBaseline(#[from] NoBaseline),
}

impl PredictionService {
    /// Joins a model and a store; predictions are dated by the system's clock.
    pub fn new(model: Arc<Model>, store: Arc<dyn PredictionStore>) -> Self {
        Self {
            model,
            store,
            clock: Arc::new(Timestamp::now),
            shadow: None,
            reports: Arc::new(Semaphore::new(REPORTS_AT_A_TIME)),
        }
    }

    /// Dates predictions by another clock.
    #[must_use]
    pub fn with_clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Lets a second model say what it thinks of each passenger that is stored; nobody is answered by it.
    #[must_use]
    pub fn with_shadow(mut self, model: Option<Arc<Model>>) -> Self {
        self.shadow = model;
        self
    }

    /// Returns the model that predicts.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// Predicts each passenger and stores each prediction that is new; returns what came of each, in the order of the passengers, and
    /// what that took.
    ///
    /// Inference is pure, so it comes first: the store then decides by a single conditional write who was first.
    pub async fn predict(&self, passengers: Vec<Passenger>) -> Result<(Vec<Put>, Measurement), ServiceError> {
        let created_at = to_milliseconds((self.clock)());
        let started = Instant::now();
        let mut predictions = predict(&self.model, passengers, created_at)?;
        let model = started.elapsed();
        if let Some(shadow) = &self.shadow {
            cast(shadow, &mut predictions);
        }
        let asked = Instant::now();
        let puts = self.store.put(predictions).await?;
        let measurement = Measurement::of(&puts, model, asked.elapsed());
        Ok((puts, measurement))
    }

    /// Predicts each passenger without storing anything, and without looking whether something is stored.
    pub fn preview(&self, passengers: Vec<Passenger>) -> Result<Vec<Prediction>, ServiceError> {
        Ok(predict(&self.model, passengers, to_milliseconds((self.clock)()))?)
    }

    /// Explains what the model says of each row of features, in order, on a thread of its own: it asks the model 512 times a row.
    pub async fn explain(&self, rows: Vec<Features>) -> Result<Vec<Explanation>, ServiceError> {
        let model = Arc::clone(&self.model);
        Ok(aside(move || rows.iter().map(|row| explain(&model, row)).collect::<Result<_, _>>()).await?)
    }

    /// Returns a stored prediction.
    pub async fn prediction(&self, id: PredictionId) -> Result<Option<Prediction>, ServiceError> {
        Ok(self.store.get(id).await?)
    }

    /// Records what really happened to the passenger of a prediction; returns nothing where there is no such prediction.
    pub async fn record_outcome(&self, id: PredictionId, survived: bool) -> Result<Option<Recording>, ServiceError> {
        let outcome = Outcome { survived, recorded_at: to_milliseconds((self.clock)()) };
        Ok(self.store.record_outcome(id, outcome).await?)
    }

    /// Returns up to `limit` stored predictions of a passenger, newest first.
    pub async fn history(
        &self,
        passenger_id: u64,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<Prediction>, ServiceError> {
        Ok(self.store.history(passenger_id, after, limit).await?)
    }

    /// Keeps a report on a window where [`Self::latest_report`] finds it, in place of one on a window of the same end.
    pub async fn keep_report(&self, window: Window, report: &Report) -> Result<(), ServiceError> {
        Ok(self.store.keep_report(window.to, serde_json::to_string(report)?).await?)
    }

    /// Returns the kept report whose window ended last.
    pub async fn latest_report(&self) -> Result<Option<Report>, ServiceError> {
        let report = self.store.latest_report().await?;
        Ok(report.map(|report| serde_json::from_str(&report)).transpose()?)
    }

    /// Compares the predictions of a window with what the model was trained on, in constant memory and beside the threads that serve.
    ///
    /// A caller that gives up ends the work with the page that is under way.
    pub async fn monitor(&self, window: Window) -> Result<Report, ServiceError> {
        // Nobody closes it.
        let _permit = self.reports.acquire().await;
        let model = Arc::clone(&self.model);
        let mut monitor = aside(move || Monitor::new(&model, window)).await?;
        let mut pages = self.store.observations(window);
        while let Some(page) = pages.try_next().await? {
            monitor = aside(move || {
                for observation in page {
                    monitor.observe(observation);
                }
                monitor
            })
            .await;
        }
        Ok(aside(move || monitor.report()).await)
    }

    /// Tells the time by the clock that dates predictions.
    pub fn now(&self) -> Timestamp {
        (self.clock)()
    }

    /// Tells whether predictions can be stored now.
    pub async fn ready(&self) -> Result<(), ServiceError> {
        Ok(self.store.ready().await?)
    }
}

/// Computes on a thread that serves nobody.
async fn aside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    spawn_blocking(work).await.unwrap_or_else(|error| resume_unwind(error.into_panic()))
}

/// Computes predictions without storing them.
pub fn predict(
    model: &Model,
    passengers: Vec<Passenger>,
    created_at: Timestamp,
) -> Result<Vec<Prediction>, InferenceError> {
    let rows: Vec<_> = passengers.iter().map(|passenger| model.features(passenger)).collect();
    let probabilities = model.probabilities(&rows)?;
    let predictions = passengers.into_iter().zip(rows).zip(probabilities);
    Ok(predictions
        .map(|((passenger, features), probability)| Prediction {
            id: PredictionId::new(&passenger, model.version()),
            passenger,
            features,
            probability,
            survived: model.survives(probability),
            model_version: Arc::clone(model.version()),
            created_at,
            outcome: None,
            shadow: None,
        })
        .collect())
}

/// Adds to each prediction what another model says of its passenger. Where that model fails, the predictions stay as they are.
fn cast(shadow: &Model, predictions: &mut [Prediction]) {
    let rows: Vec<_> = predictions.iter().map(|prediction| shadow.features(&prediction.passenger)).collect();
    match shadow.probabilities(&rows) {
        Ok(probabilities) => {
            for (prediction, probability) in predictions.iter_mut().zip(probabilities) {
                prediction.shadow = Some(Shadow { model_version: Arc::clone(shadow.version()), probability });
            }
        }
        Err(error) => warn!(%error, model_version = %shadow.version(), "the shadow model failed"),
    }
}

impl fmt::Debug for PredictionService {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PredictionService")
            .field("model", &self.model)
            .field("store", &self.store)
            .finish_non_exhaustive()
    }
}
