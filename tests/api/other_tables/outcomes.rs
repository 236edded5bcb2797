//! Outcomes of tables that have no key, several fields in it, or fields that are called as what an outcome says.

use axum::http::Method;
use serde_json::{Value, json};

use super::{id, schema, send, small, tell};
use crate::app::App;

async fn post(app: &App, outcomes: Value) -> Value {
    let answer =
        send(app, Method::POST, "/outcomes", &[("content-type", "application/json")], outcomes.to_string()).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn a_label_may_be_called_as_what_an_outcome_says() {
    for (label, corrects, of_id) in
        [("corrects", "outcome_corrects", "id"), ("id", "corrects", "prediction_id"), ("result", "corrects", "id")]
    {
        let app = small(&schema(&json!([]), &json!({"name": label, "type": "boolean"}), &json!({})));
        let id = id(&app.predict(r#"{"x": 0.75}"#).await);
        let told = tell(&app, &id, &json!({label: false})).await;
        assert_eq!((told.status.as_u16(), &told.json()["outcome"]), (200, &json!({label: false})), "{told:?}");
        tell(&app, &id, &json!({label: true})).await.problem(409);
        let corrected = tell(&app, &id, &json!({label: true, corrects: true})).await;
        assert_eq!((corrected.status.as_u16(), &corrected.json()["outcome"]), (200, &json!({label: true})));
        let again = post(&app, json!([{of_id: id, label: true}, {of_id: id, label: false, corrects: true}])).await;
        assert_eq!((&again[0]["result"], &again[1]["result"]), (&json!("stands"), &json!("corrected")));
        let headers = [("content-type", "text/csv"), ("accept", "text/csv")];
        let table = format!("{of_id},{label},{corrects}\n{id},true,true\n");
        let answer = send(&app, Method::POST, "/outcomes", &headers, table).await;
        let text = String::from_utf8(answer.body.to_vec()).unwrap();
        let mut lines = text.lines();
        let names: Vec<&str> = lines.next().unwrap().split(',').collect();
        assert_eq!(names[0], label);
        assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), 5, "{names:?}");
        assert!(lines.next().unwrap().ends_with(",corrected,"), "{text}");
    }
}

#[tokio::test]
async fn names_of_ours_give_way_as_often_as_they_must() {
    let fields = json!([{"name": "corrects", "type": "string"}, {"name": "outcome_corrects", "type": "string"}]);
    let app = small(&schema(&fields, &json!({"name": "y", "type": "boolean"}), &json!({"key": "corrects"})));
    let posted = app.predict(r#"{"x": 0.75, "corrects": "true"}"#).await;
    let told = json!({"corrects": "true", "y": false});
    assert_eq!(post(&app, json!([told])).await[0]["id"], id(&posted));
    let corrected = post(&app, json!([{"corrects": "true", "y": true, "outcome_outcome_corrects": true}])).await;
    assert_eq!(corrected[0]["result"], "corrected");
}

#[tokio::test]
async fn an_outcome_is_told_by_a_key_of_several_fields() {
    let fields = json!([{"name": "code", "type": "string"}, {"name": "day", "type": "date"}]);
    let app = small(&schema(&fields, &json!({"name": "y", "type": "number"}), &json!({"key": ["code", "day"]})));
    let posted = app.predict(r#"{"x": 0.75, "code": "EWR/1", "day": "2013-04-01"}"#).await;
    let told = post(
        &app,
        json!([
            {"code": "EWR/1", "day": "2013-04-01", "y": 2.5},
            {"code": "EWR/1", "day": "2013-04-02", "y": 2.5},
            {"code": "EWR/1", "day": null, "y": 2.5},
            {"code": "EWR/1", "day": "yesterday", "y": 2.5},
        ]),
    )
    .await;
    assert_eq!((&told[0]["result"], &told[0]["id"]), (&json!("recorded"), &json!(id(&posted))));
    assert_eq!(told[1]["result"], "not_found");
    assert_eq!(told[2]["problem"]["errors"][0]["detail"], "neither id nor a whole key says whose outcome it is");
    assert_eq!(told[3]["problem"]["errors"][0]["pointer"], "/3/day");
    assert_eq!(told[3]["problem"]["errors"].as_array().unwrap().len(), 1, "{}", told[3]);
}

#[tokio::test]
async fn without_a_key_an_outcome_needs_an_id() {
    let app = small(&schema(&json!([]), &json!({"name": "y", "type": "number"}), &json!({})));
    let told = post(&app, json!([{"y": 1.5}])).await;
    let detail = "id is missing, and the table has no key to find a prediction by";
    assert_eq!(told[0]["problem"]["errors"], json!([{"pointer": "/0", "detail": detail}]));
}
