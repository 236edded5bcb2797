//! A history that changes, in a function: the newest snapshot is there with the first answer, and later ones come beside requests.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lifeboat::package::Package;
use lifeboat::start;
use lifeboat::store::PredictionStore;
use lifeboat::store::dynamodb::DynamoDbStore;
use serde_json::{Value, json};

use crate::bootstrap::{Function, on_table};
use crate::fixtures::dynamodb::{config, new_table, url};
use crate::fixtures::faulty::{Fault, Network};
use crate::fixtures::passengers::numbered;
use crate::fixtures::trams::{Trams, tram};

/// A table with the package's predictions, and the environment of a function that serves it over some network.
struct Stack {
    trams: Trams,
    store: Arc<dyn PredictionStore>,
    network: Network,
    environment: Vec<(&'static str, String)>,
}

impl Stack {
    async fn new() -> Self {
        let (trams, network, table) = (Trams::new(), Network::start().await, new_table().await);
        let package = Package::load(trams.path()).unwrap();
        let store = Arc::new(DynamoDbStore::new(config(&table, &url()), start::owner(&package)).unwrap());
        let mut environment = on_table(&config(&table, &network.url()));
        environment.push(("MODEL_DIR", trams.path().display().to_string()));
        environment.push(("POWERTOOLS_METRICS_NAMESPACE", "Lifeboat".to_owned()));
        Self { trams, store, network, environment }
    }

    /// Lets a function look so often.
    fn looking_each(mut self, seconds: &str) -> Self {
        self.environment.push(("SNAPSHOT_REFRESH_SECONDS", seconds.to_owned()));
        self
    }

    async fn publish(&self, day: u32) -> Value {
        self.publish_text(&self.trams.snapshot(day, day), day).await
    }

    async fn publish_text(&self, text: &str, day: u32) -> Value {
        let published = Trams::published(text, day);
        let hash = json!(*published.hash);
        self.store.publish(&self.trams.recipe, published, text.as_bytes().to_vec()).await.unwrap();
        hash
    }

