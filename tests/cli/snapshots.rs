//! `lifeboat snapshot`: the next snapshot of a history, what it says of it, and what it ends with.

use std::fmt::Write as _;
use std::process::Output;
use std::sync::Arc;

use jiff::Timestamp;
use lifeboat::identity::PredictionId;
use lifeboat::package::Package;
use lifeboat::prediction::Outcome;
use lifeboat::service::PredictionService;
use lifeboat::start;
use lifeboat::store::sqlite::{SqliteConfig, SqliteStore};
use lifeboat::store::{PredictionStore, ToldOutcome};
use lifeboat::table::descriptor::Scalar;
use lifeboat::table::json::stored;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::fitted::{fitted, start as hour};
use crate::folder::{Folder, ended_with, succeeded};
use crate::training::TITANIC;
use crate::trams::Trams;

/// Trams of some days, of which it was told whether they were late.
struct History {
    trams: Trams,
    folder: Folder,
}

impl History {
    /// Stores twelve trams a day of these days of March; of each it was told in the evening, and of the first wrongly.
    fn new(days: std::ops::Range<u32>) -> Self {
        let history = Self { trams: fitted("1.0.0"), folder: Folder::new() };
        let (store, package) = history.store();
        let runtime = tokio::runtime::Runtime::new().unwrap();
        for day in days {
            let service = PredictionService::new(Arc::clone(&package), Arc::clone(&store));
            let service = service.with_clock(Arc::new(move || hour(day, 7)));
            let tram = |number: u32| {
                let place = ["north", "south", "east"][number as usize % 3];
                let starts_at = hour(day, 8 + number % 12).to_string();
                let tram = json!({"number": 1000 + day * 12 + number, "place": place, "starts_at": starts_at});
                stored(package.schema(), &tram.to_string())
            };
            let trams: Vec<_> = (0..12).map(tram).collect();
            let predicted = runtime.block_on(service.predict(&trams)).unwrap();
            let ids = predicted.puts.iter().map(|put| put.prediction().id.clone());
            let tell = |id: PredictionId, late: bool, known_at: Timestamp| ToldOutcome {
                id,
                outcome: Outcome { label: Scalar::Integer(late.into()), known_at },
                corrects: true,
            };
            let mut told: Vec<_> = ids.zip(0..).map(|(id, place)| tell(id, place % 4 == 0, hour(day, 21))).collect();
            told.push(tell(told[0].id.clone(), false, hour(day + 1, 12)));
            runtime.block_on(store.record_outcomes(told)).unwrap();
        }
        history
    }

    fn store(&self) -> (Arc<dyn PredictionStore>, Arc<Package>) {
        let package = Arc::new(Package::load(self.trams.path()).unwrap());
        let config = SqliteConfig::new(self.folder.path("trams.db"));
        (Arc::new(SqliteStore::open(config, start::owner(&package)).unwrap()), package)
    }

    /// Makes the snapshot of a day, or of now.
    fn make(&self, day: Option<u32>, more: &[&str]) -> Output {
        let as_of = day.map(|day| Trams::moment(day).to_string());
        let mut arguments = vec!["snapshot", "--package", self.trams.path().to_str().unwrap()];
        arguments.extend(as_of.as_deref().map(|as_of| ["--as-of", as_of]).iter().flatten());
        arguments.extend(more);
        self.folder.run_on(b"", &arguments)
    }

    fn json(&self, day: u32) -> Value {
        let made = self.make(Some(day), &["--json"]);
        serde_json::from_slice(&made.stdout).unwrap_or_else(|_| panic!("{made:?}"))
    }
}

