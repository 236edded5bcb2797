//! What every adapter of [`PredictionStore`] must do with snapshots and sheets: the third part of its contract, which an adapter passes
//! with one line more, `published!(fresh)`.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::Timestamp;
use jiff::civil::Date;
use lifeboat::prediction::Prediction;
use lifeboat::store::{PublishedSnapshot, Put, StoreError};
use tokio::task::JoinSet;

use crate::contract::{Store, put, window};
use crate::outcomes::{known, outcome, tell};
use crate::predictions::{at, entity, of_number};

pub(crate) const RECIPE: &str = "4b227777d4dd1fc61c6f884f48641d02b4d121d3fd328cb08b5531fcacdabf8a";
const OTHER_RECIPE: &str = "ef2d127de37b942baad06145e54b0c619a1f22327b2ebbcfbec78f5564afe39d";

/// What needs several items of DynamoDB, and of them more than one page.
const LONG: usize = 2_500_000;

/// Makes one test of each clause.
macro_rules! published {
    ($fresh:path) => {
        $crate::published::published! { $fresh:
            what_is_published_is_read_back
            what_was_never_published_is_nothing
            a_text_of_any_length_is_read_back
            a_text_under_the_name_of_another_is_refused
            the_snapshot_of_an_earlier_moment_is_kept_and_does_not_become_the_newest
            of_two_snapshots_of_one_moment_the_first_stays
            the_one_before_a_moment_is_found
            of_many_who_publish_at_once_the_latest_moment_is_the_newest
            of_many_who_publish_one_moment_all_hear_of_one
            nobody_sees_a_half
            a_text_is_published_for_two_moments
            a_sheet_is_kept_once
            of_many_who_keep_a_sheet_all_get_the_same
            sheets_are_in_the_order_of_dates
            another_recipe_has_its_own
            predictions_are_not_touched
        }
    };
    ($fresh:path: $($clause:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $clause() {
                let (_kept, store) = $fresh().await;
                $crate::published::$clause(store).await;
            }
        )*
    };
}
pub(crate) use published;

pub(crate) async fn what_is_published_is_read_back(store: Store) {
    let made = snapshot(b"{}", 0);
    assert_eq!(publish(&store, &made, b"{}").await, made);
    assert_eq!(store.newest_snapshot(RECIPE).await.unwrap(), Some(made.clone()));
    assert_eq!(store.snapshot(&made.hash).await.unwrap().as_deref(), Some(&b"{}"[..]));
    // Times are stored to the millisecond.
    let fine = |time: Timestamp| time.checked_add(jiff::SignedDuration::from_nanos(999_999)).unwrap();
    let next = snapshot(b"[]", 1);
    let finer = PublishedSnapshot { as_of: fine(next.as_of), made_at: fine(next.made_at), ..next.clone() };
    assert_eq!(publish(&store, &finer, b"[]").await, next);
    assert_eq!(store.newest_snapshot(RECIPE).await.unwrap(), Some(next));
}

pub(crate) async fn what_was_never_published_is_nothing(store: Store) {
    assert_eq!(store.newest_snapshot(RECIPE).await.unwrap(), None);
    let made = snapshot(b"{}", 0);
    assert_eq!(store.snapshot(&made.hash).await.unwrap(), None);
    // A prediction names the snapshot of its package, which nobody publishes.
    let prediction = Prediction { snapshot: Some(Arc::clone(&made.hash)), ..of_number(1, at(0)) };
    put(&store, vec![prediction]).await;
    assert_eq!(store.snapshot(&made.hash).await.unwrap(), None);
    assert_eq!(store.newest_snapshot(RECIPE).await.unwrap(), None);
    assert_eq!(sheets(&store, RECIPE, "0001-01-01", "9999-12-31").await, []);
}

pub(crate) async fn a_text_of_any_length_is_read_back(store: Store) {
    for (moment, length) in [0, 1, 299_999, 300_000, 300_001, 600_000, LONG].into_iter().enumerate() {
        let text = text(moment, length);
        let made = snapshot(&text, i64::try_from(moment).unwrap());
        assert_eq!(publish(&store, &made, &text).await, made);
        assert!(store.snapshot(&made.hash).await.unwrap() == Some(text), "{length} bytes");
    }
}

