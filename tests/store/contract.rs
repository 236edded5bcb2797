//! What every adapter of [`PredictionStore`] must do; nothing here knows which one it is talking to.
//!
//! A new adapter passes all of it with six lines: `contract!(fresh)`, `outcomes!(fresh)` (of `outcomes.rs`), `published!(fresh)` (of
//! `published.rs`) and `forgetting!(fresh)` (of `forgetting.rs`), where `fresh` is an async function that returns an empty store and
//! whatever has to live as long as the store does; and `making!(place)` (of `making.rs`) and `killed!(place)` (of `killed.rs`), which open
//! an empty database for several owners and programs.

use std::collections::HashSet;
use std::sync::Arc;

use futures_util::TryStreamExt;
use jiff::Timestamp;
use lifeboat::identity::PredictionId;
use lifeboat::prediction::{Answer, Prediction, Shadow};
use lifeboat::store::{Cursor, PredictionStore, Put, Window};
use serde_json::{Value, json};
use tokio::sync::Barrier;
use tokio::task::JoinSet;

use crate::outcomes::{outcome, tell};
use crate::predictions::{at, entity, label, of_number, of_passenger, of_version, prediction};

/// The largest number of a passenger.
const MAX_PASSENGER_ID: u64 = (1 << 53) - 1;

pub(crate) type Store = Arc<dyn PredictionStore>;

/// Makes one test of each clause of the contract.
macro_rules! contract {
    ($fresh:path) => {
        $crate::contract::contract! { $fresh:
            the_first_writer_wins_and_the_second_gets_its_record
            of_200_writers_at_once_one_creates_and_all_get_its_record
            overlapping_batches_at_once_create_each_prediction_once
            a_prediction_twice_in_one_batch_is_created_once
            a_batch_of_new_and_known_predictions_keeps_its_order
            an_empty_batch_is_nothing
            a_prediction_is_found_by_its_id
            an_unknown_id_is_nothing
            two_versions_of_the_model_are_two_predictions
            the_history_of_a_passenger_is_newest_first
            a_history_is_read_page_by_page
            histories_are_in_the_order_of_their_passengers
            a_page_is_not_shifted_by_what_is_stored_meanwhile
            predictions_of_one_millisecond_are_each_on_one_page
            a_history_holds_nothing_of_other_passengers
            a_passenger_without_predictions_has_an_empty_history
            every_value_comes_back_exactly
            a_window_holds_what_was_made_in_it
            a_window_of_days_is_read_to_its_end
            days_that_are_read_side_by_side_hold_what_their_window_holds
            who_stops_reading_a_window_reads_it_again_from_its_beginning
            a_window_shows_outcomes
            a_large_window_is_read_page_by_page
            the_features_of_a_version_have_names
            what_a_model_in_the_shadow_said_comes_back
            the_report_whose_window_ended_last_is_found
            a_writer_that_gives_up_leaves_nothing_half_done
            a_store_that_can_be_reached_is_ready
        }
    };
    ($fresh:path: $($clause:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $clause() {
                let (_kept, store) = $fresh().await;
                $crate::contract::$clause(store).await;
            }
        )*
    };
}
pub(crate) use contract;

pub(crate) async fn the_first_writer_wins_and_the_second_gets_its_record(store: Store) {
    let first = of_number(1, at(0));
    // Another build of the model may differ in the last bit, even to the other side of the threshold.
    let answer = answer(first.answer.probability.unwrap().next_up(), first.answer.label == label(false));
    let second = Prediction { answer, ..of_number(1, at(5000)) };
    assert_eq!(first.id, second.id);
    assert_eq!(put(&store, vec![first.clone()]).await, [Put::Created(first.clone())]);
    assert_eq!(put(&store, vec![second]).await, [Put::Existing(first.clone())]);
    assert_eq!(store.get(&first.id).await.unwrap(), Some(first));
}

