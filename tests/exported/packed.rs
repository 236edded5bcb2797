//! `lifeboat pack` makes a package of each exported graph by a table alone, and proves it by the answers that are known.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use lifeboat::package::Package;
use serde_json::Value;
use tempfile::TempDir;

use crate::{Beside, graphs};

const LIFEBOAT: &str = env!("CARGO_BIN_EXE_lifeboat");

/// Runs the program in a folder.
fn lifeboat(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(LIFEBOAT).args(arguments).current_dir(folder).env_remove("MODEL_DIR").output().unwrap()
}

fn beside(graph: &Path) -> Beside {
    serde_json::from_slice(&fs::read(graph.with_extension("json")).unwrap()).unwrap()
}

fn cell(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Writes the table that a graph was tried with, and what it answers: `data.csv`, `expect.csv`. Labels go around, so that each is there.
fn write_tables(folder: &Path, beside: &Beside) {
    let mut names: Vec<&str> =
        beside.schema["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
    let label = beside.schema["lifeboat"]["label"].as_str().unwrap();
    names.retain(|name| *name != label);
    let mut data = csv::Writer::from_path(folder.join("data.csv")).unwrap();
    data.write_record(names.iter().copied().chain([label])).unwrap();
    let classes = beside.manifest["classes"].as_array();
    for (row, (values, answer)) in beside.rows.iter().zip(&beside.answers).enumerate() {
        let label = classes.map_or_else(|| answer[0].to_string(), |classes| cell(&classes[row % classes.len()]));
        data.write_record(values[..names.len()].iter().map(cell).chain([label])).unwrap();
    }
    data.flush().unwrap();
    let mut expect = csv::Writer::from_path(folder.join("expect.csv")).unwrap();
    for answer in &beside.answers {
        expect.write_record(answer.iter().map(f64::to_string)).unwrap();
    }
    expect.flush().unwrap();
}

/// Makes a package of a graph; what failed is told otherwise.
fn packed(graph: &Path) -> Result<(TempDir, String), String> {
    let folder = tempfile::tempdir().unwrap();
    write_tables(folder.path(), &beside(graph));
    let arguments = ["--data", "data.csv", "--target", "target", "--expect", "expect.csv", "--output", "made"];
    let graph = graph.to_str().unwrap();
    let Output { status, stdout, stderr } = lifeboat(folder.path(), &[&["pack", graph], arguments.as_slice()].concat());
    if status.success() {
        Ok((folder, String::from_utf8(stdout).unwrap()))
    } else {
        Err(String::from_utf8_lossy(&stderr).into_owned())
    }
}

#[test]
fn each_exported_graph_becomes_a_package_by_its_table_alone() {
    let mut wrong = Vec::new();
    for graph in graphs() {
        let name = graph.file_stem().unwrap().display().to_string();
        match packed(&graph) {
            Ok((folder, told)) => {
                assert!(told.contains("proven on"), "{name}: {told}");
                let package = Package::load(&folder.path().join("made")).unwrap();
                let rows = package.manifest().agreement.as_ref().unwrap().rows;
                assert_eq!(rows, beside(&graph).rows.len() as u64, "{name}");
            }
            Err(told) => wrong.push(format!("{name}: {told}")),
        }
    }
    assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
}