pub(crate) async fn a_text_under_the_name_of_another_is_refused(store: Store) {
    let made = snapshot(b"{}", 0);
    let refused = store.publish(RECIPE, made.clone(), b"[]".to_vec()).await;
    assert!(matches!(refused, Err(StoreError::Unreadable(_))), "{refused:?}");
    assert_eq!(store.newest_snapshot(RECIPE).await.unwrap(), None);
    assert_eq!(store.snapshot(&made.hash).await.unwrap(), None);
}

pub(crate) async fn the_snapshot_of_an_earlier_moment_is_kept_and_does_not_become_the_newest(store: Store) {
    let (today, yesterday) = (snapshot(b"today", 1000), snapshot(b"yesterday", 0));
    publish(&store, &today, b"today").await;
    assert_eq!(publish(&store, &yesterday, b"yesterday").await, today);
    assert_eq!(store.newest_snapshot(RECIPE).await.unwrap(), Some(today));
    assert_eq!(store.snapshot(&yesterday.hash).await.unwrap().as_deref(), Some(&b"yesterday"[..]));
}

pub(crate) async fn of_two_snapshots_of_one_moment_the_first_stays(store: Store) {
    let (first, second) = (snapshot(b"first", 0), snapshot(b"second", 0));
    publish(&store, &first, b"first").await;
    assert_eq!(publish(&store, &second, b"second").await, first);
    let again = PublishedSnapshot { made_at: at(9_000), ..first.clone() };
    assert_eq!(publish(&store, &again, b"first").await, first);
    assert_eq!(store.newest_snapshot(RECIPE).await.unwrap(), Some(first));
    assert_eq!(store.snapshot(&second.hash).await.unwrap().as_deref(), Some(&b"second"[..]));
}

pub(crate) async fn the_one_before_a_moment_is_found(store: Store) {
    let [first, second, third] =
        [(&b"first"[..], 0), (b"second", 1), (b"third", 2)].map(|(text, moment)| (snapshot(text, moment), text));
    for (made, text) in [&second, &first, &third] {
        publish(&store, made, text).await;
    }
    for (before, found) in [(&third, Some(&second)), (&second, Some(&first)), (&first, None)] {
        let found = found.map(|(made, _)| made.clone());
        assert_eq!(store.snapshot_before(RECIPE, before.0.as_of).await.unwrap(), found);
    }
    let later = Timestamp::from_millisecond(third.0.as_of.as_millisecond() + 1).unwrap();
    assert_eq!(store.snapshot_before(RECIPE, later).await.unwrap(), Some(third.0));
    assert_eq!(store.snapshot_before("another recipe", later).await.unwrap(), None);
}

pub(crate) async fn of_many_who_publish_at_once_the_latest_moment_is_the_newest(store: Store) {
    let publishers: JoinSet<(PublishedSnapshot, PublishedSnapshot)> = (0..12)
        .map(|moment: i64| {
            let store = Arc::clone(&store);
            async move {
                let text = moment.to_string();
                let made = snapshot(text.as_bytes(), moment * 7 % 12);
                (publish(&store, &made, text.as_bytes()).await, made)
            }
        })
        .collect();
    for (newest, made) in publishers.join_all().await {
        assert!(newest.as_of >= made.as_of, "{newest:?} {made:?}");
        assert!(store.snapshot(&made.hash).await.unwrap().is_some());
    }
    assert_eq!(store.newest_snapshot(RECIPE).await.unwrap().unwrap().as_of, at(11));
}

