//! Graphs as the standard exporters write them are served unchanged: each row has the label and the numbers that onnxruntime gives.

mod mutations;
mod packed;
mod refused;
mod table;

use std::fs;
use std::path::{Path, PathBuf};

use lifeboat::package::{Answer, Package, seal};
use lifeboat::table::{Record, Schema, json};
use serde::Deserialize;
use serde_json::{Map, Value};
use tempfile::TempDir;

/// How far a number may be from onnxruntime's; a value in proportion to its size.
const TOLERANCE: f64 = 1e-5;

/// A graph of which there are fewer is one that was lost.
const EXPECTED: usize = 64;

/// What stands beside a graph.
#[derive(Deserialize)]
struct Beside {
    schema: Value,
    manifest: Value,
    rows: Vec<Vec<Value>>,
    labels: Option<Vec<Value>>,
    answers: Vec<Vec<f64>>,
}

/// Returns the paths of all graphs.
fn graphs() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exported");
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut graphs: Vec<PathBuf> =
        files.filter(|path| path.extension().is_some_and(|extension| extension == "onnx")).collect();
    graphs.sort();
    graphs
}

/// Makes a package of a graph and what stands beside it.
fn package(graph: &Path, beside: &Beside) -> Result<(TempDir, Package), String> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("schema.json"), beside.schema.to_string()).unwrap();
    fs::write(folder.path().join("manifest.json"), beside.manifest.to_string()).unwrap();
    fs::copy(graph, folder.path().join("model.onnx")).unwrap();
    seal(folder.path()).map_err(|error| error.to_string())?;
    let package = Package::load(folder.path()).map_err(|error| match std::error::Error::source(&error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    })?;
    Ok((folder, package))
}

fn records(schema: &Schema, beside: &Beside) -> Vec<Record> {
    let fields: Vec<&str> =
        beside.schema["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
    let record = |row: &Vec<Value>| {
        let object: Map<String, Value> = fields.iter().map(|&name| name.to_owned()).zip(row.iter().cloned()).collect();
        json::from_slice(schema, Value::from(object).to_string().as_bytes()).unwrap().unwrap()
    };
    beside.rows.iter().map(record).collect()
}

fn is_near(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= TOLERANCE * expected.abs().max(1.0)
}

/// Returns an answer's numbers as a graph gives so many, and the predicted class.
fn numbers(answer: &Answer, count: usize) -> (Vec<f64>, Option<usize>) {
    match answer {
        Answer::Binary { label, probability } => {
            let positive = f64::from(*probability);
            (if count == 1 { vec![positive] } else { vec![1.0 - positive, positive] }, Some(*label))
        }
        Answer::Multiclass { label, probabilities } => {
            (probabilities.iter().map(|&number| f64::from(number)).collect(), Some(*label))
        }
        Answer::Regression { value } => (vec![*value], None),
    }
}

/// Returns what differs of an answer; a label counts where the two likeliest classes are apart.
fn difference(answer: &Answer, expected: &[f64], label: Option<&Value>, classes: &[Value]) -> Option<String> {
    let (found, predicted) = numbers(answer, expected.len());
    if found.len() != expected.len() || !found.iter().zip(expected).all(|(found, expected)| is_near(*found, *expected))
    {
        return Some(format!("{found:?}, expected {expected:?}"));
    }
    let mut sorted = expected.to_vec();
    sorted.sort_by(|one, other| other.total_cmp(one));
    let is_close = sorted.len() > 1 && sorted[0] - sorted[1] < TOLERANCE;
    let predicted = predicted.map(|class| &classes[class]);
    (predicted != label && !is_close).then(|| format!("{predicted:?}, expected {label:?}"))
}

/// Returns what is wrong with the answers of a graph, and how many rows were compared.
fn compared(graph: &Path) -> Result<usize, String> {
    let beside: Beside = serde_json::from_slice(&fs::read(graph.with_extension("json")).unwrap()).unwrap();
    let (_folder, package) = package(graph, &beside)?;
    let records = records(package.schema(), &beside);
    let none = Vec::new();
    // Categories stand in the order of the classes here, which is that of the manifest.
    let classes = beside.manifest["classes"].as_array().unwrap_or(&none);
    let together = package.answers(&records).map_err(|error| error.to_string())?;
    for (row, (record, answered)) in records.iter().zip(&together).enumerate() {
        let label = beside.labels.as_ref().map(|labels| &labels[row]);
        if let Some(what) = difference(&answered.answer, &beside.answers[row], label, classes) {
            return Err(format!("row {row}: {what}"));
        }
        let alone = package.answers(std::slice::from_ref(record)).map_err(|error| error.to_string())?;
        if alone[0] != *answered {
            return Err(format!("row {row}: {:?} alone, and {answered:?} in company", alone[0]));
        }
    }
    Ok(records.len())
}

#[test]
fn each_exported_graph_answers_as_onnxruntime_does() {
    let graphs = graphs();
    let mut wrong = Vec::new();
    for graph in &graphs {
        match compared(graph) {
            Ok(rows) => assert!(rows >= 30, "{} has {rows} rows", graph.display()),
            Err(what) => wrong.push(format!("{}: {what}", graph.file_stem().unwrap().display())),
        }
    }
    assert!(wrong.is_empty(), "{} of {} are wrong:\n{}", wrong.len(), graphs.len(), wrong.join("\n"));
    assert!(graphs.len() >= EXPECTED, "{} graphs, {EXPECTED} are expected", graphs.len());
}
