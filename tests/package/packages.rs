//! Packages answer as other programs say, and their versions change with what decides an answer.

use std::borrow::Cow;
use std::fs;

use lifeboat::package::files::Beside;
use lifeboat::package::{Answer, Files, InferenceError, Package, seal};
use lifeboat::table::{Record, Task};
use serde_json::{Value, json};
use tract_onnx::pb::GraphProto;
use tract_onnx::pb::tensor_proto::DataType;

use crate::folder::{COMMITTED, Folder, committed, constant, matrix, node, record, rows};

/// How far an answer may be from onnxruntime's; a number in proportion to its size.
const TOLERANCE: f64 = 1e-6;

fn package(name: &str) -> Package {
    Package::load(&committed(name)).unwrap()
}

fn numbers(answer: &Answer) -> Vec<f64> {
    match answer {
        Answer::Binary { probability, .. } => vec![f64::from(*probability)],
        Answer::Multiclass { probabilities, .. } => probabilities.iter().copied().map(f64::from).collect(),
        Answer::Regression { value } => vec![*value],
    }
}

/// A package, what is changed in it, and how.
type Edit = (&'static str, &'static str, fn(&Folder));

#[test]
fn each_package_answers_as_onnxruntime_does() {
    for name in COMMITTED {
        let package = package(name);
        let golden = rows(package.schema(), &committed(name).join("golden.csv"));
        let (records, expected): (Vec<Record>, Vec<_>) = golden.into_iter().unzip();
        assert_eq!(records.len(), 50);
        let answered = package.answers(&records).unwrap();
        for (answered, expected) in answered.iter().zip(&expected) {
            let found = numbers(&answered.answer);
            assert_eq!(found.len(), expected.len(), "{name}");
            for (found, expected) in found.iter().zip(expected) {
                let expected: f64 = expected.parse().unwrap();
                assert!((found - expected).abs() <= TOLERANCE * expected.abs().max(1.0), "{name}: {found}, {expected}");
            }
            assert_eq!(answered.features, None);
        }
    }
}

#[test]
fn a_record_has_one_answer_alone_and_in_any_company() {
    for name in COMMITTED {
        let package = package(name);
        let records: Vec<Record> =
            rows(package.schema(), &committed(name).join("golden.csv")).into_iter().map(|(record, _)| record).collect();
        let together = package.answers(&records).unwrap();
        for (record, together) in records.iter().zip(together) {
            assert_eq!(package.answers(std::slice::from_ref(record)).unwrap(), [together]);
        }
    }
}

#[test]
fn labels_are_what_the_numbers_say() {
    for (name, task) in COMMITTED.into_iter().zip([Task::Binary, Task::Regression, Task::Multiclass]) {
        let package = package(name);
        assert_eq!(package.schema().task(), task);
        for (record, _) in rows(package.schema(), &committed(name).join("train.csv")) {
            match &package.answers(&[record]).unwrap()[0].answer {
                Answer::Binary { label, probability } => assert_eq!(*label, usize::from(*probability >= 0.5)),
                Answer::Multiclass { label, probabilities } => {
                    assert!(probabilities.iter().all(|probability| *probability <= probabilities[*label]));
                }
                Answer::Regression { value } => {
                    // The shortest decimal of an FP32 has nine digits at most.
                    assert!(format!("{value}").trim_start_matches(['-', '0', '.']).len() <= 10, "{value}");
                }
            }
        }
    }
}

#[test]
fn a_package_that_is_built_in_answers_the_same() {
    let folder = committed("classes");
    let leak = |file: &str| -> &'static [u8] { fs::read(folder.join(file)).unwrap().leak() };
    let files = Files {
        schema: Cow::Borrowed(leak("schema.json")),
        manifest: Cow::Borrowed(leak("manifest.json")),
        graph: Cow::Borrowed(leak("model.onnx")),
        recipe: None,
        state: None,
        history: None,
    };
    let (built_in, loaded) =
        (Package::built_in(&files, Beside { baseline: Some(b"{}"), sheet: None }, true).unwrap(), package("classes"));
    let (record, _) = rows(loaded.schema(), &folder.join("golden.csv")).remove(0);
    let records = [record];
    assert_eq!(built_in.answers(&records).unwrap(), loaded.answers(&records).unwrap());
    assert_eq!(built_in.version(), loaded.version());
    assert_eq!(&*built_in.baseline().unwrap(), b"{}");
    assert_eq!(loaded.baseline().unwrap(), fs::read(folder.join("baseline.json")).unwrap());
    let without = Package::built_in(&files, Beside::default(), true).unwrap();
    let missing = "baseline.json is missing: monitoring compares with it";
    assert_eq!(without.baseline().unwrap_err().to_string(), missing);
    let other = leak("model.onnx").iter().copied().chain([0xf8, 1, 0]).collect::<Vec<u8>>();
    let changed = Files { graph: other.into(), ..files };
    let error = Package::built_in(&changed, Beside::default(), true).unwrap_err().to_string();
    assert!(error.contains("changed since it was packed: model.onnx"), "{error}");
    assert_eq!(
        Package::built_in(&changed, Beside::default(), false).unwrap().answers(&records).unwrap(),
        loaded.answers(&records).unwrap()
    );
}

