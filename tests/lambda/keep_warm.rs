//! Events that are no requests: those that keep the function warm ask for nothing, and others are errors that say what they are.

use serde_json::{Value, json};

use crate::bootstrap::{Function, on_file};
use crate::fixtures::passengers::numbered;

fn event(name: &str) -> Value {
    let file = format!("{}/events/{name}.json", env!("CARGO_MANIFEST_DIR"));
    serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap()
}

#[tokio::test]
async fn what_keeps_the_function_warm_succeeds_quietly_and_stores_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let database = folder.path().join("predictions.db");
    let mut environment = on_file(&database);
    environment.push(("POWERTOOLS_METRICS_NAMESPACE", "Lifeboat".to_owned()));
    let function = Function::start(&environment).await;
    for event in [
        event("keep_warm"),
        event("empty"),
        Value::Null,
        json!({"warmer": true, "concurrency": 3}),
        json!({"source": "serverless-plugin-warmup"}),
        json!({"source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": "{}"}),
    ] {
        assert_eq!(function.invoke(&event).await, Value::Null, "{event}");
    }
    let log = function.log();
    for loud in ["WARN", "ERROR", "INFO", "_aws", "error"] {
        let lines = log.lines().filter(|line| line.contains("\"level\"") || line.contains("_aws"));
        assert!(!lines.into_iter().any(|line| line.contains(loud)), "{log}");
    }
    assert_eq!(function.predict(&numbered(1)).await.status(), 201);
    assert_eq!(function.get("/monitor?since=1d").await.json()["rows"], 1);
}

#[tokio::test]
async fn any_other_event_is_an_error_that_says_what_it_looks_like_and_not_what_it_holds() {
    let folder = tempfile::tempdir().unwrap();
    let function = Function::start(&on_file(&folder.path().join("predictions.db"))).await;
    for (event, looks) in [
        (event("queue_message"), r#"an event with the members "Records""#),
        (json!({"headers": "Becker", "httpMethod": 3}), r#"an event with the members "headers", "httpMethod""#),
        (json!({"httpMethod": "GET", "Becker": 1}), r#"an event with the members "Becker", "httpMethod""#),
        (json!(["Becker"]), "an event that is no object"),
        (json!("Becker"), "an event that is no object"),
    ] {
        let answer = function.invoke(&event).await;
        assert_eq!(answer["errorType"], "UnknownEvent", "{answer}");
        assert_eq!(answer["errorMessage"], format!("{looks} is not a request"));
    }
    let log = function.log();
    assert!(log.contains("expected an event of an HTTP API"), "{log}");
    assert!(!log.contains("Richard"), "{log}");
    assert_eq!(function.predict(&numbered(1)).await.status(), 201);
}
