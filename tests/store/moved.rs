//! Database files that are moved, replaced or deleted under a running service: what was acknowledged is found again.

use std::fs;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use lifeboat::store::sqlite::{OpenError, SqliteStore};
use lifeboat::store::{Obstacle, PredictionStore, StoreError};
use rusqlite::Connection;

use crate::predictions::{at, of_number};
use crate::published::{RECIPE, snapshot};
use crate::sqlite::{new_file, open, rows};

/// As long as the service may take to see that its file was moved while nobody writes.
const A_SECOND: Duration = Duration::from_secs(1);

async fn put(store: &SqliteStore, number: u64) -> Result<(), StoreError> {
    store.put(vec![of_number(number, at(0))]).await.map(|puts| assert!(puts[0].is_created(), "{puts:?}"))
}

/// Returns whose predictions are found where the file alone is taken, without what stands beside it.
fn passengers_of(file: &Path) -> Vec<u64> {
    let folder = tempfile::tempdir().unwrap();
    let alone = folder.path().join("alone.db");
    fs::copy(file, &alone).unwrap();
    passengers_in(&alone).unwrap()
}

fn passengers_in(file: &Path) -> rusqlite::Result<Vec<u64>> {
    let connection = Connection::open(file)?;
    let mut all = connection.prepare("SELECT PassengerId FROM predictions ORDER BY PassengerId")?;
    let numbers = all.query_map([], |row| row.get::<_, u32>(0).map(u64::from))?;
    numbers.collect()
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    PathBuf::from(format!("{}{suffix}", path.display()))
}

/// Returns the files that were written for what a deleted database held.
fn rescued(path: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(path.parent().unwrap()).unwrap().map(|file| file.unwrap().path());
    files.filter(|file| file.display().to_string().contains("predictions.db.rescued-")).collect()
}

#[tokio::test]
async fn a_file_moved_while_running_keeps_what_it_was_given() {
    let (folder, path) = new_file();
    let moved = folder.path().join("old.db");
    let store = open(&path).unwrap();
    put(&store, 1).await.unwrap();
    assert!(store.get(&of_number(1, at(0)).id).await.unwrap().is_some());
    fs::rename(&path, &moved).unwrap();
    put(&store, 2).await.unwrap();

    assert_eq!(passengers_of(&moved), [1]);
    assert_eq!(store.get(&of_number(1, at(0)).id).await.unwrap(), None);
    drop(store);
    assert_eq!(passengers_of(&path), [2], "what a stopped service leaves is whole");
    assert!(rescued(&path).is_empty());
}

#[tokio::test]
async fn a_deleted_file_of_a_snapshot_alone_is_rescued() {
    let (_folder, path) = new_file();
    let store = open(&path).unwrap();
    let made = snapshot(b"{}", 0);
    store.publish(RECIPE, made.clone(), b"{}".to_vec()).await.unwrap();
    fs::remove_file(&path).unwrap();
    put(&store, 1).await.unwrap();
    let [rescued] = &*rescued(&path) else { panic!("it was lost") };
    assert_eq!(open(rescued).unwrap().newest_snapshot(RECIPE).await.unwrap(), Some(made));
}

#[tokio::test]
async fn a_file_moved_while_nobody_writes_is_whole_a_second_later() {
    let (folder, path) = new_file();
    let moved = folder.path().join("old.db");
    let store = open(&path).unwrap();
    put(&store, 1).await.unwrap();
    fs::rename(&path, &moved).unwrap();
    sleep(A_SECOND);
    assert_eq!(passengers_of(&moved), [1]);
    assert_eq!(store.get(&of_number(1, at(0)).id).await.unwrap(), None, "reads are of the file at the path");
}

#[tokio::test]
async fn a_file_moved_before_the_service_stops_is_whole() {
    let (folder, path) = new_file();
    let moved = folder.path().join("old.db");
    let store = open(&path).unwrap();
    put(&store, 1).await.unwrap();
    fs::rename(&path, &moved).unwrap();
    drop(store);
    assert_eq!(passengers_of(&moved), [1]);
    assert!(!beside(&path, "-wal").exists(), "its log is not left to the next file");
}

