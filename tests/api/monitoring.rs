//! `GET /monitor` and `lifeboat monitor`: what drifts is found, and what does not is left in peace.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::Request;
use proptest::prelude::Rng;
use proptest::test_runner::{RngAlgorithm, TestRng};
use serde_json::{Value, json};

use crate::app::{App, package};
use crate::folder::Folder;
use crate::server::{Server, client};
use crate::training::training_passengers;

/// Returns other people: twenty years older, and twice as many of them in third class.
fn shifted(passengers: &[Value]) -> Vec<Value> {
    let older = passengers.iter().map(|passenger| {
        let mut passenger = passenger.clone();
        if let Some(age) = passenger["Age"].as_f64() {
            passenger["Age"] = json!((age + 20.0).min(120.0));
        }
        passenger
    });
    let older: Vec<Value> = older.collect();
    let again = older.iter().filter(|passenger| passenger["Pclass"] == 3).cloned();
    // Somebody else, or it would be the same prediction.
    let again = again.map(|mut passenger| {
        passenger["PassengerId"] = json!(passenger["PassengerId"].as_u64().unwrap() + 10_000);
        passenger
    });
    let again: Vec<Value> = again.collect();
    older.into_iter().chain(again).collect()
}

/// Draws so many of the passengers, none twice.
fn draw(passengers: &[Value], count: usize, seed: u8) -> Vec<Value> {
    let mut random = TestRng::from_seed(RngAlgorithm::ChaCha, &[seed; 32]);
    let mut left: Vec<&Value> = passengers.iter().collect();
    (0..count).map(|_| left.swap_remove(random.next_u32() as usize % left.len()).clone()).collect()
}

async fn report_on(passengers: &[Value]) -> Value {
    let app = App::new();
    for some in passengers.chunks(1000) {
        assert_eq!(app.predict_value(&json!(some)).await.status, 200);
    }
    report(&app).await
}

