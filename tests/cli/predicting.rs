//! `lifeboat predict`: file to file.

use std::fs;

use serde_json::{Value, json};

use crate::folder::{Folder, succeeded};
use crate::lines::{of_csv, of_ndjson, of_objects};
use crate::stored::stored;
use crate::training::{TRAIN, training_passengers};

#[test]
fn every_format_says_the_same() {
    let folder = Folder::new();
    let passengers = training_passengers();
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
    assert!(said.contains("line 3: the key is required where key and label alone are written"), "{said}");
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
        ("broken.json", "[{\"Pclass\": 3, \"Sex\": \"male\"},", "the input ends within element 1: it is truncated"),
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
    assert!(err.contains("left out, in.csv, line 3: Pclass"), "{err}");
    assert!(err.contains("left out, in.csv, line 5: has 2 cells"), "{err}");
    assert!(err.ends_with("3 predicted, 2 left out\n"), "{err}");

    folder.write("none.json", "[{}, 1]");
    assert_eq!(folder.run(&["predict", "none.json", "--skip-invalid"]).0, "[]\n");
}

#[test]
fn a_record_without_a_finite_answer_is_told_by_its_line_and_can_be_left_out() {
    let folder = Folder::new();
    folder.write(
        "in.csv",
        "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)\n5.1,3.5,1.4,0.2\n7e307,2e16,1e-167,6e15\n5,3.6,1.4,0.2\n",
    );
    let package = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/packages/classes");
    let said = folder.fails(&["predict", "in.csv", "--package", package]);
    assert!(said.contains("line 3: the model gave no answer: the value is not a finite number"), "{said}");
    let (out, err) = folder.run(&["predict", "in.csv", "--package", package, "--skip-invalid"]);
    assert_eq!(out.lines().filter(|line| line.starts_with("setosa,")).count(), 2, "{out}");
    assert!(err.ends_with("2 predicted, 1 left out\n"), "{err}");
}

#[test]
fn predictions_are_stored_once_and_only_when_asked_for() {
    let folder = Folder::new();
    folder.run(&["predict", TRAIN, "--output", "out.csv"]);
    assert_eq!(folder.files(), ["out.csv"]);

    let store = ["predict", TRAIN, "--store", "--database-url", "sqlite:batch.db"];
    let (first, err) = folder.run(&store);
    let rows = first.lines().count() - 1;
    assert!(err.ends_with(&format!("{rows} predicted, {rows} new in the store\n")), "{err}");
    let (again, err) = folder.run(&store);
    assert!(err.ends_with(&format!("{rows} predicted, 0 new in the store\n")), "{err}");
    assert_eq!(again, first);
    assert_eq!(usize::try_from(stored(&folder.path("batch.db"))), Ok(rows));
    // What is stored has an id to find it by.
    let without_ids = first.lines().map(|line| line.rsplit_once(',').unwrap().0.to_owned() + "\n");
    assert_eq!(without_ids.collect::<String>(), folder.read("out.csv"));
    assert!(first.starts_with("PassengerId,Survived,probability,model_version,id\n1,0,"), "{first}");

    folder.run(&["predict", TRAIN, "--store", "--output", "-"]);
    assert!(folder.path("titanic.db").exists(), "the default database");
}

#[test]
fn a_database_without_store_is_refused() {
    let folder = Folder::new();
    let output = folder.run_on(b"", &["predict", TRAIN, "--database-url", "sqlite:batch.db"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(folder.files(), [""; 0]);
}
