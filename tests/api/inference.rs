//! The Open Inference Protocol: what its clients ask, and what they are told.

use axum::http::{Method, Request};
use serde_json::{Value, json};

use crate::app::{Answer, App, package};
use crate::passengers::numbered;

const INFER: &str = "/v2/models/titanic/infer";

async fn infer(app: &App, body: &Value) -> Answer {
    app.send(Request::post(INFER).body(body.to_string().into()).unwrap()).await
}

fn tensor(name: &str, datatype: &str, data: &Value) -> Value {
    json!({"name": name, "datatype": datatype, "shape": [data.as_array().unwrap().len()], "data": data})
}

/// Returns passengers as tensors, a column each.
fn tensors(passengers: &[Value]) -> Vec<Value> {
    let column =
        |name: &str| Value::from(passengers.iter().map(|passenger| passenger[name].clone()).collect::<Vec<_>>());
    let integers = ["PassengerId", "Pclass", "SibSp", "Parch"].map(|name| tensor(name, "INT64", &column(name)));
    let floats = ["Age", "Fare"].map(|name| tensor(name, "FP64", &column(name)));
    let texts = ["Name", "Sex", "Ticket", "Cabin", "Embarked"].map(|name| tensor(name, "BYTES", &column(name)));
    integers.into_iter().chain(floats).chain(texts).collect()
}

fn output<'a>(answer: &'a Value, name: &str) -> &'a Vec<Value> {
    let mut outputs = answer["outputs"].as_array().unwrap().iter();
    outputs.find(|output| output["name"] == name).unwrap()["data"].as_array().unwrap()
}

