//! Columns of any name and any type.

use axum::http::Method;
use serde_json::{Value, json};

use super::contract::{check, document};
use super::{id, schema, send, small, tell};

const CSV: (&str, &str) = ("content-type", "text/csv");
const TO_CSV: [(&str, &str); 2] = [("content-type", "application/json"), ("accept", "text/csv")];

/// What the program calls its own.
const OWN: [&str; 14] = [
    "label",
    "probability",
    "probabilities",
    "features",
    "key",
    "prediction",
    "predictions",
    "record",
    "outcome",
    "model_version",
    "created_at",
    "snapshot",
    "explanation",
    "entity",
];

#[tokio::test]
async fn columns_may_be_called_as_what_the_program_adds() {
    let fields: Vec<Value> = OWN.iter().map(|name| json!({"name": name, "type": "string"})).collect();
    let fields: Value = [json!({"name": "id", "type": "integer"})].into_iter().chain(fields).collect();
    let label = json!({"name": "known_at", "type": "boolean"});
    let app = small(&schema(&fields, &label, &json!({"key": ["id", "created_at"]})));
    let mut record = json!({"id": 7, "x": 0.75});
    for name in OWN {
        record[name] = json!(format!("the client's {name}"));
    }
    let posted = app.predict_value(&record).await;
    assert_eq!(posted.status, 201, "{posted:?}");
    let read = app.get(posted.header("location")).await.json();
    assert_eq!((&read["record"], &read["key"]["id"]), (&record, &json!(7)));
    assert_eq!((&read["prediction"], &read["probability"]), (&json!({"known_at": true}), &json!(0.75)));
    assert_eq!(app.predict_value(&read["record"]).await.body, posted.body);
    let history = app.get("/predictions?id=7&created_at=the+client's+created_at").await.json();
    assert_eq!(history["predictions"][0]["id"], read["id"]);
    let told = tell(&app, &id(&posted), &json!({"known_at": false})).await.json();
    assert_eq!(
        (&told["outcome"], &told["known_at"]),
        (&json!({"known_at": false}), &json!("2026-11-23T10:15:04.211Z"))
    );

    let table = send(&app, Method::POST, "/predict", &TO_CSV, record.to_string()).await;
    let mut reader = csv::Reader::from_reader(&*table.body);
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let expected =
        ["id", "created_at", "known_at", "probability", "model_version", "prediction_created_at", "prediction_id"];
    assert_eq!(header, expected);
    let document = document(&app).await;
    check(&document);
    assert_eq!(app.get("/monitor?since=1h").await.problem(500)["status"], 500, "it has no baseline");
    assert_eq!(app.get("/").await.status, 200);
}

