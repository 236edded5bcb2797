//! Packages that do not fit together are refused, each with the file, the place, what was expected and found, and the mend.

use std::error::Error;
use std::fmt::Write;
use std::fs;

use regex::Regex;
use serde_json::{Value, json};
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{GraphProto, ValueInfoProto};

use crate::folder::{Folder, matrix, node};

/// What a package is, what is done to it, and whether it is sealed after that, as a careless hand would.
type Case = (&'static str, &'static str, bool, fn(&Folder));

fn manifest(folder: &Folder, property: &str, value: Value) {
    folder.edit("manifest.json", |manifest| manifest[property] = value);
}

fn input(folder: &Folder, place: usize, edit: impl FnOnce(&mut ValueInfoProto)) {
    folder.edit_graph(|graph| edit(&mut graph.input[place]));
}

const FILES: &[Case] = &[
    ("classes", "no schema", false, |folder| fs::remove_file(folder.path("schema.json")).unwrap()),
    ("classes", "no graph", false, |folder| fs::remove_file(folder.path("model.onnx")).unwrap()),
    ("classes", "no manifest", false, |folder| fs::remove_file(folder.path("manifest.json")).unwrap()),
    ("classes", "a state without a recipe", false, |folder| fs::write(folder.path("state.json"), "{}").unwrap()),
    ("classes", "a schema of 50 MB", false, |folder| {
        fs::write(folder.path("schema.json"), vec![b' '; 50 << 20]).unwrap();
    }),
    ("classes", "a manifest of 9 MB", false, |folder| {
        fs::write(folder.path("manifest.json"), vec![b' '; 9 << 20]).unwrap();
    }),
    ("classes", "a graph that breaks off", true, |folder| {
        let graph = fs::read(folder.path("model.onnx")).unwrap();
        fs::write(folder.path("model.onnx"), &graph[..graph.len() / 2]).unwrap();
    }),
    ("classes", "an empty graph", true, |folder| fs::write(folder.path("model.onnx"), "").unwrap()),
    ("classes", "a manifest that breaks off", false, |folder| {
        let manifest = fs::read(folder.path("manifest.json")).unwrap();
        fs::write(folder.path("manifest.json"), &manifest[..manifest.len() / 2]).unwrap();
    }),
    ("classes", "a manifest with a property that nobody reads", false, |folder| {
        manifest(folder, "boundary", json!(0.5));
    }),
    ("classes", "a schema whose label is no field", false, |folder| {
        folder.edit("schema.json", |schema| schema["lifeboat"]["label"] = json!("Species"));
    }),
    ("classes", "a manifest that was never sealed", false, |folder| {
        folder.edit("manifest.json", |manifest| {
            let manifest = manifest.as_object_mut().unwrap();
            for property in ["version", "content_hash", "files"] {
                manifest.remove(property);
            }
        });
    }),
    ("classes", "another graph", false, |folder| {
        folder.edit_graph(|graph| graph.doc_string = "changed".into());
    }),
    ("breast_cancer", "another threshold", false, |folder| manifest(folder, "threshold", json!(0.25))),
    ("classes", "a history that nobody reads", false, |folder| manifest(folder, "history_hash", json!("0123"))),
    ("classes", "another version", false, |folder| manifest(folder, "version", json!("1.0.0-01234567"))),
    ("classes", "a version that is none", true, |folder| manifest(folder, "semantic_version", json!("v1.0"))),
];