#[tokio::test]
async fn a_folder_moved_while_running_takes_all_with_it() {
    let (folder, _) = new_file();
    let [here, there] = ["here", "there"].map(|name| folder.path().join(name));
    fs::create_dir(&here).unwrap();
    let store = open(&here.join("predictions.db")).unwrap();
    put(&store, 1).await.unwrap();
    fs::rename(&here, &there).unwrap();
    assert!(matches!(put(&store, 2).await, Err(StoreError::Unavailable(_))), "there is no folder for a new file");
    assert_eq!(passengers_of(&there.join("predictions.db")), [1]);
    fs::create_dir(&here).unwrap();
    put(&store, 2).await.unwrap();
}

#[tokio::test]
async fn a_link_that_is_set_to_another_file_is_followed() {
    let (folder, link) = new_file();
    let files = ["first.db", "second.db"].map(|name| folder.path().join(name));
    std::os::unix::fs::symlink(&files[0], &link).unwrap();
    let store = open(&link).unwrap();
    put(&store, 1).await.unwrap();
    fs::remove_file(&link).unwrap();
    std::os::unix::fs::symlink(&files[1], &link).unwrap();
    put(&store, 2).await.unwrap();
    drop(store);
    assert_eq!(files.map(|file| passengers_of(&file)), [[1], [2]]);
}

#[tokio::test]
async fn a_deleted_file_is_rescued_beside_its_path() {
    let (_folder, path) = new_file();
    let store = open(&path).unwrap();
    put(&store, 1).await.unwrap();
    fs::remove_file(&path).unwrap();
    put(&store, 2).await.unwrap();
    let [copy] = &rescued(&path)[..] else { panic!("{:?}", rescued(&path)) };
    assert_eq!(passengers_of(copy), [1]);
    drop(store);
    let store = open(copy).unwrap();
    assert!(store.get(&of_number(1, at(0)).id).await.unwrap().is_some(), "it is a database like any other");
}

#[tokio::test]
async fn a_file_deleted_before_the_service_stops_is_rescued() {
    let (_folder, path) = new_file();
    let store = open(&path).unwrap();
    put(&store, 1).await.unwrap();
    fs::remove_file(&path).unwrap();
    drop(store);
    let [copy] = &rescued(&path)[..] else { panic!("{:?}", rescued(&path)) };
    assert_eq!(passengers_of(copy), [1]);
    assert!(!path.exists());
}

#[tokio::test]
async fn a_replaced_file_is_rescued_and_its_log_kept_from_the_new_one() {
    let (folder, path) = new_file();
    let new = folder.path().join("new.db");
    put(&open(&new).unwrap(), 7).await.unwrap();
    let store = open(&path).unwrap();
    put(&store, 1).await.unwrap();
    fs::rename(&new, &path).unwrap();
    put(&store, 2).await.unwrap();
    assert_eq!(passengers_in(&path).unwrap(), [2, 7]);
    let [copy] = &rescued(&path)[..] else { panic!("{:?}", rescued(&path)) };
    assert_eq!(passengers_of(copy), [1]);
}

#[tokio::test]
async fn an_empty_file_that_is_deleted_leaves_nothing_behind() {
    let (_folder, path) = new_file();
    let store = open(&path).unwrap();
    fs::remove_file(&path).unwrap();
    put(&store, 1).await.unwrap();
    assert!(rescued(&path).is_empty());
}

#[tokio::test]
async fn a_deleted_file_that_cannot_be_rescued_is_kept_until_it_can() {
    let (folder, _) = new_file();
    let data = folder.path().join("data");
    fs::create_dir(&data).unwrap();
    let path = data.join("predictions.db");
    let store = open(&path).unwrap();
    put(&store, 1).await.unwrap();
    fs::remove_dir_all(&data).unwrap();
    for _ in 0..2 {
        assert_eq!(put(&store, 2).await.unwrap_err().obstacle(), Some(Obstacle::Moved));
    }
    assert_eq!(store.ready().await.unwrap_err().obstacle(), Some(Obstacle::Moved));
    fs::create_dir(&data).unwrap();
    put(&store, 2).await.unwrap();
    let [copy] = &rescued(&path)[..] else { panic!("{:?}", rescued(&path)) };
    assert_eq!((passengers_of(copy), rows(&path)), (vec![1], 1));
}

