//! What the DynamoDB adapter does with outcomes beside the contract: calls, faults of the network, several writers.

use std::sync::Arc;

use aws_sdk_dynamodb::types::ReturnConsumedCapacity;
use futures_util::TryStreamExt;
use lifeboat::store::dynamodb::{DynamoDbConfig, DynamoDbStore};
use lifeboat::store::{Days, Known, Recording};
use serde_json::json;
use tokio::task::JoinSet;

use crate::contract::{Store, put};
use crate::fixtures::dynamodb::{client, config, holding, new_table, url};
use crate::fixtures::faulty::{Fault, Network};
use crate::outcomes::{outcome, tell};
use crate::predictions::{at, of_number, owner, prediction};

fn open(table: &str, endpoint: &str) -> Store {
    Arc::new(DynamoDbStore::new(config(table, endpoint), owner()).unwrap())
}

/// Returns a table with one prediction, behind a network of its own.
async fn one_prediction() -> (Network, String, Store) {
    let (network, table) = (Network::start().await, new_table().await);
    let store = open(&table, &network.url());
    put(&store, vec![of_number(1, at(0))]).await;
    network.always(Fault::None);
    (network, table, store)
}

async fn known(store: &Store) -> Vec<Known> {
    let day = "2026-11-23".parse().unwrap();
    let pages: Vec<Vec<Known>> = store.known(Days { from: day, to: day }).try_collect().await.unwrap();
    pages.concat()
}

#[tokio::test]
async fn an_outcome_is_one_call_and_a_correction_two() {
    let (network, _, store) = one_prediction().await;
    let id = of_number(1, at(0)).id;
    for (survived, corrects, calls) in [(true, false, 1), (true, false, 2), (false, false, 3), (false, true, 5)] {
        tell(&store, &id, outcome(survived, 1), corrects).await;
        assert_eq!(network.calls(), calls, "{survived} {corrects}");
    }
    network.always(Fault::None);
    assert_eq!(known(&store).await.len(), 2);
    assert_eq!(network.calls(), 9, "one for each part of the day, and one for the correction's prediction");
}

#[tokio::test]
async fn an_outcome_leaves_the_item_of_a_training_passenger_in_one_unit() {
    let table = new_table().await;
    let store = open(&table, &url());
    let longest = json!({
        "PassengerId": 308, "Pclass": 1, "Sex": "female", "Age": 17, "SibSp": 1, "Parch": 0, "Ticket": "PC 17758",
        "Name": "Penasco y Castellana, Mrs. Victor de Satode (Maria Josefa Perez de Soto y Vallejo)",
        "Fare": 108.9, "Cabin": "C65", "Embarked": "C",
    });
    let made = prediction(&longest, at(0));
    put(&store, vec![made.clone()]).await;
    tell(&store, &made.id, outcome(true, 1), false).await;
    let all = client().scan().table_name(&table).send().await.unwrap();
    let told = all.items().iter().find(|item| item.contains_key("outcome")).unwrap();
    let again = client().put_item().table_name(&table).set_item(Some(told.clone()));
    let again = again.return_consumed_capacity(ReturnConsumedCapacity::Total).send().await.unwrap();
    let units = again.consumed_capacity.unwrap().capacity_units.unwrap();
    assert!((units - 1.0).abs() < f64::EPSILON, "{units} write units");
}

#[tokio::test]
async fn an_outcome_whose_answer_was_lost_stands() {
    let (network, _, store) = one_prediction().await;
    let id = of_number(1, at(0)).id;
    network.first(&[Fault::AnswerLost]);
    let told = tell(&store, &id, outcome(true, 1), false).await;
    assert_eq!(told, Some(Recording::Stands(outcome(true, 1))));
    assert_eq!(store.get(&id).await.unwrap().unwrap().outcomes, [outcome(true, 1)]);
}

#[tokio::test]
async fn a_correction_whose_answer_was_lost_is_added_once() {
    let (network, table, store) = one_prediction().await;
    let id = of_number(1, at(0)).id;
    tell(&store, &id, outcome(true, 1), false).await;
    network.first(&[Fault::None, Fault::AnswerLost]);
    let told = tell(&store, &id, outcome(false, 2), true).await;
    assert_eq!(told, Some(Recording::Corrected(outcome(false, 2))));
    assert_eq!(network.calls(), 3);
    let outcomes = [outcome(true, 1), outcome(false, 2)];
    assert_eq!(store.get(&id).await.unwrap().unwrap().outcomes, outcomes);
    assert_eq!(holding(&table, "known_day_part").await, 2);
}

#[tokio::test]
async fn who_meets_another_writer_tries_again() {
    let (network, _, store) = one_prediction().await;
    let id = of_number(1, at(0)).id;
    network.first(&[Fault::Refused(400, "TransactionConflictException")]);
    let told = tell(&store, &id, outcome(true, 1), false).await;
    assert_eq!((told, network.calls()), (Some(Recording::Recorded(outcome(true, 1))), 2));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_on_one_table_keep_one_list() {
    let table = new_table().await;
    let stores = [open(&table, &url()), open(&table, &url())];
    let made = of_number(1, at(0));
    put(&stores[0], vec![made.clone()]).await;
    let tellers: JoinSet<Recording> = (0..40_i64)
        .map(|teller| {
            let (store, id) = (Arc::clone(&stores[usize::from(teller % 2 == 1)]), made.id.clone());
            async move { tell(&store, &id, outcome(teller % 4 < 2, teller), true).await.unwrap() }
        })
        .collect();
    let heard = tellers.join_all().await;
    let added = heard.iter().filter(|recording| !matches!(recording, Recording::Stands(_))).count();
    let first = heard.iter().filter(|recording| matches!(recording, Recording::Recorded(_))).count();
    let outcomes = stores[1].get(&made.id).await.unwrap().unwrap().outcomes;
    assert_eq!((first, added), (1, outcomes.len()));
    assert_eq!(known(&stores[0]).await.len(), outcomes.len());
}

#[tokio::test]
async fn what_the_sample_leaves_out_is_known_all_the_same() {
    let table = new_table().await;
    let config = DynamoDbConfig { sample_rate: "0".parse().unwrap(), ..config(&table, &url()) };
    let store: Store = Arc::new(DynamoDbStore::new(config, owner()).unwrap());
    put(&store, (0..20).map(|number| of_number(number, at(0))).collect()).await;
    for number in 0..20 {
        tell(&store, &of_number(number, at(0)).id, outcome(true, 1), false).await;
    }
    assert_eq!((known(&store).await.len(), holding(&table, "day_part").await), (20, 0));
}
