//! `POST /outcomes`: what really happened, of many predictions at once.

use axum::http::{Request, header};
use serde_json::{Value, json};

use crate::app::{Answer, App};
use crate::passengers::numbered;

async fn post(app: &App, content_type: &str, accept: &str, body: impl ToString) -> Answer {
    let request = Request::post("/outcomes").header(header::CONTENT_TYPE, content_type).header(header::ACCEPT, accept);
    app.send(request.body(body.to_string().into()).unwrap()).await
}

async fn post_list(app: &App, outcomes: &Value) -> Vec<Value> {
    let answer = post(app, "application/json", "*/*", outcomes).await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"), "{answer:?}");
    answer.json().as_array().unwrap().clone()
}

/// Predicts for passengers of these numbers, and returns the ids.
async fn predicted(app: &App, numbers: &[u64]) -> Vec<String> {
    let mut ids = Vec::new();
    for number in numbers {
        let posted = app.predict_value(&numbered(*number)).await;
        ids.push(posted.json()["id"].as_str().unwrap().to_owned());
    }
    ids
}

async fn outcomes_of(app: &App, id: &str) -> Vec<Value> {
    let shown = app.get(&format!("/predictions/{id}")).await.json();
    let outcomes = shown["outcomes"].as_array().unwrap().iter();
    outcomes.map(|outcome| outcome["outcome"]["Survived"].clone()).collect()
}

const NOW: &str = "2026-11-23T10:15:04.211Z";

#[tokio::test]
async fn each_outcome_is_answered_in_order_with_what_came_of_it() {
    let app = App::new();
    let ids = predicted(&app, &[1, 2, 3]).await;
    post_list(&app, &json!([{"id": ids[1], "Survived": 1}, {"id": ids[2], "Survived": 1}])).await;
    let answers = post_list(
        &app,
        &json!([
            {"id": ids[0], "Survived": 0},
            {"PassengerId": 2, "Survived": 1},
            {"PassengerId": 3, "Survived": 0},
            {"survived": 0, "passenger_id": 3, "corrects": true},
            {"PassengerId": 4, "Survived": 0},
            {"id": "p.4.0123456789abcdef0123456789abcdef", "Survived": 0, "corrects": true},
            {"PassengerId": "x", "Survived": 2, "Sirvived": 1},
            {"Survived": 1},
            7,
            {"id": "nonsense", "Survived": 1},
        ]),
    )
    .await;
    let stands = |result: &str, id: &str, survived: u8| json!({"result": result, "id": id, "outcome": {"Survived": survived}, "known_at": NOW});
    assert_eq!(answers[..2], [stands("recorded", &ids[0], 0), stands("stands", &ids[1], 1)]);
    let mut contradicts = stands("contradicts", &ids[2], 1);
    contradicts["problem"] = json!({
        "type": "urn:lifeboat:problem:outcome-conflict", "title": "Another outcome is recorded", "status": 409,
        "detail": format!("the outcome is 1 since {NOW}, and stays, since this one does not say that it corrects it"),
    });
    assert_eq!(answers[2..4], [contradicts, stands("corrected", &ids[2], 0)]);
    for (answer, by) in answers[4..6].iter().zip(["key", "id"]) {
        assert_eq!((&answer["result"], &answer["problem"]["status"]), (&json!("not_found"), &json!(404)));
        assert_eq!(answer["problem"]["detail"], format!("there is no prediction with this {by}"));
    }
    let faults = |answer: &Value| -> Vec<(String, String)> {
        assert_eq!((&answer["result"], &answer["problem"]["status"]), (&json!("invalid"), &json!(422)), "{answer}");
        assert_eq!(answer["problem"]["type"], "urn:lifeboat:problem:invalid-outcome");
        let text = |fault: &Value, name: &str| fault[name].as_str().unwrap().to_owned();
        let errors = answer["problem"]["errors"].as_array().unwrap().iter();
        errors.map(|fault| (text(fault, "pointer"), text(fault, "detail"))).collect()
    };
    let expected = [
        ("/6/PassengerId", "must be an integer from 0 to 9007199254740991, found the text \"x\""),
        ("/6/Survived", "must be 0 or 1, found 2"),
        ("/6/Sirvived", "is not a field of an outcome: expected id, PassengerId, Survived or corrects"),
    ];
    let found = faults(&answers[6]);
    assert!(found.iter().all(|(pointer, detail)| expected.contains(&(pointer, detail))), "{found:?}");
    assert_eq!(found.len(), 3);
    let neither = "neither id nor a whole key says whose outcome it is".to_owned();
    assert_eq!(faults(&answers[7]), [("/7".to_owned(), neither)]);
    assert_eq!(faults(&answers[8]), [("/8".to_owned(), "must be an object".to_owned())]);
    assert_eq!(faults(&answers[9]), [("/9/id".to_owned(), "must be that of a prediction".to_owned())]);
    assert_eq!(answers.len(), 10);
    assert_eq!(outcomes_of(&app, &ids[0]).await, [0]);
    assert_eq!(outcomes_of(&app, &ids[1]).await, [1]);
    assert_eq!(outcomes_of(&app, &ids[2]).await, [1, 0]);
}

