//! What every adapter of [`PredictionStore`] must do with what really happened: the second part of its contract, which an adapter
//! passes with one line more, `outcomes!(fresh)`.

use std::collections::BTreeSet;

use futures_util::TryStreamExt;
use jiff::civil::Date;
use lifeboat::identity::PredictionId;
use lifeboat::prediction::{Outcome, Prediction};
use lifeboat::store::{Days, Known, Put, Recording, Told};
use tokio::task::JoinSet;

use crate::contract::{Store, put, window};
use crate::predictions::{at, entity, label, of_number};

/// Makes one test of each clause.
macro_rules! outcomes {
    ($fresh:path) => {
        $crate::outcomes::outcomes! { $fresh:
            an_outcome_is_recorded_once_and_is_shown
            another_outcome_later_changes_nothing
            a_correction_is_added_and_stands
            a_correction_that_is_told_twice_is_one
            a_correction_of_nothing_is_the_first_outcome
            a_correction_of_an_earlier_clock_is_known_with_what_it_corrects
            many_outcomes_are_answered_in_order
            what_was_never_predicted_has_no_outcome
            of_many_who_tell_at_once_all_hear_the_same_outcome
            of_many_who_correct_at_once_each_adds_once
            what_became_known_is_found_by_its_days
            a_correction_is_known_beside_what_it_corrects
            many_that_became_known_are_read_page_by_page
            no_day_holds_nothing
        }
    };
    ($fresh:path: $($clause:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $clause() {
                let (_kept, store) = $fresh().await;
                $crate::outcomes::$clause(store).await;
            }
        )*
    };
}
pub(crate) use outcomes;

pub(crate) async fn an_outcome_is_recorded_once_and_is_shown(store: Store) {
    for (number, survived) in [(1, true), (2, false)] {
        let made = of_number(number, at(0));
        put(&store, vec![made.clone()]).await;
        assert_eq!(store.get(&made.id).await.unwrap().unwrap().outcome(), None);
        let first = outcome(survived, 1);
        assert_eq!(tell(&store, &made.id, first.clone(), false).await, Some(Recording::Recorded(first.clone())));
        let again = tell(&store, &made.id, outcome(survived, 2), false).await;
        assert_eq!(again, Some(Recording::Stands(first.clone())));
        let known = Prediction { outcomes: vec![first], ..made.clone() };
        assert_eq!(store.get(&made.id).await.unwrap().as_ref(), Some(&known));
        assert_eq!(store.history(&entity(number), None, 10).await.unwrap(), std::slice::from_ref(&known));
        assert_eq!(put(&store, vec![of_number(number, at(3))]).await, [Put::Existing(known)]);
    }
}

pub(crate) async fn another_outcome_later_changes_nothing(store: Store) {
    let made = of_number(1, at(0));
    put(&store, vec![made.clone()]).await;
    tell(&store, &made.id, outcome(false, 1), false).await;
    let other = tell(&store, &made.id, outcome(true, 2), false).await;
    assert_eq!(other, Some(Recording::Contradicts(outcome(false, 1))));
    assert_eq!(store.get(&made.id).await.unwrap(), Some(Prediction { outcomes: vec![outcome(false, 1)], ..made }));
}

pub(crate) async fn a_correction_is_added_and_stands(store: Store) {
    let made = of_number(1, at(0));
    put(&store, vec![made.clone()]).await;
    let mut outcomes = Vec::new();
    for (time, survived) in [(1, false), (2, true), (3, false), (4, true)] {
        let told = outcome(survived, time);
        let expected = match time {
            1 => Recording::Recorded(told.clone()),
            _ => Recording::Corrected(told.clone()),
        };
        assert_eq!(tell(&store, &made.id, told.clone(), time > 1).await, Some(expected));
        outcomes.push(told);
        let known = Prediction { outcomes: outcomes.clone(), ..made.clone() };
        assert_eq!(store.get(&made.id).await.unwrap().as_ref(), Some(&known));
        assert_eq!(store.history(&entity(1), None, 10).await.unwrap(), std::slice::from_ref(&known));
        assert_eq!(window(&store, at(0), at(1)).await, std::slice::from_ref(&known));
        assert_eq!(put(&store, vec![of_number(1, at(9))]).await, [Put::Existing(known)]);
    }
    let contradicted = tell(&store, &made.id, outcome(false, 5), false).await;
    assert_eq!(contradicted, Some(Recording::Contradicts(outcome(true, 4))), "what was told last stands");
}

