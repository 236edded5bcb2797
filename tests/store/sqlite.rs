//! What the SQLite adapter does beside the contract: files, other programs, plain SQL.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use lifeboat::prediction::{Prediction, format_time};
use lifeboat::store::sqlite::{OpenError, SqliteConfig, SqliteStore, back_up};
use lifeboat::store::{Obstacle, PredictionStore, Put, StoreError};
use rusqlite::Connection;
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::contract::Store;
use crate::killed::Settings;
use crate::making::Open;
use crate::predictions::{at, entity, of_number, owner, prediction};
use crate::published::{RECIPE, publish, snapshot};

mod contract {
    crate::contract::contract!(super::fresh);
}

mod outcomes {
    crate::outcomes::outcomes!(super::fresh);
}

mod published {
    crate::published::published!(super::fresh);
}

mod forgetting {
    crate::forgetting::forgetting!(super::fresh);
}

mod making {
    crate::making::making!(super::place);
}

mod killed {
    crate::killed::killed!(super::place_of_programs);
}

async fn place_of_programs() -> (TempDir, Open, Settings) {
    let (folder, open) = place().await;
    let url = format!("sqlite:{}", folder.path().join("predictions.db").display());
    (folder, open, vec![("DATABASE_URL", url)])
}

#[expect(clippy::unused_async, reason = "other adapters make their table over a network")]
async fn place() -> (TempDir, Open) {
    let (folder, path) = new_file();
    (folder, Box::new(move |owner| Arc::new(SqliteStore::open(SqliteConfig::new(path.clone()), owner).unwrap())))
}

#[expect(clippy::unused_async, reason = "other adapters make their store over a network")]
async fn fresh() -> (TempDir, Arc<dyn PredictionStore>) {
    let (folder, path) = new_file();
    (folder, Arc::new(open(&path).unwrap()))
}

pub(crate) fn new_file() -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("predictions.db");
    (folder, path)
}

pub(crate) fn open(path: &Path) -> Result<SqliteStore, OpenError> {
    SqliteStore::open(SqliteConfig::new(path.to_owned()), owner())
}

/// Counts what another program finds in the file.
pub(crate) fn rows(path: &Path) -> u32 {
    let connection = Connection::open(path).unwrap();
    connection.query_row("SELECT count(*) FROM predictions", [], |row| row.get(0)).unwrap()
}

#[tokio::test]
async fn a_file_opened_again_has_its_predictions() {
    let (_folder, path) = new_file();
    let stored = of_number(1, at(0));
    open(&path).unwrap().put(vec![stored.clone()]).await.unwrap();
    let store = open(&path).unwrap();
    assert_eq!(store.get(&stored.id).await.unwrap(), Some(stored.clone()));
    assert_eq!(store.put(vec![of_number(1, at(1))]).await.unwrap(), [Put::Existing(stored)]);
}

#[tokio::test]
async fn an_empty_file_becomes_a_database() {
    let (_folder, path) = new_file();
    fs::write(&path, "").unwrap();
    open(&path).unwrap().put(vec![of_number(1, at(0))]).await.unwrap();
    assert_eq!(rows(&path), 1);
}

#[test]
fn the_database_of_another_program_is_refused_and_left_as_it_was() {
    let (_folder, path) = new_file();
    Connection::open(&path).unwrap().execute_batch("CREATE TABLE predictions (id TEXT)").unwrap();
    let before = fs::read(&path).unwrap();
    assert!(matches!(open(&path), Err(OpenError::Foreign(found)) if found == path));
    assert!(fs::read(&path).unwrap() == before, "the file was altered");
}

#[test]
fn a_file_that_is_no_database_is_refused_and_left_as_it_was() {
    let (_folder, path) = new_file();
    let notes = "Dear diary, today we sailed from Southampton. ".repeat(100);
    fs::write(&path, &notes).unwrap();
    let error = open(&path).unwrap_err();
    assert!(error.to_string().contains("predictions.db"), "{error}");
    assert_eq!(fs::read_to_string(&path).unwrap(), notes);
}

