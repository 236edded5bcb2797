//! A store that fails, hangs or panics, and what clients are told then.

use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use async_trait::async_trait;
use axum::http::{Request, header};
use futures_util::stream::{self, BoxStream, StreamExt, TryStreamExt};
use jiff::Timestamp;
use jiff::civil::Date;
use lifeboat::api::ApiConfig;
use lifeboat::identity::{Entity, PredictionId};
use lifeboat::package::Package;
use lifeboat::prediction::Prediction;
use lifeboat::store::{
    Cursor, Days, Forgotten, KnownOutcome, PredictionStore, PublishedSnapshot, Put, Recording, StoreError, ToldOutcome,
    Window,
};
use serde_json::{Value, json};

use crate::app::{Answer, App};
use crate::passengers::numbered;
use crate::trams::{Trams, tram};

/// What a store does when it is asked for anything.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Mood {
    Works,
    IsUnavailable,
    IsUnreadable,
    Hangs,
    Panics,
}

/// A store that works as the one within does, unless it is in another mood.
#[derive(Debug)]
struct Unreliable {
    store: Arc<dyn PredictionStore>,
    mood: Arc<Mutex<Mood>>,
}

impl Unreliable {
    async fn suffer(&self) -> Result<(), StoreError> {
        let mood = *self.mood.lock().unwrap();
        match mood {
            Mood::Works => Ok(()),
            Mood::IsUnavailable => Err(StoreError::Unavailable("rusqlite: disk /tmp/secret is full".into())),
            Mood::IsUnreadable => Err(StoreError::Unreadable("rusqlite: column 3 of /tmp/secret".into())),
            Mood::Hangs => std::future::pending().await,
            Mood::Panics => panic!("index out of bounds in sqlite.rs"),
        }
    }
}

#[async_trait]
impl PredictionStore for Unreliable {
    async fn put(&self, predictions: Vec<Prediction>) -> Result<Vec<Put>, StoreError> {
        self.suffer().await?;
        self.store.put(predictions).await
    }

    async fn get(&self, id: &PredictionId) -> Result<Option<Prediction>, StoreError> {
        self.suffer().await?;
        self.store.get(id).await
    }

    async fn history(
        &self,
        entity: &Entity,
        after: Option<Cursor>,
        limit: usize,
    ) -> Result<Vec<Prediction>, StoreError> {
        self.suffer().await?;
        self.store.history(entity, after, limit).await
    }

    async fn feature_names(&self, version: &str) -> Result<Option<Arc<[Box<str>]>>, StoreError> {
        self.suffer().await?;
        self.store.feature_names(version).await
    }

    async fn forget(&self, entity: &Entity) -> Result<Forgotten, StoreError> {
        self.suffer().await?;
        self.store.forget(entity).await
    }

    async fn deleted(&self, window: Window) -> Result<u64, StoreError> {
        self.suffer().await?;
        self.store.deleted(window).await
    }

    async fn keep_report(&self, window_end: Timestamp, report: String) -> Result<(), StoreError> {
        self.suffer().await?;
        self.store.keep_report(window_end, report).await
    }

    async fn latest_report(&self) -> Result<Option<String>, StoreError> {
        self.suffer().await?;
        self.store.latest_report().await
    }

    async fn record_outcomes(&self, told: Vec<ToldOutcome>) -> Result<Vec<Option<Recording>>, StoreError> {
        self.suffer().await?;
        self.store.record_outcomes(told).await
    }

    fn known(&self, days: Days) -> BoxStream<'_, Result<Vec<KnownOutcome>, StoreError>> {
        let suffered = stream::once(self.suffer()).try_filter_map(|()| async { Ok(None) });
        suffered.chain(self.store.known(days)).boxed()
    }

    fn window(&self, window: Window) -> BoxStream<'_, Result<Vec<Prediction>, StoreError>> {
        let suffered = stream::once(self.suffer()).try_filter_map(|()| async { Ok(None) });
        suffered.chain(self.store.window(window)).boxed()
    }

    async fn publish(
        &self,
        recipe: &str,
        snapshot: PublishedSnapshot,
        text: Vec<u8>,
    ) -> Result<PublishedSnapshot, StoreError> {
        self.suffer().await?;
        self.store.publish(recipe, snapshot, text).await
    }

    async fn newest_snapshot(&self, recipe: &str) -> Result<Option<PublishedSnapshot>, StoreError> {
        self.suffer().await?;
        self.store.newest_snapshot(recipe).await
    }

    async fn snapshot_before(&self, recipe: &str, moment: Timestamp) -> Result<Option<PublishedSnapshot>, StoreError> {
        self.suffer().await?;
        self.store.snapshot_before(recipe, moment).await
    }

    async fn snapshot(&self, hash: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.suffer().await?;
        self.store.snapshot(hash).await
    }

    async fn keep_sheet(&self, recipe: &str, date: Date, text: Vec<u8>) -> Result<Vec<u8>, StoreError> {
        self.suffer().await?;
        self.store.keep_sheet(recipe, date, text).await
    }

    async fn sheets(&self, recipe: &str, from: Date, to: Date) -> Result<Vec<(Date, Vec<u8>)>, StoreError> {
        self.suffer().await?;
        self.store.sheets(recipe, from, to).await
    }

    async fn ready(&self) -> Result<(), StoreError> {
        self.suffer().await?;
        self.store.ready().await
    }
}

