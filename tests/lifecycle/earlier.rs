//! What the program stored and reported whose code knew the table: nothing of it is lost, and its figures stay.
//!
//! `files/predictions.db.gz` is a database that it wrote: 261 predictions, 163 outcomes, a report that was kept. Some records lack fields or
//! their key, and one passenger was predicted twice. `files/monitor.json` is its report over all of them.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::process::{Command, Output};
use std::sync::Arc;

use axum::body::Body;
use axum::http::Request;
use flate2::read::GzDecoder;
use http_body_util::BodyExt;
use lifeboat::api::{self, ApiConfig};
use lifeboat::package::{self, Package};
use lifeboat::service::PredictionService;
use lifeboat::start;
use lifeboat::store::sqlite::{SqliteConfig, SqliteStore};
use rusqlite::Connection;
use serde_json::{Map, Value, json};
use tempfile::TempDir;
use tower::ServiceExt;

const DAY: [&str; 4] = ["--from", "2026-11-25", "--to", "2026-11-26"];
const ROWS: usize = 261;
const FIELDS: [&str; 11] =
    ["PassengerId", "Pclass", "Name", "Sex", "Age", "SibSp", "Parch", "Ticket", "Fare", "Cabin", "Embarked"];

/// Returns a folder where the earlier program has run.
fn folder() -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let mut database = Vec::new();
    let packed = fs::read("tests/lifecycle/files/predictions.db.gz").unwrap();
    GzDecoder::new(&*packed).read_to_end(&mut database).unwrap();
    fs::write(folder.path().join("predictions.db"), database).unwrap();
    folder
}

/// Reads the rows of the earlier layout, by the columns' names; what was not given is not there.
fn rows(database: &Path) -> Vec<Map<String, Value>> {
    let connection = Connection::open(database).unwrap();
    let mut all = connection.prepare("SELECT * FROM predictions ORDER BY rowid").unwrap();
    let names: Vec<String> = all.column_names().map(str::to_owned).collect();
    let row = |row: &rusqlite::Row<'_>| {
        let mut object = Map::new();
        for (place, name) in names.iter().enumerate() {
            let value = match row.get(place)? {
                rusqlite::types::Value::Integer(number) => json!(number),
                rusqlite::types::Value::Real(number) => json!(number),
                rusqlite::types::Value::Text(text) => json!(text),
                _ => continue,
            };
            object.insert(name.clone(), value);
        }
        Ok(object)
    };
    all.query_map([], row).unwrap().map(Result::unwrap).collect()
}

fn lifeboat(folder: &TempDir, args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
    command.current_dir(folder.path()).args(args).env_remove("DATABASE_URL").env_remove("MODEL_DIR").output().unwrap()
}