pub(crate) async fn a_correction_that_is_told_twice_is_one(store: Store) {
    let made = of_number(1, at(0));
    put(&store, vec![made.clone()]).await;
    tell(&store, &made.id, outcome(false, 1), false).await;
    tell(&store, &made.id, outcome(true, 2), true).await;
    for corrects in [true, false] {
        let again = tell(&store, &made.id, outcome(true, 3), corrects).await;
        assert_eq!(again, Some(Recording::Stands(outcome(true, 2))));
    }
    let outcomes = store.get(&made.id).await.unwrap().unwrap().outcomes;
    assert_eq!(outcomes, [outcome(false, 1), outcome(true, 2)]);
}

pub(crate) async fn a_correction_of_nothing_is_the_first_outcome(store: Store) {
    let made = of_number(1, at(0));
    put(&store, vec![made.clone()]).await;
    let first = tell(&store, &made.id, outcome(true, 1), true).await;
    assert_eq!(first, Some(Recording::Recorded(outcome(true, 1))));
    assert_eq!(store.get(&made.id).await.unwrap().unwrap().outcomes, [outcome(true, 1)]);
}

pub(crate) async fn a_correction_of_an_earlier_clock_is_known_with_what_it_corrects(store: Store) {
    let made = of_number(1, at(0));
    put(&store, vec![made.clone()]).await;
    tell(&store, &made.id, outcome(true, 9), false).await;
    let corrected = tell(&store, &made.id, outcome(false, 5), true).await;
    assert_eq!(corrected, Some(Recording::Corrected(outcome(false, 9))));
    assert_eq!(store.get(&made.id).await.unwrap().unwrap().outcomes, [outcome(true, 9), outcome(false, 9)]);
}

pub(crate) async fn many_outcomes_are_answered_in_order(store: Store) {
    let made: Vec<Prediction> = (0..300).map(|number| of_number(number, at(0))).collect();
    put(&store, made.clone()).await;
    let told = |number: usize, survived, corrects| Told {
        id: made[number].id.clone(),
        outcome: outcome(survived, 1),
        corrects,
    };
    let mut many: Vec<Told> = (0..300).map(|number| told(number, number % 2 == 0, false)).collect();
    // Four times of one prediction: what comes first in the list comes first.
    many.extend([told(0, false, false), told(0, false, true), told(0, true, false), told(0, true, true)]);
    let unknown = Told { id: of_number(999, at(0)).id, outcome: outcome(true, 1), corrects: false };
    many.insert(150, unknown);
    let recorded = store.record_outcomes(many).await.unwrap();
    assert_eq!((recorded.len(), &recorded[150]), (305, &None));
    let first = recorded[..150].iter().chain(&recorded[151..301]);
    let expected = (0..300).map(|number| Some(Recording::Recorded(outcome(number % 2 == 0, 1))));
    assert!(first.cloned().eq(expected));
    let of_the_first = [
        Recording::Contradicts(outcome(true, 1)),
        Recording::Corrected(outcome(false, 1)),
        Recording::Contradicts(outcome(false, 1)),
        Recording::Corrected(outcome(true, 1)),
    ];
    assert_eq!(recorded[301..], of_the_first.map(Some));
    assert_eq!(store.get(&made[0].id).await.unwrap().unwrap().outcomes.len(), 3);
    assert_eq!(store.record_outcomes(Vec::new()).await.unwrap(), []);
}