/// Checks that this is an error in the protocol's form, and returns its text.
#[track_caller]
fn error(answer: &Answer, status: u16) -> String {
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (status, "application/json"), "{answer:?}");
    let body = answer.json();
    assert_eq!(body.as_object().unwrap().len(), 1, "{body}");
    body["error"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn what_is_inferred_is_what_is_predicted_and_stored_once() {
    let app = App::new();
    let passengers: Vec<_> = (0..100).map(numbered).collect();
    let answer = infer(&app, &json!({"id": "my request", "inputs": tensors(&passengers)})).await;
    assert_eq!((answer.status.as_u16(), app.stored()), (200, 100));
    let answer = answer.json();
    assert_eq!((&answer["model_name"], &answer["id"]), (&json!("titanic"), &json!("my request")));
    assert_eq!(answer["model_version"].as_str(), Some(&**package().version()));
    let predicted = app.predict_value(&json!(passengers)).await;
    assert_eq!((predicted.header("lifeboat-created"), app.stored()), ("0", 100));
    for (name, pointer) in [("Survived", "/prediction/Survived"), ("probability", "/probability"), ("id", "/id")] {
        let predicted = predicted.json();
        let expected: Vec<_> =
            predicted.as_array().unwrap().iter().map(|one| one.pointer(pointer).unwrap().clone()).collect();
        assert_eq!(output(&answer, name), &expected);
    }
}

#[tokio::test]
async fn a_value_may_be_missing_in_five_ways() {
    let (null, invalid) = (json!([null, 30]), json!([99, 30]));
    let two = || vec![tensor("Pclass", "INT64", &json!([3, 1])), tensor("Sex", "BYTES", &json!(["male", "female"]))];
    let with = |more: &[Value]| json!({"inputs": ([&two()[..], more].concat())});
    let app = App::new();
    let mut answers = Vec::new();
    for more in [
        vec![tensor("Age", "FP64", &null)],
        vec![tensor("Age", "FP32", &null), tensor("Embarked", "BYTES", &json!(["", null]))],
        vec![tensor("Age", "INT64", &invalid), tensor("Age.valid", "BOOL", &json!([false, true]))],
        vec![tensor("Age.valid", "BOOL", &json!([false, true])), tensor("Age", "INT32", &invalid)],
    ] {
        answers.push(infer(&app, &with(&more)).await.json());
    }
    assert!(answers.iter().all(|answer| answer == &answers[0]), "{answers:?}");
    assert_eq!(app.stored(), 2);
    assert_eq!(infer(&app, &with(&[])).await.status, 200);
    assert_eq!(app.stored(), 3, "an age that is not there at all is missing for both");
}

#[tokio::test]
async fn a_number_that_is_no_number_is_missing() {
    let (app, nan) = (App::new(), [f64::NAN.to_le_bytes(), 30_f64.to_le_bytes()].concat());
    let binary = |data: &[u8]| {
        let inputs = json!([
            tensor("Pclass", "INT64", &json!([3, 1])),
            {"name": "Age", "datatype": "FP64", "shape": [2, 1], "parameters": {"binary_data_size": data.len()}},
            tensor("Sex", "BYTES", &json!(["male", "female"])),
        ]);
        let json = json!({"inputs": inputs}).to_string();
        let length = json.len();
        let request = Request::post(INFER).header("inference-header-content-length", length);
        request.body([json.as_bytes(), data].concat().into()).unwrap()
    };
    let answer = app.send(binary(&nan)).await.json();
    let id = output(&answer, "id")[0].as_str().unwrap();
    assert_eq!(app.get(&format!("/predictions/{id}")).await.json()["record"].get("Age"), None);
    assert!(error(&app.send(binary(&nan[..15])).await, 400).contains("/inputs/1"));
    assert!(error(&app.send(binary(&[&nan[..], &nan[..]].concat())).await, 400).contains("4 elements"));
}

#[tokio::test]
async fn outputs_come_as_they_are_asked_for() {
    let app = App::new();
    let ask = |outputs: Value| json!({"inputs": tensors(&[numbered(7)]), "outputs": outputs});
    let answer = infer(&app, &ask(json!([{"name": "probability"}]))).await.json();
    assert_eq!(answer["outputs"].as_array().unwrap().len(), 1);
    let probability = output(&answer, "probability")[0].as_f64().unwrap();
    assert_eq!(answer.get("id"), None);

    let binary = json!([{"name": "id"}, {"name": "probability", "parameters": {"binary_data": true}}]);
    let answer = infer(&app, &ask(binary)).await;
    assert_eq!(answer.header("content-type"), "application/octet-stream");
    let (json, data) = answer.body.split_at(answer.header("inference-header-content-length").parse().unwrap());
    let json: Value = serde_json::from_slice(json).unwrap();
    assert_eq!(json["outputs"][1]["parameters"]["binary_data_size"], 4);
    assert!((f64::from(f32::from_le_bytes(data.try_into().unwrap())) - probability).abs() < 1e-7);
    let wrong = infer(&app, &ask(json!([{"name": "probability"}, {"name": "logit"}]))).await;
    assert!(error(&wrong, 400).contains("/outputs/1/name"));
}

#[tokio::test]
async fn every_fault_of_a_request_is_named() {
    let app = App::new();
    let inputs = json!([
        {"name": "Pclass", "datatype": "INT64", "shape": [2], "data": [3]},
        {"name": "Age", "datatype": "FP16", "shape": [2], "data": [1, 2]},
        {"name": "Fare", "datatype": "FP64", "shape": [-1], "data": [1, 2]},
        {"name": "Agee", "datatype": "FP64", "shape": [2], "data": [1, 2]},
        {"name": "Name", "datatype": "INT64", "shape": [2], "data": [1, 2]},
        {"name": "SibSp", "datatype": "INT64", "shape": [2, 2], "data": [[1, 2], [3, 4]]},
        {"name": "Parch", "datatype": "INT64", "shape": [2], "data": [1, "2"]},
        {"name": "Cabin", "datatype": "BYTES", "shape": [2]},
        {"name": "Ticket", "datatype": "BYTES", "shape": [2], "parameters": {"binary_data_size": 99}},
        {"name": "Age.valid", "datatype": "INT64", "shape": [2], "data": [1, 0]},
        {"name": "age", "datatype": "FP64", "shape": [3], "data": [1, 2, 3]},
    ]);
    let text = error(&infer(&app, &json!({"inputs": inputs})).await, 400);
    for fault in [
        "/inputs/0 has 1 elements, but its shape says 2",
        "/inputs/1/datatype must be INT32 or INT64 or FP32 or FP64",
        "/inputs/2/shape must be [n] or [n, 1]",
        "/inputs/3/name is not a field of a passenger: expected one of PassengerId, Pclass,",
        "/inputs/4/datatype must be BYTES",
        "/inputs/5/shape must be",
        "/inputs/6 element 1 is no INT64",
        "/inputs/7 must hold either data or parameters.binary_data_size",
        "/inputs/8/parameters/binary_data_size is more than the body has",
        "/inputs/9/datatype must be BOOL",
        "/inputs/10/shape must have as many rows",
        "/inputs Sex is required",
    ] {
        assert!(text.contains(fault), "{fault:?} is not in {text}");
    }
    let values = json!([
        tensor("Pclass", "INT64", &json!([3, 9])),
        tensor("sex", "BYTES", &json!(["man", "male"])),
        tensor("Age", "FP64", &json!([1, 200])),
    ]);
    let text = error(&infer(&app, &json!({"inputs": values})).await, 400);
    for place in ["/inputs/0/data/1", "/inputs/1/data/0", "/inputs/2/data/1"] {
        assert!(text.contains(place), "{place} is not in {text}");
    }
    assert_eq!(app.stored(), 0);
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_the_protocols_form() {
    let app = App::new();
    for body in ["", "{", "[]", "{}", r#"{"inputs": 1}"#, r#"{"inputs": [{"name": "Age"}]}"#, r#"{"inputs": []}"#] {
        error(&app.send(Request::post(INFER).body(body.into()).unwrap()).await, 400);
    }
    let too_many = json!({"inputs": tensors(&(0..1001).map(numbered).collect::<Vec<_>>())});
    error(&infer(&app, &too_many).await, 400);
    error(&app.send(Request::post(INFER).body(vec![b' '; 2 << 20].into()).unwrap()).await, 413);
    for length in ["x", "-1", "99999"] {
        let request = Request::post(INFER).header("inference-header-content-length", length);
        error(&app.send(request.body("{}".into()).unwrap()).await, 400);
    }
    error(&app.get(INFER).await, 405);
    error(&app.get("/v2/nowhere").await, 404);
    error(&app.get("/v2/models/olympic").await, 404);
    error(&app.send(Request::post("/v2/models/olympic/infer").body("{}".into()).unwrap()).await, 404);
    error(&App::with_keys("0123456789abcdef").get("/v2").await, 401);
    app.get("/v3").await.problem(404);
    assert_eq!(app.stored(), 0);
}

#[tokio::test]
async fn a_server_and_its_model_say_what_they_are() {
    let app = App::new();
    let server = app.get("/v2").await.json();
    assert_eq!((&server["name"], &server["extensions"][0]), (&json!("lifeboat"), &json!("binary_tensor_data")));
    assert_eq!(app.get("/v2/health/live").await.json(), json!({"live": true}));
    assert_eq!(app.get("/v2/health/ready").await.json(), json!({"ready": true}));
    assert_eq!(app.get("/v2/models/titanic/ready").await.status, 200);
    let metadata = app.get("/v2/models/titanic").await.json();
    assert_eq!(metadata["versions"], json!([&**package().version()]));
    let named = |tensors: &Value| -> Vec<Value> {
        tensors.as_array().unwrap().iter().map(|tensor| tensor["name"].clone()).collect()
    };
    assert_eq!(named(&metadata["outputs"]), ["Survived", "probability", "id"]);
    let ours: Vec<_> = tensors(&[numbered(1)]).iter().map(|tensor| tensor["name"].clone()).collect();
    assert!(named(&metadata["inputs"]).iter().all(|name| ours.contains(name)));
    let head = Request::builder().method(Method::HEAD).uri("/v2/health/live");
    assert_eq!(app.send(head.body(axum::body::Body::empty()).unwrap()).await.status, 200);
}