#[tokio::test]
async fn a_moved_file_whose_log_is_in_use_is_kept_until_the_log_is_copied() {
    let (folder, path) = new_file();
    let moved = folder.path().join("old.db");
    let store = open(&path).unwrap();
    put(&store, 1).await.unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN; SELECT count(*) FROM predictions").unwrap();
    put(&store, 2).await.unwrap();
    fs::rename(&path, &moved).unwrap();
    assert_eq!(put(&store, 3).await.unwrap_err().obstacle(), Some(Obstacle::Moved));
    other.execute_batch("COMMIT").unwrap();
    put(&store, 3).await.unwrap();
    assert_eq!((passengers_of(&moved), passengers_in(&path).unwrap()), (vec![1, 2], vec![3]));
}

#[tokio::test]
async fn a_deleted_log_takes_nothing_with_it() {
    for files in [&["-wal"][..], &["-shm"], &["-wal", "-shm"]] {
        let (_folder, path) = new_file();
        let store = open(&path).unwrap();
        put(&store, 1).await.unwrap();
        for file in files {
            fs::remove_file(beside(&path, file)).unwrap();
        }
        sleep(A_SECOND);
        assert_eq!(passengers_of(&path), [1], "{files:?}");
        put(&store, 2).await.unwrap();
        assert_eq!(passengers_in(&path).unwrap(), [1, 2], "{files:?}");
        assert!(store.get(&of_number(1, at(0)).id).await.unwrap().is_some());
    }
}

/// Leaves a database as a killed service does that stored the first passenger, and moves the file without its log.
async fn killed_and_moved(path: &Path, moved: &Path) {
    let (_folder, running) = new_file();
    let store = open(&running).unwrap();
    put(&store, 1).await.unwrap();
    fs::copy(&running, moved).unwrap();
    // The log comes under its name as one that is moved there.
    fs::copy(beside(&running, "-wal"), beside(path, "-log")).unwrap();
    fs::rename(beside(path, "-log"), beside(path, "-wal")).unwrap();
    assert!(passengers_in(moved).is_err(), "all of it is in the log");
}

#[tokio::test]
async fn a_log_without_its_file_is_refused_and_can_be_given_back_to_it() {
    for is_empty in [false, true] {
        let (folder, path) = new_file();
        let moved = folder.path().join("old.db");
        killed_and_moved(&path, &moved).await;
        if is_empty {
            fs::write(&path, "").unwrap();
        }
        let log = fs::read(beside(&path, "-wal")).unwrap();
        let error = open(&path).unwrap_err();
        assert!(matches!(&error, OpenError::OrphanedLog { path: missing, .. } if *missing == path), "{error}");
        assert!(fs::read(beside(&path, "-wal")).unwrap() == log, "the log was altered");

        // Either way that the message says.
        if is_empty {
            fs::rename(&moved, &path).unwrap();
            assert_eq!(passengers_in(&path).unwrap(), [1]);
        } else {
            fs::rename(beside(&path, "-wal"), beside(&moved, "-wal")).unwrap();
            drop(open(&moved).unwrap());
            assert_eq!(passengers_of(&moved), [1]);
        }
        put(&open(&path).unwrap(), 2).await.unwrap();
    }
}

#[tokio::test]
async fn a_foreign_log_that_comes_while_running_is_neither_used_nor_lost() {
    let (folder, path) = new_file();
    let moved = folder.path().join("mine.db");
    let store = open(&path).unwrap();
    put(&store, 2).await.unwrap();
    fs::rename(&path, &moved).unwrap();
    killed_and_moved(&path, &folder.path().join("theirs.db")).await;
    let log = fs::read(beside(&path, "-wal")).unwrap();
    assert_eq!(put(&store, 3).await.unwrap_err().obstacle(), Some(Obstacle::Moved));
    assert!(fs::read(beside(&path, "-wal")).unwrap() == log, "the log was altered");
    fs::remove_file(beside(&path, "-wal")).unwrap();
    put(&store, 3).await.unwrap();
    assert_eq!((passengers_in(&path).unwrap(), passengers_of(&moved)), (vec![3], vec![2]));
}