pub(crate) async fn what_was_never_predicted_has_no_outcome(store: Store) {
    let (made, other) = (of_number(1, at(0)), of_number(2, at(0)));
    put(&store, vec![made]).await;
    for corrects in [false, true] {
        assert_eq!(tell(&store, &other.id, outcome(true, 1), corrects).await, None);
    }
    assert_eq!(store.get(&other.id).await.unwrap(), None);
    assert_eq!(put(&store, vec![other.clone()]).await, [Put::Created(other)]);
}

pub(crate) async fn of_many_who_tell_at_once_all_hear_the_same_outcome(store: Store) {
    let made = of_number(1, at(0));
    put(&store, vec![made.clone()]).await;
    let heard = tell_at_once(&store, &made.id, false).await;
    let outcomes = store.get(&made.id).await.unwrap().unwrap().outcomes;
    let [recorded] = &*outcomes else { panic!("{outcomes:?}") };
    let first = heard.iter().filter(|(_, recording)| matches!(recording, Recording::Recorded(_)));
    assert_eq!(first.count(), 1);
    for (survived, recording) in heard {
        assert_eq!(recording.outcome(), recorded);
        let is_other = matches!(recording, Recording::Contradicts(_));
        assert_eq!(is_other, label(survived) != recorded.label, "{recording:?}");
    }
}

pub(crate) async fn of_many_who_correct_at_once_each_adds_once(store: Store) {
    let made = of_number(1, at(0));
    put(&store, vec![made.clone()]).await;
    let heard = tell_at_once(&store, &made.id, true).await;
    let outcomes = store.get(&made.id).await.unwrap().unwrap().outcomes;
    let added = heard.iter().filter(|(_, recording)| !matches!(recording, Recording::Stands(_)));
    assert_eq!(added.count(), outcomes.len(), "{heard:?}");
    assert!(outcomes.windows(2).all(|two| two[0].label != two[1].label), "{outcomes:?}");
    assert!(outcomes.is_sorted_by_key(|outcome| outcome.known_at), "{outcomes:?}");
    assert!(heard.iter().all(|(survived, recording)| label(*survived) == recording.outcome().label));
    let known = known(&store, "2026-11-01", "2026-12-31").await;
    assert_eq!(known.len(), outcomes.len());
}

pub(crate) async fn what_became_known_is_found_by_its_days(store: Store) {
    let made: Vec<Prediction> = (0..6).map(|number| of_number(number, at(0))).collect();
    put(&store, made.clone()).await;
    let times = [
        "2026-11-24T00:00:00Z",
        "2026-11-24T23:59:59.999Z",
        "2026-11-25T00:00:00Z",
        "2026-11-26T12:00:00.001Z",
        "2026-12-01T00:00:00Z",
    ];
    for (prediction, time) in made.iter().zip(times) {
        let outcome = Outcome { label: label(true), known_at: time.parse().unwrap() };
        tell(&store, &prediction.id, outcome, false).await;
    }
    for (from, to, expected) in [
        ("2026-11-24", "2026-11-24", 0..2),
        ("2026-11-25", "2026-11-25", 2..3),
        ("2026-11-24", "2026-11-26", 0..4),
        ("2026-11-27", "2026-11-30", 0..0),
        ("2026-11-30", "9999-12-31", 4..5),
        ("0001-01-01", "9999-12-31", 0..5),
    ] {
        let found = known(&store, from, to).await;
        let ids: Vec<&PredictionId> = found.iter().map(|known| &known.prediction.id).collect();
        let expected: Vec<&PredictionId> = made[expected].iter().map(|prediction| &prediction.id).collect();
        assert_eq!(ids, expected, "{from} to {to}");
        for Known { place, outcome, prediction } in &found {
            assert_eq!((*place, prediction.outcomes.as_slice()), (0, std::slice::from_ref(outcome)));
            assert_eq!(Some(prediction), store.get(&prediction.id).await.unwrap().as_ref());
        }
    }
}

