//! Model packages that do not fit together: the server does not start, and says which file, what it expected and found.

use std::fs;

use serde_json::{Value, json};

use crate::folder::Folder;
use crate::package::{FILES, Package};
use crate::server::{Server, failure, lifeboat, new_database, serve};

/// A file, and what is changed in it.
type Change = (&'static str, fn(&mut Value));

impl Package {
    /// Starts a server with the package, which must fail, and checks that it says all of this.
    #[track_caller]
    fn is_refused(&self, saying: &[&str]) {
        let (_folder, database) = new_database();
        let mut command = serve(&database);
        command.env("MODEL_DIR", self.folder());
        let said = failure(command);
        for what in saying {
            assert!(said.contains(what), "{what:?} is not in {said}");
        }
        assert!(!database.exists(), "a database was made for a model that cannot serve");
    }
}

#[test]
fn a_package_in_a_folder_is_served() {
    let package = Package::new();
    let (_folder, database) = new_database();
    let mut command = serve(&database);
    command.args(["--package", package.folder().to_str().unwrap()]);
    drop(Server::run(command));
}

#[test]
fn a_missing_file_is_named() {
    for file in FILES {
        let package = Package::new();
        fs::remove_file(package.path(file)).unwrap();
        let folder = format!("the package in {} cannot be used", package.folder().display());
        package.is_refused(&[&folder, file]);
    }
}

#[test]
fn a_file_that_was_changed_is_told_by_its_hash() {
    let written = Package::new().json("manifest.json")["content_hash"].as_str().unwrap().to_owned();
    let changed: [Change; 3] = [
        ("schema.json", |schema| schema["fields"][5]["constraints"]["maximum"] = json!(119)),
        ("recipe.json", |recipe| recipe["features"].as_array_mut().unwrap().reverse()),
        ("state.json", |state| *state = json!({"recipe_hash": state["recipe_hash"], "steps": {}})),
    ];
    for (file, change) in changed {
        let package = Package::new();
        package.edit(file, change);
        package.is_refused(&["manifest.json", "content_hash", &written, file]);
    }
    Package::new().truncate("model.onnx").is_refused(&["manifest.json", "content_hash", &written, "model.onnx"]);
    let package = Package::new();
    package.edit("manifest.json", |manifest| manifest["content_hash"] = json!("0123abcd"));
    package.is_refused(&["manifest.json", "content_hash", &written, "0123abcd"]);
}

#[test]
fn a_history_that_was_changed_is_told_by_a_hash_of_its_own() {
    let package = Package::new();
    let text = fs::read_to_string(package.path("history.json")).unwrap();
    fs::write(package.path("history.json"), text + " ").unwrap();
    package.is_refused(&["manifest.json", "history_hash", "put history.json back"]);
}

#[test]
fn a_file_that_breaks_off_is_named() {
    for (file, reason) in [("model.onnx", "ONNX"), ("state.json", "EOF"), ("history.json", "EOF")] {
        Package::new().truncate(file).seal().is_refused(&[file, reason]);
    }
    for file in ["manifest.json", "schema.json", "recipe.json"] {
        Package::new().truncate(file).is_refused(&[file, "EOF"]);
    }
}

#[test]
fn a_manifest_of_another_version_is_told() {
    let package = Package::new();
    package.edit("manifest.json", |manifest| manifest["version"] = json!("0.0.1-0123abcd"));
    package.is_refused(&["manifest.json", "version", "0.0.1-0123abcd"]);
}

#[test]
fn a_threshold_is_a_probability_and_a_part_of_the_hash() {
    for threshold in [json!(-1), json!(2)] {
        let package = Package::new();
        package.edit("manifest.json", |manifest| manifest["threshold"] = threshold.clone()).seal();
        package.is_refused(&["threshold", &threshold.to_string()]);
    }
    let package = Package::new();
    package.edit("manifest.json", |manifest| manifest["threshold"] = json!(0.25));
    package.is_refused(&["content_hash", "threshold"]);
}

#[test]
fn features_that_the_recipe_does_not_compute_are_told() {
    let package = Package::new();
    package.edit("manifest.json", |manifest| manifest["inputs"][0] = json!("shoe_size")).seal();
    package.is_refused(&["manifest.json", "shoe_size"]);
    let package = Package::new();
    package.edit("recipe.json", |recipe| recipe["features"][0] = json!("shoe_size")).seal();
    package.is_refused(&["recipe.json", "shoe_size"]);
}

#[test]
fn a_state_that_was_fitted_for_another_recipe_is_told() {
    let package = Package::new();
    package.edit("state.json", |state| state["recipe_hash"] = json!("0123abcd")).seal();
    package.is_refused(&["state.json", "recipe_hash", "run `lifeboat fit` again"]);
}

#[test]
fn an_operator_that_this_program_does_not_have_is_named() {
    let package = Package::new();
    let mut graph = fs::read(package.path("model.onnx")).unwrap();
    // A field of four bytes: an operator's name in ONNX's protobuf.
    let tanh = graph.windows(6).position(|bytes| bytes == b"\x22\x04Tanh").unwrap();
    graph[tanh + 2..tanh + 6].copy_from_slice(b"Sinh");
    fs::write(package.path("model.onnx"), graph).unwrap();
    package.seal();
    package.is_refused(&["model.onnx", "Sinh"]);
}

#[test]
fn a_history_that_cannot_be_is_told() {
    let package = Package::new();
    let two = |outcomes: &str| outcomes.replacen('1', "2", 1);
    package
        .edit("history.json", |history| history["outcomes"] = two(history["outcomes"].as_str().unwrap()).into())
        .seal();
    package.is_refused(&["history.json"]);
}

#[test]
fn prediction_in_batch_refuses_a_broken_package_too() {
    let package = Package::new();
    fs::remove_file(package.path("model.onnx")).unwrap();
    let mut command = lifeboat();
    command.args(["predict", "-", "--format", "csv", "--package", package.folder().to_str().unwrap()]);
    assert!(failure(command).contains("model.onnx"));
}

#[test]
fn a_graph_that_answers_for_passengers_need_not_answer_for_a_row_of_zeros() {
    let package = Package::new();
    package.take_logarithms();
    let (_folder, database) = new_database();
    let mut command = serve(&database);
    command.args(["--package", package.folder().to_str().unwrap()]);
    drop(Server::run(command));
    let mut command = lifeboat();
    command.args(["predict", "model/titanic/train.csv", "--package", package.folder().to_str().unwrap()]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 892);
}

#[test]
fn a_model_that_fails_is_told_by_a_check_and_not_taken_for_one_without_drift() {
    let package = Package::new();
    package.take_roots();
    let folder = Folder::new();
    folder.write("old.csv", "PassengerId,Survived,Pclass,Sex,Age\n1,1,3,male,101\n2,0,3,female,30\n");
    let said = folder.fails(&["check", "old.csv", "--baseline", "--package", package.folder().to_str().unwrap()]);
    assert!(said.starts_with("error: the model gave no answer: the value is not a finite number"), "{said}");
}

#[test]
fn a_version_that_is_none_is_told() {
    for version in ["1\",.0", "1.0", "v1.0.", "\n.0.0"] {
        let package = Package::new();
        package.name_version(version);
        package.is_refused(&["manifest.json", "semantic_version", "a version as in 1.0.0"]);
    }
}
