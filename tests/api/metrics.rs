//! `GET /metrics`: what was done is counted, and nothing else.

use axum::body::Body;
use axum::http::Request;
use lifeboat::api::AnswerLimit;
use serde_json::json;

use crate::app::App;
use crate::passengers::numbered;
use crate::server::{Server, client, new_database, predict, serve};

async fn counts(server: &Server) -> String {
    let answer = client().get(server.url("/metrics")).send().await.unwrap();
    let content_type = answer.headers()["content-type"].to_str().unwrap();
    assert_eq!(content_type, "application/openmetrics-text; version=1.0.0; charset=utf-8");
    answer.text().await.unwrap()
}

/// Returns the value of a sample, if it is there.
fn sample(text: &str, name: &str) -> Option<f64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '))?;
    Some(line.parse().unwrap())
}

#[tokio::test]
async fn what_is_done_is_counted_and_what_is_not_is_not_told_of() {
    let (_folder, database) = new_database();
    let server = Server::run(serve(&database));
    let before = counts(&server).await;
    assert!(before.ends_with("# EOF\n") && !before.contains("lifeboat_predictions_total{"), "{before}");

    let client = client();
    let ask = async |body| predict(&client, &server.url("/predict"), &body).await.unwrap().status().as_u16();
    assert_eq!(ask(json!([numbered(1), numbered(2), {"Pclass": 3, "Sex": "male"}])).await, 200);
    assert_eq!(ask(numbered(1)).await, 200);
    assert_eq!(ask(json!({"Pclass": 4})).await, 422);
    let text = counts(&server).await;
    for (name, value) in [
        ("lifeboat_predictions_total{outcome=\"created\"}", 3.0),
        ("lifeboat_predictions_total{outcome=\"existing\"}", 1.0),
        ("lifeboat_probability_count", 3.0),
        ("lifeboat_model_duration_seconds_count", 2.0),
        ("lifeboat_store_duration_seconds_count", 2.0),
        ("lifeboat_problems_total{kind=\"invalid-record\"}", 1.0),
        ("lifeboat_missing_values_total{field=\"Name\"}", 1.0),
        ("lifeboat_requests_total{route=\"/predict\",status=\"200\"}", 2.0),
        ("lifeboat_requests_total{route=\"/predict\",status=\"422\"}", 1.0),
        ("lifeboat_requests_total{route=\"/metrics\",status=\"200\"}", 1.0),
    ] {
        let found = sample(&text, name).unwrap_or_else(|| panic!("{name} is not in {text}"));
        assert!((found - value).abs() < 1e-9, "{name} is {found}");
    }
    let seconds = sample(&text, "lifeboat_model_duration_seconds_sum").unwrap();
    assert!(seconds > 0.0 && seconds < 1.0, "{seconds}");
    assert!(!text.contains("kind=\"internal\""), "{text}");
}

#[tokio::test]
async fn what_is_counted_and_logged_is_what_the_client_sees() {
    let (_folder, database) = new_database();
    let mut command = serve(&database);
    command.env("LOG_LEVEL", "debug");
    let server = Server::run(command);
    let client = client();
    let infer = server.url("/v2/models/titanic/infer");
    let inputs = json!([
        {"name": "Pclass", "datatype": "INT64", "shape": [1], "data": [4]},
        {"name": "Sex", "datatype": "BYTES", "shape": [1], "data": ["male"]},
    ]);
    assert_eq!(client.post(&infer).json(&json!({"inputs": inputs})).send().await.unwrap().status(), 400);
    assert_eq!(server.wait_for("request answered")["status"], 400);
    assert_eq!(client.get(server.url("/v2/models/%FF")).send().await.unwrap().status(), 404);
    assert_eq!(server.wait_for("request answered")["status"], 404);
    let model = client.get(server.url("/model")).header("if-none-match", "*").send().await.unwrap();
    assert_eq!((model.status().as_u16(), &server.wait_for("request answered")["status"]), (304, &json!(304)));
    let text = counts(&server).await;
    for name in [
        "lifeboat_requests_total{route=\"/v2/models/{model}/infer\",status=\"400\"}",
        "lifeboat_requests_total{route=\"/v2/models/{model}\",status=\"404\"}",
        "lifeboat_requests_total{route=\"/model\",status=\"304\"}",
        "lifeboat_problems_total{kind=\"invalid-record\"}",
        "lifeboat_problems_total{kind=\"not-found\"}",
    ] {
        assert_eq!(sample(&text, name), Some(1.0), "{name} in {text}");
    }
    assert!(!text.contains("422") && !text.contains("route=\"/model\",status=\"200\""), "{text}");
}

#[tokio::test]
async fn an_answer_that_its_host_cannot_send_is_counted_as_the_problem_that_is_sent() {
    let app = App::new();
    let passengers = json!((0..100).map(numbered).collect::<Vec<_>>()).to_string();
    let ask = |most: usize| {
        let limit = AnswerLimit::new(most, |_, body| body.len());
        let request = Request::post("/predict").header("content-type", "application/json").extension(limit);
        request.body(Body::from(passengers.clone())).unwrap()
    };
    let whole = app.send(ask(1 << 20)).await;
    assert_eq!((whole.status.as_u16(), whole.header("lifeboat-created")), (200, "100"));
    assert_eq!(app.send(ask(whole.body.len())).await.body, whole.body);
    let refused = app.send(ask(whole.body.len() - 1)).await;
    assert_eq!((refused.status.as_u16(), refused.header("lifeboat-created")), (413, "0"));
    assert_eq!(refused.json()["type"], "urn:lifeboat:problem:answer-too-large");
    let text = String::from_utf8(app.get("/metrics").await.body.into()).unwrap();
    for (name, count) in [
        ("lifeboat_requests_total{route=\"/predict\",status=\"200\"}", 2.0),
        ("lifeboat_requests_total{route=\"/predict\",status=\"413\"}", 1.0),
        ("lifeboat_problems_total{kind=\"answer-too-large\"}", 1.0),
    ] {
        assert_eq!(sample(&text, name), Some(count), "{name} in {text}");
    }
}

#[tokio::test]
async fn a_host_that_counts_nothing_has_no_such_page() {
    App::without_metrics().get("/metrics").await.problem(404);
}