fn app_with_moods() -> (App, Arc<Mutex<Mood>>) {
    let mood = Arc::new(Mutex::new(Mood::Works));
    let of_store = Arc::clone(&mood);
    let app = App::with_store(Duration::from_millis(500), |store| Arc::new(Unreliable { store, mood: of_store }));
    (app, mood)
}

#[tokio::test]
async fn one_request_too_many_is_turned_away_at_once() {
    let mood = Arc::new(Mutex::new(Mood::Hangs));
    let config = ApiConfig { max_requests_in_flight: 2, ..ApiConfig::default() };
    let of_store = Arc::clone(&mood);
    let app = App::with_store_and(&config, |store| Arc::new(Unreliable { store, mood: of_store }));
    let passengers = [numbered(1), numbered(2)];
    let (one, two) = (app.predict_value(&passengers[0]), app.predict_value(&passengers[1]));
    let others = async {
        // Both are under way once they have been asked for the first time.
        tokio::task::yield_now().await;
        let refused = [app.predict_value(&numbered(7)).await, app.get("/ready").await];
        let live = [app.get("/health").await, app.get("/v2/health/live").await];
        (refused, live, app.get("/v2/health/ready").await)
    };
    let (refused, live, ready) = tokio::select! {
        biased;
        _ = one => unreachable!("the store hangs"),
        _ = two => unreachable!("the store hangs"),
        answers = others => answers,
    };
    for answer in refused {
        assert_eq!(answer.problem(503)["type"], "urn:lifeboat:problem:overloaded");
    }
    assert!(live.iter().all(|answer| answer.status == 200), "{live:?}");
    assert_eq!(ready.status, 503);
    assert!(ready.json()["error"].as_str().unwrap().contains("busy"), "{ready:?}");
    // The two were given up, and others are taken in.
    *mood.lock().unwrap() = Mood::Works;
    assert_eq!(app.predict_value(&numbered(7)).await.status, 201);
}

const READS: [&str; 3] = ["/predictions/p.7.0123456789abcdef0123456789abcdef", "/predictions?PassengerId=7", "/ready"];

async fn tell(app: &App, outcomes: &Value) -> Answer {
    let request = Request::post("/outcomes").header(header::CONTENT_TYPE, "application/json");
    app.send(request.body(outcomes.to_string().into()).unwrap()).await
}

/// Puts the store into a mood in which every request ends in a problem of this status, and out of it again.
async fn problems_come_and_go(mood_then: Mood, status: u16) {
    let (app, mood) = app_with_moods();
    let before = app.predict_value(&numbered(1)).await;
    assert_eq!(before.status, 201);

    *mood.lock().unwrap() = mood_then;
    app.predict_value(&numbered(2)).await.problem(status);
    app.predict_value(&json!([numbered(2), numbered(3)])).await.problem(status);
    for path in READS {
        app.get(path).await.problem(status);
    }
    let told = json!([{"id": before.json()["id"], "Survived": 1}]);
    tell(&app, &told).await.problem(status);
    assert_eq!(tell(&app, &json!([{"Survived": 2}])).await.json()[0]["result"], "invalid", "nobody asks the store");
    assert_eq!(app.get("/health").await.status, 200, "the process itself is alive");
    assert_eq!(app.get("/model").await.status, 200);
    app.predict("{}").await.problem(422);

    *mood.lock().unwrap() = Mood::Works;
    assert_eq!(app.stored(), 1);
    assert_eq!(app.predict_value(&numbered(2)).await.status, 201, "the same request again repairs it");
    assert_eq!(app.predict_value(&numbered(1)).await.body, before.body);
    assert_eq!(tell(&app, &told).await.json()[0]["result"], "recorded");
    assert_eq!(app.get("/ready").await.status, 200);
}