#[tokio::test]
async fn the_same_request_again_adds_nothing() {
    let app = App::new();
    let ids = predicted(&app, &[1, 2]).await;
    let told = json!([{"id": ids[0], "Survived": 0}, {"id": ids[1], "Survived": 1, "corrects": true}]);
    let first = post_list(&app, &told).await;
    app.set_time("2026-11-24T12:00:00Z");
    let again = post_list(&app, &told).await;
    for (first, again) in first.iter().zip(&again) {
        assert_eq!((&first["result"], &again["result"]), (&json!("recorded"), &json!("stands")));
        assert_eq!((&first["known_at"], &first["id"]), (&again["known_at"], &again["id"]));
    }
    assert_eq!(outcomes_of(&app, &ids[1]).await, [1]);
}

#[tokio::test]
async fn a_key_means_the_latest_prediction() {
    let app = App::new();
    let mut record = numbered(7);
    let first = app.predict_value(&record).await.json();
    app.set_time("2026-11-23T11:00:00Z");
    record["Age"] = json!(41);
    let latest = app.predict_value(&record).await.json();
    let answers = post_list(&app, &json!([{"PassengerId": 7, "Survived": 1}])).await;
    assert_eq!(answers[0]["id"], latest["id"]);
    assert_eq!(outcomes_of(&app, first["id"].as_str().unwrap()).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_labelled_row_can_be_posted_as_it_is() {
    let app = App::new();
    let ids = predicted(&app, &[7]).await;
    let mut row = numbered(7);
    row["Survived"] = json!(1);
    let answers = post_list(&app, &json!([row])).await;
    assert_eq!((&answers[0]["result"], &answers[0]["id"]), (&json!("recorded"), &json!(ids[0])));
    let csv = "PassengerId,Pclass,Sex,Survived\n7,3,male,1\n";
    assert_eq!(post(&app, "text/csv", "*/*", csv).await.json()[0]["result"], "stands");
}

#[tokio::test]
async fn a_table_is_answered_as_a_list_or_as_a_table() {
    let app = App::new();
    let ids = predicted(&app, &[1, 2, 3]).await;
    post_list(&app, &json!([{"id": ids[2], "Survived": 1}])).await;
    let table = format!(
        "id,PassengerId,Survived,corrects\n{},,0,\n,2,1,false\n,3,0,\n{},,0,true\n,9,0,\n,x,2,maybe\n,,1,\n",
        ids[0], ids[2]
    );
    let answer = post(&app, "text/csv", "text/csv", &table).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present");
    let rows: Vec<Vec<String>> = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(&*answer.body)
        .records()
        .map(|row| row.unwrap().iter().map(str::to_owned).collect())
        .collect();
    assert_eq!(rows[0], ["Survived", "known_at", "id", "result", "detail"]);
    assert_eq!(rows[1], ["0", NOW, &ids[0], "recorded", ""]);
    assert_eq!(rows[2], ["1", NOW, &ids[1], "recorded", ""]);
    assert_eq!(rows[3][..4], ["1", NOW, &ids[2], "contradicts"]);
    assert!(rows[3][4].starts_with("the outcome is 1 since"), "{:?}", rows[3]);
    assert_eq!(rows[4], ["0", NOW, &ids[2], "corrected", ""]);
    assert_eq!(rows[5], ["", "", "", "not_found", "there is no prediction with this key"]);
    assert_eq!(rows[6][..4], ["", "", "", "invalid"]);
    for part in ["PassengerId must be an integer", "Survived must be 0 or 1, found", "corrects must be true or false"] {
        assert!(rows[6][4].contains(part), "{:?}", rows[6]);
    }
    assert_eq!(rows[7][3..], ["invalid", "neither id nor a whole key says whose outcome it is"]);
    assert_eq!(rows.len(), 8);

    let answers = post(&app, "text/csv", "*/*", &table).await.json();
    let results: Vec<&str> =
        answers.as_array().unwrap().iter().map(|answer| answer["result"].as_str().unwrap()).collect();
    assert_eq!(results, ["stands", "stands", "stands", "stands", "not_found", "invalid", "invalid"]);
    assert_eq!(answers[5]["problem"]["errors"][0]["line"], 7);
    assert_eq!(answers[5]["problem"]["errors"][0]["column"], "PassengerId");
}

#[tokio::test]
async fn what_is_no_list_of_outcomes_is_refused_as_a_whole() {
    let app = App::new();
    let ids = predicted(&app, &[1]).await;
    let one = json!({"id": ids[0], "Survived": 1});
    for (body, detail) in [
        (one.to_string(), "must be a list of outcomes"),
        ("7".to_owned(), "must be a list of outcomes"),
        ("[]".to_owned(), "must hold 1 to 1000 outcomes, found 0"),
        (json!(vec![one.clone(); 1001]).to_string(), "must hold 1 to 1000 outcomes, found 1001"),
    ] {
        let problem = post(&app, "application/json", "*/*", &body).await.problem(422);
        assert_eq!(problem["type"], "urn:lifeboat:problem:invalid-outcome");
        assert_eq!((&problem["errors"][0]["pointer"], &problem["errors"][0]["detail"]), (&json!(""), &json!(detail)));
    }
    let many = |count| "PassengerId,Survived\n".to_owned() + &"1,1\n".repeat(count);
    for (table, detail) in [
        (many(0), "must be followed by 1 to 1000 rows, found 0"),
        (many(1001), "must be followed by 1 to 1000 rows, found 1001"),
        ("PassengerId,Survived,Corrects\n1,1,true\n".to_owned(), "column \"Corrects\" is not a field"),
        ("a,b\n1,1\n".to_owned(), "no column is a field"),
        ("Survived,survived\n1,1\n".to_owned(), "column survived stands twice"),
    ] {
        let problem = post(&app, "text/csv", "*/*", &table).await.problem(422);
        let found = problem["errors"][0]["detail"].as_str().unwrap();
        assert!(found.starts_with(detail), "{found}");
        assert_eq!(problem["errors"][0]["line"], 1);
    }
    for body in ["", "{", "[1] x"] {
        post(&app, "application/json", "*/*", body).await.problem(400);
    }
    post(&app, "text/csv", "*/*", "").await.problem(400);
    post(&app, "text/plain", "*/*", "1").await.problem(415);
    post(&app, "application/json", "*/*", " ".repeat(2 << 20)).await.problem(413);
    app.get("/outcomes").await.problem(405);
    assert_eq!(outcomes_of(&app, &ids[0]).await, Vec::<Value>::new());
}

#[tokio::test]
async fn a_thousand_outcomes_are_recorded_by_one_request() {
    let app = App::new();
    let records: Vec<Value> = (0..1000).map(numbered).collect();
    let predicted = app.predict_value(&json!(records)).await.json();
    let told: Vec<Value> = predicted
        .as_array()
        .unwrap()
        .iter()
        .enumerate()
        .map(|(place, one)| match place % 2 {
            0 => json!({"id": one["id"], "Survived": 1}),
            _ => json!({"PassengerId": one["key"]["PassengerId"], "Survived": 0}),
        })
        .collect();
    let answers = post_list(&app, &json!(told)).await;
    for (place, (answer, one)) in answers.iter().zip(predicted.as_array().unwrap()).enumerate() {
        assert_eq!((&answer["result"], &answer["id"]), (&json!("recorded"), &one["id"]));
        assert_eq!(answer["outcome"]["Survived"], 1 - place % 2);
    }
    assert_eq!(answers.len(), 1000);
}
