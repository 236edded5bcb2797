//! What really happened: `PUT /predictions/{id}/outcome` and `lifeboat outcomes`.

use std::fs;

use axum::http::{Request, header};
use serde_json::{Value, json};

use crate::app::{Answer, App};
use crate::passengers::numbered;
use crate::server::{lifeboat, new_database, url};

async fn tell(app: &App, id: &str, body: impl ToString) -> Answer {
    let request = Request::put(format!("/predictions/{id}/outcome")).header(header::CONTENT_TYPE, "application/json");
    app.send(request.body(body.to_string().into()).unwrap()).await
}

async fn predicted(app: &App) -> String {
    app.predict_value(&numbered(7)).await.json()["id"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn an_outcome_is_recorded_once_and_shown_with_its_prediction() {
    let app = App::new();
    let posted = app.predict_value(&numbered(7)).await;
    let id = predicted(&app).await;
    assert_eq!(app.get(&format!("/predictions/{id}")).await.json()["outcome"], Value::Null);
    app.set_time("2026-11-24T12:00:00.5Z");
    let told = tell(&app, &id, json!({"Survived": 0})).await;
    assert_eq!((told.status.as_u16(), told.header("content-type")), (200, "application/json"));
    assert_eq!(told.json(), json!({"id": id, "outcome": {"Survived": 0}, "known_at": "2026-11-24T12:00:00.500Z"}));
    app.set_time("2027-01-01T00:00:00Z");
    for again in [r#"{"Survived": 0}"#, r#"{"survived": 0.0}"#] {
        assert_eq!(tell(&app, &id, again).await.body, told.body);
    }
    let shown = app.get(&format!("/predictions/{id}")).await.json();
    let outcome = json!({"outcome": {"Survived": 0}, "known_at": "2026-11-24T12:00:00.500Z"});
    assert_eq!((&shown["outcome"], &shown["outcomes"]), (&outcome, &json!([outcome])));
    assert_eq!(app.predict_value(&numbered(7)).await.body, posted.body, "the answer to a passenger stays as it was");
}

#[tokio::test]
async fn another_outcome_is_a_conflict_and_is_not_recorded() {
    let app = App::new();
    let id = predicted(&app).await;
    tell(&app, &id, json!({"Survived": 1})).await;
    let problem = tell(&app, &id, json!({"Survived": 0})).await.problem(409);
    assert_eq!(problem["type"], "urn:lifeboat:problem:outcome-conflict");
    assert_eq!(
        problem["detail"],
        "the outcome is 1 since 2026-11-23T10:15:04.211Z, and stays, since this one does not say that it corrects it"
    );
    assert_eq!(app.get(&format!("/predictions/{id}")).await.json()["outcome"]["outcome"]["Survived"], 1);
}

#[tokio::test]
async fn a_correction_is_added_once_and_stands() {
    let app = App::new();
    let id = predicted(&app).await;
    tell(&app, &id, json!({"Survived": 1})).await;
    app.set_time("2026-11-24T12:00:00Z");
    let corrected = tell(&app, &id, json!({"Survived": 0, "corrects": true})).await;
    let expected = json!({"id": id, "outcome": {"Survived": 0}, "known_at": "2026-11-24T12:00:00.000Z"});
    assert_eq!((corrected.status.as_u16(), corrected.json()), (200, expected));
    app.set_time("2026-11-25T12:00:00Z");
    for again in
        [json!({"corrects": true, "Survived": 0}), json!({"Survived": 0, "corrects": false}), json!({"Survived": 0})]
    {
        assert_eq!(tell(&app, &id, again).await.body, corrected.body);
    }
    for contradicts in [json!({"Survived": 1}), json!({"Survived": 1, "corrects": false})] {
        let problem = tell(&app, &id, contradicts).await.problem(409);
        assert!(problem["detail"].as_str().unwrap().starts_with("the outcome is 0 since 2026-11-24T"), "{problem}");
    }
    let shown = app.get(&format!("/predictions/{id}")).await.json();
    let [first, second] = [(1, "2026-11-23T10:15:04.211Z"), (0, "2026-11-24T12:00:00.000Z")]
        .map(|(survived, time)| json!({"outcome": {"Survived": survived}, "known_at": time}));
    assert_eq!((&shown["outcome"], &shown["outcomes"]), (&second, &json!([first, second])));
}

#[tokio::test]
async fn a_correction_of_what_was_never_told_is_the_first_outcome() {
    let app = App::new();
    let id = predicted(&app).await;
    let told = tell(&app, &id, json!({"Survived": 1, "corrects": true})).await;
    assert_eq!((told.status.as_u16(), &told.json()["outcome"]), (200, &json!({"Survived": 1})));
    tell(&app, &id, json!({"Survived": 0})).await.problem(409);
    assert_eq!(app.get(&format!("/predictions/{id}")).await.json()["outcomes"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_changed_outcome_is_a_changed_prediction_to_a_client_that_asks_again() {
    let app = App::new();
    let id = predicted(&app).await;
    let before = app.get(&format!("/predictions/{id}")).await;
    tell(&app, &id, json!({"Survived": 1})).await;
    let request = Request::get(format!("/predictions/{id}")).header(header::IF_NONE_MATCH, before.header("etag"));
    assert_eq!(app.send(request.body(String::new().into()).unwrap()).await.status, 200);
}

#[tokio::test]
async fn what_is_not_there_has_no_outcome() {
    let app = App::new();
    for id in ["p.7.0123456789abcdef0123456789abcdef", "7-0123456789abcdef0123456789abcdef", "nonsense"] {
        tell(&app, id, json!({"Survived": 1})).await.problem(404);
    }
    assert_eq!(app.stored(), 0);
}

#[tokio::test]
async fn every_fault_of_an_outcome_is_named() {
    let app = App::new();
    let id = predicted(&app).await;
    for (body, pointers) in [
        ("{}", vec!["/Survived"]),
        (r#"{"Survived": 2}"#, vec!["/Survived"]),
        (r#"{"Survived": "1", "died": 1}"#, vec!["/Survived", "/died"]),
        (r#"{"Survived": null}"#, vec!["/Survived"]),
        (r#"{"Survived": true}"#, vec!["/Survived"]),
        (r#"{"Survived": 1, "survived": 1}"#, vec!["/survived"]),
        (r#"{"Survived": 1, "corrects": 1}"#, vec!["/corrects"]),
        (r#"{"Survived": 1, "corrects": null}"#, vec!["/corrects"]),
        (r#"{"Survived": 1, "corrects": true, "corrects": true}"#, vec!["/corrects"]),
        (r#"{"corrects": "true", "PassengerId": 7, "id": "x"}"#, vec!["/corrects", "/PassengerId", "/id", "/Survived"]),
        ("[1]", vec![""]),
        ("1", vec![""]),
    ] {
        let problem = tell(&app, &id, body).await.problem(422);
        assert_eq!(problem["type"], "urn:lifeboat:problem:invalid-outcome");
        let found: Vec<_> =
            problem["errors"].as_array().unwrap().iter().map(|fault| fault["pointer"].clone()).collect();
        assert_eq!(found, pointers, "{body}");
    }
    for body in ["", "{", "{\"Survived\": 1} x"] {
        tell(&app, &id, body).await.problem(400);
    }
    let csv = Request::put(format!("/predictions/{id}/outcome")).header(header::CONTENT_TYPE, "text/csv");
    app.send(csv.body("Survived\n1\n".into()).unwrap()).await.problem(415);
    tell(&app, &id, " ".repeat(2 << 20)).await.problem(413);
    assert_eq!(app.get(&format!("/predictions/{id}")).await.json()["outcome"], Value::Null);
}

#[test]
fn a_file_of_outcomes_is_recorded_and_what_cannot_be_is_told() {
    let (folder, database) = new_database();
    let passengers = folder.path().join("passengers.csv");
    fs::write(&passengers, "PassengerId,Pclass,Sex\n7,3,male\n8,1,female\n").unwrap();
    let run =
        |arguments: &[&str]| lifeboat().args(arguments).args(["--database-url", &url(&database)]).output().unwrap();
    assert!(run(&["predict", passengers.to_str().unwrap(), "--store"]).status.success());
    let outcomes = folder.path().join("outcomes.csv");
    let record = |text: &str| {
        fs::write(&outcomes, text).unwrap();
        let output = run(&["outcomes", outcomes.to_str().unwrap()]);
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    let (status, said) = record("PassengerId,Survived\n7,0\n8,1\n");
    assert_eq!((status, &*said), (Some(0), "2 outcomes recorded\n"));
    let (status, said) = record("PassengerId,Survived\n7,0\n8,0\n9,1\n");
    assert_eq!(status, Some(1));
    for part in [
        "line 3: another outcome",
        "line 4: there is no such prediction",
        "0 outcomes recorded; 1 stood already",
        "2 outcomes were not",
    ] {
        assert!(said.contains(part), "{part:?} is not in {said}");
    }
    let (status, said) = record("PassengerId,Survived,corrects\n7,1,TRUE\n8,0,\n");
    assert!(status == Some(1) && said.contains("1 outcome recorded, 1 of them corrected"), "{said}");
    let (status, said) = record("PassengerId,Survived,corrects\n7,1,perhaps\n");
    assert!(status == Some(1) && said.contains("line 2: corrects must be true or false"), "{said}");
    fs::write(&outcomes, "Survived,PassengerId\n0,7\n0,8\n").unwrap();
    for expected in ["2 outcomes recorded, 2 of them corrected\n", "0 outcomes recorded; 2 stood already\n"] {
        let output = run(&["outcomes", outcomes.to_str().unwrap(), "--corrects"]);
        assert_eq!((output.status.code(), &*String::from_utf8(output.stderr).unwrap()), (Some(0), expected));
    }
    let (status, said) = record("PassengerId,Survived\n7,yes\n");
    assert!(status == Some(1) && said.contains("line 2: Survived must be 0 or 1"), "{said}");
}