#[test]
fn the_version_changes_with_all_that_decides_an_answer() {
    let edits: [Edit; 8] = [
        ("breast_cancer", "a weight", |package| {
            package.edit_graph(|graph| {
                let weights = &mut graph.initializer[0].raw_data;
                weights[0] ^= 1;
            });
        }),
        ("breast_cancer", "the threshold", |package| {
            package.edit("manifest.json", |manifest| manifest["threshold"] = json!(0.25));
        }),
        ("breast_cancer", "a bound", |package| {
            package.edit("schema.json", |schema| schema["fields"][0]["constraints"]["maximum"] = json!(1000));
        }),
        ("breast_cancer", "the positive class", |package| {
            package.edit("schema.json", |schema| schema["lifeboat"]["positive"] = json!("benign"));
        }),
        ("breast_cancer", "a pattern", |package| {
            package.edit("schema.json", |schema| {
                let fields = schema["fields"].as_array_mut().unwrap();
                fields.push(json!({"name": "note", "type": "string", "constraints": {"pattern": "[a-z]*"}}));
            });
        }),
        ("classes", "the order of classes", |package| {
            package.edit("manifest.json", |manifest| manifest["classes"].as_array_mut().unwrap().swap(0, 1));
        }),
        ("regression", "the meaning of an input", |package| {
            package.edit("manifest.json", |manifest| manifest["inputs"] = json!({"s1": "s2", "s2": "s1"}));
        }),
        ("regression", "the meaning of an output", |package| {
            package.edit("manifest.json", |manifest| manifest["outputs"] = json!({"value": "variable"}));
        }),
    ];
    for (name, what, change) in edits {
        let package = Folder::copy(name);
        let before = package.load().unwrap().content_hash().to_owned();
        change(&package);
        assert!(package.load().unwrap_err().to_string().contains("content_hash"), "{what} was changed unseen");
        let version = package.seal();
        let changed = package.load().unwrap();
        assert_ne!(changed.content_hash(), before, "{what} is another version");
        assert_eq!(**changed.version(), *version);
    }
}

#[test]
fn the_version_stays_with_what_only_people_read() {
    let package = Folder::copy("classes");
    let before = package.load().unwrap().version().clone();
    package.edit("schema.json", |schema| {
        schema["fields"][0]["title"] = json!("Another title");
        schema["fields"][1]["example"] = json!(3);
        schema["lifeboat"]["examples"] = json!([]);
        schema["lifeboat"]["record"] = json!("plant");
    });
    package.edit("manifest.json", |manifest| {
        manifest["evaluation"] = json!({"accuracy": 1});
        manifest["means"]["petal width (cm)"] = json!(1);
    });
    assert_eq!(*package.load().unwrap().version(), before, "a package with another title needs no seal");
    assert_eq!(*package.seal(), *before);
}

