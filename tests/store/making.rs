//! What whoever makes snapshots does on every adapter of [`PredictionStore`]: the fourth part of the contract, which an adapter passes with
//! one line more, `making!(place)`, where `place` is an async function that returns how to open an empty database for an owner.

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp, ToSpan};
use lifeboat::lifecycle::snapshot::{SnapshotError, SnapshotMaker};
use lifeboat::package::Package;
use lifeboat::store::sqlite::{SqliteConfig, SqliteStore};
use lifeboat::store::{Owner, ToldOutcome};
use lifeboat::table::Labelled;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::contract::Store;
use crate::fixtures::fitted::{fitted, rows, start};
use crate::fixtures::stopping::Stopping;
use crate::fixtures::tram_package::Trams;
use crate::world::World;

/// Opens a database for an owner.
pub(crate) type Open = Box<dyn Fn(Owner) -> Store + Send + Sync>;

/// Makes one test of each clause.
macro_rules! making {
    ($place:path) => {
        $crate::making::making! { $place:
            a_record_has_the_same_features_whatever_way_they_come
            snapshots_are_the_same_whenever_they_are_made
            two_makers_of_different_days_count_nothing_twice
            a_maker_that_stops_anywhere_leaves_the_last_good_one
            a_moment_that_is_not_settled_or_long_past_is_refused
            a_history_is_seeded_once
            a_damaged_sheet_is_refused_by_name
            a_package_without_last_days_has_no_snapshots
        }
    };
    ($place:path: $($clause:ident)*) => {
        $(
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $clause() {
                let (_kept, open) = $place().await;
                $crate::making::$clause(open).await;
            }
        )*
    };
}
pub(crate) use making;

/// The first day that a maker makes the snapshot of: the package comes with it.
const FIRST: u32 = 15;

/// The last day of the world, counted from the first of March.
const LAST: u32 = 36;

pub(crate) async fn a_record_has_the_same_features_whatever_way_they_come(open: Open) {
    let mut world = World::new(&open);
    world.live_until(settled(LAST), true).await;
    // What the events are, by what was asked and told; and all who asked, who tell nothing.
    let mut all: Vec<Labelled> = rows();
    all.extend(world.events());
    let asked_from = all.len();
    all.extend(world.asked.iter().map(|asked| Labelled { record: asked.record.clone(), label: None, known_at: None }));
    let package = Arc::clone(&world.packages[0]);
    let (recipe, schema) = (package.recipe().unwrap(), package.schema());
    let (past, mut computer) = (recipe.past(schema, &all).unwrap(), recipe.computer());
    let (mut compared, mut with_history) = (0, 0);
    for (place, asked) in world.asked.iter().enumerate() {
        let served = bits(&asked.features);
        let replayed = world.package_by(&asked.snapshot).await.answers(std::slice::from_ref(&asked.record)).unwrap();
        assert_eq!(bits(replayed[0].features.as_ref().unwrap()), served, "{asked:?}");
        // Who asks before the snapshot of a day about what begins after it sees another one than training does; before the first one,
        // the package is all there is.
        if newest_at(asked.asked_at) < FIRST || newest_at(asked.asked_at) != newest_at(asked.starts_at) {
            continue;
        }
        let mut of_training = [0.0; 2];
        past.features(&mut computer, asked_from + place, &asked.record, &mut of_training);
        assert_eq!(bits(&of_training), served, "{asked:?}");
        compared += 1;
        with_history += usize::from(asked.features.iter().all(|feature| *feature != 0.0));
    }
    assert!(compared > 200 && with_history > 150, "{with_history} of {compared} have a history");
    assert_eq!(world.made.len(), (FIRST..=LAST).count());
    assert_eq!(Some(&world.made[0].hash), package.snapshot(), "the first one is the package's own");
    assert!(world.made.iter().any(|told| told.added.is_some_and(|added| added.taken_back > 0)));
}

