//! `lifeboat replay` of a history that changes: each prediction by the very snapshot that it names.

use std::sync::Arc;

use lifeboat::package::Package;
use lifeboat::service::PredictionService;
use lifeboat::start;
use lifeboat::store::PredictionStore;
use lifeboat::store::sqlite::{SqliteConfig, SqliteStore};
use lifeboat::table::json;
use rusqlite::Connection;

use crate::folder::{Folder, ended_with};
use crate::trams::{Trams, tram};

/// Stores predictions of so many records by the package's own snapshot and by each of so many days, ten records each.
fn stored(trams: &Trams, folder: &Folder, days: u32) {
    let package = Arc::new(Package::load(trams.path()).unwrap());
    let database = SqliteConfig::new(folder.path("trams.db"));
    let store: Arc<dyn PredictionStore> = Arc::new(SqliteStore::open(database, start::owner(&package)).unwrap());
    let mut service = PredictionService::new(Arc::clone(&package), Arc::clone(&store));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for day in 1..=days {
        if day > 1 {
            let text = trams.snapshot(day, day);
            let published = Trams::published(&text, day);
            service = service.with_snapshot(text.as_bytes()).unwrap();
            runtime.block_on(store.publish(&trams.recipe, published, text.into_bytes())).unwrap();
        }
        let records: Vec<_> =
            (0..10).map(|number| json::stored(package.schema(), &tram(day * 10 + number).to_string())).collect();
        runtime.block_on(service.predict(&records)).unwrap();
    }
}

fn sql(folder: &Folder, sql: &str) {
    Connection::open(folder.path("trams.db")).unwrap().execute_batch(sql).unwrap();
}

#[test]
fn each_prediction_is_replayed_by_the_snapshot_that_it_names() {
    let (trams, folder) = (Trams::new(), Folder::new());
    stored(&trams, &folder, 30);
    let replay = ["replay", "--package", trams.path().to_str().unwrap()];
    let told = folder.run(&replay).0;
    assert!(told.starts_with("300 the same, 0 different\n300 the same bit for bit\n"), "{told}");
    // One snapshot is lost, another damaged: what was made by them is counted, and the rest is replayed.
    let [lost, damaged] = [7, 8].map(|day| Trams::published(&trams.snapshot(day, day), day).hash);
    sql(&folder, &format!("UPDATE snapshots SET text = NULL WHERE name = '{lost}'"));
    sql(&folder, &format!("UPDATE snapshots SET text = CAST('{{}}' AS BLOB) WHERE name = '{damaged}'"));
    let told = folder.run(&replay).0;
    let package = Package::load(trams.path()).unwrap();
    let version = package.version();
    for line in [
        format!(
            "10 by {version} and the snapshot {lost}, which is not at hand: neither the package nor the database has it"
        ),
        format!(
            "10 by {version} and the snapshot {damaged}, which is not at hand: the text named {damaged} has the SHA-256 "
        ),
    ] {
        assert!(told.contains(&line), "{line}: {told}");
    }
    assert!(told.contains("280 the same, 0 different\n"), "{told}");
}

#[test]
fn a_prediction_that_was_altered_is_told() {
    let (trams, folder) = (Trams::new(), Folder::new());
    stored(&trams, &folder, 3);
    sql(&folder, "UPDATE stored SET probability = 0.9 WHERE rowid = (SELECT max(rowid) FROM stored)");
    let told = folder.run_on(b"", &["replay", "--package", trams.path().to_str().unwrap()]);
    let out = String::from_utf8(told.stdout.clone()).unwrap();
    ended_with(3, told);
    assert!(out.contains("probability is 0.9 in the store") && out.contains("29 the same, 1 different\n"), "{out}");
}

#[test]
fn a_sample_is_chosen_by_its_seed() {
    let (trams, folder) = (Trams::new(), Folder::new());
    stored(&trams, &folder, 5);
    let package = trams.path().to_str().unwrap();
    let told = folder.run(&["replay", "--package", package, "--sample", "20"]).0;
    assert!(told.starts_with("20 the same, 0 different\n20 the same bit for bit\n"), "{told}");
    assert!(
        folder.run(&["replay", "--package", package, "--sample", "90"]).0.starts_with("50 the same, 0 different\n")
    );
    // Half of them are altered: each seed meets its own share of these.
    sql(&folder, "UPDATE stored SET probability = 0.9 WHERE number % 2 = 0");
    let differing = |seed: &str| {
        let told = folder.run_on(b"", &["replay", "--package", package, "--sample", "20", "--seed", seed]);
        let out = String::from_utf8(told.stdout).unwrap();
        out.lines().find(|line| line.contains(" different")).unwrap().to_owned()
    };
    assert_eq!(differing("1"), differing("1"));
    assert!((2..9).any(|seed| differing(&seed.to_string()) != differing("1")));
    folder.refuses(&["replay", "--package", package, "--sample", "0"]);
}
