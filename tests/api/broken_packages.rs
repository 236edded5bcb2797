//! Model packages that do not fit together: the server does not start, and says which file, what it expected and found.

use std::fs;

use serde_json::{Value, json};

use crate::package::{FILES, Package};
use crate::server::{Server, failure, lifeboat, new_database, serve};

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
    command.args(["--model-dir", package.folder().to_str().unwrap()]);
    drop(Server::run(command));
}

#[test]
fn a_missing_file_is_named() {
    for file in FILES {
        let package = Package::new();
        fs::remove_file(package.path(file)).unwrap();
        package.is_refused(&["the model package cannot be used", package.path(file).to_str().unwrap()]);
    }
}

#[test]
fn a_file_that_was_changed_is_told_by_its_hash() {
    let package = Package::new();
    let written = package.json("manifest.json")["content_hash"].as_str().unwrap().to_owned();
    for file in ["survival.onnx", "features.json"] {
        let package = Package::new();
        package.truncate(file).is_refused(&["manifest.json", "content_hash", &written]);
    }
    let package = Package::new();
    package.edit("manifest.json", |manifest| manifest["content_hash"] = json!("0123abcd"));
    package.is_refused(&["manifest.json", "content_hash", &written, "0123abcd"]);
}

#[test]
fn a_file_that_breaks_off_is_named() {
    Package::new().truncate("survival.onnx").seal().is_refused(&["survival.onnx", "ONNX"]);
    Package::new().truncate("features.json").seal().is_refused(&["features.json", "EOF"]);
    Package::new().truncate("manifest.json").is_refused(&["manifest.json", "EOF"]);
}

#[test]
fn a_manifest_of_another_version_is_told() {
    let package = Package::new();
    package.edit("manifest.json", |manifest| manifest["version"] = json!("0.0.1-0123abcd"));
    package.is_refused(&["manifest.json", "version", "0.0.1-0123abcd"]);
    let package = Package::new();
    package.edit("manifest.json", |manifest| manifest["semantic_version"] = json!("7.7.7")).seal();
    package.is_refused(&["survival.onnx", "version", "7.7.7"]);
}

#[test]
fn a_threshold_that_the_graph_was_not_exported_for_is_told() {
    for threshold in [json!(0.25), json!(-1), json!(2)] {
        let package = Package::new();
        package.edit("manifest.json", |manifest| manifest["threshold"] = threshold.clone());
        package.is_refused(&["threshold", &threshold.to_string()]);
    }
}

#[test]
fn features_that_this_program_does_not_compute_are_told() {
    let renamed = |value: &mut Value| value["feature_names"][0] = json!("shoe_size");
    Package::new().edit("features.json", renamed).seal().is_refused(&["features.json", "feature_names", "shoe_size"]);
    Package::new().edit("manifest.json", renamed).is_refused(&["manifest.json", "feature_names", "shoe_size"]);
    let other_hash = |value: &mut Value| value["feature_set_hash"] = json!("0123abcd");
    Package::new().edit("features.json", other_hash).seal().is_refused(&["features.json", "0123abcd"]);
    Package::new().edit("manifest.json", other_hash).is_refused(&["manifest.json", "0123abcd"]);
}

#[test]
fn a_state_that_was_fitted_to_other_data_is_told() {
    let package = Package::new();
    package.edit("features.json", |state| state["data_hash"] = json!("0123abcd")).seal();
    package.is_refused(&["features.json", "data_hash", "0123abcd"]);
}

#[test]
fn an_operator_that_this_program_does_not_have_is_named() {
    let package = Package::new();
    let mut graph = fs::read(package.path("survival.onnx")).unwrap();
    // A field of four bytes: an operator's name in ONNX's protobuf.
    let tanh = graph.windows(6).position(|bytes| bytes == b"\x22\x04Tanh").unwrap();
    graph[tanh + 2..tanh + 6].copy_from_slice(b"Sinh");
    fs::write(package.path("survival.onnx"), graph).unwrap();
    package.seal();
    package.is_refused(&["survival.onnx", "operator", "all-operators", "found Sinh"]);
}

#[test]
fn a_history_that_cannot_be_is_told() {
    let package = Package::new();
    package.edit("features.json", |state| state["history"][3][10] = json!(2)).seal();
    package.is_refused(&["features.json", "earlier passenger 3"]);
}

#[test]
fn prediction_in_batch_refuses_a_broken_package_too() {
    let package = Package::new();
    fs::remove_file(package.path("survival.onnx")).unwrap();
    let mut command = lifeboat();
    command.args(["predict", "-", "--format", "csv", "--model-dir", package.folder().to_str().unwrap()]);
    assert!(failure(command).contains("survival.onnx"));
}

#[test]
fn a_graph_that_answers_for_passengers_need_not_answer_for_a_row_of_zeros() {
    let package = Package::new();
    package.take_logarithms();
    let (_folder, database) = new_database();
    let mut command = serve(&database);
    command.args(["--model-dir", package.folder().to_str().unwrap()]);
    drop(Server::run(command));
    let mut command = lifeboat();
    command.args(["predict", "model/train.csv", "--model-dir", package.folder().to_str().unwrap()]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(String::from_utf8(output.stdout).unwrap().lines().count(), 892);
}

#[test]
fn a_version_that_is_none_is_told() {
    for version in ["1\",.0", "1.0", "v1.0.", "\n.0.0"] {
        let package = Package::new();
        package.name_version(version);
        package.is_refused(&["manifest.json", "semantic_version", "a version as in 1.0.0"]);
    }
}