pub(crate) async fn of_200_writers_at_once_one_creates_and_all_get_its_record(store: Store) {
    const WRITERS: u8 = 200;
    let start = Arc::new(Barrier::new(WRITERS.into()));
    let writers: JoinSet<Put> = (0..WRITERS)
        .map(|writer| {
            let (store, start) = (Arc::clone(&store), Arc::clone(&start));
            let mine = of_number(7, at(writer.into()));
            async move {
                start.wait().await;
                put(&store, vec![mine]).await.remove(0)
            }
        })
        .collect();
    let puts = writers.join_all().await;
    assert_eq!(puts.iter().filter(|put| put.is_created()).count(), 1);
    let winner = puts.iter().find(|put| put.is_created()).unwrap().prediction();
    assert!(puts.iter().all(|put| put.prediction() == winner));
    assert_eq!(store.get(&winner.id).await.unwrap().as_ref(), Some(winner));
}

pub(crate) async fn overlapping_batches_at_once_create_each_prediction_once(store: Store) {
    let writers: JoinSet<Vec<Put>> = (0..20)
        .map(|writer| {
            let store = Arc::clone(&store);
            // Each batch begins elsewhere, so that no two take the predictions in the same order.
            let batch = (0..50).map(|index| of_number((index + 7 * writer) % 100, at(0))).collect();
            async move { put(&store, batch).await }
        })
        .collect();
    let puts: Vec<Put> = writers.join_all().await.into_iter().flatten().collect();
    let created: Vec<_> = puts.iter().filter(|put| put.is_created()).map(|put| put.prediction().id.clone()).collect();
    assert_eq!(created.len(), 100);
    assert_eq!(created.iter().collect::<HashSet<_>>().len(), 100);
}

pub(crate) async fn a_prediction_twice_in_one_batch_is_created_once(store: Store) {
    let (first, other, again) = (of_number(1, at(0)), of_number(2, at(0)), of_number(1, at(9)));
    let puts = put(&store, vec![first.clone(), other.clone(), again]).await;
    assert_eq!(puts, [Put::Created(first.clone()), Put::Created(other), Put::Existing(first)]);
}

pub(crate) async fn a_batch_of_new_and_known_predictions_keeps_its_order(store: Store) {
    let known: Vec<_> = (0..300).filter(|number| number % 3 == 0).map(|number| of_number(number, at(0))).collect();
    put(&store, known).await;
    let puts = put(&store, (0..300).map(|number| of_number(number, at(1))).collect()).await;
    let expected: Vec<_> = (0..300)
        .map(|number| match number % 3 {
            0 => Put::Existing(of_number(number, at(0))),
            _ => Put::Created(of_number(number, at(1))),
        })
        .collect();
    assert_eq!(puts, expected);
}

pub(crate) async fn an_empty_batch_is_nothing(store: Store) {
    assert_eq!(put(&store, vec![]).await, []);
}

pub(crate) async fn a_prediction_is_found_by_its_id(store: Store) {
    let anonymous = prediction(&json!({"Pclass": 1, "Sex": "female"}), at(0));
    let known = of_number(5, at(0));
    put(&store, vec![anonymous.clone(), known.clone(), of_number(6, at(0))]).await;
    assert_eq!(store.get(&anonymous.id).await.unwrap(), Some(anonymous));
    assert_eq!(store.get(&known.id).await.unwrap(), Some(known));
}

pub(crate) async fn an_unknown_id_is_nothing(store: Store) {
    put(&store, vec![of_number(5, at(0))]).await;
    assert_eq!(store.get(&of_number(6, at(0)).id).await.unwrap(), None);
    let hash = of_number(5, at(0)).id.hash().to_string();
    assert_eq!(store.get(&format!("p.{hash}").parse().unwrap()).await.unwrap(), None, "the hash without its passenger");
    assert_eq!(
        store.get(&format!("p.6.{hash}").parse().unwrap()).await.unwrap(),
        None,
        "the hash of another passenger"
    );
}

