//! The table of `docs/models.md`: what each graph is, and how near its answers are to onnxruntime's.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use prost::Message;
use tract_onnx::pb::tensor_shape_proto::dimension::Value::{DimParam, DimValue};
use tract_onnx::pb::type_proto::Value::TensorType;
use tract_onnx::pb::{ModelProto, ValueInfoProto};

use crate::{Beside, graphs, numbers, package, records};

/// What the rows stand below, and what they end at.
const HEAD: &str = "| graph | exported by | task | inputs | rows | difference | labels |\n| --- | --- | --- | --- | --- | --- | --- |\n";
const WRITE: &str = "LIFEBOAT_WRITE_TABLE=1 cargo test --release --test exported table";

/// How far processors are from each other, of which some add and multiply in one step.
const LAST_BITS: f64 = 1e-6;

/// A graph as the table has it.
struct Row {
    cells: String,
    difference: f64,
    labels: String,
}

impl Row {
    fn measured(path: &Path) -> Self {
        let beside: Beside = serde_json::from_slice(&fs::read(path.with_extension("json")).unwrap()).unwrap();
        let (_folder, package) = package(path, &beside).unwrap();
        let records = records(package.schema(), &beside);
        let answers = package.answers(&records).unwrap();
        let (mut difference, mut equal) = (0.0_f64, 0);
        for (row, answered) in answers.iter().enumerate() {
            let (found, class) = numbers(&answered.answer, beside.answers[row].len());
            for (found, expected) in found.iter().zip(&beside.answers[row]) {
                difference = difference.max((found - expected).abs() / expected.abs().max(1.0));
            }
            let expected = beside.labels.as_ref().map(|labels| &labels[row]);
            equal += usize::from(class.map(|class| &beside.manifest["classes"][class]) == expected);
        }
        let graph = ModelProto::decode(fs::read(path).unwrap().as_slice()).unwrap();
        let task = match beside.manifest["classes"].as_array().map(Vec::len) {
            None => "a number".to_owned(),
            Some(classes) => format!("{classes} classes"),
        };
        let name = path.file_stem().unwrap().display();
        let cells = format!("| `{name}` | {} | {task} | {} | {}", exporter(&graph), inputs(&graph), records.len());
        let labels = if beside.labels.is_some() { format!("{equal} equal") } else { "–".to_owned() };
        Self { cells, difference, labels }
    }

    /// Returns the line, with the power of ten that the difference is below.
    fn line(&self) -> String {
        let below = match self.difference {
            0.0 => "0".to_owned(),
            difference => format!("< 1e{}", difference.log10().floor() + 1.0),
        };
        format!("{} | {below} | {} |", self.cells, self.labels)
    }

    /// Returns whether a line of the document tells the truth of this graph.
    fn is_told_by(&self, line: &str) -> bool {
        let Some((below, labels)) = line.strip_prefix(self.cells.as_str()).and_then(|rest| {
            let (below, labels) = rest.strip_prefix(" | ")?.split_once(" | ")?;
            Some((below.trim_start_matches("< ").parse::<f64>().ok()?, labels))
        }) else {
            return false;
        };
        labels == format!("{} |", self.labels) && self.difference <= below.max(LAST_BITS) && below <= 1e-5
    }
}

/// Returns who wrote a graph, with the version, which `CatBoost` hides in a paragraph about its sources.
fn exporter(graph: &ModelProto) -> String {
    let version = graph.producer_version.rsplit("tags/v").next().and_then(|text| text.split_whitespace().next());
    format!("{} {}", graph.producer_name.replace("OnnxMLTools", "onnxmltools"), version.unwrap_or_default())
}

/// Returns what a graph reads: `matrix of 4 float`, or `3 float, 2 string`.
fn inputs(graph: &ModelProto) -> String {
    let graph = graph.graph.as_ref().unwrap();
    let is_fed = |input: &&ValueInfoProto| !graph.initializer.iter().any(|tensor| tensor.name == input.name);
    let mut kinds = BTreeMap::new();
    for input in graph.input.iter().filter(is_fed) {
        let Some(TensorType(tensor)) = input.r#type.as_ref().and_then(|kind| kind.value.as_ref()) else {
            panic!("no tensor")
        };
        let kind = match tensor.elem_type {
            1 => "float",
            7 => "int64",
            8 => "string",
            9 => "bool",
            11 => "double",
            other => panic!("no name for type {other}"),
        };
        let width = tensor.shape.as_ref().and_then(|shape| match shape.dim.last()?.value.as_ref()? {
            DimValue(width) => Some(*width),
            DimParam(_) => None,
        });
        match width {
            Some(width) if width > 1 => return format!("matrix of {width} {kind}"),
            _ => *kinds.entry(kind).or_insert(0) += 1,
        }
    }
    kinds.iter().map(|(kind, count)| format!("{count} {kind}")).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_table_of_the_documents_is_what_is_measured() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("docs/models.md");
    let document = fs::read_to_string(&path).unwrap();
    let (before, rest) = document.split_once(HEAD).expect("docs/models.md has the head of the table");
    let (told, after) = rest.split_once("\n\n").expect("a paragraph follows the table");
    let rows: Vec<Row> = graphs().iter().map(|graph| Row::measured(graph)).collect();
    if std::env::var_os("LIFEBOAT_WRITE_TABLE").is_some() {
        let lines: Vec<String> = rows.iter().map(Row::line).collect();
        return fs::write(path, format!("{before}{HEAD}{}\n\n{after}", lines.join("\n"))).unwrap();
    }
    let told: Vec<&str> = told.lines().collect();
    let stale: Vec<String> = rows
        .iter()
        .enumerate()
        .filter(|(place, row)| !told.get(*place).is_some_and(|line| row.is_told_by(line)))
        .map(|(_, row)| row.line())
        .collect();
    assert!(
        stale.is_empty() && told.len() == rows.len(),
        "docs/models.md is stale; `{WRITE}` writes it:\n{}",
        stale.join("\n")
    );
}