/// Returns a text with the hashes of snapshots taken out.
fn without_hashes(text: &str) -> String {
    let words = text.split(' ').map(|word| if word.len() == 64 { "HASH" } else { word });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn a_snapshot_is_told_with_what_it_knows_and_what_the_last_one_knew() {
    let history = History::new(15..19);
    let told: Vec<String> = (15..=17).map(|day| without_hashes(&succeeded(history.make(Some(day), &[])).0)).collect();
    insta::assert_snapshot!(told.join("\n"));
    // The same again is the same, and says so; an earlier one does not take the place of the newest.
    let again = without_hashes(&succeeded(history.make(Some(17), &[])).0);
    assert_eq!(again.lines().next(), told[2].lines().next());
    let earlier = succeeded(history.make(Some(16), &[])).0;
    assert!(earlier.lines().next().unwrap().ends_with("; a later one serves, and goes on serving."), "{earlier}");
}

#[test]
fn a_snapshot_is_told_as_json_or_not_at_all() {
    let history = History::new(15..18);
    let mut told = history.json(16);
    assert_eq!(told["hash"].as_str().unwrap().len(), 64);
    told["hash"] = json!("HASH");
    assert_eq!((&told["as_of"], &told["is_newest"]), (&json!("2026-03-16T05:00:00Z"), &json!(true)));
    assert_eq!((&told["added"], &told["taken_back"], &told["warnings"]), (&json!(12), &json!(0), &json!([])));
    let step = &told["steps"][0];
    assert_eq!((&step["name"], &step["keys"], &step["events"]), (&json!("hour_9d"), &json!(21), &json!(108)));
    let next = history.json(17);
    assert_eq!((&next["added"], &next["taken_back"]), (&json!(13), &json!(1)), "one was corrected");
    assert_eq!(next["steps"][0]["events_before"], 108);
    let quiet = history.make(Some(18), &["--quiet"]);
    assert_eq!(succeeded(quiet), (String::new(), String::new()));
}

#[test]
fn a_quiet_day_is_no_finding_and_three_are() {
    let history = History::new(15..17);
    let codes: Vec<_> = (16..=21).map(|day| history.make(Some(day), &["--quiet"]).status.code().unwrap()).collect();
    assert_eq!(codes, [0, 0, 0, 0, 0, 3]);
    let said = history.make(Some(21), &[]);
    let out = String::from_utf8(said.stdout.clone()).unwrap();
    ended_with(3, said);
    assert!(out.contains("; 0 outcomes became known since the one before.\n"), "{out}");
    assert!(out.ends_with("\n\nWorth a look: no outcome became known since 2026-03-18.\n"), "{out}");
}

#[test]
fn what_cannot_be_made_is_refused_and_the_last_good_one_stays() {
    let history = History::new(15..18);
    succeeded(history.make(Some(17), &[]));
    let refuses = |day: u32| ended_with(2, history.make(Some(day), &[]));
    assert_eq!(
        refuses(14),
        "error: the events behind the package's history reach to 2026-03-15: a snapshot of an earlier day cannot be made\n"
    );
    let early = history.make(None, &["--as-of", "2126-03-01T12:00:00Z"]);
    assert_eq!(
        ended_with(2, early),
        "error: the snapshot of 2126-03-01T05:00:00Z can be made from 2126-03-01T05:15:00Z on: outcomes may be recorded late\n"
    );
    let no_history = history.folder.refuses(&["snapshot", "--package", TITANIC]);
    let expected = "error: the recipe of titanic looks up no last days: it has no history step with days, so there is no snapshot to make\n";
    assert_eq!(no_history, expected);
    let connection = Connection::open(history.folder.path("trams.db")).unwrap();
    connection.execute("UPDATE sheets SET text = CAST('{\"until' AS BLOB) WHERE date = '2026-03-17'", []).unwrap();
    let damaged = ended_with(1, history.make(Some(18), &[]));
    assert!(damaged.starts_with("error: the sheet of 2026-03-17 in the store cannot be read: "), "{damaged}");
    let newest: String =
        connection.query_row("SELECT max(as_of) FROM published", [], |row| row.get::<_, i64>(0)).unwrap().to_string();
    assert_eq!(newest, Trams::moment(17).as_millisecond().to_string());
}

#[test]
fn a_snapshot_needs_a_database_and_a_seed_makes_one() {
    let (trams, folder) = (fitted("1.0.0"), Folder::new());
    let package = trams.path().to_str().unwrap();
    let missing = folder.fails(&["snapshot", "--package", package]);
    assert!(missing.contains("trams.db"), "{missing}");
    assert!(folder.files().is_empty());
    let mut rows = "number,place,starts_at,late,known_at\n".to_owned();
    for number in 0..40 {
        let place = ["north", "south", "east"][number as usize % 3];
        let (starts_at, known_at) = (hour(1 + number / 10, 6 + number % 10), hour(1 + number / 10, 20));
        writeln!(rows, "{number},{place},{starts_at},{},{known_at}", u32::from(number % 3 == 0)).unwrap();
    }
    folder.write("rows.csv", rows);
    let seed = ["snapshot", "--package", package, "--seed", "rows.csv"];
    let (said, _) = folder.run(&seed);
    let first = without_hashes(said.lines().next().unwrap());
    assert_eq!(first, "Snapshot HASH as of 2026-03-05T05:00:00Z; 40 outcomes from rows.");
    let again = folder.refuses(&seed);
    assert_eq!(
        again,
        "error: the store has sheets of this recipe up to 2026-03-05: a seed is for a store that has none\n"
    );
    let both = folder.refuses(&["snapshot", "--seed", "rows.csv", "--as-of", "2026-03-05T12:00:00Z"]);
    assert!(both.contains("cannot be used with"), "{both}");
    folder.write("bad.csv", "number,place,starts_at,late\n1,west,2026-03-01T06:00:00Z,1\n");
    let bad = folder.fails(&["snapshot", "--package", package, "--seed", "bad.csv"]);
    assert!(bad.starts_with("error: cannot seed a history with bad.csv: "), "{bad}");
}