async fn report(app: &App) -> Value {
    app.set_time("2026-11-23T10:15:05Z");
    let answer = app.get("/monitor?since=1h").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn major(report: &Value) -> BTreeSet<&str> {
    let features = report["features"].as_array().unwrap().iter();
    features.filter(|feature| feature["drift"] == "major").map(|feature| feature["name"].as_str().unwrap()).collect()
}

fn number(value: &Value) -> f64 {
    value.as_f64().unwrap_or_else(|| panic!("{value} is no number"))
}

#[tokio::test]
async fn the_training_passengers_themselves_are_stable() {
    let report = report_on(&training_passengers()).await;
    assert_eq!((&report["verdict"], &report["rows"]), (&json!("stable"), &json!(891)));
    for feature in report["features"].as_array().unwrap() {
        assert!(number(&feature["index"]["psi"]) < 1e-9 && number(&feature["test"]["p_value"]) > 0.999, "{feature}");
        assert_eq!(feature["bins"]["baseline"], feature["bins"]["window"], "{feature}");
        assert_eq!((number(&feature["out_of_range_rate"]), &feature["drift"]), (0.0, &json!("none")), "{feature}");
        assert!(feature["unseen_rate"].as_f64().unwrap_or(0.0).abs() < 1e-9, "{feature}");
        assert!((number(&feature["mean"]) - number(&feature["baseline_mean"])).abs() < 1e-4, "{feature}");
    }
    let fields = report["fields"].as_array().unwrap();
    assert_eq!(fields.len(), package().schema().inputs().count() - 1, "a key says nothing of drift");
    for field in fields {
        assert!(number(&field["index"]["psi"]) < 1e-9 && field["drift"] == "none", "{field}");
        let rates = [number(&field["missing_rate"]), number(&field["baseline_missing_rate"])];
        assert!((rates[0] - rates[1]).abs() < 1e-6, "{field}");
    }
    assert_eq!(report["observed"], Value::Null);
}

#[tokio::test]
async fn chance_is_not_taken_for_drift_and_drift_is_not_missed() {
    let population = training_passengers();
    let older = shifted(&population);
    let mut verdicts = [Vec::new(), Vec::new()];
    for seed in 0..30 {
        for (verdicts, passengers) in verdicts.iter_mut().zip([&population, &older]) {
            verdicts.push(report_on(&draw(passengers, 400, seed)).await["verdict"].as_str().unwrap().to_owned());
        }
    }
    let majors = verdicts.map(|verdicts| verdicts.iter().filter(|verdict| *verdict == "major_drift").count());
    assert!(majors[0] <= 1 && majors[1] == 30, "major drift in {} and {} of 30 draws", majors[0], majors[1]);
}

#[tokio::test]
async fn what_has_shifted_is_named_and_nothing_else() {
    let report = report_on(&shifted(&training_passengers())).await;
    assert_eq!(report["verdict"], "major_drift");
    let expected = report["features"].as_array().unwrap().iter().filter(|feature| {
        // By hand: the divergence of shares in both directions, without any of the program's code.
        let shares = |counts: &Value| {
            let counts: Vec<f64> = counts.as_array().unwrap().iter().map(|count| number(count) + 0.5).collect();
            let total: f64 = counts.iter().sum();
            counts.into_iter().map(move |count| count / total).collect::<Vec<_>>()
        };
        let (before, after) = (shares(&feature["bins"]["baseline"]), shares(&feature["bins"]["window"]));
        before.iter().zip(&after).map(|(e, a)| (a - e) * (a / e).ln()).sum::<f64>() >= 0.25
    });
    let expected: BTreeSet<&str> = expected.map(|feature| feature["name"].as_str().unwrap()).collect();
    assert_eq!(major(&report), expected);
    assert!(expected.contains("age") && !expected.contains("female") && !expected.contains("alone"), "{expected:?}");
}

#[tokio::test]
async fn too_little_is_not_judged() {
    let population = training_passengers();
    let report = report_on(&population[..199]).await;
    assert_eq!((&report["verdict"], &report["rows"]), (&json!("insufficient_data"), &json!(199)));
    assert!(report["features"].as_array().unwrap().iter().all(|feature| feature["drift"].is_null()));
    let empty = report_on(&[]).await;
    assert_eq!((&empty["verdict"], &empty["expected"]), (&json!("insufficient_data"), &Value::Null));
    assert_ne!(report_on(&population[..200]).await["verdict"], "insufficient_data");
}

#[tokio::test]
async fn outcomes_tell_how_good_the_predictions_were() {
    let app = App::new();
    let passengers = training_passengers();
    let answers = app.predict_value(&json!(passengers)).await.json();
    let mut right = 0;
    for (passenger, answer) in passengers.iter().zip(answers.as_array().unwrap()).take(300) {
        let path = format!("/predictions/{}/outcome", answer["id"].as_str().unwrap());
        let body = json!({"Survived": passenger["Survived"]}).to_string();
        let request = Request::put(path).header("content-type", "application/json").body(Body::from(body)).unwrap();
        assert_eq!(app.send(request).await.status, 200);
        right += i32::from(passenger["Survived"] == answer["prediction"]["Survived"]);
    }
    let report = report(&app).await;
    let observed = &report["observed"];
    assert_eq!(observed["rows"], 300);
    assert!((number(&observed["accuracy"]) - f64::from(right) / 300.0).abs() < 1e-12, "{observed}");
    let calibrated: f64 = observed["calibration"].as_array().unwrap().iter().map(|bin| number(&bin["rows"])).sum();
    assert!((calibrated - 300.0).abs() < 1e-9);
    assert!(number(&observed["auc"]) > 0.85 && number(&observed["log_loss"]) < 0.45, "{observed}");
    // The model is fairly calibrated: it knows by itself how good it is.
    assert!((number(&report["expected"]["accuracy"]) - number(&observed["accuracy"])).abs() < 0.05, "{report}");
}

#[tokio::test]
async fn a_window_holds_only_what_was_made_in_it() {
    let app = App::new();
    let passengers = training_passengers();
    app.predict_value(&json!(passengers[..300])).await;
    app.set_time("2026-11-25T00:00:00Z");
    app.predict_value(&json!(passengers[300..400])).await;
    app.set_time("2026-11-25T00:30:00Z");
    for (query, rows) in [
        ("", 100),
        ("?since=1h", 100),
        ("?since=7d", 400),
        ("?from=2026-11-23&to=2026-11-24", 300),
        ("?from=2026-11-23", 400),
        ("?from=2026-11-25T00:00:00.001Z", 0),
    ] {
        let report = app.get(&format!("/monitor{query}")).await.json();
        assert_eq!(report["rows"], rows, "{query}");
        let over_time: u64 =
            report["over_time"].as_array().unwrap().iter().map(|part| part["rows"].as_u64().unwrap()).sum();
        assert_eq!(over_time, rows, "{query}");
    }
    for query in
        ["since=soon", "since=1h&from=2026-11-23", "to=2026-11-23", "from=2026-11-25&to=2026-11-24", "when=now"]
    {
        app.get(&format!("/monitor?{query}")).await.problem(400);
    }
}

#[tokio::test]
async fn a_report_that_is_kept_is_what_is_shown_until_a_window_is_asked_for() {
    let folder = Folder::new();
    folder.write("same.json", json!(training_passengers()).to_string());
    folder.run(&["predict", "same.json", "--store", "--output", "same.csv"]);
    folder.run(&["monitor", "--since", "1h", "--keep", "--output", "kept.json"]);
    let kept: Value = serde_json::from_str(&folder.read("kept.json")).unwrap();
    let server = Server::start(&folder.path("titanic.db"));
    let get =
        async |path: &str| -> Value { client().get(server.url(path)).send().await.unwrap().json().await.unwrap() };
    assert_eq!(get("/monitor").await, kept);
    assert_ne!(get("/monitor?since=1h").await["to"], kept["to"]);
}

#[tokio::test]
async fn a_browser_gets_a_page_that_needs_no_other_file() {
    let app = App::new();
    app.predict_value(&json!(training_passengers())).await;
    app.set_time("2026-11-23T11:00:00Z");
    let request = Request::get("/monitor").header("accept", "text/html,application/xhtml+xml,*/*;q=0.8");
    let answer = app.send(request.body(Body::empty()).unwrap()).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "text/html; charset=utf-8"));
    let page = String::from_utf8(answer.body.to_vec()).unwrap();
    assert!(page.contains(">stable</span>") && page.contains("history_party"), "{page}");
    for reference in ["src=", "href=", "url(", "@import", "<script"] {
        assert!(!page.contains(reference), "{reference}");
    }
}

