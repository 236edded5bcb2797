//! The function that a schedule calls, on a table: it reports, keeps the report for `GET /monitor`, and tells CloudWatch.

use jiff::{SignedDuration, Timestamp};
use lifeboat::store::dynamodb::DynamoDbConfig;
use serde_json::{Value, json};

use crate::bootstrap::{Function, on_table};
use crate::fixtures::dynamodb::{config, holding, items, new_table, url};
use crate::fixtures::faulty::{Fault, Network};
use crate::fixtures::passengers::numbered;

/// Returns the event that the schedule would send in a minute.
fn event() -> Value {
    let event = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/events/monitor_schedule.json")).unwrap();
    let mut event: Value = serde_json::from_str(&event).unwrap();
    event["scheduled_time"] = json!((Timestamp::now() + SignedDuration::from_mins(1)).to_string());
    event
}

fn watching(config: &DynamoDbConfig) -> Vec<(&'static str, String)> {
    let mut environment = on_table(config);
    environment.push(("POWERTOOLS_METRICS_NAMESPACE", "Lifeboat".to_owned()));
    environment
}

#[tokio::test]
async fn a_schedule_has_a_report_made_kept_and_told_of() {
    let config = config(&new_table().await, &url());
    let api = Function::start(&on_table(&config)).await;
    // The oldest of all passengers, in third class: nothing like those of the training data.
    let passengers: Vec<Value> = (0..300)
        .map(|number| {
            let mut passenger = numbered(number);
            passenger["Age"] = json!(80 + number % 20);
            passenger
        })
        .collect();
    assert_eq!(api.predict(&json!(passengers)).await.status(), 200);
    let before = api.get("/monitor").await.json();
    assert_eq!(before["rows"], 300, "{before}");

    let monitor = Function::start_monitor(&watching(&config)).await;
    let event = event();
    let answer = monitor.invoke(&event).await;
    assert_eq!((&answer["verdict"], &answer["rows"]), (&json!("major_drift"), &json!(300)), "{answer}");
    let kept = api.get("/monitor").await.json();
    assert_eq!((&kept["to"], &kept["rows"]), (&answer["to"], &json!(300)));
    let line = monitor.metrics(1).await.remove(0);
    assert_eq!((&line["MonitoredPredictions"], &line["verdict"]), (&json!(300.0), &json!("major drift")));
    assert!(line["FeatureDrift"].as_f64().unwrap() > 0.25, "{line}");
    assert!(line["drifted"].as_str().unwrap().split(' ').any(|name| name == "age"), "{line}");
    for name in ["DriftedFeatures", "PredictionDrift", "MissingRateIncrease", "MeanPrediction", "ExpectedAccuracy"] {
        assert!(line[name].is_number(), "{name} is not in {line}");
    }
    assert!(line.get("ObservedAccuracy").is_none(), "nobody has told what happened: {line}");

    // What is delivered twice takes its own place.
    assert_eq!(monitor.invoke(&event).await, answer);
    assert_eq!(api.get("/monitor").await.json(), kept);
    assert_eq!((items(&config.table).await, holding(&config.table, "report").await), (300, 1));
    // Asked for a window, the function computes.
    assert_ne!(api.get("/monitor?since=1h").await.json()["to"], kept["to"]);
}

#[tokio::test]
async fn too_little_is_told_of_as_such() {
    let config = config(&new_table().await, &url());
    let monitor = Function::start_monitor(&watching(&config)).await;
    assert_eq!(monitor.invoke(&event()).await["verdict"], "insufficient_data");
    let line = monitor.metrics(1).await.remove(0);
    assert_eq!(line["MonitoredPredictions"], 0.0);
    assert!(line.get("FeatureDrift").is_none() && line.get("DriftedFeatures").is_none(), "{line}");
}

#[tokio::test]
async fn a_report_that_cannot_be_made_is_an_error_of_the_function() {
    let (network, table) = (Network::start().await, new_table().await);
    let monitor = Function::start_monitor(&watching(&config(&table, &network.url()))).await;
    network.always(Fault::Hang);
    let failed = monitor.invoke(&event()).await;
    assert_eq!(failed["errorMessage"], "the prediction store is unavailable", "{failed}");
    assert!(monitor.log().contains("no report could be made"), "{}", monitor.log());
    let refused = monitor.invoke(&json!({"since": "yesterday"})).await;
    assert_eq!(refused["errorMessage"], "since must be a span of time such as 24h, 90m or 7d");
    network.always(Fault::None);
    assert_eq!(monitor.invoke(&event()).await["rows"], 0);
}