pub(crate) async fn of_many_who_publish_one_moment_all_hear_of_one(store: Store) {
    let publishers: JoinSet<PublishedSnapshot> = (0..12)
        .map(|publisher| {
            let store = Arc::clone(&store);
            async move {
                // Some publish the same text.
                let text = text(publisher % 3, 700_000);
                publish(&store, &snapshot(&text, 0), &text).await
            }
        })
        .collect();
    let heard = publishers.join_all().await;
    let newest = store.newest_snapshot(RECIPE).await.unwrap().unwrap();
    assert!(heard.iter().all(|heard| *heard == newest), "{heard:?}");
    assert_eq!(store.snapshot(&newest.hash).await.unwrap().unwrap().len(), 700_000);
}

pub(crate) async fn nobody_sees_a_half(store: Store) {
    let publishing = Arc::new(AtomicBool::new(true));
    let readers: JoinSet<usize> = (0..4)
        .map(|_| {
            let (store, publishing) = (Arc::clone(&store), Arc::clone(&publishing));
            async move {
                let (mut last, mut seen) = (None, 0);
                while publishing.load(Ordering::Relaxed) {
                    let Some(newest) = store.newest_snapshot(RECIPE).await.unwrap() else { continue };
                    assert!(last.is_none_or(|last| last <= newest.as_of), "it went back");
                    seen += usize::from(last != Some(newest.as_of));
                    last = Some(newest.as_of);
                    assert_eq!(store.snapshot(&newest.hash).await.unwrap().unwrap().len(), 1_000_000);
                }
                seen
            }
        })
        .collect();
    for moment in 0..10 {
        let text = text(moment, 1_000_000);
        publish(&store, &snapshot(&text, i64::try_from(moment).unwrap()), &text).await;
    }
    publishing.store(false, Ordering::Relaxed);
    assert!(readers.join_all().await.iter().sum::<usize>() > 0, "the readers saw nothing");
}

pub(crate) async fn a_text_is_published_for_two_moments(store: Store) {
    let (friday, saturday) = (snapshot(b"no flights", 0), snapshot(b"no flights", 1000));
    publish(&store, &friday, b"no flights").await;
    assert_eq!(publish(&store, &saturday, b"no flights").await, saturday);
    assert_eq!(store.newest_snapshot(RECIPE).await.unwrap(), Some(saturday));
}

pub(crate) async fn a_sheet_is_kept_once(store: Store) {
    for (day, length) in [("2026-11-23", 20), ("2026-11-24", LONG), ("2026-11-25", 0)] {
        let day = day.parse().unwrap();
        let (first, second) = (text(1, length), text(2, 800_000));
        assert!(store.keep_sheet(RECIPE, day, first.clone()).await.unwrap() == first);
        assert!(store.keep_sheet(RECIPE, day, second).await.unwrap() == first);
        assert!(store.keep_sheet(RECIPE, day, first.clone()).await.unwrap() == first);
        assert!(store.sheets(RECIPE, day, day).await.unwrap() == [(day, first)]);
    }
}

pub(crate) async fn of_many_who_keep_a_sheet_all_get_the_same(store: Store) {
    let day: Date = "2026-11-23".parse().unwrap();
    let keepers: JoinSet<Vec<u8>> = (0..12)
        .map(|keeper| {
            let store = Arc::clone(&store);
            async move { store.keep_sheet(RECIPE, day, text(keeper % 4, 700_000)).await.unwrap() }
        })
        .collect();
    let heard = keepers.join_all().await;
    let kept = store.sheets(RECIPE, day, day).await.unwrap();
    assert!(heard.iter().all(|heard| *heard == kept[0].1));
    assert!((0..4).any(|keeper| text(keeper, 700_000) == kept[0].1));
}

pub(crate) async fn sheets_are_in_the_order_of_dates(store: Store) {
    let days = ["2026-12-01", "2026-02-28", "2026-11-30", "2027-01-01", "2026-03-01"];
    for day in days {
        store.keep_sheet(RECIPE, day.parse().unwrap(), day.as_bytes().to_vec()).await.unwrap();
    }
    for (from, to, expected) in [
        ("2026-01-01", "2027-12-31", &["2026-02-28", "2026-03-01", "2026-11-30", "2026-12-01", "2027-01-01"][..]),
        ("2026-02-28", "2026-03-01", &["2026-02-28", "2026-03-01"]),
        ("2026-03-02", "2026-11-29", &[]),
        ("2026-12-31", "2026-01-01", &[]),
    ] {
        let found = sheets(&store, RECIPE, from, to).await;
        let expected: Vec<_> = expected.iter().map(|day| ((*day).to_owned(), (*day).to_owned())).collect();
        assert_eq!(found, expected, "{from} to {to}");
    }
}