pub(crate) async fn snapshots_are_the_same_whenever_they_are_made(open: Open) {
    let mut world = World::new(&open);
    // Nobody makes any for a week, and for longer than any step looks back.
    world.live_until(settled(FIRST + 1), true).await;
    world.live_until(settled(FIRST + 8), false).await;
    let mut made = vec![world.make(None).await.unwrap()];
    world.live_until(settled(LAST), false).await;
    made.push(world.make(None).await.unwrap());
    assert!(made.iter().all(|told| told.is_newest));
    let copy = world.copy().await;
    let day_by_day = make_each(&copy.maker, FIRST..=LAST).await;
    assert_eq!((&*made[0].hash, &*made[1].hash), (&*day_by_day[8], &*day_by_day[(LAST - FIRST) as usize]));
    // Those between are made afterwards, and the newest stays; in another database all days are found out at once.
    let at_once = world.copy().await;
    at_once.maker.make(Some(Trams::moment(LAST)), settled(LAST)).await.unwrap();
    for day in FIRST..LAST {
        let hash = &day_by_day[(day - FIRST) as usize];
        let told = world.make(Some(Trams::moment(day))).await.unwrap();
        assert_eq!((&told.hash, told.is_newest), (hash, false), "{day} after a pause");
        let told = at_once.maker.make(Some(Trams::moment(day)), settled(LAST)).await.unwrap();
        assert_eq!((&told.hash, told.is_newest), (hash, false), "{day} afterwards");
        assert_eq!(told.as_of, Trams::moment(day));
    }
    let newest = world.store.newest_snapshot(&world.recipe()).await.unwrap().unwrap();
    assert_eq!((newest.hash, newest.as_of), (Arc::clone(&made[1].hash), Trams::moment(LAST)));
}

pub(crate) async fn two_makers_of_different_days_count_nothing_twice(open: Open) {
    let mut world = World::new(&open);
    world.live_until(settled(18), true).await;
    world.live_until(settled(21), false).await;
    let (copy, skipping) = (world.copy().await, world.copy().await);
    let expected = make_each(&copy.maker, 18..=21).await;
    // One maker has found out what became known on two days, another what became known on the first of them.
    make_each(&skipping.maker, [18, 20]).await;
    let date = jiff::civil::date(2026, 3, 20);
    let of_two_days = skipping.store.sheets(&world.recipe(), date, date).await.unwrap().remove(0).1;
    world.make(Some(Trams::moment(19))).await.unwrap();
    world.store.keep_sheet(&world.recipe(), date, of_two_days).await.unwrap();
    for (day, hash) in (18..=21).zip(&expected) {
        assert_eq!(&world.make(Some(Trams::moment(day))).await.unwrap().hash, hash, "{day}");
    }
    // And many at once.
    world.live_until(settled(24), false).await;
    let copy = world.copy().await;
    let expected = make_each(&copy.maker, 22..=24).await;
    let makers: JoinSet<_> = (0..12)
        .map(|maker| {
            let (day, maker) = (22 + maker % 3, world.maker());
            async move { (day, maker.make(Some(Trams::moment(day)), settled(24)).await.unwrap().hash) }
        })
        .collect();
    for (day, hash) in makers.join_all().await {
        assert_eq!(hash, expected[(day - 22) as usize], "{day}");
    }
    let newest = world.store.newest_snapshot(&world.recipe()).await.unwrap().unwrap();
    assert_eq!(newest.hash, expected[2]);
}

pub(crate) async fn a_maker_that_stops_anywhere_leaves_the_last_good_one(open: Open) {
    let mut world = World::new(&open);
    world.live_until(settled(18), true).await;
    for (day, is_answer_lost) in [(19, false), (20, true)] {
        world.live_until(settled(day), false).await;
        let before = world.store.newest_snapshot(&world.recipe()).await.unwrap().unwrap();
        let expected = world.copy().await.maker.make(None, settled(day)).await.unwrap().hash;
        let mut stops = 0;
        let told = loop {
            let stopping = Arc::new(Stopping::new(Arc::clone(&world.store), stops, is_answer_lost));
            let made = SnapshotMaker::new(Arc::clone(&world.packages[0]), stopping).make(None, settled(day)).await;
            let newest = world.store.newest_snapshot(&world.recipe()).await.unwrap().unwrap();
            assert!(newest == before || newest.hash == expected, "{newest:?}");
            world.package_by(&newest.hash).await;
            match made {
                Ok(told) => break told,
                Err(error) => assert_eq!(error.to_string(), "the prediction store is unavailable", "{stops}"),
            }
            stops += 1;
        };
        assert!(stops > 5, "{stops} calls were made to the store");
        assert_eq!((&told.hash, told.is_newest), (&expected, true));
    }
}

