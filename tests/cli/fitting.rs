//! `lifeboat fit` and `lifeboat features`: what a recipe learns, and what it makes of a table.

use std::fs;
use std::path::Path;

use lifeboat::package;
use lifeboat::table::json;
use serde_json::Value;

use crate::folder::Folder;
use crate::training::{TITANIC, TRAIN, training_passengers};

/// Copies what is written by hand of the Titanic's package.
fn copy_recipe(folder: &Folder) {
    fs::create_dir(folder.path("package")).unwrap();
    for file in ["schema.json", "recipe.json"] {
        fs::copy(Path::new(TITANIC).join(file), folder.path("package").join(file)).unwrap();
    }
}

#[test]
fn a_fit_is_the_same_each_time_and_is_that_of_the_package() {
    let folder = Folder::new();
    folder.run(&["fit", TRAIN, "--package", TITANIC, "--output", "one/deep"]);
    folder.run(&["fit", TRAIN, "--package", TITANIC, "--output", "two"]);
    for file in ["state.json", "history.json"] {
        let one = folder.read(&format!("one/deep/{file}"));
        assert!(one == folder.read(&format!("two/{file}")), "two fits differ in {file}");
        let package = fs::read_to_string(Path::new(TITANIC).join(file)).unwrap();
        assert!(one == package, "model/titanic/{file} was not fitted to model/titanic/train.csv");
    }
}

#[test]
fn a_fit_goes_into_the_package_unless_told_otherwise() {
    let folder = Folder::new();
    copy_recipe(&folder);
    folder.run(&["fit", TRAIN, "--package", "package"]);
    assert!(folder.path("package/state.json").exists() && folder.path("package/history.json").exists());
    let expected = folder.run(&["features", TRAIN, "--package", TITANIC]).0;
    assert!(folder.run(&["features", TRAIN, "--package", "package"]).0 == expected);
}

#[test]
fn a_feature_matrix_is_the_same_each_time_and_that_of_the_model() {
    let folder = Folder::new();
    folder.run(&["fit", TRAIN, "--package", TITANIC, "--output", "fitted"]);
    let command = ["features", TRAIN, "--package", TITANIC, "--state", "fitted"];
    let (matrix, _) = folder.run(&command);
    folder.run(&[&command[..], &["--output", "matrix.csv"]].concat());
    assert!(matrix == folder.read("matrix.csv"), "two matrices differ");

    let package = package::open(None).unwrap();
    let mut reader = csv::Reader::from_reader(matrix.as_bytes());
    let names: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(names[0], "PassengerId");
    assert_eq!(names[1..], package.feature_names().iter().map(ToString::to_string).collect::<Vec<_>>());
    let rows = reader.records().map(Result::unwrap);
    for (row, passenger) in rows.zip(training_passengers()) {
        let record = json::from_slice(package.schema(), passenger.to_string().as_bytes()).unwrap().unwrap();
        let answered = package.answers(&[record]).unwrap();
        let features = answered[0].features.as_deref().unwrap();
        assert_eq!(row[0], passenger["PassengerId"].to_string());
        for (cell, (name, value)) in row.iter().skip(1).zip(names[1..].iter().zip(features)) {
            assert_eq!(cell.parse::<f32>().unwrap().to_bits(), value.to_bits(), "{name} of {passenger}");
        }
    }
}

#[test]
fn what_cannot_be_fitted_to_is_told_row_by_row() {
    let folder = Folder::new();
    let fit = ["fit", "in.csv", "--package", TITANIC, "--output", "fit"];
    folder.write("in.csv", "Survived,Pclass,Sex,Age\n1,3,male,22\n,3,male,22\n2,3,male,22\n0,4,male,22\n");
    let said = folder.fails(&fit);
    for what in
        ["rows that are not labelled passengers: 3 of 4", "line 3: Survived", "line 4: Survived", "line 5: Pclass"]
    {
        assert!(said.contains(what), "{what:?} is not in {said}");
    }
    folder.write("in.csv", "Survived,Pclass,Sex,Age\n");
    folder.fails(&fit);
    folder.write("in.csv", "Pclass,Sex,Age\n3,male,22\n");
    let said = folder.fails(&fit);
    assert!(said.contains("Survived"), "{said}");
    assert_eq!(folder.files(), ["in.csv"]);
}

#[test]
fn a_matrix_needs_a_state_that_fits() {
    let folder = Folder::new();
    let command = ["features", TRAIN, "--package", TITANIC, "--state", "."];
    let said = folder.fails(&command);
    assert!(said.contains("state.json"), "{said}");
    folder.run(&["fit", TRAIN, "--package", TITANIC, "--output", "."]);
    let mut state: Value = serde_json::from_str(&folder.read("state.json")).unwrap();
    state["recipe_hash"] = "0123abcd".into();
    folder.write("state.json", state.to_string());
    let said = folder.fails(&[&command[..], &["--output", "matrix.csv"]].concat());
    assert!(said.contains("state.json") && said.contains("run `lifeboat fit` again"), "{said}");
    assert_eq!(folder.files(), ["history.json", "state.json"]);
}

#[test]
fn a_folder_without_a_schema_is_told_where_to_begin() {
    let folder = Folder::new();
    for command in [&["check", TRAIN][..], &["fit", TRAIN], &["features", TRAIN], &["baseline", TRAIN]] {
        let said = folder.refuses(&[command, &["--package", "churn"]].concat());
        let problem = "error: churn/schema.json does not exist: it says what a record of the package is\n";
        assert!(said.starts_with(problem) && said.contains("docs/own-table.md"), "{said}");
    }
}