pub(crate) async fn two_versions_of_the_model_are_two_predictions(store: Store) {
    let old = of_number(5, at(0));
    let new = of_version("9.9.9-00000000", &old);
    assert_eq!(
        put(&store, vec![old.clone(), new.clone()]).await,
        [Put::Created(old.clone()), Put::Created(new.clone())]
    );
    assert_eq!(store.get(&new.id).await.unwrap(), Some(new));
    assert_eq!(store.get(&old.id).await.unwrap(), Some(old));
}

pub(crate) async fn the_history_of_a_passenger_is_newest_first(store: Store) {
    // Stored in another order than that of their times.
    let made: Vec<_> = [3, 1, 4, 0, 2].map(|fare| of_passenger(7, fare, at(i64::from(fare) * 1000))).into();
    put(&store, made).await;
    let newest_first: Vec<_> = (0..5).rev().map(|fare| of_passenger(7, fare, at(i64::from(fare) * 1000))).collect();
    assert_eq!(store.history(&entity(7), None, 100).await.unwrap(), newest_first);
    assert_eq!(store.history(&entity(7), None, 2).await.unwrap(), newest_first[..2]);
}

pub(crate) async fn histories_are_in_the_order_of_their_passengers(store: Store) {
    let made: Vec<Prediction> =
        (0..60).map(|number| of_passenger(u64::from(number % 20), number, at(number.into()))).collect();
    put(&store, made).await;
    let entities: Vec<_> = [7, 99, 0, 7, 19].map(entity).into();
    for limit in [1, 2, 3, 10] {
        let found = store.histories(entities.clone(), limit).await.unwrap();
        assert_eq!(found.len(), entities.len());
        for (entity, found) in entities.iter().zip(&found) {
            assert_eq!(found, &store.history(entity, None, limit).await.unwrap(), "{entity:?}");
        }
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [3, 0, 3, 3, 3].map(|count| limit.min(count)));
    }
    assert_eq!(store.histories(Vec::new(), 10).await.unwrap(), Vec::<Vec<Prediction>>::new());
}

pub(crate) async fn a_history_is_read_page_by_page(store: Store) {
    put(&store, (0..10).map(|fare| of_passenger(7, fare, at(fare.into()))).collect()).await;
    let whole = store.history(&entity(7), None, 100).await.unwrap();
    assert_eq!(whole.len(), 10);
    for limit in [1, 3, 5, 10] {
        assert_eq!(pages(&store, 7, limit).await.concat(), whole, "pages of {limit}");
    }
}

pub(crate) async fn a_page_is_not_shifted_by_what_is_stored_meanwhile(store: Store) {
    put(&store, (0..4).map(|fare| of_passenger(7, fare, at(fare.into()))).collect()).await;
    let first = store.history(&entity(7), None, 2).await.unwrap();
    put(&store, vec![of_passenger(7, 99, at(99))]).await;
    let second = store.history(&entity(7), Some(Cursor::after(&first[1])), 2).await.unwrap();
    assert_eq!(second, [of_passenger(7, 1, at(1)), of_passenger(7, 0, at(0))]);
}

pub(crate) async fn predictions_of_one_millisecond_are_each_on_one_page(store: Store) {
    let made: Vec<_> = (0..9).map(|fare| of_passenger(7, fare, at(i64::from(fare / 5)))).collect();
    put(&store, made.clone()).await;
    let pages = pages(&store, 7, 2).await;
    let seen = pages.concat();
    assert!(seen.is_sorted_by_key(|prediction| std::cmp::Reverse(prediction.created_at)));
    assert_eq!(ids(&seen).len(), seen.len());
    assert_eq!(ids(&seen), ids(&made));
}

