//! `lifeboat fit`, `features` and `predict`: file to file.

use std::fs;
use std::path::Path;

use lifeboat::features::FEATURE_NAMES;
use serde_json::{Value, json};

use crate::app::{App, model, stored};
use crate::folder::{Folder, succeeded};

/// The passengers that the model was trained on.
const TRAIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/model/train.csv");

/// Returns the training passengers as a client would post them, labels and all.
fn train_as_json() -> Vec<Value> {
    let mut reader = csv::Reader::from_path(TRAIN).unwrap();
    let header = reader.headers().unwrap().clone();
    let cell = |name: &str, cell: &str| match name {
        _ if cell.is_empty() => Value::Null,
        "Name" | "Sex" | "Ticket" | "Cabin" | "Embarked" => json!(cell),
        _ => serde_json::from_str(cell).unwrap(),
    };
    let object = |row: csv::StringRecord| {
        Value::Object(header.iter().zip(&row).map(|(name, text)| (name.to_owned(), cell(name, text))).collect())
    };
    reader.records().map(|row| object(row.unwrap())).collect()
}

/// What a program says of one passenger: its number, whether it survives, the probability, the model.
type Line = (u64, u64, f64, String);

fn of_objects(objects: &[Value]) -> Vec<Line> {
    let line = |one: &Value| {
        let integer = |field: &str| one[field].as_u64().unwrap();
        let version = one["model_version"].as_str().unwrap().to_owned();
        (integer("PassengerId"), integer("Survived"), one["probability"].as_f64().unwrap(), version)
    };
    objects.iter().map(line).collect()
}

fn of_csv(text: &str) -> Vec<Line> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap(), vec!["PassengerId", "Survived", "probability", "model_version"]);
    reader.deserialize().map(Result::unwrap).collect()
}

fn of_ndjson(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn assert_agree(left: &[Line], right: &[Line]) {
    assert_eq!(left.len(), right.len());
    for (left, right) in left.iter().zip(right) {
        assert_eq!((left.0, left.1, &left.3), (right.0, right.1, &right.3));
        assert!((left.2 - right.2).abs() <= 1e-6, "passenger {}: {} and {}", left.0, left.2, right.2);
    }
}

#[tokio::test]
async fn every_format_and_the_server_say_the_same() {
    let folder = Folder::new();
    let passengers = train_as_json();
    let lines: Vec<String> = passengers.iter().map(Value::to_string).collect();
    folder.write("train.json", json!(passengers).to_string());
    folder.write("train.ndjson", lines.join("\n"));
    let csv = of_csv(&folder.run(&["predict", TRAIN]).0);
    assert_eq!(csv.len(), passengers.len());
    assert!(csv.len() > 800);

    let array: Vec<Value> = serde_json::from_str(&folder.run(&["predict", "train.json"]).0).unwrap();
    assert_eq!(of_objects(&array), csv);
    assert_eq!(of_objects(&of_ndjson(&folder.run(&["predict", "train.ndjson"]).0)), csv);
    folder.run(&["predict", TRAIN, "--output", "out.ndjson"]);
    assert_eq!(of_objects(&of_ndjson(&folder.read("out.ndjson"))), csv);

    let app = App::new();
    let served = app.predict_value(&json!(passengers)).await;
    assert_eq!(served.status, 200);
    assert_agree(&of_objects(served.json().as_array().unwrap()), &csv);
}

#[test]
fn the_order_is_that_of_the_input_however_long_it_is() {
    let folder = Folder::new();
    let rows: String = (0..20_000).map(|id| format!("{id},{},male,{}\n", id % 3 + 1, id % 90)).collect();
    folder.write("many.csv", format!("PassengerId,Pclass,Sex,Age\n{rows}"));
    let (out, err) = folder.run(&["predict", "many.csv"]);
    assert_eq!(of_csv(&out).iter().map(|line| line.0).collect::<Vec<_>>(), (0..20_000).collect::<Vec<_>>());
    assert_eq!(err, "20000 predicted\n");
}

#[test]
fn a_file_for_kaggle_has_its_two_columns() {
    let folder = Folder::new();
    folder.run(&["predict", TRAIN, "--kaggle", "--output", "submission.csv"]);
    let text = folder.read("submission.csv");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("PassengerId,Survived"));
    let expected = of_csv(&folder.run(&["predict", TRAIN]).0);
    assert_eq!(lines.clone().count(), expected.len());
    for (line, (id, survived, ..)) in lines.zip(expected) {
        assert_eq!(line, format!("{id},{survived}"));
    }
}

