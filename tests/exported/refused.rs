//! Graphs that are not served are refused with the file, the place and what to do.

use std::fs;
use std::path::Path;

use lifeboat::package::{Package, seal};
use prost::Message;
use tract_onnx::pb::attribute_proto::AttributeType;
use tract_onnx::pb::tensor_proto::{DataLocation, DataType};
use tract_onnx::pb::tensor_shape_proto::dimension::Value::DimValue;
use tract_onnx::pb::type_proto::Value::TensorType;
use tract_onnx::pb::{
    AttributeProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto, SparseTensorProto, TensorProto,
};

use crate::Beside;

/// A graph, what is done to it, and what the refusal says.
type Case = (&'static str, fn(&mut ModelProto), &'static [&'static str]);

fn graph(model: &mut ModelProto) -> &mut GraphProto {
    model.graph.as_mut().unwrap()
}

fn attribute<'a>(model: &'a mut ModelProto, operator: &str, name: &str) -> &'a mut AttributeProto {
    let node = graph(model).node.iter_mut().find(|node| node.op_type == operator).unwrap();
    node.attribute.iter_mut().find(|attribute| attribute.name == name).unwrap()
}

fn weights(data_type: DataType, dims: &[i64]) -> TensorProto {
    TensorProto {
        name: "weights".to_owned(),
        data_type: data_type.into(),
        dims: dims.to_vec(),
        ..TensorProto::default()
    }
}

const CASES: &[Case] = &[
    (
        "logistic_texts",
        |model| model.opset_import.push(OperatorSetIdProto { domain: String::new(), version: 99 }),
        &["version 99", "target_opset"],
    ),
    (
        "logistic_texts",
        |model| {
            let place = Some(DataLocation::External as i32);
            graph(model).initializer.push(TensorProto { data_location: place, ..weights(DataType::Float, &[2]) });
        },
        &["weights \"weights\"", "without external data"],
    ),
    (
        "mlp",
        |model| {
            let weights = graph(model).initializer.iter_mut().find(|weights| weights.name == "coefficient").unwrap();
            weights.float_data[3] = f32::NAN;
        },
        &["weights \"coefficient\"", "NaN"],
    ),
    (
        "logistic_texts",
        |model| {
            let values = Some(weights(DataType::Float, &[2]));
            graph(model).sparse_initializer.push(SparseTensorProto { values, ..SparseTensorProto::default() });
        },
        &["weights \"weights\"", "dense"],
    ),
    (
        "logistic_texts",
        |model| {
            let Some(TensorType(tensor)) = &mut graph(model).input[0].r#type.as_mut().unwrap().value else { panic!() };
            tensor.shape.as_mut().unwrap().dim[0].value = Some(DimValue(1));
        },
        &["input \"X\"", "any number of rows"],
    ),
    (
        "logistic_texts",
        |model| "If".clone_into(&mut graph(model).node[0].op_type),
        &["(If)", "an operator that this program has", "KNNImputer"],
    ),
    (
        "logistic_texts",
        |model| {
            let node = &mut graph(model).node[0];
            (node.op_type, node.domain) = ("CDist".to_owned(), "com.microsoft".to_owned());
        },
        &["CDist of com.microsoft", "optim"],
    ),
    (
        "logistic_texts",
        |model| "nowhere".clone_into(&mut graph(model).node[0].input[0]),
        &["input \"nowhere\" computed before"],
    ),
    (
        "logistic_texts",
        |model| attribute(model, "Scaler", "scale").floats.truncate(1),
        &["(Scaler)", "scales, as many as offsets"],
    ),
    (
        "logistic_texts",
        |model| attribute(model, "LinearClassifier", "coefficients").floats[0] = f32::NAN,
        &["(LinearClassifier)", "numbers in coefficients", "NaN at 0"],
    ),
    (
        "logistic_texts",
        |model| attribute(model, "LinearClassifier", "coefficients").r#type = AttributeType::Int.into(),
        &["(LinearClassifier)", "coefficients of type Floats"],
    ),
    (
        "titanic_pipeline",
        |model| attribute(model, "OneHotEncoder", "cats_strings").strings[0] = vec![0xff],
        &["(OneHotEncoder)", "UTF-8"],
    ),
    (
        "lightgbm_binary",
        |model| attribute(model, "TreeEnsembleClassifier", "nodes_truenodeids").ints[0] = 0,
        &["(TreeEnsembleClassifier)", "one way to each node"],
    ),
    (
        "lightgbm_binary",
        |model| attribute(model, "TreeEnsembleClassifier", "nodes_truenodeids").ints[0] = 1 << 40,
        &["(TreeEnsembleClassifier)", "a node of the same tree"],
    ),
    (
        "lightgbm_binary",
        |model| attribute(model, "TreeEnsembleClassifier", "nodes_treeids").ints.resize(10_000_000, 0),
        &["(TreeEnsembleClassifier)", "nodes at most", "10000000"],
    ),
    (
        "lightgbm_regression",
        |model| {
            let node = NodeProto { op_type: "Identity".to_owned(), ..NodeProto::default() };
            graph(model).node.resize(1_000_000, node);
        },
        &["the number of nodes", "1000000"],
    ),
];

#[test]
fn what_is_refused_is_told_with_its_place_and_what_to_do() {
    for (name, harm, expected) in CASES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/exported").join(name);
        let beside: Beside = serde_json::from_slice(&fs::read(path.with_extension("json")).unwrap()).unwrap();
        let mut model = ModelProto::decode(&*fs::read(path.with_extension("onnx")).unwrap()).unwrap();
        harm(&mut model);
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("schema.json"), beside.schema.to_string()).unwrap();
        fs::write(folder.path().join("manifest.json"), beside.manifest.to_string()).unwrap();
        fs::write(folder.path().join("model.onnx"), model.encode_to_vec()).unwrap();
        seal(folder.path()).unwrap();
        let error = Package::load(folder.path()).expect_err(name);
        let source = std::error::Error::source(&error).map_or(String::new(), |source| format!(": {source}"));
        let said = format!("{error}{source}");
        assert!(said.starts_with("model.onnx"), "{said}");
        for expected in *expected {
            assert!(said.contains(expected), "{expected} is not in: {said}");
        }
    }
}
