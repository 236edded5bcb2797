//! Everything that is read: predictions, histories, the model, the state of the service, and what is not there.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::app::{App, package};
use crate::passengers::numbered;

#[tokio::test]
async fn a_prediction_is_read_with_its_passenger_and_features() {
    let app = App::new();
    let passenger = json!({"PassengerId": 7, "Pclass": 1, "Sex": "female", "Age": 38, "Cabin": "C85", "Survived": 1});
    let posted = app.predict_value(&passenger).await;
    let read = app.get(posted.header("location")).await;
    assert_eq!((read.status.as_u16(), read.header("content-type")), (200, "application/json"));
    let (posted, read) = (posted.json(), read.json());
    for (field, value) in posted.as_object().unwrap() {
        assert_eq!(&read[field], value);
    }
    let names: Vec<_> = read["features"].as_object().unwrap().keys().collect();
    assert_eq!(names.len(), package().feature_names().len());
    assert!(package().feature_names().iter().all(|name| read["features"][&**name].is_number()));
    assert_eq!((&read["features"]["female"], &read["features"]["age"]), (&json!(1.0), &json!(38.0)));
    insta::assert_json_snapshot!(read["record"], @r#"
    {
      "Age": 38.0,
      "Cabin": "C85",
      "PassengerId": 7,
      "Pclass": 1,
      "Sex": "female"
    }
    "#);
}

#[tokio::test]
async fn a_passenger_as_it_was_answered_can_be_posted_again() {
    let app = App::new();
    let posted = app.predict_value(&numbered(44)).await;
    let read = app.get(posted.header("location")).await.json();
    let again = app.predict_value(&read["record"]).await;
    assert_eq!((again.status.as_u16(), &again.body), (200, &posted.body));
}

#[tokio::test]
async fn an_id_that_names_no_prediction_is_not_found() {
    let app = App::new();
    let posted = app.predict_value(&numbered(7)).await.json();
    let hash = posted["id"].as_str().unwrap().strip_prefix("p.7.").unwrap().to_owned();
    for id in [
        "p.7.0123456789abcdef0123456789abcdef",
        "p.0123456789abcdef0123456789abcdef",
        "7-0123456789abcdef0123456789abcdef",
        "0123456789abcdef0123456789abcdef",
        "nonsense",
        "%00",
        "%F0%9F%91%BB",
        "..%2F..%2Fetc%2Fpasswd",
        "p.7.%27%20OR%201=1",
        &"x".repeat(5000),
        &hash,
        &format!("p.{hash}"),
        &format!("p.07.{hash}"),
        &format!("p._37.{hash}"),
        &format!("p.8.{hash}"),
        &format!("p.7.7.{hash}"),
        &format!("p.7.{}", hash.to_uppercase()),
        &format!("7-{hash}"),
    ] {
        app.get(&format!("/predictions/{id}")).await.problem(404);
    }
}

#[tokio::test]
async fn a_path_that_is_not_utf8_is_the_clients_fault() {
    let answer = App::new().get("/predictions/%FF%FE").await;
    assert!(answer.status.is_client_error(), "{answer:?}");
    answer.problem(answer.status.as_u16());
}

#[tokio::test]
async fn a_history_is_paged_newest_first() {
    let app = App::new();
    for day in 10..=21 {
        app.set_time(&format!("2026-11-{day}T00:00:00Z"));
        let passenger = json!({"PassengerId": 7, "Pclass": 3, "Sex": "male", "Age": day});
        assert_eq!(app.predict_value(&passenger).await.status, 201);
    }
    app.predict_value(&json!({"PassengerId": 70, "Pclass": 3, "Sex": "male"})).await;

    let (mut seen, mut sizes) = (Vec::new(), Vec::new());
    let mut next = Some("/predictions?PassengerId=7&limit=5".to_owned());
    while let Some(path) = next {
        let answer = app.get(&path).await;
        assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
        let page = answer.json();
        let predictions = page["predictions"].as_array().unwrap();
        sizes.push(predictions.len());
        seen.extend(predictions.iter().map(|one| one["created_at"].as_str().unwrap().to_owned()));
        next = page["next"].as_str().map(str::to_owned);
    }
    assert_eq!(sizes, [5, 5, 2]);
    let expected: Vec<_> = (10..=21).rev().map(|day| format!("2026-11-{day}T00:00:00.000Z")).collect();
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn a_last_page_that_is_full_has_no_next() {
    let app = App::new();
    for age in 0..4 {
        app.predict_value(&json!({"PassengerId": 7, "Pclass": 3, "Sex": "male", "Age": age})).await;
    }
    let first = app.get("/predictions?PassengerId=7&limit=2").await.json();
    let second = app.get(first["next"].as_str().unwrap()).await.json();
    assert_eq!((second["predictions"].as_array().unwrap().len(), &second["next"]), (2, &Value::Null));
}

#[tokio::test]
async fn a_passenger_never_seen_has_an_empty_history() {
    let answer = App::new().get("/predictions?PassengerId=7").await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.json(), json!({"predictions": [], "next": null}));
}

#[tokio::test]
async fn a_page_that_cannot_be_is_refused() {
    let app = App::new();
    for age in 0..3 {
        app.predict_value(&json!({"PassengerId": 7, "Pclass": 3, "Sex": "male", "Age": age})).await;
    }
    let next = app.get("/predictions?PassengerId=7&limit=1").await.json()["next"].as_str().unwrap().to_owned();
    let cursor = next.split_once("cursor=").unwrap().1;
    let forged = format!("{}{}", if cursor.starts_with('0') { '1' } else { '0' }, &cursor[1..]);
    for query in [
        "limit=0",
        "limit=101",
        "limit=-1",
        "limit=1.5",
        "limit=",
        "limit=many",
        "limit=99999999999999999999",
        "limit=1&limit=2",
        "cursor=",
        "cursor=nonsense",
        "cursor=%F0%9F%91%BB%F0%9F%91%BB%F0%9F%91%BB",
        &format!("cursor={forged}"),
        &format!("cursor={}", &cursor[1..]),
        &format!("cursor={cursor}0"),
        "page=2",
        "%FF=%FF",
    ] {
        app.get(&format!("/predictions?PassengerId=7&{query}")).await.problem(400);
    }
}

#[tokio::test]
async fn a_key_that_cannot_be_is_refused() {
    let app = App::new();
    for id in ["-1", "x", "7.5", "", "9007199254740992", "99999999999999999999999", "%00"] {
        let problem = app.get(&format!("/predictions?PassengerId={id}")).await.problem(400);
        assert!(problem["detail"].as_str().unwrap().contains("PassengerId"), "{problem}");
    }
    for query in ["", "?", "?limit=5", "?Pclass=3", "?PassengerId=7&PassengerId=7", "?PassengerId=7&passenger_id=7"] {
        app.get(&format!("/predictions{query}")).await.problem(400);
    }
}

#[tokio::test]
async fn the_model_is_answered_as_its_manifest() {
    let answer = App::new().get("/model").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    let manifest = answer.json();
    assert_eq!(manifest, serde_json::from_str::<Value>(package().manifest_json()).unwrap());
    assert_eq!(manifest["version"].as_str(), Some(&**package().version()));
    assert_eq!(manifest["inputs"], json!(package().feature_names()));
}

#[tokio::test]
async fn the_service_is_alive_and_ready() {
    let app = App::new();
    let version = &**package().version();
    assert_eq!(app.get("/health").await.json(), json!({"status": "alive", "model_version": version}));
    assert_eq!(app.get("/ready").await.json(), json!({"status": "ready", "model_version": version}));
}

#[tokio::test]
async fn a_path_that_is_not_there_is_a_problem() {
    let app = App::new();
    for path in
        ["/docs/x", "/predict/", "/predictions/7/x", "/passengers/7", "/passengers/7/predictions", "//predict", "/x?y"]
    {
        app.get(path).await.problem(404);
    }
    insta::assert_json_snapshot!(app.get("/nowhere").await.problem(404), @r#"
    {
      "detail": "there is nothing at this path",
      "status": 404,
      "title": "Not found",
      "type": "urn:lifeboat:problem:not-found"
    }
    "#);
}

#[tokio::test]
async fn a_method_that_a_path_does_not_answer_names_those_that_it_does() {
    let app = App::new();
    for (method, path, allowed) in [
        ("GET", "/predict", "POST"),
        ("DELETE", "/predict", "POST"),
        ("POST", "/predictions/7-0123456789abcdef0123456789abcdef", "GET,HEAD"),
        ("PUT", "/predictions", "GET,HEAD"),
        ("POST", "/health", "GET,HEAD"),
        ("BREW", "/model", "GET,HEAD"),
    ] {
        let request = Request::builder().method(method).uri(path).body(Body::empty()).unwrap();
        let answer = app.send(request).await;
        answer.problem(405);
        assert_eq!(answer.header("allow"), allowed, "{method} {path}");
    }
}

#[tokio::test]
async fn a_plain_request_id_is_given_back() {
    let app = App::new();
    for (path, id) in [("/health", "req-42"), ("/nowhere", "a/b;c=\"d\""), ("/predict", &"x".repeat(128))] {
        let request = Request::get(path).header("x-request-id", id).body(Body::empty()).unwrap();
        assert_eq!(app.send(request).await.header("x-request-id"), id);
    }
}

#[tokio::test]
async fn any_other_request_id_is_replaced_by_a_fresh_one() {
    let app = App::new();
    let long = "x".repeat(129);
    let mut seen = std::collections::HashSet::new();
    for id in [&b""[..], b"two words", b"tab\there", b"caf\xc3\xa9", b"\xff", long.as_bytes()] {
        let request = Request::get("/health").header("x-request-id", id).body(Body::empty()).unwrap();
        let answer = app.send(request).await;
        let given = answer.header("x-request-id");
        assert_eq!(given.len(), 32);
        assert!(given.bytes().all(|digit| digit.is_ascii_hexdigit()), "{given}");
        assert!(seen.insert(given.to_owned()), "{given} twice");
    }
    assert_eq!(app.get("/health").await.header("x-request-id").len(), 32);
}
