//! What the DynamoDB adapter does beside the contract: items, faults of the network, several writers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::AttributeValue;
use futures_util::TryStreamExt;
use lifeboat::prediction::Prediction;
use lifeboat::store::dynamodb::{DynamoDbConfig, DynamoDbStore};
use lifeboat::store::{Owner, PredictionStore, Put, StoreError, Window};
use serde_json::json;

use crate::fixtures::dynamodb::{ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, client, config, items, new_table, url};
use crate::fixtures::faulty::{Fault, Network};
use crate::killed::Settings;
use crate::making::Open;
use crate::predictions::{at, entity, of_number, of_passenger, owner, prediction};

mod contract {
    crate::contract::contract!(super::fresh);
}

mod outcomes {
    crate::outcomes::outcomes!(super::fresh);
}

mod published {
    crate::published::published!(super::fresh);
}

mod making {
    crate::making::making!(super::place);
}

mod killed {
    crate::killed::killed!(super::place_of_programs);
}

async fn place() -> ((), Open) {
    let ((), open, _) = place_of_programs().await;
    ((), open)
}

async fn place_of_programs() -> ((), Open, Settings) {
    let table = new_table().await;
    let config = config(&table, &url());
    let settings = vec![
        ("DATABASE_URL", format!("dynamodb:{table}")),
        ("AWS_REGION", REGION.to_owned()),
        ("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID.to_owned()),
        ("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY.to_owned()),
        ("AWS_ENDPOINT_URL_DYNAMODB", url()),
    ];
    ((), Box::new(move |owner| Arc::new(DynamoDbStore::new(config.clone(), owner).unwrap())), settings)
}

async fn fresh() -> ((), Arc<dyn PredictionStore>) {
    ((), Arc::new(open(&new_table().await, &url())))
}

fn open(table: &str, endpoint: &str) -> DynamoDbStore {
    DynamoDbStore::new(config(table, endpoint), owner()).unwrap()
}

/// Returns an empty table behind a network of its own.
async fn behind_a_network() -> (Network, String, DynamoDbStore) {
    let (network, table) = (Network::start().await, new_table().await);
    let store = open(&table, &network.url());
    // What a store asks once is not counted, and suffers nothing.
    store.ready().await.unwrap();
    network.always(Fault::None);
    (network, table, store)
}

async fn window(store: &DynamoDbStore, window: Window) -> Vec<Prediction> {
    let pages: Vec<Vec<Prediction>> = store.window(window).try_collect().await.unwrap();
    pages.concat()
}

#[tokio::test]
async fn a_table_that_keeps_the_predictions_of_another_package_is_refused() {
    let table = new_table().await;
    open(&table, &url()).put(vec![of_number(1, at(0))]).await.unwrap();
    let mut other = owner();
    other.table.name = "clocks".to_owned();
    other.version = "2.0.0-00000000".into();
    for version in ["2.0.0-00000000", &owner().version] {
        let owner = Owner { version: version.into(), ..other.clone() };
        let store = DynamoDbStore::new(config(&table, &url()), owner).unwrap();
        for failure in [store.ready().await, store.put(vec![of_number(2, at(0))]).await.map(drop)] {
            assert!(matches!(failure, Err(StoreError::NotOwned(_))), "{failure:?}");
        }
    }
    assert_eq!(items(&table).await, 1);
}

#[tokio::test]
async fn a_version_that_has_been_here_is_known_by_one_read() {
    let (network, table, store) = behind_a_network().await;
    store.put(vec![of_number(1, at(0))]).await.unwrap();
    assert_eq!(network.calls(), 1, "it has asked once for all");
    let again = open(&table, &network.url());
    again.put(vec![of_number(2, at(0))]).await.unwrap();
    assert_eq!(network.calls(), 3);
}

/// Checks that a put, a look-up and a readiness check all fail because of this.
async fn is_unavailable(store: &DynamoDbStore, because: &str) {
    let failures = [
        store.put(vec![of_number(1, at(0))]).await.map(drop),
        store.get(&of_number(1, at(0)).id).await.map(drop),
        store.history(&entity(1), None, 10).await.map(drop),
        store.ready().await,
    ];
    for failure in failures {
        let error = failure.unwrap_err();
        assert!(matches!(error, StoreError::Unavailable(_)), "{error:?}");
        // As the log has it: with all that caused it.
        let causes = format!("{:#}", anyhow::Error::from(error));
        assert!(causes.contains(because), "{causes}");
    }
}

#[tokio::test]
async fn an_item_shows_what_was_predicted_to_any_program() {
    let table = new_table().await;
    let passenger = json!({
        "PassengerId": 892, "Pclass": 3, "Name": "Kelly, Mr. James", "Sex": "male", "Age": 34.5, "SibSp": 0, "Parch": 0,
        "Ticket": "330911", "Fare": 7.8292, "Embarked": "Q",
    });
    open(&table, &url()).put(vec![prediction(&passenger, at(0))]).await.unwrap();

    // As any program may ask: DynamoDB's protocol is JSON over HTTP.
    let key =
        json!({"entity": {"S": "key:3:892"}, "prediction": {"S": prediction(&passenger, at(0)).id.hash().to_string()}});
    let authorization = "AWS4-HMAC-SHA256 Credential=test/20261123/eu-central-1/dynamodb/aws4_request, \
                         SignedHeaders=host, Signature=0";
    let answer = reqwest::Client::builder()
        .no_proxy()
        .build()
        .unwrap()
        .post(url())
        .header("x-amz-target", "DynamoDB_20120810.GetItem")
        .header("content-type", "application/x-amz-json-1.0")
        .header("authorization", authorization)
        .body(json!({"TableName": table, "Key": key}).to_string());
    let answer = answer.send().await.unwrap().text().await.unwrap();
    let mut item: serde_json::Value = serde_json::from_str(&answer).unwrap();
    item.sort_all_objects();
    insta::assert_json_snapshot!(item, {".Item.write_id.S" => "[write_id]"});
}

#[tokio::test]
async fn a_window_costs_what_is_in_it_whatever_else_is_stored() {
    const DAY: i64 = 24 * 3_600_000;
    let (network, _, store) = behind_a_network().await;
    let calls = async |from: i64, to: i64| {
        let before = network.calls();
        let found = window(&store, Window { from: at(from), to: at(to) }).await;
        (found.len(), network.calls() - before)
    };
    store.put((0..40).map(|number| of_number(number, at(0))).collect()).await.unwrap();
    let alone = calls(0, 1000).await;
    assert_eq!(alone, (40, 8), "one call to each part of the day");
    store.put((100..700).map(|number| of_number(number, at(3 * DAY))).collect()).await.unwrap();
    assert_eq!(calls(0, 1000).await, alone);
    assert_eq!(calls(0, 3 * DAY).await, (40, 32));
}

#[tokio::test]
async fn a_window_of_ten_years_costs_what_is_stored() {
    const YEAR: i64 = 365 * 24 * 3_600_000;
    let (network, _, store) = behind_a_network().await;
    store.put((0..600).map(|number| of_number(number, at(0))).collect()).await.unwrap();
    store.put((600..640).map(|number| of_number(number, at(-11 * YEAR))).collect()).await.unwrap();
    let far = "9999-12-30T00:00:00Z".parse().unwrap();
    for window in [Window { from: at(-10 * YEAR), to: at(1) }, Window { from: at(0), to: far }] {
        let before = network.calls();
        let found = self::window(&store, window).await;
        let calls = network.calls() - before;
        assert_eq!(found.len(), 600);
        assert!(calls <= 8, "{calls} calls for {window:?}");
    }
}

#[tokio::test]
async fn the_parts_of_a_window_are_read_side_by_side() {
    const DAY: i64 = 24 * 3_600_000;
    let (network, _, store) = behind_a_network().await;
    store.put((0..40).map(|number| of_number(number, at(DAY))).collect()).await.unwrap();
    network.always(Fault::Slow(Duration::from_millis(200)));
    let started = Instant::now();
    let window = Window { from: at(0), to: at(3 * DAY) };
    let found = self::window(&store, window).await;
    assert_eq!((found.len(), network.calls()), (40, 32));
    // One after the other they would take six seconds.
    assert!(started.elapsed() < Duration::from_secs(3), "{:?}", started.elapsed());
}

#[tokio::test]
async fn what_the_sample_leaves_out_is_stored_but_not_indexed() {
    let table = new_table().await;
    let config = DynamoDbConfig { sample_rate: "0.5".parse().unwrap(), ..config(&table, &url()) };
    let store = DynamoDbStore::new(config, owner()).unwrap();
    let made: Vec<_> = (0..100).map(|number| of_number(number, at(0))).collect();
    store.put(made.clone()).await.unwrap();
    let sampled = window(&store, Window { from: at(0), to: at(1) }).await;
    assert!((25..75).contains(&sampled.len()), "{} of 100", sampled.len());
    assert_eq!(items(&table).await, 100);
    assert!(sampled.iter().all(|prediction| made.contains(prediction)));
}

#[tokio::test]
async fn a_training_passenger_is_written_for_one_unit() {
    let table = new_table().await;
    let store = open(&table, &url());
    let train = std::fs::read_to_string("model/titanic/train.csv").unwrap();
    let longest = train.lines().max_by_key(|line| line.len()).unwrap();
    assert!(longest.contains("Penasco"), "{longest}");
    let passenger = json!({
        "PassengerId": 308, "Pclass": 1, "Sex": "female", "Age": 17, "SibSp": 1, "Parch": 0, "Ticket": "PC 17758",
        "Name": "Penasco y Castellana, Mrs. Victor de Satode (Maria Josefa Perez de Soto y Vallejo)",
        "Fare": 108.9, "Cabin": "C65", "Embarked": "C",
    });
    store.put(vec![prediction(&passenger, at(0))]).await.unwrap();
    let all = client().scan().table_name(&table).send().await.unwrap();
    let predicted = all.items().iter().find(|item| item.contains_key("record")).unwrap();
    let again = client()
        .put_item()
        .table_name(&table)
        .set_item(Some(predicted.clone()))
        .return_consumed_capacity(aws_sdk_dynamodb::types::ReturnConsumedCapacity::Total);
    let capacity = again.send().await.unwrap().consumed_capacity.unwrap().capacity_units.unwrap();
    assert!((capacity - 1.0).abs() < f64::EPSILON, "{capacity} write units");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_on_one_table_create_each_prediction_once() {
    let table = new_table().await;
    crate::contract::two_stores_create_each_prediction_once([0, 1].map(|_| Arc::new(open(&table, &url())) as _)).await;
    assert_eq!(items(&table).await, 50);
}

#[tokio::test]
async fn a_history_of_many_pages_is_read_to_its_end() {
    let table = new_table().await;
    let store = open(&table, &url());
    // A page of DynamoDB's holds a megabyte.
    for batch in 0..4 {
        let batch = (0..500).map(|number| of_passenger(7, 500 * batch + number, at((500 * batch + number).into())));
        store.put(batch.collect()).await.unwrap();
    }
    let newest = store.history(&entity(7), None, 3).await.unwrap();
    assert_eq!(newest, [1999, 1998, 1997].map(|number| of_passenger(7, number, at(number.into()))));
}

#[tokio::test]
async fn a_put_whose_answer_was_lost_is_answered_as_if_it_had_not_been() {
    let (network, table, store) = behind_a_network().await;
    network.first(&[Fault::AnswerLost]);
    let mine = of_number(1, at(0));
    assert_eq!(store.put(vec![mine.clone()]).await.unwrap(), [Put::Created(mine.clone())]);
    assert_eq!((network.calls(), items(&table).await), (2, 1));
    assert_eq!(store.put(vec![of_number(1, at(5))]).await.unwrap(), [Put::Existing(mine)]);
}

#[tokio::test]
async fn answers_lost_within_an_array_are_answered_too() {
    let (network, table, store) = behind_a_network().await;
    network.first(&[Fault::AnswerLost, Fault::Reset, Fault::AnswerLost]);
    let puts = store.put((0..20).map(|number| of_number(number, at(0))).collect()).await.unwrap();
    assert!(puts.iter().all(Put::is_created));
    assert_eq!(items(&table).await, 20);
}

#[tokio::test]
async fn a_reset_connection_is_tried_again() {
    let (network, table, store) = behind_a_network().await;
    network.first(&[Fault::Reset, Fault::Reset]);
    assert!(store.put(vec![of_number(1, at(0))]).await.unwrap()[0].is_created());
    assert_eq!(items(&table).await, 1);
    network.first(&[Fault::Reset]);
    assert!(store.get(&of_number(1, at(0)).id).await.unwrap().is_some());
}

#[tokio::test]
async fn errors_of_the_server_and_throttles_are_tried_again() {
    let (network, table, store) = behind_a_network().await;
    network.first(&[Fault::Refused(500, "InternalServerError"), Fault::Refused(400, "ThrottlingException")]);
    assert!(store.put(vec![of_number(1, at(0))]).await.unwrap()[0].is_created());
    network.first(&[Fault::Refused(400, "ProvisionedThroughputExceededException"), Fault::Refused(503, "Unavailable")]);
    assert!(store.get(&of_number(1, at(0)).id).await.unwrap().is_some());
    assert_eq!(items(&table).await, 1);
}

#[tokio::test]
async fn a_storm_of_throttles_is_given_up_and_recovered_from() {
    let (network, table, store) = behind_a_network().await;
    network.always(Fault::Refused(400, "ProvisionedThroughputExceededException"));
    let predictions: Vec<_> = (0..60).map(|number| of_number(number, at(0))).collect();
    let started = Instant::now();
    let mut calls = 0;
    for _ in 0..4 {
        assert!(matches!(store.put(predictions.clone()).await, Err(StoreError::Unavailable(_))));
        calls = network.calls();
    }
    assert!(started.elapsed() < Duration::from_secs(20), "{:?}", started.elapsed());
    assert!(calls < 4 * 4 * 60, "{calls} calls: the quota of retries must have stopped some");
    assert_eq!(items(&table).await, 0);
    network.always(Fault::None);
    assert!(store.put(predictions).await.unwrap().iter().all(Put::is_created));
    assert_eq!(items(&table).await, 60);
}

#[tokio::test]
async fn a_call_that_hangs_is_tried_again() {
    let (network, table, store) = behind_a_network().await;
    network.first(&[Fault::Hang]);
    let started = Instant::now();
    assert!(store.put(vec![of_number(1, at(0))]).await.unwrap()[0].is_created());
    assert!(started.elapsed() < Duration::from_secs(4), "{:?}", started.elapsed());
    assert_eq!(items(&table).await, 1);
}

#[tokio::test]
async fn a_table_that_is_slow_is_waited_for() {
    let (network, table, store) = behind_a_network().await;
    network.always(Fault::Slow(Duration::from_secs(2)));
    assert!(store.put(vec![of_number(1, at(0))]).await.unwrap()[0].is_created());
    assert_eq!((network.calls(), items(&table).await), (1, 1));
}

#[tokio::test]
async fn the_loser_of_a_race_that_is_not_told_the_winner_looks_it_up() {
    let (network, table, store) = behind_a_network().await;
    let winner = of_number(1, at(0));
    open(&table, &url()).put(vec![winner.clone()]).await.unwrap();
    network.always(Fault::OldItemLeftOut);
    assert_eq!(store.put(vec![of_number(1, at(5))]).await.unwrap(), [Put::Existing(winner)]);
}

#[tokio::test]
async fn a_lost_answer_whose_retry_is_not_told_the_item_is_still_its_own() {
    let (network, _, store) = behind_a_network().await;
    network.first(&[Fault::AnswerLost, Fault::OldItemLeftOut]);
    assert!(store.put(vec![of_number(1, at(0))]).await.unwrap()[0].is_created());
}

#[tokio::test]
async fn a_table_that_is_missing_is_named_in_the_cause() {
    is_unavailable(&open("missing", &url()), "ResourceNotFoundException").await;
}

#[tokio::test]
async fn credentials_that_are_refused_are_named_in_the_cause() {
    let (network, table, store) = behind_a_network().await;
    network.always(Fault::Refused(400, "UnrecognizedClientException"));
    is_unavailable(&store, "UnrecognizedClientException").await;
    assert_eq!(network.calls(), 4, "nothing is tried again");
    network.always(Fault::None);
    assert!(store.put(vec![of_number(1, at(0))]).await.unwrap()[0].is_created());
    assert_eq!(items(&table).await, 1);
}

#[tokio::test]
async fn a_database_that_is_not_there_is_unavailable() {
    is_unavailable(&open("predictions", "http://127.0.0.1:1"), "onnect").await;
}

#[tokio::test]
async fn a_damaged_item_is_unreadable_and_not_taken_for_an_outage() {
    let table = new_table().await;
    let store = open(&table, &url());
    let damaged = of_number(1, at(0));
    store.put(vec![damaged.clone()]).await.unwrap();
    let hash = damaged.id.hash().to_string();
    let update = client()
        .update_item()
        .table_name(&table)
        .key("entity", AttributeValue::S("key:1:1".to_owned()))
        .key("prediction", AttributeValue::S(hash))
        .update_expression("SET created_at = :unknown")
        .expression_attribute_values(":unknown", AttributeValue::S("unknown".to_owned()));
    update.send().await.unwrap();
    assert!(matches!(store.get(&damaged.id).await, Err(StoreError::Unreadable(_))));
    assert!(matches!(store.put(vec![damaged]).await, Err(StoreError::Unreadable(_))));
    assert!(store.put(vec![of_number(2, at(0))]).await.unwrap()[0].is_created());
}