#[tokio::test]
async fn a_store_that_is_unavailable_is_worth_a_retry() {
    problems_come_and_go(Mood::IsUnavailable, 503).await;
}

#[tokio::test]
async fn a_store_that_hangs_is_worth_a_retry() {
    problems_come_and_go(Mood::Hangs, 503).await;
}

#[tokio::test]
async fn a_store_that_cannot_read_what_it_stored_is_an_internal_error() {
    problems_come_and_go(Mood::IsUnreadable, 500).await;
}

#[tokio::test]
async fn a_store_that_panics_is_an_internal_error() {
    problems_come_and_go(Mood::Panics, 500).await;
}

#[tokio::test]
async fn a_damaged_row_is_an_internal_error_for_its_prediction_only() {
    let app = App::new();
    let damaged = app.predict_value(&numbered(1)).await;
    app.sql("UPDATE stored SET label = 'unknown'");
    app.get(damaged.header("location")).await.problem(500);
    app.predict_value(&numbered(1)).await.problem(500);
    let other = app.predict_value(&numbered(2)).await;
    assert_eq!(other.status, 201);
    assert_eq!(app.get(other.header("location")).await.status, 200);
}

#[tokio::test]
async fn a_report_that_is_not_ready_in_time_says_how_to_get_it() {
    let (app, mood) = app_with_moods();
    *mood.lock().unwrap() = Mood::Hangs;
    let problem = app.get("/monitor?since=1h").await.problem(503);
    let detail = problem["detail"].as_str().unwrap();
    assert!(detail.contains("lifeboat monitor --keep") && detail.contains("shorter"), "{detail}");
}

#[tokio::test]
async fn reports_are_made_one_after_the_other_and_one_that_is_given_up_frees_its_place() {
    let (app, mood) = app_with_moods();
    *mood.lock().unwrap() = Mood::Hangs;
    let second = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        *mood.lock().unwrap() = Mood::Works;
        let asked = Instant::now();
        (app.get("/monitor?since=1h").await.status, asked.elapsed())
    };
    let (first, (second, waited)) = tokio::join!(app.get("/monitor?since=1h"), second);
    first.problem(503);
    assert_eq!(second, 200);
    assert!(waited > Duration::from_millis(300), "{waited:?}");
}

#[tokio::test]
async fn while_the_store_is_lost_the_snapshot_that_was_taken_up_serves_on_and_it_is_said() {
    let trams = Trams::new();
    let mood = Arc::new(Mutex::new(Mood::Works));
    let app = App::serving_on(Package::load(trams.path()).unwrap(), |store| {
        Arc::new(Unreliable { store, mood: Arc::clone(&mood) })
    });
    let publish = async |day: u32| {
        let text = trams.snapshot(day, day);
        let published = Trams::published(&text, day);
        app.store().publish(&trams.recipe, published.clone(), text.into_bytes()).await.unwrap();
        json!(*published.hash)
    };
    let snapshot = async || app.get("/model").await.json()["snapshot"].clone();
    app.set_time("2026-03-10T12:00:00+01:00");
    let first = publish(2).await;
    app.service().look().await;
    let second = publish(3).await;
    for bad in [Mood::IsUnavailable, Mood::IsUnreadable] {
        *mood.lock().unwrap() = bad;
        app.set_time("2026-03-10T13:00:00+01:00");
        app.service().look().await;
        let told = snapshot().await;
        assert_eq!(told["hash"], first, "{bad:?}");
        // It stands still.
        assert_eq!(told["looked_at"], "2026-03-10T11:00:00.000Z");
        let ask = Request::post("/predict?store=false").header(header::CONTENT_TYPE, "application/json");
        let answer = app.send(ask.body(tram(1).to_string().into()).unwrap()).await;
        assert_eq!((answer.status.as_u16(), &answer.json()["snapshot"]), (200, &first));
    }
    *mood.lock().unwrap() = Mood::Works;
    app.service().look().await;
    let told = snapshot().await;
    assert_eq!((&told["hash"], &told["looked_at"]), (&second, &json!("2026-03-10T12:00:00.000Z")));
}

#[tokio::test]
async fn nobody_looks_for_snapshots_of_a_history_that_does_not_change() {
    let app = App::with_store(Duration::from_secs(10), |store| {
        Arc::new(Unreliable { store, mood: Arc::new(Mutex::new(Mood::Panics)) })
    });
    // The store would panic.
    app.service().look_first(Duration::from_secs(10)).await;
    app.service().look().await;
    app.service().look_if_due().await;
}