pub(crate) async fn a_moment_that_is_not_settled_or_long_past_is_refused(open: Open) {
    let mut world = World::new(&open);
    world.live_until(settled(18), true).await;
    let newest = world.store.newest_snapshot(&world.recipe()).await.unwrap();
    let maker = world.maker();
    let quarter = SignedDuration::from_mins(15);
    let said = async |as_of: Timestamp, now: Timestamp| match maker.make(Some(as_of), now).await {
        Ok(told) => told.as_of.to_string(),
        Err(error) => error.to_string(),
    };
    let too_early =
        "the snapshot of 2026-03-19T05:00:00Z can be made from 2026-03-19T05:15:00Z on: outcomes may be recorded late";
    assert_eq!(said(Trams::moment(19), settled(18)).await, too_early);
    assert_eq!(said(start(19, 23), settled(18)).await, too_early, "a time behind it");
    assert_eq!(said(Trams::moment(19), Trams::moment(19)).await, too_early, "the moment itself");
    assert_eq!(said(Trams::moment(19), settled(19) - SignedDuration::from_millis(1)).await, too_early);
    assert_eq!(said(start(18, 23), settled(18)).await, "2026-03-18T05:00:00Z", "the newest one up to it");
    assert_eq!(said(Trams::moment(18) - SignedDuration::from_millis(1), settled(18)).await, "2026-03-17T05:00:00Z");
    let long_past =
        "the events behind the package's history reach to 2026-03-15: a snapshot of an earlier day cannot be made";
    assert_eq!(said(Trams::moment(14), settled(18)).await, long_past);
    assert_eq!(said(Timestamp::MIN, settled(18)).await, long_past);
    assert_eq!(
        said("2126-03-01T05:00:00Z".parse().unwrap(), settled(18)).await,
        too_early.replace("2026-03-19", "2126-03-01")
    );
    assert_eq!(world.store.newest_snapshot(&world.recipe()).await.unwrap(), newest);
    // Before the quarter of an hour is over, it is that of the day before which is the newest.
    let told = maker.make(None, settled(19) - quarter).await.unwrap();
    assert_eq!(told.as_of, Trams::moment(18));
    // By clocks that pass over an hour, it is by its own hour again the day after.
    world.live_until(settled(30), true).await;
    let moments: Vec<String> = world.made.iter().map(|told| told.as_of.to_string()).collect();
    let at = |day: u32| moments[(day - FIRST) as usize].as_str();
    assert_eq!([at(28), at(29)], ["2026-03-28T05:00:00Z", "2026-03-29T04:00:00Z"]);
}

pub(crate) async fn a_history_is_seeded_once(open: Open) {
    let world = World::new(&open);
    let maker = world.maker();
    let early = maker.seed(&rows(), settled(FIRST) - SignedDuration::from_millis(1)).await.unwrap_err();
    assert!(matches!(early, SnapshotError::TooEarly { .. }), "{early:?}");
    let untold: Vec<Labelled> = rows().into_iter().map(|row| Labelled { label: None, ..row }).collect();
    for nothing in [&untold[..], &[]] {
        let error = maker.seed(nothing, settled(20)).await.unwrap_err();
        assert_eq!(error.to_string(), "the rows tell no event: each needs a key, a time and a label");
    }
    assert_eq!(world.store.newest_snapshot(&world.recipe()).await.unwrap(), None);
    let told = maker.seed(&rows(), settled(20)).await.unwrap();
    assert_eq!((Some(&told.hash), told.as_of), (world.packages[0].snapshot(), Trams::moment(FIRST)));
    assert_eq!(told.added.map(|added| (added.added, added.taken_back)), Some((11 * 12, 0)), "as far as any step looks");
    let again = maker.seed(&rows(), settled(20)).await.unwrap_err().to_string();
    assert_eq!(again, "the store has sheets of this recipe up to 2026-03-15: a seed is for a store that has none");
    // The next one goes on from it.
    let told = maker.make(None, settled(20)).await.unwrap();
    assert_eq!((told.as_of, told.added.map(|added| added.added)), (Trams::moment(20), Some(0)));
    let few = "hour_9d knows 48 events, and knew 108 in the last snapshot";
    assert_eq!(told.warnings, [few, "no outcome became known since 2026-03-15"]);
}

