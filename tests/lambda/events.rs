//! Every request in `events/`, through the router and through the bootstrap: the same answers, and those that stand in the snapshots.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use http_body_util::BodyExt;
use lifeboat::api::{self, ApiConfig};
use lifeboat::package;
use lifeboat::service::PredictionService;
use lifeboat::start;
use lifeboat::store::dynamodb::DynamoDbStore;
use serde_json::{Value, json};
use tower::ServiceExt;

use crate::bootstrap::{Function, on_table};
use crate::fixtures::dynamodb::{config, new_table, url};
use crate::sources::SOURCES;

/// Returns the events by name: first the one that stores what others ask for.
fn events() -> Vec<(String, Value)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("events");
    let mut events = BTreeMap::new();
    for file in std::fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        events.insert(name, serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap());
    }
    // What other sources send is in tests of its own.
    events.retain(|name, event: &mut Value| event.get("rawPath").is_some() && !SOURCES.contains(&name.as_str()));
    let first = events.remove_entry("predict").unwrap();
    std::iter::once(first).chain(events).collect()
}

/// Sends an event to the router as the Lambda function does.
async fn routed(router: &Router, event: &Value) -> Value {
    let request = lambda_http::request::from_str(&event.to_string()).unwrap();
    let response = router.clone().oneshot(request.map(Body::new)).await.unwrap();
    let (parts, body) = response.into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let headers: serde_json::Map<_, _> =
        parts.headers.iter().map(|(name, value)| (name.to_string(), json!(value.to_str().unwrap()))).collect();
    json!({
        "statusCode": parts.status.as_u16(),
        "headers": headers,
        "body": String::from_utf8(body.to_vec()).unwrap(),
        "isBase64Encoded": false,
    })
}

/// Leaves out of an answer what differs each time, and reads its body.
fn steady(mut answer: Value) -> Value {
    let body: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
    answer["body"] = body;
    for always_empty in ["multiValueHeaders", "cookies"] {
        answer.as_object_mut().unwrap().remove(always_empty);
    }
    let headers = answer["headers"].as_object_mut().unwrap();
    headers.remove("content-length");
    assert!(headers.remove("x-request-id").is_some(), "every answer names its request");
    redact(&mut answer, "created_at");
    redact(&mut answer, "known_at");
    // It follows from the body, and so from when the prediction was made.
    redact(&mut answer, "etag");
    answer.sort_all_objects();
    answer
}

/// Returns an event that asks for the prediction that is stored: its id, which stands in the event, is another for each model.
fn about(mut event: Value, stored: &str) -> Value {
    let path = event["rawPath"].as_str().unwrap().to_owned();
    if let Some(rest) = path.strip_prefix("/predictions/p.1070.") {
        let rest = rest.split_once('/').map(|(_, rest)| format!("/{rest}")).unwrap_or_default();
        event["rawPath"] = json!(format!("/predictions/{stored}{rest}"));
    }
    event
}

/// Leaves out of an answer what differs from model to model.
fn without_model(mut answer: Value) -> Value {
    for name in ["id", "model_version", "snapshot", "probability", "features", "location"] {
        redact(&mut answer, name);
    }
    if answer["body"].get("content_hash").is_some() {
        answer["body"] = json!("[manifest]");
    }
    answer
}

fn redact(value: &mut Value, name: &str) {
    match value {
        Value::Object(object) => {
            for (key, value) in object {
                if key == name {
                    *value = json!(format!("[{name}]"));
                } else {
                    redact(value, name);
                }
            }
        }
        Value::Array(values) => values.iter_mut().for_each(|value| redact(value, name)),
        _ => {}
    }
}

#[tokio::test]
async fn every_event_is_answered_alike_by_the_router_and_by_the_bootstrap() {
    let package = Arc::new(package::open(None).unwrap());
    let store = DynamoDbStore::new(config(&new_table().await, &url()), start::owner(&package)).unwrap();
    let service = PredictionService::new(package, Arc::new(store));
    let router = api::router(service, &ApiConfig::default(), None);
    let function = Function::start(&on_table(&config(&new_table().await, &url()))).await;
    let mut stored = String::new();
    for (name, event) in events() {
        let event = about(event, &stored);
        let bootstrap = steady(function.invoke(&event).await);
        assert_eq!(bootstrap, steady(routed(&router, &event).await), "{name}");
        if name == "predict" {
            bootstrap["body"]["id"].as_str().unwrap().clone_into(&mut stored);
        }
        if name == "predict_400" {
            // The answers to 400 passengers are in the model's own tests; here is how many there are.
            assert_eq!(bootstrap["body"].as_array().unwrap().len(), 400);
            continue;
        }
        if name == "model" {
            let manifest: Value = serde_json::from_str(include_str!("../../model/titanic/manifest.json")).unwrap();
            assert_eq!(bootstrap["body"], manifest);
        }
        insta::assert_json_snapshot!(name, without_model(bootstrap));
    }
}