const LABELS: &[Case] = &[
    ("classes", "another task", true, |folder| manifest(folder, "task", json!("binary"))),
    ("classes", "a threshold for three classes", true, |folder| manifest(folder, "threshold", json!(0.5))),
    ("breast_cancer", "a threshold that is no probability", true, |folder| manifest(folder, "threshold", json!(-1))),
    ("regression", "classes of a number", true, |folder| manifest(folder, "classes", json!([1, 2]))),
    ("classes", "a class that the label does not have", true, |folder| {
        manifest(folder, "classes", json!(["setosa", "rose"]));
    }),
    ("classes", "a class twice", true, |folder| manifest(folder, "classes", json!(["setosa", "setosa", "virginica"]))),
    ("classes", "too few classes", true, |folder| manifest(folder, "classes", json!(["setosa", "virginica"]))),
    ("classes", "no order of classes", true, |folder| manifest(folder, "classes", Value::Null)),
    ("breast_cancer", "the positive class first", true, |folder| {
        manifest(folder, "classes", json!(["malignant", "benign"]));
    }),
    ("classes", "a graph of two classes for a label of three", true, |folder| {
        folder.edit_graph(|graph| {
            for constant in &mut graph.initializer {
                *constant.dims.last_mut().unwrap() = 2;
                constant.raw_data.truncate(constant.raw_data.len() / 3 * 2);
            }
        });
    }),
    ("breast_cancer", "two classes for a graph of a number", true, |folder| {
        folder.edit("schema.json", |schema| {
            schema["fields"][30] = json!({"name": "diagnosis", "type": "number"});
            schema["lifeboat"]["positive"] = Value::Null;
        });
    }),
    ("breast_cancer", "an output that is not there", true, |folder| {
        manifest(folder, "outputs", json!({"probabilities": "p"}));
    }),
    ("breast_cancer", "an output of another task", true, |folder| {
        manifest(folder, "outputs", json!({"value": "probability"}));
    }),
    ("classes", "a label that is not there", true, |folder| manifest(folder, "outputs", json!({"label": "l"}))),
    ("classes", "labels of doubles", true, |folder| {
        folder.edit_graph(|graph| graph.output.push(matrix("label", DataType::Double, 1)));
    }),
    ("regression", "two outputs of numbers", true, |folder| {
        folder.edit_graph(|graph| {
            graph.output[0].name = "age_sum".into();
            graph.output.push(matrix("sex_sum", DataType::Float, 1));
        });
    }),
    ("regression", "an output that nothing computes", true, |folder| {
        folder.edit_graph(|graph| graph.output[0].name = "nowhere".into());
    }),
    ("regression", "an output of integers", true, |folder| {
        folder.edit_graph(|graph| graph.output[0] = matrix("variable", DataType::Int64, 1));
    }),
    ("regression", "a graph that answers no probability", true, |folder| {
        folder.edit("schema.json", |schema| schema["fields"][10] = json!({"name": "progression", "type": "boolean"}));
        manifest(folder, "task", Value::Null);
    }),
];

const INPUTS: &[Case] = &[
    ("breast_cancer", "a field too many", true, |folder| {
        let more = json!({"name": "more", "type": "number", "constraints": {"required": true}});
        folder.edit("schema.json", |schema| {
            schema["fields"].as_array_mut().unwrap().push(more);
            schema["lifeboat"]["examples"] = json!([]);
        });
    }),
    ("breast_cancer", "a list that is too short", true, |folder| manifest(folder, "inputs", json!(["mean radius"]))),
    ("breast_cancer", "a list with a field that is not there", true, |folder| {
        manifest(folder, "inputs", json!(["mean"]));
    }),
    ("regression", "a list for ten inputs", true, |folder| manifest(folder, "inputs", json!(["age"]))),
    ("regression", "an input that is no field", true, |folder| {
        folder.edit("schema.json", |schema| schema["fields"][2]["name"] = json!("body mass index"));
        folder.edit("schema.json", |schema| schema["lifeboat"]["examples"] = json!([]));
    }),
    ("regression", "an input that the graph does not have", true, |folder| {
        manifest(folder, "inputs", json!({"BMI": "bmi"}));
    }),
    ("regression", "an input of a field that is not there", true, |folder| {
        manifest(folder, "inputs", json!({"bmi": "BMI"}));
    }),
    ("regression", "the label as an input", true, |folder| manifest(folder, "inputs", json!({"bmi": "progression"}))),
    ("classes", "a name of two fields", true, |folder| {
        let fields = [json!({"name": "petal_width [cm]", "type": "number", "constraints": {"required": true}})];
        folder.edit("schema.json", |schema| {
            schema["fields"].as_array_mut().unwrap().extend(fields);
            schema["lifeboat"]["examples"] = json!([]);
        });
    }),
    ("regression", "several columns in one of several inputs", true, |folder| {
        input(folder, 3, |input| *input = matrix("bp", DataType::Float, 2));
    }),
    ("regression", "an input of texts", true, |folder| {
        input(folder, 1, |input| *input = matrix("sex", DataType::String, 1));
    }),
    ("regression", "an input of small integers", true, |folder| {
        input(folder, 1, |input| *input = matrix("sex", DataType::Int8, 1));
    }),
    ("regression", "integers for numbers with fractions", true, |folder| {
        input(folder, 2, |input| *input = matrix("bmi", DataType::Int64, 1));
    }),
    ("regression", "integers for a field that may be missing", true, |folder| {
        folder.edit("schema.json", |schema| schema["fields"][1]["constraints"] = json!({}));
        input(folder, 1, |input| *input = matrix("sex", DataType::Int64, 1));
    }),
    ("regression", "booleans for a number", true, |folder| {
        input(folder, 1, |input| *input = matrix("sex", DataType::Bool, 1));
    }),
    ("regression", "a field of texts for a number", true, |folder| {
        folder.edit("schema.json", |schema| {
            schema["fields"][1] = json!({"name": "sex", "type": "string"});
            schema["lifeboat"]["examples"] = json!([]);
        });
    }),
    ("regression", "a field that may be missing, but not for the graph", true, |folder| {
        folder.edit("schema.json", |schema| schema["fields"][1]["constraints"] = json!({}));
    }),
    ("regression", "no mean", true, |folder| {
        folder.edit("manifest.json", |manifest| manifest["means"] = json!({"age": 1}));
    }),
    ("regression", "a text for a mean", true, |folder| {
        folder.edit("manifest.json", |manifest| manifest["means"]["age"] = json!("old"));
    }),
    ("classes", "no input", true, |folder| {
        folder.edit_graph(|graph| graph.input.clear());
    }),
    ("classes", "an operator that this program does not have", true, |folder| {
        folder.edit_graph(|graph| graph.node[3].op_type = "Sinh".into());
    }),
    ("classes", "an operator that its domain does not have", true, |folder| {
        folder.edit_graph(|graph| {
            graph.node.push(node("ZipMap", &["probabilities"], "dictionary"));
            graph.output[0] = ValueInfoProto { name: "dictionary".to_owned(), ..ValueInfoProto::default() };
        });
    }),
    ("classes", "weights of another shape", true, |folder| {
        folder.edit_graph(|graph: &mut GraphProto| {
            let weights = &mut graph.initializer[0];
            weights.dims[0] = 3;
            weights.raw_data.truncate(3 * 3 * 4);
        });
    }),
    ("classes", "weights that break off", true, |folder| {
        folder.edit_graph(|graph: &mut GraphProto| graph.initializer[0].raw_data.truncate(7));
    }),
    ("classes", "a circle", true, |folder| {
        folder.edit_graph(|graph| graph.node[1].input[0] = "probabilities".into());
    }),
];