pub(crate) async fn a_damaged_sheet_is_refused_by_name(open: Open) {
    let world = World::new(&open);
    let (maker, recipe) = (world.maker(), world.recipe());
    let whole: serde_json::Value = serde_json::from_slice(&world.packages[0].sheet().unwrap()).unwrap();
    let changed = |change: &dyn Fn(&mut serde_json::Value)| {
        let mut sheet = whole.clone();
        change(&mut sheet);
        sheet.to_string()
    };
    let text = whole.to_string();
    let damaged = [
        (16, text[..text.len() / 2].to_owned(), "the sheet of 2026-03-16 in the store cannot be read"),
        (17, text.clone(), "the sheet of 2026-03-17 in the store is one of 2026-03-15"),
        (
            18,
            changed(&|sheet| {
                sheet["until"] = "2026-03-18".into();
                sheet["recipe_hash"] = "0".into();
            }),
            "the sheet of 2026-03-18 /recipe_hash: was made by another recipe than recipe.json",
        ),
        (
            19,
            changed(&|sheet| {
                sheet["until"] = "2026-03-19".into();
                sheet["counts"] = "1 2".into();
            }),
            "the sheet of 2026-03-19 /ages: must be as many numbers as there are counts: 2",
        ),
    ];
    for (day, text, expected) in damaged {
        // A database of its own for each: what is kept stays.
        let copy = world.copy().await;
        copy.maker.make(None, settled(FIRST)).await.unwrap();
        let before = copy.store.newest_snapshot(&recipe).await.unwrap();
        let date = jiff::civil::date(2026, 3, i8::try_from(day).unwrap());
        copy.store.keep_sheet(&recipe, date, text.into_bytes()).await.unwrap();
        let error = copy.maker.make(None, settled(day)).await.unwrap_err().to_string();
        assert!(error.starts_with(expected), "{error}");
        assert_eq!(copy.store.newest_snapshot(&recipe).await.unwrap(), before, "the last good one stays");
    }
    drop(maker);
}

pub(crate) async fn a_package_without_last_days_has_no_snapshots(open: Open) {
    let titanic = Package::load(concat!(env!("CARGO_MANIFEST_DIR"), "/model/titanic").as_ref()).unwrap();
    let store = open(lifeboat::start::owner(&titanic));
    let maker = SnapshotMaker::new(Arc::new(titanic), store);
    let expected = "the recipe of titanic looks up no last days: it has no history step with days, so there is no snapshot to make";
    assert_eq!(maker.make(None, Timestamp::now()).await.unwrap_err().to_string(), expected);
    assert_eq!(maker.seed(&[], Timestamp::now()).await.unwrap_err().to_string(), expected);
}

/// Another database in which the same was predicted and told.
pub(crate) struct Copied {
    _folder: TempDir,
    _trams: Trams,
    pub(crate) store: Store,
    pub(crate) maker: SnapshotMaker,
}

impl World {
    /// Copies what was predicted and told so far into a database of its own, without what was made of it.
    async fn copy(&self) -> Copied {
        let (folder, trams) = (tempfile::tempdir().unwrap(), fitted("1.0.0"));
        let package = Arc::new(Package::load(trams.path()).unwrap());
        let config = SqliteConfig::new(folder.path().join("copy.db"));
        let store: Store = Arc::new(SqliteStore::open(config, lifeboat::start::owner(&package)).unwrap());
        store.put(self.asked.iter().map(|asked| asked.prediction.clone()).collect()).await.unwrap();
        let told = self.told.iter();
        let told: Vec<ToldOutcome> = told
            .map(|told| ToldOutcome { id: told.id.clone(), outcome: told.outcome.clone(), corrects: true })
            .collect();
        assert!(store.record_outcomes(told).await.unwrap().iter().all(Option::is_some));
        Copied { _folder: folder, _trams: trams, maker: SnapshotMaker::new(package, Arc::clone(&store)), store }
    }
}

/// Makes the snapshots of days, one after the other, and returns their hashes.
async fn make_each(maker: &SnapshotMaker, days: impl IntoIterator<Item = u32>) -> Vec<Arc<str>> {
    let mut hashes = Vec::new();
    for day in days {
        hashes.push(maker.make(Some(Trams::moment(day)), settled(day)).await.unwrap().hash);
    }
    hashes
}

/// Returns when the snapshot of a day of March can be made.
pub(crate) fn settled(day: u32) -> Timestamp {
    Trams::moment(day).checked_add(15.minutes()).unwrap()
}

/// Returns the day of the newest snapshot at a time.
fn newest_at(time: Timestamp) -> u32 {
    (1..=99).take_while(|day| settled(*day) <= time).last().unwrap_or_default()
}

fn bits(features: &[f32]) -> Vec<u32> {
    features.iter().map(|feature| feature.to_bits()).collect()
}
