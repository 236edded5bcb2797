//! `lifeboat baseline` writes what monitoring compares with, from the answers of a package or of its cross-validation.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use lifeboat::lifecycle::load;
use lifeboat::package::Package;
use serde_json::Value;
use tempfile::TempDir;

const PACKAGES: [&str; 4] =
    ["model/titanic", "tests/packages/breast_cancer", "tests/packages/classes", "tests/packages/regression"];

fn lifeboat(args: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_lifeboat")).args(args).env_remove("MODEL_DIR").output().unwrap()
}

#[track_caller]
fn stdout(args: &[&str]) -> Vec<u8> {
    let output = lifeboat(args);
    assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[track_caller]
fn refused(args: &[&str]) -> String {
    let output = lifeboat(args);
    assert!(!output.status.success(), "{args:?}");
    assert!(output.stdout.is_empty(), "{args:?}");
    String::from_utf8(output.stderr).unwrap()
}

/// Copies some files of the built-in package into a new folder.
fn folder(files: &[&str]) -> TempDir {
    let folder = TempDir::new().unwrap();
    for file in files {
        fs::copy(Path::new("model/titanic").join(file), folder.path().join(file)).unwrap();
    }
    folder
}

fn write(folder: &TempDir, name: &str, text: &str) -> PathBuf {
    let path = folder.path().join(name);
    fs::write(&path, text).unwrap();
    path
}

/// Returns a column of the same number for each row of the built-in package's training data.
fn probabilities(rows: usize) -> String {
    "probability\n".to_owned() + &"0.25\n".repeat(rows)
}

#[test]
fn a_baseline_of_each_kind_of_table_can_be_loaded_and_tells_of_every_field() {
    for package in PACKAGES {
        let train = format!("{package}/train.csv");
        let text = stdout(&["baseline", &train, "--package", package, "-o", "-"]);
        let (found, package) = (load::baseline(&text).unwrap(), Package::load(Path::new(package)).unwrap());
        let watched: Vec<&str> = found.fields.keys().map(String::as_str).collect();
        let (schema, mut fields) = (package.schema(), Vec::new());
        for (place, field) in schema.inputs().filter(|(place, _)| !schema.key().contains(place)) {
            assert_ne!(place, schema.label());
            fields.push(&*field.name);
        }
        fields.sort_unstable();
        assert_eq!(watched, fields);
        assert_eq!(found.features.len(), package.feature_names().len());
        assert!(found.rows > 0 && found.label.is_some());
        assert_eq!(found.predictions.unwrap().source.as_deref(), Some("of the training data"));
    }
}

#[test]
fn what_predict_writes_stands_for_the_answers_of_the_package() {
    let scratch = TempDir::new().unwrap();
    for package in PACKAGES {
        let (train, answers) = (format!("{package}/train.csv"), scratch.path().join("answers.csv"));
        let answers = answers.to_str().unwrap();
        stdout(&["predict", &train, "--package", package, "-o", answers]);
        let own: Value =
            serde_json::from_slice(&stdout(&["baseline", &train, "--package", package, "-o", "-"])).unwrap();
        let told = stdout(&["baseline", &train, "--package", package, "--out-of-fold", answers, "-o", "-"]);
        let mut told: Value = serde_json::from_slice(&told).unwrap();
        assert_eq!(told["predictions"]["source"], "out of fold");
        told["predictions"]["source"] = own["predictions"]["source"].clone();
        assert_eq!(told, own, "{package}");
    }
}

#[test]
fn the_features_of_the_training_data_are_those_of_the_committed_baseline() {
    let found = stdout(&["baseline", "model/titanic/train.csv", "--package", "model/titanic", "-o", "-"]);
    let committed = load::baseline(&fs::read("model/titanic/baseline.json").unwrap()).unwrap();
    assert_eq!(load::baseline(&found).unwrap().features, committed.features);
}

#[test]
fn answers_out_of_fold_need_no_graph() {
    let folder = folder(&["schema.json", "recipe.json", "state.json", "history.json"]);
    let (package, train) = (folder.path().to_str().unwrap(), "model/titanic/train.csv");
    let told = refused(&["baseline", train, "--package", package]);
    assert!(told.contains("cannot answer yet") && told.contains("manifest.json"), "{told}");
    let answers = write(&folder, "answers.csv", &probabilities(891));
    stdout(&["baseline", train, "--package", package, "--out-of-fold", answers.to_str().unwrap()]);
    let found: Value = serde_json::from_slice(&fs::read(folder.path().join("baseline.json")).unwrap()).unwrap();
    assert_eq!(found["predictions"]["counts"], serde_json::json!([0, 0, 891, 0, 0, 0, 0, 0, 0, 0]));
    assert_eq!(found["label"]["top"][0], serde_json::json!({"value": 0, "rows": 549}));
}

#[test]
fn a_package_with_its_new_baseline_finds_no_drift_in_its_training_data_and_some_in_other_data() {
    let folder = folder(&["schema.json", "recipe.json", "state.json", "history.json", "model.onnx", "manifest.json"]);
    let (package, train) = (folder.path().to_str().unwrap(), "model/titanic/train.csv");
    stdout(&["pack", package]);
    stdout(&["baseline", train, "--package", package]);
    stdout(&["pack", package]);
    let told = String::from_utf8(stdout(&["check", train, "--package", package, "--baseline"])).unwrap();
    assert!(!told.contains("drifted"), "{told}");
    let women = fs::read_to_string(train).unwrap().replace(",male,", ",female,");
    let women = write(&folder, "women.csv", &women);
    let told = lifeboat(&["check", women.to_str().unwrap(), "--package", package, "--baseline"]);
    let told = String::from_utf8(told.stdout).unwrap();
    assert!(told.contains("Sex has far drifted"), "{told}");
}

#[test]
fn rows_that_are_not_labelled_and_answers_that_do_not_fit_are_refused_with_their_place() {
    let folder = folder(&[]);
    let (package, train) = ("model/titanic", "model/titanic/train.csv");
    let out_of_fold = |text: &str| {
        let path = write(&folder, "answers.csv", text);
        refused(&["baseline", train, "--package", package, "--out-of-fold", path.to_str().unwrap(), "-o", "-"])
    };
    let three = probabilities(891).replacen("0.25\n0.25\n", "0.25\n1.5\n", 1);
    let cases = [
        (out_of_fold(&probabilities(890)), "answers.csv has fewer rows"),
        (out_of_fold(&probabilities(892)), "answers.csv has more rows"),
        (out_of_fold(&three), "answers.csv, line 3: probability must be a number from 0 to 1, found 1.5"),
        (out_of_fold("p\n0.5\n"), "column probability is missing"),
        (out_of_fold(""), "the input is empty"),
    ];
    for (told, expected) in cases {
        assert!(told.contains(expected), "{told}");
    }
    let data = fs::read_to_string(train).unwrap().replacen("\n1,0,", "\n1,,", 1);
    let data = write(&folder, "data.csv", &data);
    let told = refused(&["baseline", data.to_str().unwrap(), "--package", package, "-o", "-"]);
    assert!(
        told.contains("rows that are not labelled passengers: 1 of 891") && told.contains("line 2: Survived"),
        "{told}"
    );
}