#[test]
fn a_file_for_kaggle_needs_every_passenger_id() {
    let folder = Folder::new();
    folder.write("in.csv", "PassengerId,Pclass,Sex\n1,3,male\n,3,male\n");
    let said = folder.fails(&["predict", "in.csv", "--kaggle"]);
    assert!(said.contains("line 3: PassengerId"), "{said}");
}

#[test]
fn standard_streams_are_read_and_written() {
    let folder = Folder::new();
    let expected = folder.run(&["predict", TRAIN]).0;
    let input = fs::read(TRAIN).unwrap();
    let (out, _) = succeeded(folder.run_on(&input, &["predict", "-", "--format", "csv", "--output", "-"]));
    assert_eq!(out, expected);
    let (out, _) = succeeded(folder.run_on(br#"{"Pclass": 3, "Sex": "male"}"#, &["predict", "-", "--format", "json"]));
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap().as_array().unwrap().len(), 1);
    assert_eq!(folder.files(), [""; 0]);
}

#[test]
fn an_input_that_does_not_say_its_format_is_asked_for_it() {
    let folder = Folder::new();
    let said = folder.refuses(&["predict", "-"]);
    assert!(said.contains("--format"), "{said}");
}

#[test]
fn line_ends_a_byte_order_mark_and_the_order_of_columns_do_not_matter() {
    let folder = Folder::new();
    folder.write("plain.csv", "PassengerId,Pclass,Name,Sex,Age\n1,3,\"Doe, Mr. John\",male,22\n2,1,,female,\n");
    let expected = folder.run(&["predict", "plain.csv"]).0;
    for (file, text) in [
        ("crlf.csv", "PassengerId,Pclass,Name,Sex,Age\r\n1,3,\"Doe, Mr. John\",male,22\r\n2,1,,female,\r\n"),
        ("bom.csv", "\u{feff}PassengerId,Pclass,Name,Sex,Age\n1,3,\"Doe, Mr. John\",male,22\n2,1,,female,\n"),
        ("order.csv", "Age,Sex,Name,Pclass,PassengerId\n22,male,\"Doe, Mr. John\",3,1\n,female,,1,2\n"),
        ("alias.csv", "passenger_id,pclass,name,sex,age\n1,3,\"Doe, Mr. John\",male,22.0\n2,1,,FEMALE,\n"),
        ("no_end.csv", "PassengerId,Pclass,Name,Sex,Age\n1,3,\"Doe, Mr. John\",male,22\n2,1,,female,"),
        ("label.csv", "Survived,PassengerId,Pclass,Name,Sex,Age\n1,1,3,\"Doe, Mr. John\",male,22\n,2,1,,female,\n"),
    ] {
        folder.write(file, text);
        assert_eq!(folder.run(&["predict", file]).0, expected, "{file}");
    }
}

#[test]
fn a_bad_row_is_named_and_leaves_no_file() {
    let folder = Folder::new();
    let json = r#"[{"Pclass": 3, "Sex": "male"}, {"Pclass": 9, "Sex": "male"}]"#;
    for (file, text, place) in [
        ("value.csv", "PassengerId,Pclass,Sex,Age\n1,3,male,22\n2,3,male,old\n", "line 3: Age"),
        ("cells.csv", "PassengerId,Pclass,Sex\n1,3\n", "line 2: has 2 cells"),
        ("multiline.csv", "Pclass,Sex,Name\n3,male,\"a\nb\"\n9,male,c\n", "line 4: Pclass"),
        ("column.csv", "Pclass,Sex,Agee\n3,male,1\n", "Agee"),
        ("missing.csv", "Pclass,Age\n3,1\n", "Sex"),
        ("empty.csv", "", "empty"),
        ("record.json", json, "element 1: Pclass"),
        ("broken.json", "[{\"Pclass\": 3, \"Sex\": \"male\"},", "JSON"),
        ("line.ndjson", "{\"Pclass\": 3, \"Sex\": \"male\"}\n\n{\"Pclass\": 3}\n", "line 3: Sex"),
        ("broken.ndjson", "{\"Pclass\": 3, \"Sex\": \"male\"}\n{\n", "line 2: is not JSON"),
    ] {
        folder.write(file, text);
        let said = folder.fails(&["predict", file, "--output", "out.csv"]);
        assert!(said.contains(place), "{place:?} is not in {said}");
        fs::remove_file(folder.path(file)).unwrap();
        assert_eq!(folder.files(), [""; 0], "{file}");
    }
    let said = folder.fails(&["predict", "nowhere.csv"]);
    assert!(said.contains("nowhere.csv"), "{said}");
}

#[test]
fn a_failed_run_leaves_the_last_output_as_it_was() {
    let folder = Folder::new();
    folder.write("out.csv", "the last output");
    folder.write("in.csv", "Pclass,Sex\n3,male\n4,male\n");
    folder.fails(&["predict", "in.csv", "--output", "out.csv"]);
    assert_eq!(folder.read("out.csv"), "the last output");
}

#[test]
fn bad_rows_can_be_left_out_and_are_counted() {
    let folder = Folder::new();
    folder.write("in.csv", "PassengerId,Pclass,Sex\n1,3,male\n2,4,male\n3,1,female\n4,3\n5,2,MALE\n");
    let (out, err) = folder.run(&["predict", "in.csv", "--skip-invalid"]);
    assert_eq!(of_csv(&out).iter().map(|line| line.0).collect::<Vec<_>>(), [1, 3, 5]);
    assert!(err.contains("left out, line 3: Pclass"), "{err}");
    assert!(err.contains("left out, line 5: has 2 cells"), "{err}");
    assert!(err.ends_with("3 predicted, 2 left out\n"), "{err}");

    folder.write("none.json", "[{}, 1]");
    assert_eq!(folder.run(&["predict", "none.json", "--skip-invalid"]).0, "[\n]\n");
}

#[tokio::test]
async fn predictions_are_stored_once_and_only_when_asked_for() {
    let folder = Folder::new();
    folder.run(&["predict", TRAIN, "--output", "out.csv"]);
    assert_eq!(folder.files(), ["out.csv"]);

    let (first, err) = folder.run(&["predict", TRAIN, "--store", "--database-url", "sqlite:batch.db"]);
    let rows = of_csv(&first).len();
    assert!(err.ends_with(&format!("{rows} predicted, {rows} new in the store\n")), "{err}");
    let (again, err) = folder.run(&["predict", TRAIN, "--store", "--database-url", "sqlite:batch.db"]);
    assert!(err.ends_with(&format!("{rows} predicted, 0 new in the store\n")), "{err}");
    assert_eq!(again, first);
    assert_eq!(usize::try_from(stored(&folder.path("batch.db"))), Ok(rows));
    assert_eq!(first, folder.read("out.csv"));

    folder.run(&["predict", TRAIN, "--store", "--output", "-"]);
    assert!(folder.path("predictions.db").exists(), "the default database");
}

#[test]
fn a_database_without_store_is_refused() {
    let folder = Folder::new();
    let output = folder.run_on(b"", &["predict", TRAIN, "--database-url", "sqlite:batch.db"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(folder.files(), [""; 0]);
}

#[test]
fn a_fit_is_the_same_each_time_and_is_that_of_the_package() {
    let folder = Folder::new();
    folder.run(&["fit", TRAIN, "--output", "one/deep"]);
    folder.run(&["fit", TRAIN, "--output", "two"]);
    let one = folder.read("one/deep/features.json");
    assert!(one == folder.read("two/features.json"), "two fits differ");
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("model/features.json");
    assert!(one == fs::read_to_string(package).unwrap(), "model/features.json was not fitted to model/train.csv");
}

#[test]
fn a_feature_matrix_is_the_same_each_time_and_that_of_the_model() {
    let folder = Folder::new();
    folder.run(&["fit", TRAIN, "--output", "."]);
    let (matrix, _) = folder.run(&["features", TRAIN, "--model-dir", "."]);
    folder.run(&["features", TRAIN, "--model-dir", ".", "--output", "matrix.csv"]);
    assert!(matrix == folder.read("matrix.csv"), "two matrices differ");

    let mut reader = csv::Reader::from_reader(matrix.as_bytes());
    let names: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(names[0], "PassengerId");
    assert_eq!(names[1..], FEATURE_NAMES);
    for (row, passenger) in reader.records().zip(train_as_json()) {
        let row = row.unwrap();
        let parsed: lifeboat::passenger::json::Parsed = serde_json::from_str(&passenger.to_string()).unwrap();
        let features = model().features(&parsed.0.unwrap());
        assert_eq!(row[0], passenger["PassengerId"].to_string());
        for (cell, (name, value)) in row.iter().skip(1).zip(features.named()) {
            assert_eq!(cell.parse::<f32>().unwrap().to_bits(), value.to_bits(), "{name} of {passenger}");
        }
    }
}

#[test]
fn what_cannot_be_fitted_to_is_told_row_by_row() {
    let folder = Folder::new();
    folder.write("in.csv", "Survived,Pclass,Sex,Age\n1,3,male,22\n,3,male,22\n2,3,male,22\n0,4,male,22\n");
    let said = folder.fails(&["fit", "in.csv", "--output", "fit"]);
    for what in ["3 of 4 rows", "line 3: Survived", "line 4: Survived", "line 5: Pclass"] {
        assert!(said.contains(what), "{what:?} is not in {said}");
    }
    folder.write("in.csv", "Survived,Pclass,Sex,Age\n");
    folder.fails(&["fit", "in.csv", "--output", "fit"]);
    folder.write("in.csv", "Pclass,Sex,Age\n3,male,22\n");
    let said = folder.fails(&["fit", "in.csv", "--output", "fit"]);
    assert!(said.contains("Survived"), "{said}");
    assert_eq!(folder.files(), ["in.csv"]);
}

#[test]
fn a_matrix_needs_a_state_that_fits() {
    let folder = Folder::new();
    let said = folder.fails(&["features", TRAIN, "--model-dir", "."]);
    assert!(said.contains("features.json"), "{said}");
    folder.run(&["fit", TRAIN, "--output", "."]);
    folder.write("features.json", folder.read("features.json").replacen("class_1", "shoe_size", 1));
    let said = folder.fails(&["features", TRAIN, "--model-dir", ".", "--output", "matrix.csv"]);
    assert!(said.contains("fit it again"), "{said}");
    assert_eq!(folder.files(), ["features.json"]);
}

#[test]
fn a_device_or_a_pipe_is_written_to_and_stays_what_it_is() {
    let folder = Folder::new();
    folder.write("passengers.csv", "Pclass,Sex\n3,male\n");
    let pipe = folder.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    folder.run(&["predict", "passengers.csv", "--output", "pipe"]);
    assert_eq!(reader.join().unwrap().lines().count(), 2);
    assert!(!fs::metadata(&pipe).unwrap().is_file());
    assert_eq!(folder.files(), ["passengers.csv", "pipe"]);
}
