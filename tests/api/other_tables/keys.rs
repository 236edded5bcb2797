//! Keys of any fields and texts: ids, paths and lookups keep them, and none is taken for another.

use std::collections::BTreeSet;

use axum::http::Method;
use serde_json::{Value, json};

use super::{id, schema, send, small};
use crate::app::{Answer, App};

fn number_label() -> Value {
    json!({"name": "y", "type": "number"})
}

/// Returns a query of fields and their values.
fn query<'a>(fields: impl IntoIterator<Item = (&'a str, &'a str)>) -> String {
    format!("/predictions?{}", form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish())
}

async fn ids(app: &App, path: &str) -> Vec<Value> {
    let answer = app.get(path).await;
    assert_eq!(answer.status, 200, "{path}: {answer:?}");
    answer.json()["predictions"].as_array().unwrap().iter().map(|one| one["id"].clone()).collect()
}

/// Checks that a prediction is where its location and its id say.
async fn is_there(app: &App, posted: &Answer) -> Value {
    assert_eq!(posted.status, 201, "{posted:?}");
    assert_eq!(posted.header("location"), format!("/predictions/{}", id(posted)));
    let read = app.get(posted.header("location")).await;
    assert_eq!(read.status, 200, "{read:?}");
    let read = read.json();
    assert_eq!((&read["id"], &read["key"]), (&posted.json()["id"], &posted.json()["key"]));
    read
}

#[tokio::test]
async fn a_key_of_texts_survives_and_collides_with_nothing() {
    let fields = json!([{"name": "code", "type": "string"}]);
    let app = small(&schema(&fields, &number_label(), &json!({"key": "code"})));
    let long = "é/".repeat(666) + "--";
    assert_eq!(long.len(), 2_000);
    let codes = [
        "-",
        "--",
        "/",
        "//",
        ".",
        "..",
        "_",
        "_2f",
        "%2F",
        "%",
        "reports",
        "snapshots",
        "owner",
        "key:1:-",
        "1:-",
        "p",
        "p.",
        "p.-",
        "a.b",
        "a b",
        "7",
        "007",
        "0123456789abcdef0123456789abcdef",
        "\u{0}",
        "line\nbreak",
        "\"",
        "'",
        "é",
        "e\u{301}",
        "😀",
        "A",
        "a",
        "?limit=1",
        "#",
        "null",
        "2:a,1",
        &long,
    ];
    let mut seen = BTreeSet::new();
    for code in codes {
        let posted = app.predict_value(&json!({"x": 0.25, "code": code})).await;
        let read = is_there(&app, &posted).await;
        assert_eq!((&read["key"]["code"], &read["record"]["code"]), (&json!(code), &json!(code)));
        let id = id(&posted);
        assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte)), "{id}");
        assert!(seen.insert(id), "{code:?} has the id of another");
    }
    for code in codes {
        let found = ids(&app, &query([("code", code)])).await;
        assert_eq!(found.len(), 1, "{code:?}");
        let read = app.get(&format!("/predictions/{}", found[0].as_str().unwrap())).await.json();
        assert_eq!(read["key"]["code"], code);
        let outcome = super::tell(&app, found[0].as_str().unwrap(), &json!({"y": 1})).await;
        assert_eq!(outcome.status, 200, "{code:?}: {outcome:?}");
    }
    assert_eq!(app.stored(), u32::try_from(codes.len()).unwrap());
    assert_eq!(ids(&app, &query([("code", "not there")])).await, Vec::<Value>::new());
}

#[tokio::test]
async fn an_empty_text_is_no_key_and_one_that_is_too_long_is_refused() {
    let fields = json!([{"name": "code", "type": "string"}]);
    let app = small(&schema(&fields, &number_label(), &json!({"key": "code"})));
    let absent = app.predict_value(&json!({"x": 0.25})).await;
    assert_eq!(is_there(&app, &absent).await["key"], json!({"code": null}));
    for nothing in [json!(""), json!("  "), Value::Null] {
        let again = app.predict_value(&json!({"x": 0.25, "code": nothing})).await;
        assert_eq!((again.status.as_u16(), &again.body), (200, &absent.body), "{nothing}");
    }
    let problem = app.get("/predictions?code=").await.problem(400);
    assert_eq!(problem["detail"], "code is required");
    let problem = app.predict_value(&json!([{"x": 0.25}, {"x": 0.25, "code": "x".repeat(2_001)}])).await.problem(422);
    assert_eq!(problem["errors"][0]["pointer"], "/1", "{problem}");
    let detail = problem["errors"][0]["detail"].as_str().unwrap();
    assert!(detail.contains("code") && detail.contains("2000"), "{detail}");
    assert_eq!(app.stored(), 1);
}