#[tokio::test]
async fn a_label_may_be_called_as_an_output() {
    for name in ["id", "probability", "probabilities"] {
        for kind in ["number", "boolean"] {
            let app = small(&schema(&json!([]), &json!({"name": name, "type": kind}), &json!({})));
            let answer = app.predict(r#"{"x": 0.75}"#).await.json();
            let expected = if kind == "number" { json!(1.5) } else { json!(true) };
            assert_eq!(answer["prediction"][name], expected, "{answer}");
            assert!(answer["id"].as_str().unwrap().starts_with("p."));
            let inputs = json!([{"name": "x", "datatype": "FP64", "shape": [1], "data": [0.75]}]).to_string();
            let body = format!("{{\"inputs\": {inputs}}}");
            let inferred = send(&app, Method::POST, "/v2/models/small/infer", &[], body).await.json();
            let outputs = inferred["outputs"].as_array().unwrap();
            let names: std::collections::BTreeSet<&str> =
                outputs.iter().map(|one| one["name"].as_str().unwrap()).collect();
            assert_eq!((names.len(), &outputs[0]["data"][0]), (outputs.len(), &expected), "{inferred}");
            check(&document(&app).await);
        }
    }
}

#[tokio::test]
async fn dates_and_times_are_one_value_however_they_are_written() {
    let fields = json!([
        {"name": "day", "type": "date", "constraints": {"minimum": "2000-01-01", "maximum": "2030-12-31"}, "example": "2013-11-03"},
        {"name": "at", "type": "datetime", "example": "2013-11-03T01:30:00-05:00"},
    ]);
    let lifeboat = json!({"timezone": {"name": "America/New_York", "disambiguation": "reject"}});
    let app = small(&schema(&fields, &json!({"name": "y", "type": "number"}), &lifeboat));
    let posted = app.predict_value(&json!({"x": 0.5, "day": "2013-11-03", "at": "2013-11-03T01:30:00-05:00"})).await;
    assert_eq!(posted.status, 201, "{posted:?}");
    for at in ["2013-11-03T06:30:00Z", "2013-11-03T07:30:00+01:00", "2013-11-03T06:30:00.000Z"] {
        let again = app.predict_value(&json!({"x": 0.5, "day": "2013-11-03", "at": at})).await;
        assert_eq!((again.status.as_u16(), &again.body), (200, &posted.body), "{at}");
    }
    let table = "x,day,at\n0.5,2013-11-03,2013-11-03T06:30:00Z\n";
    let table = send(&app, Method::POST, "/predict", &[CSV], table).await;
    assert_eq!(table.json()[0], posted.json());
    let read = app.get(posted.header("location")).await.json();
    assert_eq!(app.predict_value(&read["record"]).await.body, posted.body, "{read}");
    // A local time is one of New York; the clocks there show half past one twice on that day.
    let local = app.predict_value(&json!({"x": 0.5, "day": "2013-11-03", "at": "2013-11-03T03:30:00"})).await;
    let zoned = app.predict_value(&json!({"x": 0.5, "day": "2013-11-03", "at": "2013-11-03T08:30:00Z"})).await;
    assert_eq!((local.status.as_u16(), zoned.status.as_u16(), &local.body), (201, 200, &zoned.body));
    for (field, value, part) in [
        ("at", json!("2013-11-03T01:30:00"), "comes twice"),
        ("at", json!("2013-03-10T02:30:00"), "never comes"),
        ("at", json!("yesterday"), "date and time"),
        ("at", json!(1_383_460_200), "date and time"),
        ("day", json!("2013-02-30"), "date"),
        ("day", json!("1999-12-31"), "2000-01-01"),
        ("day", json!("03.11.2013"), "as in 2013-11-03"),
        ("day", json!(""), "date"),
    ] {
        let problem = app.predict_value(&json!({"x": 0.5, field: value})).await.problem(422);
        assert_eq!(problem["errors"][0]["pointer"], format!("/{field}"), "{problem}");
        assert!(problem["errors"][0]["detail"].as_str().unwrap().contains(part), "{problem}");
    }
    let document = document(&app).await;
    check(&document);
    let properties = &document["components"]["schemas"]["Record"]["properties"];
    assert_eq!((&properties["day"]["format"], &properties["at"]["format"]), (&json!("date"), &json!("date-time")));
    let metadata = app.get("/v2/models/small").await.json();
    assert_eq!(
        (&metadata["inputs"][0]["datatype"], &metadata["inputs"][1]["datatype"]),
        (&json!("BYTES"), &json!("BYTES"))
    );
}

#[tokio::test]
async fn a_label_may_be_true_or_false() {
    let fields = json!([{"name": "is_member", "type": "boolean", "trueValues": ["yes"], "falseValues": ["no"]}]);
    let app = small(&schema(&fields, &json!({"name": "left", "type": "boolean"}), &json!({})));
    for (x, expected) in [(0.75, true), (0.25, false)] {
        let posted = app.predict_value(&json!({"x": x, "is_member": true, "left": !expected})).await;
        let answer = posted.json();
        assert_eq!((&answer["prediction"]["left"], &answer["probability"]), (&json!(expected), &json!(x)));
        for wrong in [json!("true"), json!(1), json!(null)] {
            tell(&app, &id(&posted), &json!({"left": wrong})).await.problem(422);
        }
        assert_eq!(tell(&app, &id(&posted), &json!({"left": !expected})).await.status, 200);
        let read = app.get(posted.header("location")).await.json();
        assert_eq!(
            (&read["outcome"]["outcome"]["left"], &read["record"]),
            (&json!(!expected), &json!({"is_member": true, "x": x}))
        );
    }
    let table = send(&app, Method::POST, "/predict?kaggle=true", &[CSV], "is_member,x\nyes,0.75\nno,0.25\n").await;
    assert_eq!(table.body, "left\ntrue\nfalse\n");
    let tensors = json!({"inputs": [
        {"name": "x", "datatype": "FP32", "shape": [2], "data": [0.75, 0.25]},
        {"name": "is_member", "datatype": "BOOL", "shape": [2], "data": [true, null]},
    ]});
    let inferred = send(&app, Method::POST, "/v2/models/small/infer", &[], tensors.to_string()).await.json();
    let label = &inferred["outputs"][0];
    assert_eq!((&label["datatype"], &label["data"]), (&json!("BOOL"), &json!([true, false])), "{inferred}");
    let document = document(&app).await;
    check(&document);
    assert_eq!(document["components"]["schemas"]["NewOutcome"]["properties"]["left"]["type"], "boolean");
}