pub(crate) async fn another_recipe_has_its_own(store: Store) {
    let (mine, other) = (snapshot(b"mine", 0), snapshot(b"other", 1000));
    publish(&store, &mine, b"mine").await;
    let published = store.publish(OTHER_RECIPE, other.clone(), b"other".to_vec()).await.unwrap();
    assert_eq!(published, other);
    assert_eq!(store.newest_snapshot(RECIPE).await.unwrap(), Some(mine));
    assert_eq!(store.newest_snapshot(OTHER_RECIPE).await.unwrap(), Some(other));
    let day: Date = "2026-11-23".parse().unwrap();
    for (recipe, text) in [(RECIPE, "mine"), (OTHER_RECIPE, "other")] {
        assert_eq!(store.keep_sheet(recipe, day, text.into()).await.unwrap(), text.as_bytes());
    }
    for (recipe, text) in [(RECIPE, "mine"), (OTHER_RECIPE, "other")] {
        let expected = [("2026-11-23".to_owned(), text.to_owned())];
        assert_eq!(sheets(&store, recipe, "2026-01-01", "2026-12-31").await, expected);
    }
}

pub(crate) async fn predictions_are_not_touched(store: Store) {
    let made = snapshot(b"{}", 0);
    let before = Prediction { snapshot: Some(Arc::clone(&made.hash)), ..of_number(1, at(0)) };
    put(&store, vec![before.clone()]).await;
    publish(&store, &made, b"{}").await;
    store.keep_sheet(RECIPE, "2026-11-23".parse().unwrap(), b"{}".to_vec()).await.unwrap();
    let after = Prediction { snapshot: Some(Arc::clone(&made.hash)), ..of_number(2, at(1)) };
    assert_eq!(put(&store, vec![after.clone()]).await, [Put::Created(after.clone())]);
    tell(&store, &after.id, outcome(true, 2), false).await;
    let after = Prediction { outcomes: vec![outcome(true, 2)], ..after };
    assert_eq!(window(&store, at(0), at(5)).await, [before.clone(), after.clone()]);
    assert_eq!(store.history(&entity(1), None, 10).await.unwrap(), [before]);
    assert_eq!(known(&store, "2026-11-01", "2026-12-31").await.len(), 1);
    assert_eq!(store.get(&after.id).await.unwrap(), Some(after));
    assert_eq!(store.latest_report().await.unwrap(), None);
}

/// Describes the snapshot of a text that many milliseconds after some moment, made a quarter of an hour later.
pub(crate) fn snapshot(text: &[u8], milliseconds: i64) -> PublishedSnapshot {
    PublishedSnapshot::new(text, at(milliseconds), at(milliseconds + 900_000))
}

pub(crate) async fn publish(store: &Store, snapshot: &PublishedSnapshot, text: &[u8]) -> PublishedSnapshot {
    store.publish(RECIPE, snapshot.clone(), text.to_vec()).await.unwrap()
}

/// Returns a text of this length, another for each number.
pub(crate) fn text(number: usize, length: usize) -> Vec<u8> {
    format!("{{\"number\": {number}, \"é\": 0.123456789}}, ").into_bytes().into_iter().cycle().take(length).collect()
}

/// Returns the sheets of a recipe as texts.
async fn sheets(store: &Store, recipe: &str, from: &str, to: &str) -> Vec<(String, String)> {
    let found = store.sheets(recipe, from.parse().unwrap(), to.parse().unwrap()).await.unwrap();
    found.into_iter().map(|(day, text)| (day.to_string(), String::from_utf8(text).unwrap())).collect()
}