#[tokio::test]
async fn several_fields_make_a_key_together() {
    let fields = json!([
        {"name": "airport", "type": "string"},
        {"name": "flight", "type": "integer"},
        {"name": "day", "type": "date"},
        {"name": "is_late", "type": "boolean"},
    ]);
    let key = ["airport", "flight", "day", "is_late"];
    let app = small(&schema(&fields, &number_label(), &json!({"key": key})));
    let record = json!({"x": 0.5, "airport": "EWR", "flight": 7, "day": "2013-11-03", "is_late": true});
    let posted = app.predict_value(&record).await;
    let read = is_there(&app, &posted).await;
    assert_eq!(read["key"], json!({"airport": "EWR", "flight": 7, "day": "2013-11-03", "is_late": true}));
    assert!(id(&posted).starts_with("p.EWR.7.2013-11-03.true."), "{}", id(&posted));
    let whole = [("flight", "7"), ("is_late", "true"), ("day", "2013-11-03"), ("airport", "EWR")];
    assert_eq!(ids(&app, &query(whole)).await, [posted.json()["id"].clone()]);

    let problem = app.get(&query(whole.into_iter().take(2))).await.problem(400);
    assert_eq!(problem["detail"], "airport is required; day is required", "every fault of a key is named");
    let wrong = [("flight", "seven"), ("is_late", "maybe"), ("day", "2013-13-03"), ("airport", "EWR")];
    let detail = app.get(&query(wrong)).await.problem(400)["detail"].as_str().unwrap().to_owned();
    assert!(["flight", "is_late", "day"].iter().all(|field| detail.contains(field)), "{detail}");
    assert!(!detail.contains("null"), "{detail}");
    let problem = app.get(&query(whole.into_iter().chain([("x", "1")]))).await.problem(400);
    assert_eq!(problem["detail"], "the query may hold airport, flight, day, is_late, limit and cursor, each once");

    let partly = app.predict_value(&json!({"x": 0.5, "airport": "EWR", "flight": 7})).await;
    let read = is_there(&app, &partly).await;
    assert_eq!(read["key"], json!({"airport": "EWR", "flight": 7, "day": null, "is_late": null}));
    assert_eq!(id(&partly).split('.').count(), 2, "who has no whole key has none in the id");
    let table = "x,airport,flight,day,is_late\n0.5,EWR,7,2013-11-03,true\n";
    let answer = send(&app, Method::POST, "/predict?kaggle=true", &[("content-type", "text/csv")], table).await;
    assert_eq!(answer.body, "airport,flight,day,is_late,y\nEWR,7,2013-11-03,true,1.0\n");
}

#[tokio::test]
async fn parts_of_a_key_do_not_run_into_each_other() {
    let fields = json!([{"name": "a", "type": "string"}, {"name": "b", "type": "string"}]);
    let app = small(&schema(&fields, &number_label(), &json!({"key": ["a", "b"]})));
    let keys = [
        ("a", "bc"),
        ("ab", "c"),
        ("a.b", "c"),
        ("a", "b.c"),
        ("a,1", "c"),
        ("a", "1:c"),
        ("1:a", "c"),
        ("-", "-"),
        ("a_", "b"),
        ("a", "_b"),
        ("/", "-"),
        ("-", "/"),
        ("a\u{0}b", "c"),
        ("a", "\u{0}bc"),
    ];
    let mut posted = Vec::new();
    for (a, b) in keys {
        let answer = app.predict_value(&json!({"x": 0.5, "a": a, "b": b})).await;
        is_there(&app, &answer).await;
        posted.push(answer.json()["id"].clone());
    }
    assert_eq!(posted.iter().map(Value::to_string).collect::<BTreeSet<_>>().len(), keys.len());
    for ((a, b), id) in keys.into_iter().zip(posted) {
        assert_eq!(ids(&app, &query([("a", a), ("b", b)])).await, [id], "{a:?} and {b:?}");
    }
}

#[tokio::test]
async fn an_entity_of_any_key_is_paged_newest_first() {
    let fields = json!([{"name": "limit", "type": "string"}, {"name": "cursor", "type": "integer"}]);
    let app = small(&schema(&fields, &number_label(), &json!({"key": ["limit"]})));
    for hour in 0..45 {
        app.set_time(&format!("2026-11-23T{:02}:{:02}:00Z", hour / 2, hour % 2 * 30));
        let record = json!({"x": f64::from(hour) / 64.0, "limit": "a & b=c", "cursor": hour});
        assert_eq!(app.predict_value(&record).await.status, 201);
    }
    // The field has the name of an option, which is called otherwise then.
    let (mut next, mut seen) = (Some(query([("limit", "a & b=c")])), Vec::new());
    while let Some(path) = next {
        let page = app.get(&path).await.json();
        seen.extend(page["predictions"].as_array().unwrap().iter().map(|one| one["prediction"]["y"].as_f64().unwrap()));
        next = page["next"].as_str().map(str::to_owned);
    }
    let expected: Vec<f64> = (0..45).rev().map(|hour| f64::from(hour) / 32.0).collect();
    assert_eq!(seen, expected);
}
