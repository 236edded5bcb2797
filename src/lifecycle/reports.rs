//! Makes, keeps and finds reports of what is stored.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::TryStreamExt;
use thiserror::Error;
use tokio::sync::Semaphore;

use super::monitor::{Monitor, NoBaseline};
use super::report::Report;
use crate::prediction::Prediction;
use crate::service::{LiveService, PredictionService, ServiceError, aside};
use crate::store::{StoreError, Window};

/// So many reports are made at a time: each keeps a processor busy, and requests need one too. Others wait.
const REPORTS_AT_A_TIME: usize = 1;

/// The names of the features of each version, where they are known.
type Names = HashMap<Arc<str>, Option<Arc<[Box<str>]>>>;

/// Makes reports of what a service has stored.
#[derive(Debug, Clone)]
pub struct Reports {
    service: LiveService,
    /// A permit for each report that may be made now.
    turns: Arc<Semaphore>,
}

/// Why there is no report.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The store did not take or give it.
    #[error(transparent)]
    Service(#[from] ServiceError),
    /// The package does not tell what to compare with.
    #[error(transparent)]
    NoBaseline(#[from] NoBaseline),
}

impl From<StoreError> for ReportError {
    fn from(error: StoreError) -> Self {
        Self::Service(error.into())
    }
}

impl Reports {
    /// Makes reports of what a service has stored.
    pub fn new(service: impl Into<LiveService>) -> Self {
        Self { service: service.into(), turns: Arc::new(Semaphore::new(REPORTS_AT_A_TIME)) }
    }

    /// Compares the predictions of a window with what the package was trained on, in constant memory and beside the threads that serve.
    ///
    /// A caller that gives up ends the work with the page that is under way.
    pub async fn report(&self, window: Window) -> Result<Report, ReportError> {
        // Nobody closes it.
        let _turn = self.turns.acquire().await;
        let service = self.service.pinned();
        let package = Arc::clone(service.package());
        let mut monitor = aside(move || Monitor::new(package, window)).await?;
        let mut names = Names::new();
        let mut pages = service.window(window);
        while let Some(page) = pages.try_next().await? {
            learn_names(&service, &page, &mut names).await?;
            (monitor, names) = aside(move || {
                for prediction in &page {
                    let names = names.get(&prediction.model_version).and_then(Option::as_deref);
                    monitor.observe(prediction, names);
                }
                (monitor, names)
            })
            .await;
        }
        let deleted = service.deleted(window).await?;
        Ok(Report { deleted, ..aside(move || monitor.report()).await })
    }

    /// Keeps a report on a window where [`Self::latest`] finds it, in place of one on a window of the same end.
    pub async fn keep(&self, window: Window, report: &Report) -> Result<(), ReportError> {
        // A report is made of texts, numbers and lists.
        let text = serde_json::to_string(report).unwrap_or_default();
        Ok(self.service.pinned().keep_report(window, text).await?)
    }

    /// Returns the kept report whose window ended last; one that an earlier program kept in another form is none.
    pub async fn latest(&self) -> Result<Option<Report>, ReportError> {
        let text = self.service.pinned().latest_report().await?;
        Ok(text.and_then(|text| serde_json::from_str(&text).ok()))
    }
}

/// Looks up the names of the features of versions that were not met before.
async fn learn_names(service: &PredictionService, page: &[Prediction], names: &mut Names) -> Result<(), ServiceError> {
    for version in page.iter().map(|prediction| &prediction.model_version) {
        if !names.contains_key(version) {
            let found = service.feature_names(version).await?;
            names.insert(Arc::clone(version), found);
        }
    }
    Ok(())
}