pub(crate) async fn a_history_holds_nothing_of_other_passengers(store: Store) {
    let passengers = [0, 1, 2, 9, 10, 11, 100, 111, MAX_PASSENGER_ID];
    let mut all: Vec<_> = passengers.map(|passenger| of_passenger(passenger, 1, at(0))).into();
    // Ids of passengers without a number are hashes, of which some begin as a number does.
    all.extend((0..40).map(|age| prediction(&json!({"Pclass": 3, "Sex": "male", "Age": age}), at(0))));
    put(&store, all).await;
    for passenger in passengers {
        let history = store.history(&entity(passenger), None, 100).await.unwrap();
        assert_eq!(history, [of_passenger(passenger, 1, at(0))]);
    }
}

pub(crate) async fn a_passenger_without_predictions_has_an_empty_history(store: Store) {
    put(&store, vec![of_passenger(7, 1, at(0))]).await;
    assert_eq!(store.history(&entity(70), None, 100).await.unwrap(), []);
    let last = Cursor::after(&of_passenger(7, 1, at(0)));
    assert_eq!(store.history(&entity(7), Some(last), 100).await.unwrap(), []);
}

pub(crate) async fn every_value_comes_back_exactly(store: Store) {
    let mut odd: Vec<Prediction> = odd_passengers().iter().map(|passenger| prediction(passenger, at(0))).collect();
    let probabilities = [0.0, 1.0, 0.1, 0.1_f32.next_up(), 0.5_f32.next_down(), f32::MIN_POSITIVE, 1.0_f32.next_down()];
    for (prediction, probability) in odd.iter_mut().zip(probabilities.into_iter().cycle()) {
        prediction.answer = answer(probability, prediction.answer.label == label(false));
        let features = prediction.features.as_mut().unwrap();
        (features[0], features[1], features[2]) = (probability, -1.0e-7_f32.next_up(), -0.0);
    }
    for time in [Timestamp::UNIX_EPOCH, at(1), "9999-12-30T21:59:59.999Z".parse().unwrap()] {
        for prediction in &mut odd {
            prediction.created_at = time;
            *prediction = of_version(&time.to_string(), prediction);
        }
        put(&store, odd.clone()).await;
        for prediction in &odd {
            let stored = store.get(&prediction.id).await.unwrap().unwrap();
            assert_eq!(&stored, prediction);
            assert_eq!(bits(&stored), bits(prediction));
        }
    }
}

pub(crate) async fn a_window_holds_what_was_made_in_it(store: Store) {
    let made: Vec<_> = (0..10_i64).map(|number| of_number(number.unsigned_abs(), at(1000 * number))).collect();
    put(&store, made.clone()).await;
    assert_eq!(window(&store, at(3000), at(6000)).await, made[3..6]);
    assert_eq!(window(&store, at(3001), at(6001)).await, made[4..7]);
    assert_eq!(window(&store, at(-1_000_000), at(0)).await, []);
    assert_eq!(window(&store, at(5000), at(5000)).await, []);
}

pub(crate) async fn a_window_of_days_is_read_to_its_end(store: Store) {
    const HOUR: i64 = 3_600_000;
    // More than a page, some in one millisecond, and before and after it what does not belong.
    let made: Vec<_> = (0..2500_i64).map(|number| of_number(number.unsigned_abs(), at(number / 10 * HOUR))).collect();
    put(&store, made.clone()).await;
    let found = window(&store, at(24 * HOUR), at(240 * HOUR)).await;
    let expected: Vec<_> = made[240..2400].to_vec();
    assert_eq!(found.len(), expected.len());
    assert_eq!(ids(&found), ids(&expected));
}