#[test]
fn sealing_leaves_the_rest_of_a_manifest_as_it_is() {
    for name in COMMITTED {
        let package = Folder::copy(name);
        let sealed = fs::read_to_string(package.path("manifest.json")).unwrap();
        package.seal();
        assert_eq!(fs::read_to_string(package.path("manifest.json")).unwrap(), sealed, "{name} is sealed");
    }
    let package = Folder::copy("classes");
    let bare = r#"{"name": "n",   "semantic_version": "2.0.0-rc.1", "training": {"b": [1,  2], "a": 1.50}, "classes": ["setosa", "versicolor", "virginica"]}"#;
    fs::write(package.path("manifest.json"), bare).unwrap();
    let version = seal(package.folder()).unwrap();
    assert!(version.starts_with("2.0.0-rc.1-"), "{version}");
    let sealed = fs::read_to_string(package.path("manifest.json")).unwrap();
    assert!(sealed.contains(r#""training": {"b": [1,  2], "a": 1.50},"#), "{sealed}");
    let properties: Vec<usize> =
        ["name", "semantic_version", "version", "content_hash", "files", "training", "classes"]
            .iter()
            .map(|property| sealed.find(&format!("\n  \"{property}\": ")).unwrap())
            .collect();
    assert!(properties.is_sorted(), "{sealed}");
}

#[test]
fn classes_are_answered_in_the_order_of_the_schema() {
    let package = Folder::copy("classes");
    let records: Vec<Record> = rows(package.load().unwrap().schema(), &package.path("golden.csv"))
        .into_iter()
        .map(|(record, _)| record)
        .collect();
    let before = package.load().unwrap().answers(&records).unwrap();
    package.edit("schema.json", |schema| schema["fields"][4]["categories"].as_array_mut().unwrap().swap(0, 2));
    package.seal();
    let after = package.load().unwrap().answers(&records).unwrap();
    for (before, after) in before.iter().zip(&after) {
        let (Answer::Multiclass { label, probabilities }, Answer::Multiclass { label: other, probabilities: others }) =
            (&before.answer, &after.answer)
        else {
            panic!("there are three classes");
        };
        assert_eq!(label + other, 2);
        assert!(probabilities.iter().eq(others.iter().rev()));
    }
}

/// Returns a package with two classes that reads a label of its own making and a probability: `label` is the field `seen`.
fn labelling(manifest: &Value) -> Folder {
    let schema = json!({
        "fields": [
            {"name": "seen", "type": "integer", "constraints": {"required": true}},
            {"name": "x", "type": "number", "constraints": {"required": true}},
            {"name": "y", "type": "integer", "categories": [7, 9]},
        ],
        "lifeboat": {"label": "y"},
    });
    let graph = GraphProto {
        node: vec![
            node("Identity", &["seen"], "label"),
            node("Sub", &["one", "x"], "rest"),
            concat(&["rest", "x"], "probabilities"),
        ],
        initializer: vec![constant("one", &[1], &[1.0])],
        input: vec![matrix("seen", DataType::Int64, 1), matrix("x", DataType::Float, 1)],
        output: vec![matrix("label", DataType::Int64, 1), matrix("probabilities", DataType::Float, 2)],
        ..GraphProto::default()
    };
    let mut whole =
        json!({"name": "n", "semantic_version": "1.0.0", "classes": [7, 9], "means": {"seen": 7, "x": 0.5}});
    whole.as_object_mut().unwrap().extend(manifest.as_object().unwrap().clone());
    Folder::new(&schema, &whole, &graph)
}

fn concat(inputs: &[&str], output: &str) -> tract_onnx::pb::NodeProto {
    use tract_onnx::pb::AttributeProto;
    use tract_onnx::pb::attribute_proto::AttributeType;

    let mut node = node("Concat", inputs, output);
    let axis =
        AttributeProto { name: "axis".to_owned(), r#type: AttributeType::Int.into(), i: 1, ..Default::default() };
    node.attribute.push(axis);
    node
}

#[test]
fn the_label_of_a_graph_counts_and_a_threshold_overrules_it() {
    let answer = |manifest: &Value, seen: i64, x: f32| {
        let package = labelling(manifest).load().unwrap();
        let record = record(&package, &json!({"seen": seen, "x": x}));
        package.answers(&[record]).map(|answered| answered[0].answer.clone()).map_err(|error| error.to_string())
    };
    let binary = |label, probability| Ok(Answer::Binary { label, probability });
    let own = json!({});
    assert_eq!(answer(&own, 9, 0.125), binary(1, 0.125));
    assert_eq!(answer(&own, 7, 0.875), binary(0, 0.875));
    assert_eq!(answer(&own, 8, 0.875), Err("the model gave no answer: the label 8 is none of the classes".to_owned()));
    assert_eq!(answer(&json!({"threshold": 0.125}), 7, 0.125), binary(1, 0.125));
    assert_eq!(answer(&json!({"outputs": {"probabilities": "probabilities"}}), 7, 0.5), binary(1, 0.5));
    assert_eq!(answer(&json!({"classes": [9, 7]}), 7, 0.25), binary(0, 0.75));
    let no_probability = "the model gave no answer: 1.5 is not between 0 and 1".to_owned();
    assert_eq!(answer(&own, 7, 1.5).map_err(|said| said.replace("-0.5", "1.5")), Err(no_probability));
}

#[test]
fn a_number_is_the_shortest_decimal_that_names_it() {
    let schema = json!({
        "fields": [
            {"name": "x (m)", "type": "number"},
            {"name": "y", "type": "number"},
        ],
        "lifeboat": {"label": "y"},
    });
    let manifest = json!({"name": "n", "semantic_version": "1.0.0", "means": {"x (m)": 1}});
    for (kind, expected) in [(DataType::Float, 0.1), (DataType::Double, 0.1)] {
        let graph = GraphProto {
            node: vec![node("Identity", &["x__m_"], "value")],
            input: vec![matrix("x__m_", kind, 1)],
            output: vec![matrix("value", kind, 1)],
            ..GraphProto::default()
        };
        let folder = Folder::new(&schema, &manifest, &graph);
        let error = folder.load().unwrap_err().to_string();
        assert!(error.contains("the answer for a record without \"x (m)\""), "{error}");
        folder.edit("schema.json", |schema| schema["fields"][0]["constraints"] = json!({"required": true})).seal();
        let package = folder.load().unwrap();
        let record = record(&package, &json!({"x (m)": 0.1}));
        let answers = package.answers(&[record]).unwrap();
        assert_eq!(answers[0].answer, Answer::Regression { value: expected }, "{kind:?}");
    }
}

#[test]
fn a_record_without_a_finite_answer_is_told_by_its_place() {
    let package = package("classes");
    let golden = rows(package.schema(), &committed("classes").join("golden.csv"));
    let records = golden.into_iter().map(|(record, _)| record);
    let mut records: Vec<Record> = records.cycle().take(100).collect();
    records[70] = record(
        &package,
        &json!({
            "sepal length (cm)": 7e307, "sepal width (cm)": 2e16, "petal length (cm)": 1e-167, "petal width (cm)": 6e15,
        }),
    );
    assert!(matches!(package.answers(&records), Err(InferenceError::NotFinite { row: 70 })));
}
