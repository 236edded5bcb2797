//! A history that changes while it is served: each request is answered by one snapshot, and what cannot serve is refused by name.

use std::collections::{HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axum::http::{Request, header};
use lifeboat::package::Package;
use lifeboat::prediction::Answer;
use lifeboat::start;
use lifeboat::store::PredictionStore;
use lifeboat::store::sqlite::{SqliteConfig, SqliteStore};
use lifeboat::table::json::stored as record_of;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::sleep;

use crate::app::{App, stored};
use crate::folder::{Folder, succeeded};
use crate::server::{Server, client, new_database, predict, serve, url};
use crate::trams::{Trams, tram};

/// Serves the package on the tenth of March.
fn served(trams: &Trams) -> App {
    let app = App::serving(Package::load(trams.path()).unwrap());
    app.set_time("2026-03-10T12:00:00+01:00");
    app
}

/// Publishes a text as the snapshot of a day, and lets the service look.
async fn publish(app: &App, recipe: &str, text: &str, day: u32) -> String {
    let published = Trams::published(text, day);
    let hash = published.hash.to_string();
    app.store().publish(recipe, published, text.as_bytes().to_vec()).await.unwrap();
    app.service().look().await;
    hash
}

async fn snapshot(app: &App) -> Value {
    app.get("/model").await.json()["snapshot"].clone()
}

/// Returns the hundredths that the features of a stored prediction are, which must be alike, and checks its probability by them.
fn hundredths(stored: &Value) -> u32 {
    let is_near = |left: f64, right: f64| (left - right).abs() < 1e-6;
    let [place, all] = ["place_7d", "all_7d"].map(|name| stored["features"][name].as_f64().unwrap());
    assert!(is_near(place, all), "{stored}");
    let expected = 1.0 / (1.0 + (-all).exp());
    assert!(is_near(stored["probability"].as_f64().unwrap(), expected), "{stored}");
    (0..=98).find(|&number| is_near(f64::from(number) / 100.0, all)).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn each_request_is_answered_by_one_snapshot_while_others_are_taken_up() {
    const CLIENTS: u32 = 4;
    const REQUESTS: u32 = 400;
    let trams = Arc::new(Trams::new());
    let app = Arc::new(served(&trams));
    app.set_time("2126-03-01T12:00:00+01:00");
    let ends = Arc::new(AtomicBool::new(false));
    let publishing = tokio::spawn({
        let (app, trams, ends) = (Arc::clone(&app), Arc::clone(&trams), Arc::clone(&ends));
        async move {
            let mut late_of = HashMap::from([(Trams::published(&trams.snapshot(1, 0), 1).hash.to_string(), 0)]);
            for day in 2.. {
                let late = day % 97;
                late_of.insert(publish(&app, &trams.recipe, &trams.snapshot(day, late), day).await, late);
                if ends.load(Ordering::SeqCst) {
                    break;
                }
            }
            late_of
        }
    });
    let clients = (0..CLIENTS).map(|client| {
        let app = Arc::clone(&app);
        tokio::spawn(async move {
            let mut asked = Vec::new();
            for request in 0..REQUESTS {
                let first = (client * REQUESTS + request) * 3;
                let records: Vec<Value> = (first..first + 3).map(tram).collect();
                let ask = Request::post("/predict?explain=true").header(header::CONTENT_TYPE, "application/json");
                let answer = app.send(ask.body(json!(records).to_string().into()).unwrap()).await;
                assert_eq!(answer.status, 200, "{answer:?}");
                asked.push(answer.json());
            }
            asked
        })
    });
    let mut answers = Vec::new();
    for client in clients.collect::<Vec<_>>() {
        answers.extend(client.await.unwrap());
    }
    ends.store(true, Ordering::SeqCst);
    let late_of = publishing.await.unwrap();
    let mut seen = HashSet::new();
    for answer in &answers {
        let answers = answer.as_array().unwrap();
        for one in answers {
            assert_eq!(one["snapshot"], answers[0]["snapshot"], "one request, one snapshot");
            // What explains the answer explains this one, not that of another snapshot.
            let odds = one["explanation"]["output"].as_f64().unwrap().exp();
            assert!((odds / (1.0 + odds) - one["probability"].as_f64().unwrap()).abs() < 1e-6, "{one}");
        }
        let one = &answers[0];
        let stored = app.get(&format!("/predictions/{}", one["id"].as_str().unwrap())).await.json();
        assert_eq!((&stored["snapshot"], &stored["probability"]), (&one["snapshot"], &one["probability"]));
        assert_eq!(hundredths(&stored), late_of[one["snapshot"].as_str().unwrap()], "{stored}");
        seen.insert(one["snapshot"].clone());
    }
    assert_eq!(app.stored(), CLIENTS * REQUESTS * 3);
    assert!(seen.len() > 50, "{} snapshots were seen, of {}", seen.len(), late_of.len());
}

#[tokio::test]
async fn the_same_record_by_another_snapshot_is_another_prediction() {
    let trams = Trams::new();
    let app = served(&trams);
    let first = app.predict_value(&tram(1)).await;
    let hash = publish(&app, &trams.recipe, &trams.snapshot(10, 40), 10).await;
    let second = app.predict_value(&tram(1)).await;
    assert_eq!((first.status.as_u16(), second.status.as_u16()), (201, 201));
    let (first, second) = (first.json(), second.json());
    assert_eq!((&second["snapshot"], first["model_version"] == second["model_version"]), (&json!(hash), true));
    assert_ne!((&first["id"], &first["probability"]), (&second["id"], &second["probability"]));
    // Exactly once by each.
    assert_eq!(app.predict_value(&tram(1)).await.status, 200);
    assert_eq!(app.stored(), 2);
    assert_eq!(app.get("/predictions?number=1").await.json()["predictions"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_model_tells_which_snapshot_serves_and_how_old_it_is() {
    let trams = Trams::new();
    let app = served(&trams);
    let package = snapshot(&app).await;
    let own = Trams::published(&trams.snapshot(1, 0), 1).hash.to_string();
    let days = |days: i64, hours: i64| (days * 24 + hours) * 3600;
    let expected = json!({
        "hash": own, "as_of": "2026-03-01T05:00:00.000Z", "age_seconds": days(9, 6), "source": "package",
        "looked_at": null, "refused": null,
    });
    assert_eq!(package, expected);
    assert_eq!(app.get("/model").await.json()["name"], "trams");
    let hash = publish(&app, &trams.recipe, &trams.snapshot(10, 40), 10).await;
    let expected = json!({
        "hash": hash, "as_of": "2026-03-10T05:00:00.000Z", "age_seconds": days(0, 6), "source": "store",
        "looked_at": "2026-03-10T11:00:00.000Z", "refused": null,
    });
    assert_eq!(snapshot(&app).await, expected);
    let contract = app.get("/openapi.json").await.json();
    let told = &contract["paths"]["/model"]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
    let told = &told["properties"]["snapshot"];
    let members: Vec<&str> = told["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(members, expected.as_object().unwrap().keys().map(String::as_str).collect::<Vec<_>>());
    let metrics = app.get("/metrics").await;
    let metrics = std::str::from_utf8(&metrics.body).unwrap();
    assert!(metrics.contains("\nlifeboat_snapshot_age_seconds 21600.0\n"), "{metrics}");
}

#[tokio::test]
async fn a_history_that_does_not_change_is_told_of_as_before() {
    let app = App::new();
    assert!(app.get("/model").await.json().get("snapshot").is_none());
    app.service().look().await;
    let metrics = app.get("/metrics").await;
    assert!(!std::str::from_utf8(&metrics.body).unwrap().contains("snapshot"));
}

#[tokio::test]
async fn a_snapshot_that_cannot_serve_is_refused_by_name_and_the_one_before_serves_on() {
    let trams = Trams::new();
    let app = served(&trams);
    let good = publish(&app, &trams.recipe, &trams.snapshot(2, 40), 2).await;
    let whole = trams.snapshot(3, 50);
    let of_another_recipe = Trams::with_prior(3).snapshot(4, 50);
    let without_a_step = trams.snapshot(5, 50).replace("place_7d", "plaza_7d");
    for (day, text, reason) in [
        (3, &whole[..whole.len() / 2], "EOF"),
        (4, &of_another_recipe, "is of another recipe than the package's"),
        (5, &without_a_step, "is missing"),
        // Its text says another moment than it was published for.
        (6, &trams.snapshot(7, 50), "its text is as of 2026-03-07T05:00:00Z"),
    ] {
        let refused = publish(&app, &trams.recipe, text, day).await;
        let told = snapshot(&app).await;
        assert_eq!((&told["hash"], &told["refused"]["hash"]), (&json!(good), &json!(refused)), "{told}");
        assert!(told["refused"]["reason"].as_str().unwrap().contains(reason), "{reason}: {told}");
        let answer = app.predict_value(&tram(day)).await.json();
        assert_eq!(answer["snapshot"], json!(good));
    }
    let better = publish(&app, &trams.recipe, &trams.snapshot(8, 60), 8).await;
    let told = snapshot(&app).await;
    assert_eq!((&told["hash"], &told["refused"]), (&json!(better), &Value::Null));
}

#[tokio::test]
async fn a_snapshot_from_tomorrow_waits_until_its_time_has_come() {
    let trams = Trams::new();
    let app = served(&trams);
    let tomorrow = publish(&app, &trams.recipe, &trams.snapshot(11, 40), 11).await;
    let told = snapshot(&app).await;
    assert_eq!((&told["source"], &told["refused"]["hash"]), (&json!("package"), &json!(tomorrow)));
    assert_eq!(told["refused"]["reason"], "it is as of a time that has not come");
    app.set_time("2026-03-11T06:00:00+01:00");
    app.service().look().await;
    let told = snapshot(&app).await;
    assert_eq!((&told["hash"], &told["refused"]), (&json!(tomorrow), &Value::Null));
}

#[tokio::test]
async fn who_starts_while_the_newest_cannot_serve_takes_the_last_good_one() {
    let trams = Trams::new();
    let app = served(&trams);
    let last_good = publish_in(app.store(), &trams.recipe, &trams.snapshot(4, 40), 4).await;
    let whole = trams.snapshot(5, 50);
    publish_in(app.store(), &trams.recipe, &whole[..whole.len() / 2], 5).await;
    let tomorrow = publish_in(app.store(), &trams.recipe, &trams.snapshot(11, 60), 11).await;
    app.service().look().await;
    let told = snapshot(&app).await;
    assert_eq!((&told["hash"], &told["source"]), (&json!(last_good), &json!("store")));
    assert_eq!(told["refused"]["hash"], json!(tomorrow));
    // It stays so at the next look, and the day after the newest serves.
    app.service().look().await;
    assert_eq!(snapshot(&app).await, told);
    app.set_time("2026-03-11T06:00:00+01:00");
    app.service().look().await;
    assert_eq!(snapshot(&app).await["hash"], json!(tomorrow));
}

#[tokio::test]
async fn a_snapshot_older_than_the_packages_own_is_not_taken_up() {
    let trams = Trams::new();
    std::fs::write(trams.path().join("history.json"), trams.snapshot(5, 10)).unwrap();
    lifeboat::package::seal(trams.path()).unwrap();
    let app = served(&trams);
    publish(&app, &trams.recipe, &trams.snapshot(4, 40), 4).await;
    let told = snapshot(&app).await;
    assert_eq!((&told["source"], &told["refused"]), (&json!("package"), &Value::Null));
    // By this clock the package is from tomorrow: it was trained later than what is asked about.
    app.set_time("2026-03-04T12:00:00+01:00");
    app.service().look().await;
    assert_eq!(snapshot(&app).await["source"], "store");
}

#[tokio::test]
async fn a_text_that_is_not_the_one_that_was_published_is_refused() {
    let trams = Trams::new();
    let app = served(&trams);
    let (text, altered) = (trams.snapshot(2, 40), trams.snapshot(2, 41));
    let published = Trams::published(&text, 2);
    app.store().publish(&trams.recipe, published.clone(), text.clone().into_bytes()).await.unwrap();
    let set = |text: &str| app.sql(&format!("UPDATE snapshots SET text = CAST('{text}' AS BLOB)"));
    set(&altered);
    app.service().look().await;
    let told = snapshot(&app).await;
    assert_eq!((&told["source"], &told["refused"]["hash"]), (&json!("package"), &json!(*published.hash)));
    assert!(told["refused"]["reason"].as_str().unwrap().contains("SHA-256"), "{told}");
    // Once it is whole, it is taken up.
    set(&text);
    app.service().look().await;
    assert_eq!(snapshot(&app).await["hash"], json!(*published.hash));
}

/// A server of the package by a clock that stands in a file, and its database as another program sees it.
struct Served {
    server: Server,
    store: SqliteStore,
    trams: Trams,
    folder: TempDir,
}

impl Served {
    /// Starts the server at noon of a day, on a database in which a snapshot of the second of March is published.
    async fn start(day: &str) -> Self {
        let (folder, database) = new_database();
        let trams = Trams::new();
        let package = Package::load(trams.path()).unwrap();
        let store = SqliteStore::open(SqliteConfig::new(database.clone()), start::owner(&package)).unwrap();
        publish_in(&store, &trams.recipe, &trams.snapshot(2, 20), 2).await;
        std::fs::write(folder.path().join("now"), format!("{day}T12:00:00+01:00")).unwrap();
        let server = Self::run(&trams, folder.path());
        Self { server, store, trams, folder }
    }

    fn run(trams: &Trams, folder: &Path) -> Server {
        let mut command = serve(&folder.join("predictions.db"));
        command.arg("--test-clock").env("TEST_CLOCK", folder.join("now"));
        command.env("SNAPSHOT_REFRESH_SECONDS", "0.02").env("MODEL_DIR", trams.path());
        Server::run(command)
    }

    async fn publish(&self, text: &str, day: u32) -> String {
        publish_in(&self.store, &self.trams.recipe, text, day).await
    }

    /// Returns the hash of the snapshot by which a record is answered.
    async fn answers_by(&self, number: u32) -> Value {
        let answer = predict(&client(), &self.server.url("/predict"), &tram(number)).await.unwrap();
        answer.json::<Value>().await.unwrap()["snapshot"].clone()
    }
}

async fn publish_in(store: &dyn PredictionStore, recipe: &str, text: &str, day: u32) -> String {
    let published = Trams::published(text, day);
    let hash = published.hash.to_string();
    store.publish(recipe, published, text.as_bytes().to_vec()).await.unwrap();
    hash
}

#[tokio::test]
async fn a_server_takes_snapshots_up_without_a_restart_and_names_what_it_refuses_once() {
    const TAKEN_UP: &str = "answering by a newer snapshot";
    let served = Served::start("2026-03-10").await;
    // The one that was there before it started, from the first answer on.
    assert_eq!(served.answers_by(1).await, json!(Trams::published(&served.trams.snapshot(2, 20), 2).hash));
    let next = served.publish(&served.trams.snapshot(3, 30), 3).await;
    let line = served.server.wait_for(TAKEN_UP);
    assert_eq!((&line["snapshot"], &line["as_of"]), (&json!(next), &json!("2026-03-03T05:00:00Z")));
    assert_eq!(served.answers_by(2).await, json!(next));

    let whole = served.trams.snapshot(4, 40);
    let truncated = served.publish(&whole[..whole.len() - 20], 4).await;
    let refused = "a snapshot is refused: the one before serves on";
    let line = served.server.wait_for(refused);
    assert_eq!((&line["level"], &line["snapshot"]), (&json!("WARN"), &json!(truncated)));
    assert!(line["reason"].as_str().unwrap().contains("EOF"), "{line}");
    let tomorrow = served.publish(&served.trams.snapshot(11, 50), 11).await;
    assert_eq!(served.server.wait_for(refused)["snapshot"], json!(tomorrow));
    // Some looks later.
    sleep(Duration::from_millis(200)).await;
    assert_eq!(served.answers_by(3).await, json!(next));
    let clock = served.folder.path().join("now");
    std::fs::write(clock, "2026-03-11T12:00:00+01:00").unwrap();
    let lines = served.server.said_until(TAKEN_UP);
    assert!(lines.iter().all(|line| line["message"] != refused), "{lines:?}");
    assert_eq!(served.answers_by(4).await, json!(tomorrow));
}

/// Posts one record after another, beginning with this number, until the server no longer answers.
async fn ask_until_it_is_gone(url: String, first: u32) -> Vec<Value> {
    let (client, mut answers) = (client(), Vec::new());
    for number in first.. {
        let Ok(answer) = predict(&client, &url, &tram(number)).await else { break };
        assert_eq!(answer.status(), 201);
        // A server that is killed may leave an answer in halves: it does not count.
        let Ok(answer) = answer.json::<Value>().await else { break };
        answers.push(answer);
    }
    answers
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_killed_while_it_takes_snapshots_up_loses_nothing_and_answers_nothing_by_halves() {
    const ROUNDS: u32 = 5;
    const CLIENTS: u32 = 8;
    let mut served = Served::start("2126-03-01").await;
    let mut late_of = HashMap::from([(json!(*Trams::published(&served.trams.snapshot(2, 20), 2).hash), 20)]);
    let (mut acknowledged, mut day) = (Vec::new(), 3);
    for round in 0..ROUNDS {
        let url = served.server.url("/predict");
        let numbers = |client: u32| (round * CLIENTS + client) * 100_000;
        let clients = (0..CLIENTS).map(|client| tokio::spawn(ask_until_it_is_gone(url.clone(), numbers(client))));
        let clients: Vec<_> = clients.collect();
        let ends = Instant::now() + Duration::from_millis(u64::from(300 + 37 * round));
        while Instant::now() < ends {
            let late = day % 97;
            late_of.insert(json!(served.publish(&served.trams.snapshot(day, late), day).await), late);
            day += 1;
        }
        served.server.kill();
        for client in clients {
            acknowledged.extend(client.await.unwrap());
        }
        served.server = Served::run(&served.trams, served.folder.path());
    }
    let (client, mut seen) = (client(), HashSet::new());
    for answer in &acknowledged {
        let path = format!("/predictions/{}", answer["id"].as_str().unwrap());
        let stored: Value = client.get(served.server.url(&path)).send().await.unwrap().json().await.unwrap();
        assert_eq!((&stored["snapshot"], &stored["probability"]), (&answer["snapshot"], &answer["probability"]));
        assert_eq!(hundredths(&stored), late_of[&stored["snapshot"]], "{stored}");
        seen.insert(stored["snapshot"].clone());
    }
    assert!(acknowledged.len() > 100 && seen.len() > 5, "{} by {}", acknowledged.len(), seen.len());
    // All that is stored, acknowledged or not, is what its snapshot says.
    let stored = stored(&served.folder.path().join("predictions.db"));
    let (package, database) =
        (served.trams.path().display().to_string(), url(&served.folder.path().join("predictions.db")));
    let window = ["--from", "2126-01-01", "--to", "2127-01-01"];
    let replay = [&["replay", "--package", &package, "--database-url", &database], &window[..]].concat();
    let (told, _) = succeeded(Folder::new().run_on(b"", &replay));
    assert!(told.starts_with(&format!("{stored} the same, 0 different\n{stored} the same bit for bit\n")), "{told}");
}

#[tokio::test]
async fn a_shadow_of_the_same_recipe_goes_along_and_another_keeps_its_own_snapshot() {
    let trams = Trams::new();
    for (shadow, goes_along) in [(Trams::new(), true), (Trams::with_prior(3), false)] {
        let app = served(&trams);
        let [package, shadow] = [&trams, &shadow].map(|trams| Arc::new(Package::load(trams.path()).unwrap()));
        let service = app.service().pinned().with_shadow(Some(shadow));
        let service = service.with_snapshot(trams.snapshot(2, 50).as_bytes()).unwrap();
        let record = record_of(package.schema(), &tram(1).to_string());
        let predicted = service.predict(&[record]).await.unwrap();
        let prediction = predicted.puts[0].prediction();
        let probability = |answer: &Answer| f64::from(answer.probability.unwrap());
        let shown = probability(&prediction.shadow.as_ref().unwrap().answer);
        let expected = if goes_along { probability(&prediction.answer) } else { 0.5 };
        assert!((shown - expected).abs() < 1e-6 && probability(&prediction.answer) > 0.6, "{shown}, not {expected}");
    }
}