pub(crate) async fn days_that_are_read_side_by_side_hold_what_their_window_holds(store: Store) {
    const DAY: i64 = 24 * 3_600_000;
    // Of the first day more than a page, of the third nothing; a day ends a millisecond before the next one.
    let midnight = at(0).as_millisecond().rem_euclid(DAY);
    let times = (0..2000_u64).map(|number| match number {
        0..1500 => i64::try_from(number).unwrap() * 50_000,
        1500..1502 => DAY - 1 + i64::try_from(number - 1500).unwrap(),
        _ => DAY * [1, 3, 4][usize::try_from(number % 3).unwrap()] + i64::try_from(number).unwrap(),
    });
    let made: Vec<_> = times.zip(0..).map(|(time, number)| of_number(number, at(time - midnight))).collect();
    put(&store, made.clone()).await;
    let days: JoinSet<Vec<Prediction>> = (0..5)
        .map(|day| {
            let store = Arc::clone(&store);
            async move { window(&store, at(day * DAY - midnight), at((day + 1) * DAY - midnight)).await }
        })
        .collect();
    let days = days.join_all().await;
    assert!(
        days.iter().all(|day| day
            .iter()
            .map(|made| made.created_at.as_millisecond() / DAY)
            .collect::<HashSet<_>>()
            .len()
            < 2)
    );
    let mut counts: Vec<usize> = days.iter().map(Vec::len).collect();
    counts.sort_unstable();
    assert_eq!(counts, [0, 166, 166, 167, 1501]);
    let found = days.concat();
    assert_eq!((found.len(), ids(&found)), (made.len(), ids(&made)));
}

pub(crate) async fn who_stops_reading_a_window_reads_it_again_from_its_beginning(store: Store) {
    let made: Vec<_> = (0..3000).map(|number| of_number(number, at(0))).collect();
    put(&store, made.clone()).await;
    for _ in 0..20 {
        let mut pages = store.window(Window { from: at(0), to: at(1) });
        assert!(!pages.try_next().await.unwrap().unwrap().is_empty());
    }
    // Neither has what was given up an end of its own, nor does it take anything from who reads to the end.
    let found = window(&store, at(0), at(1)).await;
    assert_eq!((found.len(), ids(&found)), (made.len(), ids(&made)));
}

pub(crate) async fn a_window_shows_outcomes(store: Store) {
    let made = of_number(1, at(0));
    put(&store, vec![made.clone()]).await;
    let outcomes = vec![outcome(true, 9), outcome(false, 10)];
    tell(&store, &made.id, outcome(true, 9), false).await;
    tell(&store, &made.id, outcome(false, 10), true).await;
    assert_eq!(window(&store, at(0), at(1)).await, [Prediction { outcomes, ..made }]);
}

pub(crate) async fn a_large_window_is_read_page_by_page(store: Store) {
    // More than a page of one moment, before and after it others, and of each what is easily bent on the way.
    let mut made: Vec<Prediction> = (0..1200).map(|number| of_number(number, at(i64::from(number >= 1100)))).collect();
    made.extend(odd_passengers().iter().map(|passenger| prediction(passenger, at(2))));
    for (prediction, number) in made.iter_mut().zip(0_u16..) {
        prediction.answer = answer(f32::from(number % 7) / 7.0, number % 5 == 0);
        let version = if number % 2 == 0 { "2.0.0-0123abcd" } else { "3.0.0-0123abcd" };
        prediction.shadow =
            (number % 3 == 0).then(|| Shadow { model_version: version.into(), answer: prediction.answer.clone() });
        *prediction = of_version(if number % 4 < 2 { "1" } else { "2" }, prediction);
    }
    put(&store, made.clone()).await;
    for (prediction, survived) in made.iter_mut().step_by(100).zip([true, false].into_iter().cycle()) {
        tell(&store, &prediction.id, outcome(survived, 9), false).await;
        prediction.outcomes = vec![outcome(survived, 9)];
    }
    let sort = |predictions: &mut Vec<Prediction>| predictions.sort_by(|one, other| one.id.cmp(&other.id));
    let mut found = window(&store, at(0), at(3)).await;
    sort(&mut found);
    sort(&mut made);
    assert!(found == made);
    assert_eq!(window(&store, at(3), at(3)).await, []);
}