#[test]
fn a_newer_schema_is_refused() {
    let (_folder, path) = new_file();
    drop(open(&path).unwrap());
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    assert!(matches!(open(&path), Err(OpenError::Newer { found: 99, known, .. }) if known < 99));
}

#[test]
fn a_path_that_cannot_be_a_file_is_refused() {
    let (folder, _) = new_file();
    for path in [folder.path().to_owned(), folder.path().join("missing").join("predictions.db")] {
        let error = open(&path).unwrap_err();
        assert!(error.to_string().contains(path.to_str().unwrap()), "{error}");
    }
}

#[tokio::test]
async fn a_file_deleted_while_running_is_made_anew() {
    let (folder, path) = new_file();
    let store = open(&path).unwrap();
    store.put(vec![of_number(1, at(0))]).await.unwrap();
    assert!(store.get(&of_number(1, at(0)).id).await.unwrap().is_some());
    fs::remove_file(&path).unwrap();

    let after = of_number(2, at(0));
    assert_eq!(store.put(vec![after.clone()]).await.unwrap(), [Put::Created(after.clone())]);
    assert_eq!(rows(&path), 1, "what another program reads at the path");
    assert_eq!(store.get(&after.id).await.unwrap(), Some(after));
    assert_eq!(store.get(&of_number(1, at(0)).id).await.unwrap(), None);
    store.ready().await.unwrap();
    assert!(folder.path().join("predictions.db").exists());
}

#[tokio::test]
async fn a_folder_emptied_while_running_gets_a_new_file() {
    let (folder, path) = new_file();
    let store = open(&path).unwrap();
    store.put(vec![of_number(1, at(0))]).await.unwrap();
    for file in fs::read_dir(folder.path()).unwrap() {
        fs::remove_file(file.unwrap().path()).unwrap();
    }
    let puts = store.put(vec![of_number(1, at(1))]).await.unwrap();
    assert!(puts[0].is_created());
    assert_eq!(rows(&path), 1);
}

#[tokio::test]
async fn a_file_replaced_while_running_is_the_one_that_is_used() {
    let (folder, path) = new_file();
    let backup = folder.path().join("backup.db");
    let in_backup = of_number(1, at(0));
    open(&backup).unwrap().put(vec![in_backup.clone()]).await.unwrap();
    let store = open(&path).unwrap();
    store.put(vec![of_number(2, at(0))]).await.unwrap();
    fs::rename(&backup, &path).unwrap();

    assert_eq!(store.put(vec![of_number(1, at(9))]).await.unwrap(), [Put::Existing(in_backup.clone())]);
    assert_eq!(store.get(&in_backup.id).await.unwrap(), Some(in_backup));
    assert_eq!(store.get(&of_number(2, at(0)).id).await.unwrap(), None);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_file_made_anew_under_readers_is_the_one_that_they_read_from_then_on() {
    const READERS: usize = 8;
    let (_folder, path) = new_file();
    let store = Arc::new(open(&path).unwrap());
    for round in 0..20 {
        let known = of_number(round, at(0));
        store.put(vec![known.clone()]).await.unwrap();
        let reading = Arc::new(AtomicBool::new(true));
        let readers: JoinSet<()> = (0..READERS)
            .map(|_| {
                let (store, reading, id) = (Arc::clone(&store), Arc::clone(&reading), known.id.clone());
                async move {
                    while reading.load(Ordering::Relaxed) {
                        // It waits between two files. The new one may be there already, which does not have it.
                        store.get(&id).await.unwrap();
                    }
                }
            })
            .collect();
        fs::remove_file(&path).unwrap();
        let after = of_number(1000 + round, at(0));
        store.put(vec![after.clone()]).await.unwrap();
        reading.store(false, Ordering::Relaxed);
        readers.join_all().await;
        let reads: JoinSet<_> = (0..READERS)
            .map(|_| {
                let (store, id) = (Arc::clone(&store), after.id.clone());
                async move { store.get(&id).await.unwrap() }
            })
            .collect();
        assert!(reads.join_all().await.iter().all(|found| found.as_ref() == Some(&after)), "round {round}");
    }
}

#[tokio::test]
async fn what_is_stored_can_be_asked_for_in_plain_sql() {
    let (_folder, path) = new_file();
    let store = open(&path).unwrap();
    let passenger = json!({"PassengerId": 892, "Pclass": 3, "Sex": "female", "Age": 34.5, "Name": "Kelly, Miss. Jane"});
    let stored = prediction(&passenger, at(0));
    store.put(vec![stored.clone()]).await.unwrap();

    let connection = Connection::open(&path).unwrap();
    let (female, age, name, port, probability, time): (f64, f64, String, Option<String>, f64, String) = connection
        .query_row("SELECT feature_female, Age, Name, Embarked, probability, created_at FROM predictions", [], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?))
        })
        .unwrap();
    assert_eq!((female, age, name.as_str(), port), (1.0, 34.5, "Kelly, Miss. Jane", None));
    assert_eq!(probability.to_string(), stored.answer.probability.unwrap().to_string(), "as it was answered");
    assert_eq!(time, format_time(stored.created_at));
}

