//! What the DynamoDB adapter does with what is to be deleted beside the contract: items left behind, items that expire.

use std::sync::Arc;
use std::time::{Duration, Instant};

use aws_sdk_dynamodb::types::{AttributeValue, TimeToLiveSpecification};
use jiff::Timestamp;
use lifeboat::store::dynamodb::{DynamoDbConfig, DynamoDbStore};
use lifeboat::store::{Forgotten, StoreError};

use crate::contract::{Store, put};
use crate::fixtures::dynamodb::{client, config, holding, new_table, url};
use crate::fixtures::faulty::{Fault, Network};
use crate::outcomes::{known, outcome, tell};
use crate::predictions::{at, entity, of_number, owner};

fn open(table: &str, endpoint: &str) -> Store {
    Arc::new(DynamoDbStore::new(config(table, endpoint), owner()).unwrap())
}

/// Puts a prediction with an outcome and a correction.
async fn corrected(store: &Store) {
    let made = of_number(7, at(0));
    put(store, vec![made.clone()]).await;
    tell(store, &made.id, outcome(true, 1), false).await;
    tell(store, &made.id, outcome(false, 2), true).await;
}

#[tokio::test]
async fn no_item_of_an_entity_is_left() {
    let table = new_table().await;
    let store = open(&table, &url());
    corrected(&store).await;
    assert_eq!(holding(&table, "known_at").await, 2);
    assert_eq!(store.forget(&entity(7)).await.unwrap(), Forgotten { predictions: 1, outcomes: 2 });
    assert_eq!((holding(&table, "known_at").await, holding(&table, "record").await), (0, 0));
}

#[tokio::test]
async fn a_correction_whose_prediction_expired_first_is_passed_over() {
    let table = new_table().await;
    let store = open(&table, &url());
    corrected(&store).await;
    let hash = of_number(7, at(0)).id.hash().to_string();
    let delete = client().delete_item().table_name(&table);
    let delete = delete.key("entity", AttributeValue::S("key:1:7".to_owned()));
    delete.key("prediction", AttributeValue::S(hash)).send().await.unwrap();
    assert_eq!(known(&store, "2026-11-23", "2026-11-23").await, []);
    assert_eq!(store.forget(&entity(7)).await.unwrap(), Forgotten::default());
    assert_eq!(holding(&table, "known_at").await, 0, "what was left behind");
}

#[tokio::test]
async fn predictions_and_corrections_expire_together() {
    let table = new_table().await;
    corrected(&open(&table, &url())).await;
    assert_eq!(holding(&table, "expires_at").await, 0, "where no setting says so");
    let config = DynamoDbConfig { retention: Some("30".parse().unwrap()), ..config(&new_table().await, &url()) };
    let table = config.table.clone();
    let store: Store = Arc::new(DynamoDbStore::new(config, owner()).unwrap());
    corrected(&store).await;
    let all = client().scan().table_name(&table).send().await.unwrap();
    let expiring: Vec<&AttributeValue> = all.items().iter().filter_map(|item| item.get("expires_at")).collect();
    let end = AttributeValue::N((at(0).as_second() + 30 * 24 * 3600).to_string());
    assert_eq!(expiring, [&end, &end]);
    // Whoever corrects it later need not know the setting.
    let store = open(&table, &url());
    tell(&store, &of_number(7, at(0)).id, outcome(true, 3), true).await;
    assert_eq!(holding(&table, "expires_at").await, 3);
}

#[tokio::test]
async fn the_entity_of_another_package_is_not_deleted() {
    let table = new_table().await;
    corrected(&open(&table, &url())).await;
    let mut other = owner();
    other.table.name = "clocks".to_owned();
    let store = DynamoDbStore::new(config(&table, &url()), other).unwrap();
    let refused = lifeboat::store::PredictionStore::forget(&store, &entity(7)).await;
    assert!(matches!(refused, Err(StoreError::NotOwned(_))), "{refused:?}");
    assert_eq!(holding(&table, "record").await, 1);
}

#[tokio::test]
async fn what_could_not_be_deleted_is_told_and_the_same_call_again_deletes_it() {
    let (network, table) = (Network::start().await, new_table().await);
    let store = open(&table, &network.url());
    corrected(&store).await;
    network.first(&[Fault::None, Fault::None, Fault::None, Fault::Refused(400, "AccessDeniedException")]);
    let failed = store.forget(&entity(7)).await;
    assert!(matches!(failed, Err(StoreError::Unavailable(_))), "{failed:?}");
    network.always(Fault::None);
    store.forget(&entity(7)).await.unwrap();
    assert_eq!((holding(&table, "known_at").await, holding(&table, "record").await), (0, 0));
    assert_eq!(crate::forgetting::deleted(&store, 0, 1).await, 1);
}

#[tokio::test]
async fn an_item_that_is_just_being_corrected_is_found_again() {
    let (network, table) = (Network::start().await, new_table().await);
    let store = open(&table, &network.url());
    corrected(&store).await;
    network.first(&[Fault::None, Fault::None, Fault::Refused(400, "TransactionConflictException")]);
    let forgotten = store.forget(&entity(7)).await.unwrap();
    assert_eq!(forgotten, Forgotten { predictions: 1, outcomes: 2 });
    assert_eq!(holding(&table, "known_at").await, 0);
}

#[tokio::test]
async fn dynamodb_deletes_what_has_expired_and_nothing_else() {
    const DAY: i64 = 24 * 3_600_000;
    let config = DynamoDbConfig { retention: Some("30".parse().unwrap()), ..config(&new_table().await, &url()) };
    let table = config.table.clone();
    let expires_at = TimeToLiveSpecification::builder().attribute_name("expires_at").enabled(true).build().unwrap();
    let update = client().update_time_to_live().table_name(&table).time_to_live_specification(expires_at);
    update.send().await.unwrap();
    let store: Store = Arc::new(DynamoDbStore::new(config, owner()).unwrap());
    let now = Timestamp::now().as_millisecond() - at(0).as_millisecond();
    for (number, days) in [(1, 31), (2, 29)] {
        let made = of_number(number, at(now - days * DAY));
        put(&store, vec![made.clone()]).await;
        tell(&store, &made.id, outcome(true, now), false).await;
        tell(&store, &made.id, outcome(false, now), true).await;
    }
    // DynamoDB Local deletes within seconds what stands in all indexes: the prediction, and not the item of its correction.
    let started = Instant::now();
    while store.get(&of_number(1, at(0)).id).await.unwrap().is_some() {
        assert!(started.elapsed() < Duration::from_mins(1), "it is still there");
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
    assert_eq!(store.get(&of_number(2, at(0)).id).await.unwrap().unwrap().outcomes.len(), 2);
    let known = known(&store, "2026-01-01", "9999-12-31").await;
    assert!(known.len() == 2 && known.iter().all(|known| known.prediction.id == of_number(2, at(0)).id), "{known:?}");
}