pub(crate) async fn the_features_of_a_version_have_names(store: Store) {
    let made = of_number(1, at(0));
    put(&store, vec![made.clone()]).await;
    let names = store.feature_names(&made.model_version).await.unwrap().unwrap();
    assert_eq!(names.iter().map(|name| &**name).collect::<Vec<_>>(), ["female", "age", "fare"]);
    assert_eq!(store.feature_names("9.9.9-00000000").await.unwrap(), None);
}

pub(crate) async fn what_a_model_in_the_shadow_said_comes_back(store: Store) {
    let shadow = Shadow { model_version: "2.0.0-0123abcd".into(), answer: answer(0.1 + f32::EPSILON, false) };
    let made = Prediction { shadow: Some(shadow.clone()), ..of_number(1, at(0)) };
    assert_eq!(put(&store, vec![made.clone()]).await, [Put::Created(made.clone())]);
    assert_eq!(store.get(&made.id).await.unwrap().as_ref(), Some(&made));
    assert_eq!(store.history(&entity(1), None, 10).await.unwrap(), std::slice::from_ref(&made));
    assert_eq!(window(&store, at(0), at(1)).await, std::slice::from_ref(&made));
    // The first word stands, and whoever comes later is answered with it.
    let other = Shadow { answer: answer(0.9, true), ..shadow };
    for later in [of_number(1, at(1)), Prediction { shadow: Some(other), ..of_number(1, at(2)) }] {
        assert_eq!(put(&store, vec![later]).await, [Put::Existing(made.clone())]);
    }
}

pub(crate) async fn the_report_whose_window_ended_last_is_found(store: Store) {
    assert_eq!(store.latest_report().await.unwrap(), None);
    // Long, and with what a text may hold.
    let report = |name: &str| format!("{{\"name\": \"{name} ✓\", \"numbers\": \"{}\"}}", "0.123456789 ".repeat(5000));
    let keep = async |end, name| store.keep_report(at(end), report(name)).await.unwrap();
    keep(2000, "late").await;
    keep(1000, "early").await;
    assert_eq!(store.latest_report().await.unwrap(), Some(report("late")));
    keep(2000, "late, again").await;
    assert_eq!(store.latest_report().await.unwrap(), Some(report("late, again")));
    // A report is no prediction.
    assert_eq!(window(&store, at(0), at(3000)).await, []);
}

pub(crate) async fn a_writer_that_gives_up_leaves_nothing_half_done(store: Store) {
    let mut writers: JoinSet<Vec<Put>> = (0..20)
        .map(|writer| {
            let (store, batch) = (Arc::clone(&store), (0..20).map(|index| of_number(20 * writer + index, at(0))));
            let batch = batch.collect();
            async move { put(&store, batch).await }
        })
        .collect();
    writers.join_next().await.unwrap().unwrap();
    writers.abort_all();
    while writers.join_next().await.is_some() {}
    // What was given up may be stored or not; the same again always leads to its being there, once.
    put(&store, (0..400).map(|number| of_number(number, at(9))).collect()).await;
    for number in [0, 19, 20, 399] {
        let id: PredictionId = of_number(number, at(0)).id;
        let stored = store.get(&id).await.unwrap().unwrap();
        assert!([at(0), at(9)].contains(&stored.created_at));
        assert_eq!(store.history(&entity(number), None, 10).await.unwrap(), [stored]);
    }
}

pub(crate) async fn a_store_that_can_be_reached_is_ready(store: Store) {
    store.ready().await.unwrap();
}

/// What an adapter checks beside the clauses, with two stores that it has opened on one database: 50 predictions are created.
pub(crate) async fn two_stores_create_each_prediction_once(stores: [Store; 2]) {
    let writers: JoinSet<Put> = (0..200_u64)
        .map(|writer| {
            let store = Arc::clone(&stores[usize::from(writer % 2 == 1)]);
            async move { put(&store, vec![of_number(writer / 4, at(0))]).await.remove(0) }
        })
        .collect();
    assert_eq!(writers.join_all().await.iter().filter(|put| put.is_created()).count(), 50);
}

