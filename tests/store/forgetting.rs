//! What every adapter of [`PredictionStore`] must do when an entity is to be forgotten: the fourth part of its contract, which an adapter
//! passes with one line more, `forgetting!(fresh)`.

use std::sync::Arc;

use futures_util::TryStreamExt;
use lifeboat::prediction::Prediction;
use lifeboat::store::{Days, Forgotten, Put, Recording, Window};
use serde_json::json;
use tokio::task::JoinSet;

use crate::contract::{Store, put, window};
use crate::outcomes::{known, outcome, tell};
use crate::predictions::{at, entity, of_number, of_passenger, prediction};
use crate::published::{RECIPE, publish, snapshot};

const HOUR: i64 = 3_600_000;

/// Makes one test of each clause.
macro_rules! forgetting {
    ($fresh:path) => {
        $crate::forgetting::forgetting! { $fresh:
            what_is_forgotten_is_gone
            nothing_is_forgotten_where_nothing_is
            others_are_not_forgotten
            what_is_put_again_is_new
            an_entity_of_many_predictions_is_forgotten
            what_was_deleted_is_counted_by_its_days
            what_is_made_and_told_meanwhile_is_forgotten_by_the_next_call
            who_reads_what_is_forgotten_meanwhile_does_not_fail
            snapshots_sheets_and_reports_stay
        }
    };
    ($fresh:path: $($clause:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $clause() {
                let (_kept, store) = $fresh().await;
                $crate::forgetting::$clause(store).await;
            }
        )*
    };
}
pub(crate) use forgetting;

pub(crate) async fn what_is_forgotten_is_gone(store: Store) {
    let made = [of_passenger(7, 1, at(0)), of_passenger(7, 2, at(1)), of_passenger(7, 3, at(2))];
    put(&store, made.to_vec()).await;
    tell(&store, &made[0].id, outcome(true, 3), false).await;
    tell(&store, &made[0].id, outcome(false, 4), true).await;
    tell(&store, &made[1].id, outcome(true, 5), false).await;
    assert_eq!(forget(&store, 7).await, Forgotten { predictions: 3, outcomes: 3 });
    for made in &made {
        assert_eq!(store.get(&made.id).await.unwrap(), None);
        assert_eq!(tell(&store, &made.id, outcome(true, 9), true).await, None);
    }
    assert_eq!(store.history(&entity(7), None, 10).await.unwrap(), []);
    assert_eq!(window(&store, at(0), at(HOUR)).await, []);
    assert_eq!(known(&store, "2026-11-01", "2026-12-31").await, []);
    assert_eq!(forget(&store, 7).await, Forgotten::default());
}

pub(crate) async fn nothing_is_forgotten_where_nothing_is(store: Store) {
    assert_eq!(forget(&store, 7).await, Forgotten::default());
    put(&store, vec![of_passenger(8, 1, at(0))]).await;
    assert_eq!(forget(&store, 7).await, Forgotten::default());
    assert_eq!(deleted(&store, 0, HOUR).await, 0);
}

pub(crate) async fn others_are_not_forgotten(store: Store) {
    let passengers = [0, 1, 2, 9, 10, 11, 100, 111];
    let mut others: Vec<Prediction> = passengers.map(|passenger| of_passenger(passenger, 1, at(0))).into();
    others.extend((0..40).map(|age| prediction(&json!({"Pclass": 3, "Sex": "male", "Age": age}), at(0))));
    put(&store, others.clone()).await;
    for other in &others {
        tell(&store, &other.id, outcome(true, 1), false).await;
    }
    assert_eq!(forget(&store, 1).await, Forgotten { predictions: 1, outcomes: 1 });
    for other in &others {
        let is_forgotten = other.id == of_passenger(1, 1, at(0)).id;
        assert_eq!(store.get(&other.id).await.unwrap().is_none(), is_forgotten, "{}", other.id);
    }
    assert_eq!(window(&store, at(0), at(1)).await.len(), others.len() - 1);
    assert_eq!(known(&store, "2026-11-23", "2026-11-23").await.len(), others.len() - 1);
}

pub(crate) async fn what_is_put_again_is_new(store: Store) {
    let made = of_number(7, at(0));
    put(&store, vec![made.clone()]).await;
    tell(&store, &made.id, outcome(true, 1), false).await;
    tell(&store, &made.id, outcome(false, 2), true).await;
    forget(&store, 7).await;
    let again = of_number(7, at(5));
    assert_eq!(put(&store, vec![again.clone()]).await, [Put::Created(again.clone())]);
    assert_eq!(store.get(&again.id).await.unwrap(), Some(again.clone()));
    let told = tell(&store, &again.id, outcome(false, 6), false).await;
    assert_eq!(told, Some(Recording::Recorded(outcome(false, 6))));
    let told = tell(&store, &again.id, outcome(true, 7), true).await;
    assert_eq!(told, Some(Recording::Corrected(outcome(true, 7))));
    assert_eq!(known(&store, "2026-11-23", "2026-11-23").await.len(), 2);
}