    fn own(&self) -> Value {
        json!(*Trams::published(&self.trams.snapshot(1, 0), 1).hash)
    }
}

/// Returns the hash of the snapshot by which a record is answered.
async fn answers_by(function: &Function, number: u32) -> Value {
    function.predict(&tram(number)).await.json()["snapshot"].clone()
}

/// Asks until a record is answered by a snapshot.
async fn comes_to_answer_by(function: &Function, snapshot: &Value) {
    let started = Instant::now();
    while answers_by(function, 0).await != *snapshot {
        assert!(started.elapsed() < Duration::from_secs(10), "{snapshot} was never taken up: {}", function.log());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

#[tokio::test]
async fn a_fresh_function_answers_by_the_newest_snapshot_at_once() {
    let stack = Stack::new().await;
    let newest = stack.publish(5).await;
    let function = Function::start(&stack.environment).await;
    assert_eq!(answers_by(&function, 1).await, newest);
    let told = function.get("/model").await.json()["snapshot"].clone();
    assert_eq!((&told["hash"], &told["source"]), (&newest, &json!("store")));
    // The age of what was looked up stands in the line of the request.
    let line = function.metrics(1).await.remove(0);
    assert!(line["SnapshotAge"].as_f64().unwrap() > 0.0, "{line}");
    let definitions = line["_aws"]["CloudWatchMetrics"][0]["Metrics"].as_array().unwrap();
    assert!(definitions.contains(&json!({"Name": "SnapshotAge", "Unit": "Seconds"})), "{line}");
}

#[tokio::test]
async fn a_newer_snapshot_is_looked_for_beside_a_request_and_not_more_often_than_is_set() {
    let stack = Stack::new().await.looking_each("0.2");
    let function = Function::start(&stack.environment).await;
    assert_eq!(answers_by(&function, 1).await, stack.own());
    let second = stack.publish(2).await;
    comes_to_answer_by(&function, &second).await;
    let third = stack.publish(3).await;
    comes_to_answer_by(&function, &third).await;
    assert_eq!(function.log().matches("answering by a newer snapshot").count(), 2, "{}", function.log());

    let stack = Stack::new().await;
    let function = Function::start(&stack.environment).await;
    assert_eq!(answers_by(&function, 1).await, stack.own());
    stack.publish(2).await;
    stack.network.always(Fault::None);
    for number in 2..12 {
        assert_eq!(answers_by(&function, number).await, stack.own());
    }
    // A put each, and no look within the minute.
    assert_eq!(stack.network.calls(), 10);
}

#[tokio::test]
async fn no_request_waits_for_a_look() {
    let stack = Stack::new().await.looking_each("0.001");
    let function = Function::start(&stack.environment).await;
    assert_eq!(answers_by(&function, 1).await, stack.own());
    stack.network.always(Fault::Hang);
    let started = Instant::now();
    for _ in 0..20 {
        assert_eq!(function.get("/health").await.status(), 200);
    }
    assert!(started.elapsed() < Duration::from_secs(2), "{:?}", started.elapsed());
    stack.network.always(Fault::None);
    let newest = stack.publish(4).await;
    comes_to_answer_by(&function, &newest).await;
}

#[tokio::test]
async fn an_event_that_keeps_the_function_warm_makes_a_whole_look() {
    let stack = Stack::new().await.looking_each("0.001");
    let function = Function::start(&stack.environment).await;
    assert_eq!(answers_by(&function, 1).await, stack.own());
    let newest = stack.publish(6).await;
    assert_eq!(function.invoke(&json!({"warmer": true})).await, Value::Null);
    assert_eq!(answers_by(&function, 2).await, newest);
}

#[tokio::test]
async fn a_snapshot_that_cannot_serve_is_refused_by_name_and_the_packages_own_one_serves() {
    let stack = Stack::new().await;
    let whole = stack.trams.snapshot(7, 7);
    let refused = stack.publish_text(&whole[..whole.len() / 2], 7).await;
    let function = Function::start(&stack.environment).await;
    assert_eq!(answers_by(&function, 1).await, stack.own());
    let told = function.get("/model").await.json()["snapshot"].clone();
    assert_eq!((&told["source"], &told["refused"]["hash"]), (&json!("package"), &refused), "{told}");
    let log = function.log();
    assert!(log.contains("a snapshot is refused") && log.contains(refused.as_str().unwrap()), "{log}");
}

#[tokio::test]
async fn a_function_starts_without_its_table_and_takes_the_snapshot_up_later() {
    let stack = Stack::new().await.looking_each("0.1");
    let newest = stack.publish(5).await;
    stack.network.always(Fault::Refused(400, "AccessDeniedException"));
    let function = Function::start(&stack.environment).await;
    assert_eq!(function.get("/health").await.status(), 200);
    let told = function.get("/model").await.json()["snapshot"].clone();
    assert_eq!((&told["source"], &told["looked_at"]), (&json!("package"), &Value::Null));
    assert!(function.log().contains("the store does not give the newest snapshot"), "{}", function.log());
    stack.network.always(Fault::None);
    comes_to_answer_by(&function, &newest).await;
}

#[tokio::test]
async fn a_function_that_does_not_reach_for_its_table_begins_a_look_with_its_first_request() {
    let mut stack = Stack::new().await;
    let newest = stack.publish(5).await;
    stack.environment.push(("DATABASE_WARM_UP", "false".to_owned()));
    let function = Function::start(&stack.environment).await;
    answers_by(&function, 1).await;
    comes_to_answer_by(&function, &newest).await;
}

#[tokio::test]
async fn a_history_that_does_not_change_costs_no_call() {
    let (network, table) = (Network::start().await, new_table().await);
    let mut environment = on_table(&config(&table, &network.url()));
    environment.push(("SNAPSHOT_REFRESH_SECONDS", "0.001".to_owned()));
    // The first function of a version tells the table of it.
    assert_eq!(Function::start(&environment).await.predict(&numbered(0)).await.status(), 201);
    network.always(Fault::None);
    let function = Function::start(&environment).await;
    for number in 1..4 {
        assert_eq!(function.predict(&numbered(number)).await.status(), 201);
    }
    // The warm-up, and a put each.
    assert_eq!(network.calls(), 4);
}