pub(crate) async fn put(store: &Store, predictions: Vec<Prediction>) -> Vec<Put> {
    store.put(predictions).await.unwrap()
}

/// Reads a whole history by pages of at most `limit`.
async fn pages(store: &Store, passenger_id: u64, limit: usize) -> Vec<Vec<Prediction>> {
    let (mut pages, mut after) = (Vec::new(), None);
    loop {
        let page = store.history(&entity(passenger_id), after, limit).await.unwrap();
        assert!(page.len() <= limit);
        let Some(last) = page.last() else { return pages };
        after = Some(Cursor::after(last));
        pages.push(page);
    }
}

/// Reads a window, in the order of time.
pub(crate) async fn window(store: &Store, from: Timestamp, to: Timestamp) -> Vec<Prediction> {
    let pages: Vec<Vec<Prediction>> = store.window(Window { from, to }).try_collect().await.unwrap();
    let mut found = pages.concat();
    found.sort_by_key(|prediction| (prediction.created_at, prediction.id.clone()));
    found
}

fn answer(probability: f32, survived: bool) -> Answer {
    Answer { label: label(survived), probability: Some(probability), probabilities: None }
}

/// Returns all numbers of a prediction to the bit.
fn bits(prediction: &Prediction) -> Vec<u32> {
    let features = prediction.features.as_ref().unwrap().iter();
    features.chain(&prediction.answer.probability).map(|value| value.to_bits()).collect()
}

fn ids(predictions: &[Prediction]) -> HashSet<String> {
    predictions.iter().map(|prediction| prediction.id.to_string()).collect()
}

/// Returns passengers whose values are easily bent on the way.
fn odd_passengers() -> Vec<Value> {
    let person = |field: &str, value: Value| {
        let mut passenger = json!({"PassengerId": 1, "Pclass": 3, "Sex": "male"});
        passenger[field] = value;
        passenger
    };
    let mut passengers = vec![
        json!({"Pclass": 2, "Sex": "female"}),
        json!({
            "PassengerId": null, "Pclass": 1, "Name": null, "Sex": "male", "Age": null, "SibSp": null, "Parch": null,
            "Ticket": null, "Fare": null, "Cabin": null, "Embarked": null,
        }),
        person("PassengerId", json!(0)),
        person("PassengerId", json!(MAX_PASSENGER_ID)),
        person("SibSp", json!(0)),
        person("Parch", json!(0)),
        person("SibSp", json!(20)),
        person("Parch", json!(20)),
    ];
    let texts = [
        "O'Dwyer, Miss. Ellen \"Nellie\"",
        "'); DROP TABLE predictions; --",
        "Søren Ångström 王 👩‍👩‍👧‍👦 e\u{301} \u{202e}",
        "back\\slash, tab\there, line\nbreak\r\n, bell\u{7}",
        "null",
        "0",
        "1e5",
        "007",
        &"ø".repeat(256),
        &"👻".repeat(256),
    ];
    for field in ["Name", "Ticket", "Cabin"] {
        passengers.extend(texts.iter().map(|&text| person(field, json!(text))));
    }
    let numbers = [0.0, 0.42, 1e-5, 0.1 + 0.2, 1.0 / 3.0, f64::MIN_POSITIVE, 119.999_999_999_999_99, 120.0];
    for field in ["Age", "Fare"] {
        passengers.extend(numbers.iter().map(|&number| person(field, json!(number))));
    }
    passengers.extend([512.3292, 9_999.999_999, 10_000.0].map(|fare| person("Fare", json!(fare))));
    passengers.extend(["C", "Q", "S"].map(|port| person("Embarked", json!(port))));
    passengers
}
