//! The JSON Schemas in `docs/` are those of the code, and hold for the packages of this repository.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use lifeboat::package::json_schema::Written;
use serde_json::{Value, json};

use crate::folder::{COMMITTED, committed};

/// Reads a list of JSON Schema and document, and prints for each document what a validator finds wrong with it.
const VALIDATE: &str = "
import json, jsonschema, sys
for schema, document in json.load(sys.stdin):
    validator = jsonschema.Draft202012Validator(schema)
    validator.check_schema(schema)
    print(json.dumps([error.message for error in validator.iter_errors(document)]))
";

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))).unwrap()
}

/// The name of a published schema: `recipe.schema.json`.
fn published(file: Written) -> PathBuf {
    root().join("docs").join(file.file().replace(".json", ".schema.json"))
}

/// Returns what a validator of JSON Schema finds wrong with each document.
fn validate(pairs: &[(Value, Value)]) -> Vec<Vec<String>> {
    use std::io::Write as _;
    use std::process::Stdio;

    let python = root().join(".tools/sam/bin/python");
    let mut child = Command::new(&python)
        .args(["-c", VALIDATE])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap_or_else(|error| panic!("{}: {error}; `infra/tools.sh sam` makes it", python.display()));
    child.stdin.take().unwrap().write_all(json!(pairs).to_string().as_bytes()).unwrap();
    let Output { status, stdout, .. } = child.wait_with_output().unwrap();
    assert!(status.success(), "{status}");
    let lines = String::from_utf8(stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn the_published_schemas_are_those_of_the_code() {
    for file in Written::ALL {
        let path = published(file);
        let expected = serde_json::to_string_pretty(&file.json_schema()).unwrap() + "\n";
        let found = fs::read_to_string(&path).unwrap_or_default();
        let name = file.file().trim_end_matches(".json");
        assert!(
            found == expected,
            "{} differs: `lifeboat package --json-schema {name} > docs/{name}.schema.json` writes it",
            path.display()
        );
    }
}

#[test]
fn the_committed_packages_are_valid_by_them() {
    let titanic = root().join("model/titanic");
    let folders = COMMITTED.map(committed).into_iter().chain([titanic]);
    let files = folders.flat_map(|folder| Written::ALL.map(|file| (file, folder.join(file.file()))));
    let files: Vec<_> = files.filter(|(_, path)| path.exists()).collect();
    assert_eq!(files.len(), 9, "{files:?}");
    let pairs: Vec<_> = files.iter().map(|(file, path)| (read(&published(*file)), read(path))).collect();
    for ((_, path), faults) in files.iter().zip(validate(&pairs)) {
        assert!(faults.is_empty(), "{}: {faults:?}", path.display());
    }
}

#[test]
fn what_a_package_may_not_hold_is_not_valid_by_them() {
    let step = |step: Value| (Written::Recipe, json!({"steps": [step], "features": ["x"]}));
    let broken = [
        step(json!({"step": "extrude", "name": "x", "from": "a"})),
        step(json!({"step": "impute", "name": "x", "from": "a"})),
        step(json!({"step": "impute", "name": "x", "from": "a", "with": 0, "wiht": 1})),
        (Written::Recipe, json!({"steps": [], "features": []})),
        (Written::Schema, json!({"fields": [{"name": "a", "type": "integer"}]})),
        (Written::Schema, json!({"fields": [{"name": "a", "type": "int"}], "lifeboat": {"label": "a"}})),
        (Written::Schema, json!({"fields": [{"name": "a"}], "lifeboat": {"lable": "a", "label": "a"}})),
        (Written::Manifest, json!({"name": "a", "semantic_version": "1.0.0", "treshold": 0.5})),
    ];
    let pairs = broken.map(|(file, document)| (file.json_schema(), document));
    for ((_, document), faults) in pairs.iter().zip(validate(&pairs)) {
        assert!(!faults.is_empty(), "{document}");
    }
}
