//! What the DynamoDB adapter does with snapshots beside the contract: parts, faults of the network.

use std::sync::Arc;

use aws_sdk_dynamodb::types::AttributeValue;
use lifeboat::store::StoreError;
use lifeboat::store::dynamodb::DynamoDbStore;

use crate::contract::Store;
use crate::fixtures::dynamodb::{client, config, holding, new_table, url};
use crate::fixtures::faulty::{Fault, Network};
use crate::predictions::{at, of_number, owner};
use crate::published::{RECIPE, publish, snapshot, text};

fn open(table: &str, endpoint: &str) -> Store {
    Arc::new(DynamoDbStore::new(config(table, endpoint), owner()).unwrap())
}

/// Returns the key of a part of a snapshot.
fn part(hash: &str, number: usize) -> [(&'static str, AttributeValue); 2] {
    let texts = [("entity", format!("snapshot:{hash}")), ("prediction", format!("part.{number:03}"))];
    texts.map(|(name, text)| (name, AttributeValue::S(text)))
}

#[tokio::test]
async fn a_snapshot_without_one_of_its_parts_is_not_there() {
    let table = new_table().await;
    let store = open(&table, &url());
    let text = text(1, 1_000_000);
    let made = snapshot(&text, 0);
    publish(&store, &made, &text).await;
    assert_eq!(holding(&table, "parts").await, 4);
    let mut delete = client().delete_item().table_name(&table);
    for (name, value) in part(&made.hash, 2) {
        delete = delete.key(name, value);
    }
    delete.send().await.unwrap();
    assert_eq!(store.snapshot(&made.hash).await.unwrap(), None, "as while it is written");
    publish(&store, &made, &text).await;
    assert_eq!(store.snapshot(&made.hash).await.unwrap(), Some(text), "the same again repairs it");
}

#[tokio::test]
async fn a_damaged_snapshot_is_unreadable() {
    let table = new_table().await;
    let store = open(&table, &url());
    let made = snapshot(b"{}", 0);
    publish(&store, &made, b"{}").await;
    let mut update = client().update_item().table_name(&table).update_expression("SET #text = :other");
    for (name, value) in part(&made.hash, 0) {
        update = update.key(name, value);
    }
    let update = update.expression_attribute_names("#text", "text");
    update.expression_attribute_values(":other", AttributeValue::B(b"{"[..].into())).send().await.unwrap();
    assert!(matches!(store.snapshot(&made.hash).await, Err(StoreError::Unreadable(_))));
}

#[tokio::test]
async fn a_publication_that_breaks_off_leaves_the_last_good_one() {
    let (network, table) = (Network::start().await, new_table().await);
    let store = open(&table, &network.url());
    let good = snapshot(b"{}", 0);
    publish(&store, &good, b"{}").await;
    let text = text(1, 1_000_000);
    let next = snapshot(&text, 1000);
    // Four parts and a pointer: the table refuses from each of them on.
    for refused in 0..5 {
        let mut faults = vec![Fault::None; refused];
        faults.extend([Fault::Refused(400, "AccessDeniedException"); 5]);
        network.first(&faults);
        let broken = store.publish(RECIPE, next.clone(), text.clone()).await;
        assert!(matches!(broken, Err(StoreError::Unavailable(_))), "{broken:?}");
        network.always(Fault::None);
        assert_eq!(store.newest_snapshot(RECIPE).await.unwrap(), Some(good.clone()), "from call {refused} on");
        let is_whole = store.snapshot(&next.hash).await.unwrap();
        assert!(is_whole.is_none_or(|whole| whole == text));
    }
    assert_eq!(publish(&store, &next, &text).await, next);
}

#[tokio::test]
async fn a_publication_whose_answers_were_lost_is_published() {
    let (network, table) = (Network::start().await, new_table().await);
    let store = open(&table, &network.url());
    store.put(vec![of_number(1, at(0))]).await.unwrap();
    network.always(Fault::None);
    let text = text(1, 400_000);
    let made = snapshot(&text, 0);
    network.first(&[Fault::AnswerLost, Fault::Reset, Fault::None, Fault::None, Fault::AnswerLost]);
    assert_eq!(publish(&store, &made, &text).await, made);
    assert_eq!(store.snapshot(&made.hash).await.unwrap(), Some(text));
}

#[tokio::test]
async fn a_sheet_whose_answer_was_lost_is_its_own() {
    let (network, table) = (Network::start().await, new_table().await);
    let store = open(&table, &network.url());
    store.put(vec![of_number(1, at(0))]).await.unwrap();
    network.first(&[Fault::None, Fault::AnswerLost]);
    let day = "2026-11-23".parse().unwrap();
    assert_eq!(store.keep_sheet(RECIPE, day, b"{}".to_vec()).await.unwrap(), b"{}");
    assert_eq!(store.sheets(RECIPE, day, day).await.unwrap(), [(day, b"{}".to_vec())]);
}