#[test]
fn the_command_line_reports_and_ends_with_3_on_major_drift() {
    let folder = Folder::new();
    let passengers = training_passengers();
    for (file, passengers) in [("same.json", passengers.clone()), ("older.json", shifted(&passengers))] {
        folder.write(file, json!(passengers).to_string());
    }
    folder.run(&["predict", "same.json", "--store", "--output", "same.csv"]);
    let (table, _) = folder.run(&["monitor"]);
    let facts: Vec<Vec<&str>> = table.lines().map(|line| line.split_whitespace().collect()).collect();
    assert_eq!(facts[0], ["verdict", "stable"], "{table}");
    assert!(facts.contains(&vec!["predictions", "891"]), "{table}");
    assert!(facts.iter().any(|fact| fact.first() == Some(&"Pclass")), "{table}");
    folder.run(&["monitor", "--output", "report.html"]);
    assert!(folder.read("report.html").starts_with("<!DOCTYPE html>"));

    let older = ["--store", "--database-url", "sqlite:older.db", "--output", "older.csv"];
    folder.run(&[&["predict", "older.json"][..], &older].concat());
    let output = folder.run_on(b"", &["monitor", "--database-url", "sqlite:older.db", "--format", "json"]);
    assert_eq!(output.status.code(), Some(3), "{output:?}");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert!(report["verdict"] == "major_drift" && major(&report).contains("age"), "{report}");
    let said = folder.refuses(&["monitor", "--since", "soon"]);
    assert!(said.starts_with("error: since must be a span of time"), "{said}");
}

#[tokio::test]
async fn a_client_that_stops_sending_fields_is_seen_also_where_the_model_has_a_default() {
    let mut passengers = draw(&training_passengers(), 400, 3);
    for passenger in &mut passengers[..100] {
        let passenger = passenger.as_object_mut().unwrap();
        passenger.retain(|field, _| !["SibSp", "Parch"].contains(&field.as_str()));
    }
    let report = report_on(&passengers).await;
    let fields = report["fields"].as_array().unwrap();
    for field in ["SibSp", "Parch"] {
        let found = fields.iter().find(|found| found["name"] == field).unwrap();
        let rates = (number(&found["baseline_missing_rate"]), number(&found["missing_rate"]));
        assert_eq!((rates, &found["drift"]), ((0.0, 0.25), &json!("major")), "{field}");
    }
}

#[tokio::test]
async fn what_was_not_given_is_stored_as_not_given() {
    let app = App::new();
    let absent = app.predict_value(&json!({"Pclass": 3, "Sex": "male"})).await.json();
    let zero = app.predict_value(&json!({"Pclass": 3, "Sex": "male", "SibSp": 0, "Parch": 0})).await.json();
    assert_eq!(absent["probability"], zero["probability"], "the model takes null for 0");
    for (answer, expected) in [(absent, None), (zero, Some(&json!(0)))] {
        let stored = app.get(&format!("/predictions/{}", answer["id"].as_str().unwrap())).await.json();
        assert_eq!((stored["record"].get("SibSp"), stored["record"].get("Parch")), (expected, expected));
    }
}
