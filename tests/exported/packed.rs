//! `lifeboat pack` makes a package of each exported graph by a table alone, and proves it by the answers that are known.

use std::fs;
use std::path::{Path, PathBuf};
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
    let told = packed_in(&folder, graph, &[])?;
    Ok((folder, told))
}

/// Makes a package of a graph and the tables of a folder.
fn packed_in(folder: &TempDir, graph: &Path, more: &[&str]) -> Result<String, String> {
    let arguments = ["--data", "data.csv", "--target", "target", "--expect", "expect.csv", "--output", "made"];
    let graph = graph.to_str().unwrap();
    let arguments = [&["pack", graph], arguments.as_slice(), more].concat();
    let Output { status, stdout, stderr } = lifeboat(folder.path(), &arguments);
    if status.success() {
        Ok(String::from_utf8(stdout).unwrap())
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

/// Returns a graph of the folder by its name.
fn graph(name: &str) -> PathBuf {
    graphs().into_iter().find(|graph| graph.file_stem().unwrap() == name).unwrap()
}

/// Writes the tables of a graph with the values of its target called otherwise.
fn with_targets(name: &str, targets: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    write_tables(folder.path(), &beside(&graph(name)));
    let path = folder.path().join("data.csv");
    let data = fs::read_to_string(&path).unwrap();
    let lines = data.lines().map(|line| {
        let found = targets.iter().find_map(|(old, new)| Some((line.strip_suffix(&format!(",{old}"))?, new)));
        found.map_or_else(|| line.to_owned(), |(start, new)| format!("{start},{new}"))
    });
    fs::write(path, lines.collect::<Vec<_>>().join("\n")).unwrap();
    folder
}

#[test]
fn classes_are_named_where_the_graph_counts_them_and_refused_where_it_names_them() {
    let iris = graph("logistic_zipmap_numbers");
    let counted = with_targets("logistic_zipmap_numbers", &[("0", "setosa"), ("1", "versicolor"), ("2", "virginica")]);
    for classes in ["setosa,versicolor,virginica", "virginica,setosa,versicolor"] {
        let told = packed_in(&counted, &iris, &["--classes", classes]).unwrap();
        assert!(told.contains("proven on 40 rows"), "{told}");
    }
    let own = with_targets("logistic_zipmap_numbers", &[]);
    let told = packed_in(&own, &iris, &["--classes", "2,0,1"]).unwrap_err();
    assert!(told.contains("--classes says 2, 0, 1, but the graph itself names its classes: 0, 1, 2"), "{told}");
    let texts = with_targets("logistic_texts", &[]);
    let told = packed_in(&texts, &graph("logistic_texts"), &["--classes", "setosa,virginica,versicolor"]).unwrap_err();
    assert!(told.contains("names its classes: \"setosa\", \"versicolor\", \"virginica\", in this order"), "{told}");
    let truths = with_targets("logistic_numbers", &[("0", "False"), ("1", "True")]);
    let told = packed_in(&truths, &graph("logistic_numbers"), &["--classes", "true,false"]).unwrap_err();
    assert!(told.contains("--classes says true, false, but the graph itself names its classes: false, true"), "{told}");
}

#[test]
fn columns_of_truth_values_are_matched_as_pandas_writes_them() {
    let (name, truths) = ("logistic_numbers", [("0", "False"), ("1", "True")]);
    let folder = with_targets(name, &truths);
    let path = folder.path().join("expect.csv");
    let lines = fs::read_to_string(&path).unwrap();
    let turned = |line: &str| line.split_once(',').map(|(one, other)| format!("{other},{one}")).unwrap();
    let turned = lines.lines().map(turned).collect::<Vec<_>>().join("\n");
    for (header, lines, is_right) in
        [("False,True", &lines, true), ("True,False", &turned, true), ("True,False", &lines, false)]
    {
        fs::write(&path, format!("{header}\n{lines}")).unwrap();
        match packed_in(&folder, &graph(name), &[]) {
            Ok(told) => assert!(is_right && told.contains("proven on 40 rows"), "{header}: {told}"),
            Err(told) => assert!(!is_right && told.contains("The cause: all rows agree if the columns"), "{told}"),
        }
    }
    fs::write(&path, format!("no,yes\n{lines}")).unwrap();
    let told = packed_in(&folder, &graph(name), &[]).unwrap_err();
    assert!(told.contains("calls its columns no, yes, but the classes of \"target\" are false, true"), "{told}");
}

#[test]
fn causes_of_trees_are_told_of_trees() {
    for (name, has_trees) in [("logistic_texts", false), ("forest_texts", true)] {
        let folder = with_targets(name, &[]);
        let path = folder.path().join("expect.csv");
        let rows = fs::read_to_string(&path).unwrap().lines().count();
        fs::write(path, "0.25,0.25,0.5\n".repeat(rows)).unwrap();
        let told = packed_in(&folder, &graph(name), &[]).unwrap_err();
        assert!(told.contains("Known causes:"), "{told}");
        assert_eq!(told.contains("a tree's threshold"), has_trees, "{told}");
    }
}
