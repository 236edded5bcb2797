//! `POST /predict` with options in its query: explanations, and predictions that are not stored.

use axum::http::{Request, header};
use serde_json::{Value, json};

use crate::app::{Answer, App, package, stored_columns};
use crate::passengers::numbered;

async fn ask(app: &App, query: &str, body: &Value) -> Answer {
    let request = Request::post(format!("/predict?{query}")).header(header::CONTENT_TYPE, "application/json");
    app.send(request.body(body.to_string().into()).unwrap()).await
}

/// Checks that the contributions lead from the baseline to the probability.
#[track_caller]
fn adds_up(answer: &Value) {
    let number = |value: &Value| value.as_f64().unwrap();
    let explanation = &answer["explanation"];
    assert_eq!((&explanation["unit"], &explanation["of"]), (&json!("log_odds"), &json!(1)), "{answer}");
    let contributions: Vec<_> = explanation["contributions"].as_array().unwrap().iter().collect();
    assert_eq!(contributions.len(), package().groups().len());
    let sum: f64 = contributions.iter().map(|contribution| number(&contribution["amount"])).sum();
    let output = number(&explanation["output"]);
    assert!((number(&explanation["baseline"]) + sum - output).abs() < 1e-9, "{answer}");
    let odds = output.exp();
    assert!((odds / (1.0 + odds) - number(&answer["probability"])).abs() < 1e-6, "{answer}");
}

#[tokio::test]
async fn an_explanation_adds_up_and_is_not_part_of_the_prediction() {
    let app = App::new();
    let plain = app.predict_value(&numbered(7)).await;
    let explained = ask(&app, "explain=true", &numbered(7)).await;
    assert_eq!(explained.status, 200);
    adds_up(&explained.json());
    let (mut rest, plain) = (explained.json(), plain.json());
    assert!(rest.as_object_mut().unwrap().remove("explanation").is_some());
    assert!(plain.get("explanation").is_none());
    assert_eq!(rest, plain);
    assert_eq!(app.stored(), 1);
    let kept = app.get(&format!("/predictions/{}", plain["id"].as_str().unwrap())).await.json().to_string();
    assert!(["contribution", "explanation", "odds"].iter().all(|word| !kept.contains(word)), "{kept}");
    assert!(stored_columns(&app).iter().all(|column| !column.contains("contribution") && !column.contains("odds")));
}

#[tokio::test]
async fn every_passenger_of_a_list_is_explained() {
    let app = App::new();
    let passengers: Vec<_> = (0..100).map(numbered).collect();
    let answer = ask(&app, "explain=true", &json!(passengers)).await;
    assert_eq!(answer.header("lifeboat-created"), "100");
    for passenger in answer.json().as_array().unwrap() {
        adds_up(passenger);
    }
}

#[tokio::test]
async fn a_table_has_a_column_for_each_contribution() {
    let request = Request::post("/predict?explain=true").header(header::CONTENT_TYPE, "application/json");
    let request = request.header(header::ACCEPT, "text/csv").body(numbered(7).to_string().into()).unwrap();
    let answer = App::new().send(request).await;
    let mut reader = csv::Reader::from_reader(&*answer.body);
    let header = reader.headers().unwrap().clone();
    let row = reader.records().next().unwrap().unwrap();
    let number = |name: &str| -> f64 { row[header.iter().position(|other| other == name).unwrap()].parse().unwrap() };
    let parts = header.iter().filter(|name| name.starts_with("contribution_"));
    let sum: f64 = parts.map(number).sum();
    assert!((number("baseline") + sum - number("output")).abs() < 1e-9);
}

#[tokio::test]
async fn what_is_not_to_be_stored_is_answered_alike_and_leaves_nothing() {
    let app = App::new();
    let preview = ask(&app, "store=false", &numbered(7)).await;
    assert_eq!((preview.status.as_u16(), preview.header("location")), (200, ""));
    assert_eq!((preview.json()["created_at"].clone(), app.stored()), (Value::Null, 0));
    let list = ask(&app, "store=false&explain=true", &json!([numbered(7), numbered(8)])).await;
    assert_eq!((list.header("lifeboat-created"), app.stored()), ("0", 0));

    let mut stored = app.predict_value(&numbered(7)).await.json();
    stored["created_at"] = Value::Null;
    assert_eq!(stored, preview.json());
    // What is stored already does not show: a preview does not look.
    assert_eq!(ask(&app, "store=false", &numbered(7)).await.body, preview.body);
}

#[tokio::test]
async fn options_that_make_no_sense_are_refused() {
    let app = App::new();
    for query in
        ["explain=1", "explain=true&explain=true", "kaggle=true&explain=true", "store=", "stor=false", "explain"]
    {
        ask(&app, query, &numbered(7)).await.problem(400);
    }
    assert_eq!(app.stored(), 0);
}