pub(crate) async fn an_entity_of_many_predictions_is_forgotten(store: Store) {
    let made: Vec<Prediction> = (0..1200).map(|fare| of_passenger(7, fare, at(fare.into()))).collect();
    put(&store, made.clone()).await;
    put(&store, vec![of_number(8, at(0))]).await;
    for made in made.iter().step_by(100) {
        tell(&store, &made.id, outcome(true, 3000), false).await;
    }
    assert_eq!(forget(&store, 7).await, Forgotten { predictions: 1200, outcomes: 12 });
    assert_eq!(window(&store, at(0), at(HOUR)).await, [of_number(8, at(0))]);
}

pub(crate) async fn what_was_deleted_is_counted_by_its_days(store: Store) {
    put(&store, (0..4).map(|fare| of_passenger(7, fare, at(24 * HOUR * i64::from(fare)))).collect()).await;
    put(&store, vec![of_passenger(8, 0, at(0)), of_passenger(9, 0, at(0))]).await;
    assert_eq!(deleted(&store, 0, 96 * HOUR).await, 0);
    forget(&store, 7).await;
    forget(&store, 8).await;
    assert_eq!(deleted(&store, 0, 1).await, 2);
    assert_eq!(deleted(&store, 24 * HOUR, 24 * HOUR + 1).await, 1);
    assert_eq!(deleted(&store, 0, 96 * HOUR).await, 5);
    assert_eq!(deleted(&store, -96 * HOUR, -24 * HOUR).await, 0);
    assert_eq!(deleted(&store, HOUR, HOUR).await, 2, "an empty window still has a day");
}

pub(crate) async fn what_is_made_and_told_meanwhile_is_forgotten_by_the_next_call(store: Store) {
    let writers: JoinSet<()> = (0..8_u32)
        .map(|writer| {
            let store = Arc::clone(&store);
            async move {
                for round in 0..10_i64 {
                    let made = of_passenger(7, writer % 4, at(round));
                    put(&store, vec![made.clone()]).await;
                    for time in 0..3 {
                        tell(&store, &made.id, outcome((round + time) % 2 == 0, time), true).await;
                    }
                    if writer == 0 {
                        forget(&store, 7).await;
                    }
                }
            }
        })
        .collect();
    writers.join_all().await;
    forget(&store, 7).await;
    assert_eq!(forget(&store, 7).await, Forgotten::default());
    assert_eq!(store.history(&entity(7), None, 10).await.unwrap(), []);
    assert_eq!(window(&store, at(0), at(HOUR)).await, []);
    assert_eq!(known(&store, "2026-11-01", "2026-12-31").await, []);
}

pub(crate) async fn who_reads_what_is_forgotten_meanwhile_does_not_fail(store: Store) {
    let made: Vec<Prediction> = (0..2500).map(|fare| of_passenger(7, fare, at(fare.into()))).collect();
    put(&store, made.clone()).await;
    let told = made.iter().map(|made| lifeboat::store::ToldOutcome {
        id: made.id.clone(),
        outcome: outcome(true, 3000),
        corrects: false,
    });
    store.record_outcomes(told.collect()).await.unwrap();
    tell(&store, &made[0].id, outcome(false, 3001), true).await;
    let day = "2026-11-23".parse().unwrap();
    let mut predictions = store.window(Window { from: at(0), to: at(HOUR) });
    let mut outcomes = store.known(Days { from: day, to: day });
    let (first, second) = (predictions.try_next().await.unwrap(), outcomes.try_next().await.unwrap());
    assert!(first.is_some() && second.is_some());
    forget(&store, 7).await;
    while let Some(page) = predictions.try_next().await.unwrap() {
        assert!(page.iter().all(|prediction| made.iter().any(|made| made.id == prediction.id)));
    }
    while let Some(page) = outcomes.try_next().await.unwrap() {
        assert!(page.len() <= made.len());
    }
    assert_eq!(deleted(&store, 0, HOUR).await, 2500);
}

pub(crate) async fn snapshots_sheets_and_reports_stay(store: Store) {
    let (made, day) = (snapshot(b"{}", 0), "2026-11-23".parse().unwrap());
    put(&store, vec![Prediction { snapshot: Some(Arc::clone(&made.hash)), ..of_number(7, at(0)) }]).await;
    publish(&store, &made, b"{}").await;
    store.keep_sheet(RECIPE, day, b"[]".to_vec()).await.unwrap();
    store.keep_report(at(0), "{}".to_owned()).await.unwrap();
    assert_eq!(forget(&store, 7).await.predictions, 1);
    assert_eq!(store.newest_snapshot(RECIPE).await.unwrap(), Some(made.clone()));
    assert_eq!(store.snapshot(&made.hash).await.unwrap().as_deref(), Some(&b"{}"[..]));
    assert_eq!(store.sheets(RECIPE, day, day).await.unwrap(), [(day, b"[]".to_vec())]);
    assert_eq!(store.latest_report().await.unwrap().as_deref(), Some("{}"));
}

async fn forget(store: &Store, passenger: u64) -> Forgotten {
    store.forget(&entity(passenger)).await.unwrap()
}

/// Counts what was deleted of the days between two moments.
pub(crate) async fn deleted(store: &Store, from: i64, to: i64) -> u64 {
    store.deleted(Window { from: at(from), to: at(to) }).await.unwrap()
}
