//! The real router in process, on a store of its own and with a clock that a test sets.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request, StatusCode, header};
use bytes::Bytes;
use http_body_util::BodyExt;
use jiff::Timestamp;
use lifeboat::api::{self, ApiConfig};
use lifeboat::metrics::Metrics;
use lifeboat::package::{self, Package};
use lifeboat::service::{LiveService, PredictionService};
use lifeboat::start;
use lifeboat::store::PredictionStore;
use lifeboat::store::sqlite::{SqliteConfig, SqliteStore, Synchronous};
use rusqlite::Connection;
use serde_json::Value;
use tempfile::TempDir;
use tower::ServiceExt;

static PACKAGE: LazyLock<Arc<Package>> = LazyLock::new(|| Arc::new(package::open(None).unwrap()));

/// Longer than any request takes.
const PATIENT: Duration = Duration::from_mins(1);

/// The package that the router serves, unless it is told another one.
pub(crate) fn package() -> &'static Package {
    &PACKAGE
}

fn counted(package: &Package) -> Metrics {
    Metrics::Prometheus(Box::new(start::counts(package)))
}

/// The service behind its router.
pub(crate) struct App {
    router: Router,
    milliseconds: Arc<AtomicI64>,
    database: PathBuf,
    service: LiveService,
    store: Arc<dyn PredictionStore>,
    _folder: TempDir,
}

impl App {
    /// Serves on an empty database.
    pub(crate) fn new() -> Self {
        Self::with_store(PATIENT, |store| store)
    }

    /// Serves those who show one of these keys.
    pub(crate) fn with_keys(keys: &str) -> Self {
        let keys = Some(keys.parse().unwrap());
        Self::with(&ApiConfig { request_timeout: PATIENT, keys, ..ApiConfig::default() })
    }

    /// Serves as an operator would have it.
    pub(crate) fn with(config: &ApiConfig) -> Self {
        Self::build(&PACKAGE, config, Some(counted(&PACKAGE)), |store| store)
    }

    /// Serves another package.
    pub(crate) fn serving(package: Package) -> Self {
        Self::serving_on(package, |store| store)
    }

    /// Serves on a store that wraps an empty database; requests may take as long as `timeout`.
    pub(crate) fn with_store(
        timeout: Duration,
        wrap: impl FnOnce(Arc<dyn PredictionStore>) -> Arc<dyn PredictionStore>,
    ) -> Self {
        Self::with_store_and(&ApiConfig { request_timeout: timeout, ..ApiConfig::default() }, wrap)
    }

    /// Serves on a store that wraps an empty database, as an operator would have it.
    pub(crate) fn with_store_and(
        config: &ApiConfig,
        wrap: impl FnOnce(Arc<dyn PredictionStore>) -> Arc<dyn PredictionStore>,
    ) -> Self {
        Self::build(&PACKAGE, config, Some(counted(&PACKAGE)), wrap)
    }

    /// Serves as a function of Lambda does, which has no counts to show.
    pub(crate) fn without_metrics() -> Self {
        Self::build(&PACKAGE, &ApiConfig::default(), None, |store| store)
    }

    fn build(
        package: &Arc<Package>,
        config: &ApiConfig,
        metrics: Option<Metrics>,
        wrap: impl FnOnce(Arc<dyn PredictionStore>) -> Arc<dyn PredictionStore>,
    ) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let database = folder.path().join("predictions.db");
        let sqlite = SqliteConfig { synchronous: Synchronous::Normal, ..SqliteConfig::new(database.clone()) };
        let store: Arc<dyn PredictionStore> = Arc::new(SqliteStore::open(sqlite, start::owner(package)).unwrap());
        let milliseconds = Arc::new(AtomicI64::new(0));
        let now = Arc::clone(&milliseconds);
        let clock = Arc::new(move || Timestamp::from_millisecond(now.load(Ordering::SeqCst)).unwrap());
        let service = PredictionService::new(Arc::clone(package), wrap(Arc::clone(&store))).with_clock(clock);
        let service = LiveService::new(service, Duration::ZERO);
        let router = api::router(service.clone(), config, metrics);
        let app = Self { router, milliseconds, database, service, store, _folder: folder };
        app.set_time("2026-11-23T10:15:04.211Z");
        app
    }

    /// Serves another package on a store that wraps an empty database.
    pub(crate) fn serving_on(
        package: Package,
        wrap: impl FnOnce(Arc<dyn PredictionStore>) -> Arc<dyn PredictionStore>,
    ) -> Self {
        let config = ApiConfig { request_timeout: PATIENT, ..ApiConfig::default() };
        let metrics = counted(&package);
        Self::build(&Arc::new(package), &config, Some(metrics), wrap)
    }

    /// Returns the service, which takes up newer snapshots when it is told to look.
    pub(crate) fn service(&self) -> &LiveService {
        &self.service
    }

    /// Returns the database, whatever wraps it.
    pub(crate) fn store(&self) -> &dyn PredictionStore {
        &*self.store
    }

    /// Sets what the clock tells from now on.
    pub(crate) fn set_time(&self, time: &str) {
        let time: Timestamp = time.parse().unwrap();
        self.milliseconds.store(time.as_millisecond(), Ordering::SeqCst);
    }

    /// Posts JSON to `/predict`.
    pub(crate) async fn predict(&self, body: impl Into<Body>) -> Answer {
        let request = Request::post("/predict").header(header::CONTENT_TYPE, "application/json");
        self.send(request.body(body.into()).unwrap()).await
    }

    /// Posts a JSON value to `/predict`.
    pub(crate) async fn predict_value(&self, body: &Value) -> Answer {
        self.predict(body.to_string()).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(Request::get(path).body(Body::empty()).unwrap()).await
    }

    pub(crate) async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes();
        Answer { status: parts.status, headers: parts.headers, body }
    }

    /// Counts the predictions in the database.
    pub(crate) fn stored(&self) -> u32 {
        stored(&self.database)
    }

    /// Runs SQL as another program would.
    pub(crate) fn sql(&self, sql: &str) {
        Connection::open(&self.database).unwrap().execute_batch(sql).unwrap();
    }
}

/// Counts the predictions in a database.
pub(crate) fn stored(database: &Path) -> u32 {
    let connection = Connection::open(database).unwrap();
    connection.query_row("SELECT count(*) FROM predictions", [], |row| row.get(0)).unwrap()
}

/// Names the columns that the database keeps of a prediction.
pub(crate) fn stored_columns(app: &App) -> Vec<String> {
    let connection = Connection::open(&app.database).unwrap();
    let statement = connection.prepare("SELECT * FROM predictions").unwrap();
    statement.column_names().map(str::to_owned).collect()
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("not JSON: {self:?}"))
    }

    /// Returns a header's text; empty where there is none.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Checks that this is a problem of this status that says nothing of what is inside, and returns it.
    pub(crate) fn problem(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["status"], status);
        assert!(problem["type"].as_str().unwrap().starts_with("urn:lifeboat:problem:"), "{problem}");
        for field in ["title", "detail"] {
            assert!(!problem[field].as_str().unwrap().is_empty(), "{problem}");
        }
        let text = problem.to_string().to_lowercase();
        for inside in ["rusqlite", "sqlite", "serde", "tract", "tokio", "axum", "hyper", "panicked", ".rs:", "/tmp"] {
            assert!(!text.contains(inside), "{inside} in {text}");
        }
        assert_eq!(self.headers.contains_key("retry-after"), status == 503);
        problem
    }
}