#[tokio::test]
async fn ids_and_times_stand_in_sql_as_they_are_answered() {
    let (_folder, path) = new_file();
    let store = open(&path).unwrap();
    let moments = [
        "1969-12-31T23:59:59.999Z",
        "1970-01-01T00:00:00.000Z",
        "2026-02-28T23:59:59.995Z",
        "9999-12-30T21:59:59.999Z",
    ];
    let moments = moments.into_iter().map(|text| text.parse().unwrap()).chain((0..1000).map(at));
    let mut stored: Vec<_> = moments.zip(0..).map(|(moment, number)| of_number(number, moment)).collect();
    stored.push(prediction(&json!({"Pclass": 3, "Sex": "male"}), at(1000)));
    store.put(stored.clone()).await.unwrap();
    let connection = Connection::open(&path).unwrap();
    let mut find = connection.prepare("SELECT created_at FROM predictions WHERE id = ?1").unwrap();
    for Prediction { id, created_at, .. } in stored {
        let found: String = find.query_row([id.to_string()], |row| row.get(0)).unwrap();
        assert_eq!(found, format_time(created_at), "{id}");
    }
}

#[tokio::test]
async fn a_version_and_a_snapshot_stand_once_in_the_file() {
    let (_folder, path) = new_file();
    let store = open(&path).unwrap();
    let dated = |number, day: &str| Prediction { snapshot: Some(day.into()), ..of_number(number, at(0)) };
    let monday: Vec<_> = (0..50).map(|number| dated(number, "a".repeat(64).as_str())).collect();
    store.put(monday.clone()).await.unwrap();
    let tuesday = dated(50, &"b".repeat(64));
    store.put(vec![tuesday.clone()]).await.unwrap();
    // Another connection has met none of the names.
    let store = open(&path).unwrap();
    assert_eq!(store.put(monday.clone()).await.unwrap(), monday.into_iter().map(Put::Existing).collect::<Vec<_>>());
    assert_eq!(store.get(&tuesday.id).await.unwrap(), Some(tuesday));
    let connection = Connection::open(&path).unwrap();
    let count =
        |table| connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get::<_, u32>(0)).unwrap();
    assert_eq!((count("versions"), count("snapshots")), (1, 2));
    let days = "SELECT count(DISTINCT snapshot) FROM predictions WHERE model_version IS NOT NULL";
    assert_eq!(connection.query_row(days, [], |row| row.get::<_, u32>(0)).unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_on_one_file_create_each_prediction_once() {
    let (_folder, path) = new_file();
    crate::contract::two_stores_create_each_prediction_once([0, 1].map(|_| Arc::new(open(&path).unwrap()) as _)).await;
    assert_eq!(rows(&path), 50);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_stores_on_one_file_keep_one_list() {
    let (_folder, path) = new_file();
    crate::outcomes::two_stores_keep_one_list([0, 1].map(|_| Arc::new(open(&path).unwrap()) as _)).await;
}

#[tokio::test]
async fn what_the_sample_leaves_out_is_known_all_the_same() {
    let (_folder, path) = new_file();
    let config = SqliteConfig { sample_rate: "0".parse().unwrap(), ..SqliteConfig::new(path) };
    let store: Arc<dyn PredictionStore> = Arc::new(SqliteStore::open(config, owner()).unwrap());
    let made = of_number(1, at(0));
    store.put(vec![made.clone()]).await.unwrap();
    crate::outcomes::tell(&store, &made.id, crate::outcomes::outcome(true, 1), false).await;
    assert_eq!(crate::outcomes::known(&store, "2026-11-23", "2026-11-23").await.len(), 1);
}

#[tokio::test]
async fn a_file_that_another_program_locks_is_unavailable_until_it_is_released() {
    let (_folder, path) = new_file();
    let store = open(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert!(matches!(store.put(vec![of_number(1, at(0))]).await, Err(StoreError::Unavailable(_))));
    assert_eq!(store.get(&of_number(1, at(0)).id).await.unwrap(), None, "reads go on");
    other.execute_batch("ROLLBACK").unwrap();
    assert!(store.put(vec![of_number(1, at(0))]).await.unwrap()[0].is_created());
}

/// Alters a stored value into something that none can be.
async fn a_store_with_a_damaged_row(path: &Path) -> SqliteStore {
    let store = open(path).unwrap();
    store.put(vec![of_number(1, at(0))]).await.unwrap();
    Connection::open(path).unwrap().execute("UPDATE stored SET label = 'unknown'", []).unwrap();
    store
}

#[tokio::test]
async fn a_damaged_row_is_unreadable_and_not_taken_for_an_outage() {
    let (_folder, path) = new_file();
    let store = a_store_with_a_damaged_row(&path).await;
    let damaged = of_number(1, at(0));
    assert!(matches!(store.get(&damaged.id).await, Err(StoreError::Unreadable(_))));
    assert!(matches!(store.put(vec![damaged]).await, Err(StoreError::Unreadable(_))));
}

#[tokio::test]
async fn a_damaged_row_does_not_fail_the_requests_beside_it() {
    let (_folder, path) = new_file();
    let store = Arc::new(a_store_with_a_damaged_row(&path).await);
    // While the file is locked, requests gather that the writer then takes together.
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut writers = JoinSet::new();
    for number in 1..20 {
        let store = Arc::clone(&store);
        writers.spawn(async move { (number, store.put(vec![of_number(number, at(0))]).await) });
    }
    tokio::task::yield_now().await;
    other.execute_batch("COMMIT").unwrap();
    for (number, result) in writers.join_all().await {
        assert_eq!(result.is_ok(), number != 1, "passenger {number}: {result:?}");
    }
}

/// Returns the length of the write-ahead log.
fn log_length(path: &Path) -> u64 {
    fs::metadata(path.with_extension("db-wal")).unwrap().len()
}

/// Waits until what is known of the last write is old.
async fn a_while() {
    tokio::time::sleep(Duration::from_millis(1100)).await;
}

#[tokio::test]
async fn a_store_is_ready_after_a_durable_write_that_nobody_sees() {
    let (_folder, path) = new_file();
    let store = open(&path).unwrap();
    let before = log_length(&path);
    store.ready().await.unwrap();
    let once = log_length(&path);
    assert!(once > before, "nothing was written");
    for _ in 0..100 {
        store.ready().await.unwrap();
    }
    assert_eq!(log_length(&path), once, "a write tells for a second");
    a_while().await;
    store.ready().await.unwrap();
    assert!(log_length(&path) > once);
    assert_eq!(rows(&path), 0);
}

#[tokio::test]
async fn a_prediction_that_was_stored_tells_that_the_store_is_ready() {
    let (_folder, path) = new_file();
    let store = open(&path).unwrap();
    store.put(vec![of_number(1, at(0))]).await.unwrap();
    let stored = log_length(&path);
    store.ready().await.unwrap();
    assert_eq!(log_length(&path), stored);
}

#[tokio::test]
async fn a_locked_database_is_not_ready_until_it_is_released() {
    let (_folder, path) = new_file();
    let store = open(&path).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    assert_eq!(store.ready().await.unwrap_err().obstacle(), Some(Obstacle::Locked));
    other.execute_batch("ROLLBACK").unwrap();
    store.ready().await.expect_err("a failed write tells for a second too");
    a_while().await;
    store.ready().await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_replaced_by_no_database_is_not_ready() {
    let (folder, path) = new_file();
    let store = open(&path).unwrap();
    let notes = folder.path().join("notes");
    fs::write(&notes, "Dear diary, today we sailed from Southampton. ".repeat(100)).unwrap();
    fs::rename(&notes, &path).unwrap();
    assert_eq!(store.ready().await.unwrap_err().obstacle(), Some(Obstacle::Unusable));
    fs::remove_file(&path).unwrap();
    a_while().await;
    store.ready().await.unwrap();
}

/// Counts the descriptors that this process has of a file.
fn descriptors(path: &Path) -> usize {
    let path = fs::canonicalize(path).unwrap();
    let all = fs::read_dir("/proc/self/fd").unwrap();
    all.filter(|entry| fs::read_link(entry.as_ref().unwrap().path()).is_ok_and(|target| target == path)).count()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_reads_at_once_share_a_few_connections() {
    const READS: usize = 500;
    const PREDICTIONS: u32 = 2000;
    const MOST_CONNECTIONS: usize = 16;
    let (_folder, path) = new_file();
    let store = Arc::new(open(&path).unwrap());
    let passenger = |fare| crate::predictions::of_passenger(7, fare, at(i64::from(fare)));
    store.put((0..PREDICTIONS).map(passenger).collect()).await.unwrap();
    let reads: JoinSet<_> = (0..READS)
        .map(|_| {
            let store = Arc::clone(&store);
            async move { store.history(&entity(7), None, 200).await.unwrap().len() }
        })
        .collect();
    assert!(reads.join_all().await.iter().all(|read| *read == 200));
    // The writer has one, and a handle to tell what became of the file.
    let open = descriptors(&path) - 2;
    assert!(open <= MOST_CONNECTIONS, "{open} connections");
}

#[tokio::test]
async fn a_damaged_snapshot_is_unreadable() {
    let (_folder, path) = new_file();
    let store: Store = Arc::new(open(&path).unwrap());
    let made = snapshot(b"{}", 0);
    publish(&store, &made, b"{}").await;
    Connection::open(&path).unwrap().execute("UPDATE snapshots SET text = x'7b'", []).unwrap();
    assert!(matches!(store.snapshot(&made.hash).await, Err(StoreError::Unreadable(_))));
    assert_eq!(store.newest_snapshot(RECIPE).await.unwrap(), Some(made));
}

#[tokio::test]
async fn a_backup_has_the_snapshots_and_sheets() {
    let (folder, path) = new_file();
    let store: Store = Arc::new(open(&path).unwrap());
    let (made, day) = (snapshot(b"{}", 0), "2026-11-23".parse().unwrap());
    publish(&store, &made, b"{}").await;
    store.keep_sheet(RECIPE, day, b"[]".to_vec()).await.unwrap();
    let backup = folder.path().join("backup.db");
    assert_eq!(back_up(&path, &backup, false).unwrap(), 0);
    let store = open(&backup).unwrap();
    assert_eq!(store.newest_snapshot(RECIPE).await.unwrap(), Some(made.clone()));
    assert_eq!(store.snapshot(&made.hash).await.unwrap().as_deref(), Some(&b"{}"[..]));
    assert_eq!(store.sheets(RECIPE, day, day).await.unwrap(), [(day, b"[]".to_vec())]);
}

#[tokio::test]
async fn what_is_forgotten_is_overwritten_and_a_vacuum_leaves_nothing_of_it() {
    const PASSENGERS: u64 = 400;
    const FORGOTTEN: u64 = 200;
    let (_folder, path) = new_file();
    // One after the other in another order than that of their numbers, so that pages of the file are split in all places.
    let made: Vec<Prediction> = (0..PASSENGERS)
        .map(|number| {
            let number = number * 7919 % PASSENGERS;
            let name = format!("Unforgettable, Miss. {number:04} {}", "x".repeat(200));
            prediction(&json!({"PassengerId": number, "Pclass": 1, "Sex": "female", "Name": name}), at(0))
        })
        .collect();
    let store: Store = Arc::new(open(&path).unwrap());
    for made in made.chunks(7) {
        store.put(made.to_vec()).await.unwrap();
        crate::outcomes::tell(&store, &made[0].id, crate::outcomes::outcome(true, 1), false).await;
    }
    for number in 0..FORGOTTEN {
        assert_eq!(store.forget(&entity(number)).await.unwrap().predictions, 1);
    }
    drop(store);
    let count_left = || {
        let file = fs::read(&path).unwrap();
        let holds = |bytes: &[u8]| file.windows(bytes.len()).any(|window| window == bytes);
        let mut left = 0;
        for Prediction { id, .. } in &made {
            let number: u64 = id.key_texts().next().unwrap().parse().unwrap();
            let key = [id.beginning().as_bytes(), &id.hash().bytes()].concat();
            let found = [format!("Miss. {number:04} ").as_bytes(), &key].map(holds);
            match number {
                0..FORGOTTEN => left += found.into_iter().filter(|found| *found).count(),
                _ => assert_eq!(found, [true, true], "{id}"),
            }
        }
        left
    };
    let left = count_left();
    assert!(left < 20, "{left} of {FORGOTTEN} records and as many keys are left");
    Connection::open(&path).unwrap().execute_batch("VACUUM").unwrap();
    assert_eq!(count_left(), 0);
}

/// Opens a store that keeps predictions for thirty days.
fn for_thirty_days(path: &Path, sample_rate: &str) -> Store {
    let config = SqliteConfig {
        retention: Some("30".parse().unwrap()),
        sample_rate: sample_rate.parse().unwrap(),
        ..SqliteConfig::new(path.to_owned())
    };
    Arc::new(SqliteStore::open(config, owner()).unwrap())
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_older_than_the_setting_says_is_deleted_while_requests_go_on() {
    const DAY: i64 = 24 * 3_600_000;
    for sample_rate in ["1", "0.5"] {
        let (_folder, path) = new_file();
        let now = jiff::Timestamp::now().as_millisecond() - at(0).as_millisecond();
        let old: Vec<_> =
            (0..3000).map(|number| of_number(number, at(now - 31 * DAY + i64::from(number % 2 == 0)))).collect();
        let young: Vec<_> = (3000..3100).map(|number| of_number(number, at(now - 29 * DAY))).collect();
        let store = for_thirty_days(&path, sample_rate);
        store.put(old.clone()).await.unwrap();
        store.put(young.clone()).await.unwrap();
        crate::outcomes::tell(&store, &young[0].id, crate::outcomes::outcome(true, now), false).await;
        let mut slowest = Duration::ZERO;
        for number in 4000.. {
            let asked = std::time::Instant::now();
            store.put(vec![of_number(number, at(now))]).await.unwrap();
            slowest = slowest.max(asked.elapsed());
            let made = u32::try_from(number - 3999).unwrap();
            if rows(&path) == made + 100 {
                break;
            }
            assert!(number < 14_000, "{} are left", rows(&path));
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(slowest < Duration::from_secs(1), "{slowest:?}");
        assert_eq!(store.get(&old[0].id).await.unwrap(), None);
        assert_eq!(store.get(&young[0].id).await.unwrap().unwrap().outcomes.len(), 1);
        let deleted = crate::forgetting::deleted(&store, now - 32 * DAY, now - 30 * DAY).await;
        assert!(if sample_rate == "1" { deleted == 3000 } else { (1200..1800).contains(&deleted) }, "{deleted}");
        assert_eq!(store.put(vec![old[0].clone()]).await.unwrap(), [Put::Created(old[0].clone())], "it is new");
    }
}