/// Returns what is said of each package, by what was done to it.
fn said(cases: &[Case]) -> String {
    let hash = Regex::new("[0-9a-f]{64}").unwrap();
    let mut all = String::new();
    for (name, what, is_sealed, alter) in cases {
        let folder = Folder::copy(name);
        alter(&folder);
        if *is_sealed {
            folder.seal();
        }
        let error = folder.load().expect_err(what);
        let mut said = error.to_string();
        let mut cause: Option<&dyn Error> = error.source();
        while let Some(error) = cause {
            write!(said, ": {error}").unwrap();
            cause = error.source();
        }
        let said = said.replace(folder.folder().to_str().unwrap(), "[folder]");
        writeln!(all, "{name}, {what}\n    {}", hash.replace_all(&said, "[hash]")).unwrap();
    }
    all
}

#[test]
fn files_that_do_not_belong_together_are_told() {
    insta::assert_snapshot!(said(FILES));
}

#[test]
fn a_graph_that_answers_another_label_is_told() {
    insta::assert_snapshot!(said(LABELS));
}

#[test]
fn a_graph_that_reads_other_inputs_is_told() {
    insta::assert_snapshot!(said(INPUTS));
}

#[test]
fn a_folder_that_is_not_there_is_told() {
    let folder = Folder::copy("classes");
    let error = lifeboat::package::Package::load(&folder.path("nowhere")).unwrap_err();
    assert_eq!(error.to_string(), format!("cannot read {}", folder.path("nowhere/manifest.json").display()));
}

#[test]
fn a_baseline_of_another_package_is_told() {
    let folder = Folder::copy("classes");
    fs::write(folder.path("baseline.json"), "{}").unwrap();
    let error = folder.load().unwrap().baseline().unwrap_err().to_string();
    assert!(error.starts_with("manifest.json: /files/baseline.json should be"), "{error}");
    fs::remove_file(folder.path("baseline.json")).unwrap();
    let error = folder.load().unwrap().baseline().unwrap_err().to_string();
    assert_eq!(error, "baseline.json is missing: monitoring compares with it");
}