pub(crate) async fn a_correction_is_known_beside_what_it_corrects(store: Store) {
    const DAY: i64 = 24 * 3_600_000;
    let made = of_number(1, at(0));
    put(&store, vec![made.clone(), of_number(2, at(0))]).await;
    let outcomes = vec![outcome(true, 0), outcome(false, DAY), outcome(true, 3 * DAY)];
    for told in &outcomes {
        tell(&store, &made.id, told.clone(), true).await;
    }
    let prediction = Prediction { outcomes: outcomes.clone(), ..made };
    let all: Vec<Known> = outcomes
        .into_iter()
        .enumerate()
        .map(|(place, outcome)| Known { place, outcome, prediction: prediction.clone() })
        .collect();
    assert_eq!(known(&store, "2026-11-23", "2026-11-26").await, all);
    assert_eq!(known(&store, "2026-11-23", "2026-11-23").await, all[..1]);
    assert_eq!(known(&store, "2026-11-24", "2026-11-25").await, all[1..2]);
    assert_eq!(known(&store, "2026-11-26", "2026-11-26").await, all[2..]);
    // What is beside predictions is none.
    assert_eq!(store.history(&entity(1), None, 10).await.unwrap(), std::slice::from_ref(&prediction));
    assert_eq!(window(&store, at(0), at(DAY)).await.len(), 2);
}

pub(crate) async fn many_that_became_known_are_read_page_by_page(store: Store) {
    let made: Vec<Prediction> = (0..2300).map(|number| of_number(number, at(0))).collect();
    put(&store, made.clone()).await;
    // More than a page of one moment, and some before and after it.
    let told = made.iter().zip(0_i64..).map(|(prediction, number)| {
        let time = if number < 1800 { 5 } else { number - 1800 };
        Told { id: prediction.id.clone(), outcome: outcome(number % 2 == 0, time), corrects: false }
    });
    store.record_outcomes(told.collect()).await.unwrap();
    let found = known(&store, "2026-11-23", "2026-11-23").await;
    assert_eq!(found.len(), made.len());
    let ids: BTreeSet<&PredictionId> = found.iter().map(|known| &known.prediction.id).collect();
    assert_eq!(ids, made.iter().map(|prediction| &prediction.id).collect());
}

pub(crate) async fn no_day_holds_nothing(store: Store) {
    let made = of_number(1, at(0));
    put(&store, vec![made.clone()]).await;
    tell(&store, &made.id, outcome(true, 0), false).await;
    assert_eq!(known(&store, "2026-11-24", "2026-11-23").await, []);
    assert_eq!(known(&store, "2026-11-23", "2026-11-23").await.len(), 1);
}

/// Returns an outcome that became known that many milliseconds after some moment of 2026-11-23.
pub(crate) fn outcome(survived: bool, milliseconds: i64) -> Outcome {
    Outcome { label: label(survived), known_at: at(milliseconds) }
}

/// Tells one outcome.
pub(crate) async fn tell(store: &Store, id: &PredictionId, outcome: Outcome, corrects: bool) -> Option<Recording> {
    let told = vec![Told { id: id.clone(), outcome, corrects }];
    let recorded = store.record_outcomes(told).await.unwrap();
    let [recorded] = <[_; 1]>::try_from(recorded).unwrap();
    recorded
}

/// Lets fifty tell of one prediction at once, one half that it is so and the other that it is not; returns what each told and heard.
async fn tell_at_once(store: &Store, id: &PredictionId, corrects: bool) -> Vec<(bool, Recording)> {
    let tellers: JoinSet<(bool, Recording)> = (0..50)
        .map(|teller| {
            let (store, id, survived) = (store.clone(), id.clone(), teller % 2 == 0);
            async move { (survived, tell(&store, &id, outcome(survived, teller), corrects).await.unwrap()) }
        })
        .collect();
    tellers.join_all().await
}

/// Reads what became known on some days, in the order of time.
async fn known(store: &Store, from: &str, to: &str) -> Vec<Known> {
    let day = |text: &str| text.parse::<Date>().unwrap();
    let pages: Vec<Vec<Known>> = store.known(Days { from: day(from), to: day(to) }).try_collect().await.unwrap();
    let mut found = pages.concat();
    found.sort_by_key(|known| (known.outcome.known_at, known.prediction.id.clone(), known.place));
    found
}