#[track_caller]
fn stdout(folder: &TempDir, args: &[&str]) -> String {
    let output = lifeboat(folder, args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Returns the bits of a number of 32 bits.
#[expect(clippy::cast_possible_truncation, reason = "features and probabilities have 32 bits")]
fn single(value: &Value) -> u32 {
    (value.as_f64().unwrap() as f32).to_bits()
}

/// Asks a server on the file.
async fn ask(database: &Path, paths: &[String]) -> Vec<Value> {
    let package: Arc<Package> = Arc::new(package::open(None).unwrap());
    let store = SqliteStore::open(SqliteConfig::new(database.to_owned()), start::owner(&package)).unwrap();
    let router = api::router(PredictionService::new(package, Arc::new(store)), &ApiConfig::default(), None);
    let mut answers = Vec::new();
    for path in paths {
        let request = Request::get(path).body(Body::empty()).unwrap();
        let answer = router.clone().oneshot(request).await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
        answers.push(serde_json::from_slice(&answer.into_body().collect().await.unwrap().to_bytes()).unwrap());
    }
    answers
}

#[tokio::test]
async fn each_prediction_is_found_by_its_id_and_by_its_key_as_it_was_given() {
    let folder = folder();
    let database = folder.path().join("predictions.db");
    let rows = rows(&database);
    assert_eq!(rows.len(), ROWS);
    let text = |row: &Map<String, Value>, name: &str| row[name].as_str().unwrap().to_owned();
    let mut paths: Vec<String> = rows.iter().map(|row| format!("/predictions/{}", text(row, "id"))).collect();
    paths.extend(["/predictions?PassengerId=2001".to_owned(), "/monitor".to_owned()]);
    let answers = ask(&database, &paths).await;
    for (row, found) in rows.iter().zip(&answers) {
        assert_eq!(found["id"], row["id"]);
        assert_eq!(found["prediction"], json!({"Survived": row["Survived"]}));
        assert_eq!(single(&found["probability"]), single(&row["probability"]), "{found}");
        assert_eq!((&found["model_version"], &found["created_at"]), (&row["model_version"], &row["created_at"]));
        let given: Map<String, Value> =
            FIELDS.iter().filter_map(|name| Some(((*name).to_owned(), row.get(*name)?.clone()))).collect();
        let record = found["record"].as_object().unwrap();
        assert_eq!(record.keys().collect::<Vec<_>>(), given.keys().collect::<Vec<_>>());
        for (name, value) in &given {
            assert!(record[name] == *value || record[name].as_f64() == value.as_f64(), "{name}: {found}");
        }
        assert_eq!(found["outcome"].pointer("/outcome/Survived"), row.get("outcome"), "{found}");
        assert_eq!(found["outcome"].pointer("/known_at"), row.get("outcome_recorded_at"), "{found}");
        let features = found["features"].as_object().unwrap();
        assert_eq!(features.len(), 39);
        for (name, value) in features {
            assert_eq!(single(value), single(&row[&format!("feature_{name}")]), "{name}: {found}");
        }
    }
    let twice = answers[ROWS]["predictions"].as_array().unwrap();
    assert_eq!(twice.len(), 2, "{twice:?}");
}

#[test]
fn the_figures_of_its_report_stay() {
    let folder = folder();
    let url = ["--database-url", "sqlite:predictions.db"];
    let report = stdout(&folder, &[&["monitor", "--format", "json"][..], &DAY, &url].concat());
    let found: Value = serde_json::from_str(&report).unwrap();
    let told: Value = serde_json::from_slice(&fs::read("tests/lifecycle/files/monitor.json").unwrap()).unwrap();
    for name in ["rows", "versions", "expected"] {
        assert_eq!(found[name], told[name], "{name}");
    }
    let (features, expected) = (found["features"].as_array().unwrap(), told["features"].as_array().unwrap());
    assert_eq!((features.len(), expected.len()), (39, 39));
    for (found, told) in features.iter().zip(expected) {
        for name in ["name", "test", "mean", "baseline_mean", "out_of_range_rate", "unseen_rate", "bins"] {
            assert_eq!(found[name], told[name], "{name} of {}", told["name"]);
        }
        assert_eq!(found["index"]["psi"], told["psi"], "{}", told["name"]);
    }
    assert_eq!(found["predictions"]["mean"], told["predictions"]["mean_probability"]);
    assert_eq!(found["predictions"]["bins"]["window"], told["predictions"]["bins"]["window"]);
    assert_eq!(found["positive_rate"], told["predictions"]["survivors_rate"]);
    for name in ["rows", "accuracy", "auc", "auc_error", "log_loss", "brier"] {
        assert_eq!(found["observed"][name], told["observed"][name], "{name}");
    }
    let bins = |report: &Value, rate: &str| -> Vec<Value> {
        let bins = report["observed"]["calibration"].as_array().unwrap();
        bins.iter().map(|bin| json!([bin["from"], bin["rows"], bin["mean_probability"], bin[rate]])).collect()
    };
    assert_eq!(bins(&found, "rate"), bins(&told, "survival_rate"));
}

#[test]
fn its_predictions_are_exported_and_its_report_is_kept() {
    let folder = folder();
    let ids: Vec<Value> = rows(&folder.path().join("predictions.db")).iter().map(|row| row["id"].clone()).collect();
    let url = ["--database-url", "sqlite:predictions.db"];
    let exported = stdout(&folder, &[&["export", "--format", "csv"][..], &DAY, &url].concat());
    let mut reader = csv::Reader::from_reader(exported.as_bytes());
    let id = reader.headers().unwrap().iter().position(|name| name == "id").unwrap();
    let mut found: Vec<String> = reader.records().map(|row| row.unwrap()[id].to_owned()).collect();
    let mut expected: Vec<String> = ids.iter().map(|id| id.as_str().unwrap().to_owned()).collect();
    found.sort_unstable();
    expected.sort_unstable();
    assert_eq!(found, expected);
    let labelled = stdout(&folder, &[&["export", "--labelled", "--format", "csv"][..], &DAY, &url].concat());
    assert_eq!(csv::Reader::from_reader(labelled.as_bytes()).records().count(), 163);
    let connection = Connection::open(folder.path().join("predictions.db")).unwrap();
    let kept: String = connection.query_row("SELECT report FROM reports", [], |row| row.get(0)).unwrap();
    assert!(kept.contains("\"rows\""), "{kept}");
}

#[test]
fn a_file_under_the_earlier_name_is_not_passed_over() {
    let folder = folder();
    for args in [&["serve", "--port", "0"][..], &["monitor"], &["export", "--format", "csv"], &["backup", "copy.db"]] {
        let output = lifeboat(&folder, args);
        let told = String::from_utf8(output.stderr).unwrap();
        assert!(!output.status.success(), "{args:?}");
        assert!(told.contains("predictions.db holds predictions of titanic"), "{args:?}: {told}");
        assert!(told.contains("DATABASE_URL=sqlite:predictions.db"), "{args:?}: {told}");
    }
    assert_eq!(rows(&folder.path().join("predictions.db")).len(), ROWS, "it is not altered");
    assert!(!folder.path().join("titanic.db").exists());
    fs::rename(folder.path().join("predictions.db"), folder.path().join("titanic.db")).unwrap();
    let told = stdout(&folder, &[&["export", "--format", "csv"][..], &DAY].concat());
    assert_eq!(told.lines().count(), ROWS + 1);
}

#[test]
fn a_file_under_the_earlier_name_that_is_of_another_table_or_no_database_is_left_alone() {
    for text in [None, Some("no database")] {
        let folder = tempfile::tempdir().unwrap();
        let earlier = folder.path().join("predictions.db");
        if let Some(text) = text {
            fs::write(&earlier, text).unwrap();
        } else {
            let classes = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/packages/classes");
            let (train, url) = (format!("{classes}/train.csv"), ["--database-url", "sqlite:predictions.db"]);
            stdout(
                &folder,
                &[&["predict", &train, "--package", classes, "--store", "-o", "out.csv"][..], &url].concat(),
            );
        }
        let before = fs::read(&earlier).unwrap();
        let train = concat!(env!("CARGO_MANIFEST_DIR"), "/model/titanic/train.csv");
        stdout(&folder, &["predict", train, "--store", "-o", "out.csv"]);
        assert!(folder.path().join("titanic.db").exists());
        assert!(fs::read(&earlier).unwrap() == before, "it is not altered");
    }
}
