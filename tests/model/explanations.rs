//! Explanations add up, and of a linear model they are what its coefficients say.

use std::fs;
use std::iter::zip;

use lifeboat::explanation::{Group, explain};
use lifeboat::features::{FEATURE_COUNT, FEATURE_NAMES};
use lifeboat::model::Model;
use prost::Message;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tract_onnx::pb::type_proto::{self, Tensor};
use tract_onnx::pb::{
    GraphProto, ModelProto, NodeProto, OperatorSetIdProto, StringStringEntryProto, TensorProto, TensorShapeProto,
    TypeProto, ValueInfoProto, tensor_proto, tensor_shape_proto,
};

use crate::training::{TRAIN, file};

const TOLERANCE: f64 = 1e-4;

#[test]
fn contributions_of_every_training_passenger_add_up_to_its_log_odds() {
    let model = Model::load(None).unwrap();
    for (passenger, _) in TRAIN.iter() {
        let features = model.features(passenger);
        let explanation = explain(&model, &features).unwrap();
        let probability = f64::from(model.probability(&features).unwrap());
        let log_odds = (probability / (1.0 - probability)).ln();
        let sum: f64 = explanation.contributions.iter().map(|contribution| contribution.log_odds).sum();
        assert!((explanation.baseline_log_odds + sum - log_odds).abs() < TOLERANCE, "{explanation:?}");
        assert!((explanation.log_odds - log_odds).abs() < TOLERANCE, "{explanation:?}");
        assert!(explanation.contributions.is_sorted_by(|one, next| one.log_odds.abs() >= next.log_odds.abs()));
    }
}

#[test]
fn contributions_to_a_linear_model_are_coefficient_times_distance_from_the_mean() {
    let coefficients: [f32; FEATURE_COUNT] = std::array::from_fn(|feature| {
        let sign_and_size = f32::from(i8::try_from(feature * 7 % 13).unwrap() - 6) / 12.0;
        // Ages are tens of years, where the other features are near one.
        if FEATURE_NAMES[feature] == "age" { sign_and_size / 40.0 } else { sign_and_size }
    });
    let model = linear_model(&coefficients, -0.3);
    for (passenger, _) in TRAIN.iter() {
        let features = model.features(passenger);
        let explanation = explain(&model, &features).unwrap();
        for contribution in explanation.contributions {
            let moved = zip(FEATURE_NAMES, zip(coefficients, zip(features.0, model.baseline().0)));
            let expected: f64 = moved
                .filter(|(name, _)| group(name) == contribution.group)
                .map(|(_, (coefficient, (value, mean)))| f64::from(coefficient) * (f64::from(value) - f64::from(mean)))
                .sum();
            assert!((contribution.log_odds - expected).abs() < TOLERANCE, "{contribution:?}, not {expected}");
        }
    }
}

#[test]
fn the_average_passenger_needs_no_explanation() {
    let model = Model::load(None).unwrap();
    let explanation = explain(&model, model.baseline()).unwrap();
    assert!(explanation.contributions.iter().all(|contribution| contribution.log_odds.abs() < 1e-12));
}

/// Returns the group that a feature should be in, by what its name says.
fn group(feature: &str) -> Group {
    match feature {
        "female_class_3" | "man_class_1" => Group::Class,
        "female" => Group::SexAndTitle,
        "child" => Group::Age,
        "sib_sp" | "parch" | "family_size" | "alone" | "large_family" | "female_large_family" => Group::Family,
        _ => match feature.split('_').next().unwrap() {
            "class" => Group::Class,
            "title" => Group::SexAndTitle,
            "age" => Group::Age,
            "log" => Group::Fare,
            "port" => Group::Port,
            "deck" => Group::Cabin,
            "ticket" => Group::Ticket,
            "history" => Group::Party,
            other => panic!("{other} is in no group"),
        },
    }
}

/// Returns a logistic regression with these coefficients, in a package with the features of the one built in.
fn linear_model(coefficients: &[f32], intercept: f32) -> Model {
    let mut manifest: Value = serde_json::from_slice(&fs::read(file("manifest.json")).unwrap()).unwrap();
    let (features, graph) =
        (fs::read(file("features.json")).unwrap(), linear_graph(coefficients, intercept, &manifest).encode_to_vec());
    let hash = Sha256::new().chain_update(&graph).chain_update(&features).finalize();
    let hash: String = hash.iter().map(|byte| format!("{byte:02x}")).collect();
    manifest["version"] = json!(format!("{}-{}", manifest["semantic_version"].as_str().unwrap(), &hash[..8]));
    manifest["content_hash"] = json!(hash);
    Model::from_package(&graph, &features, manifest.to_string().as_bytes()).unwrap()
}

fn linear_graph(coefficients: &[f32], intercept: f32, manifest: &Value) -> ModelProto {
    let node = |op: &str, inputs: &[&str], output: &str| NodeProto {
        op_type: op.to_owned(),
        name: output.to_owned(),
        input: inputs.iter().map(|&input| input.to_owned()).collect(),
        output: vec![output.to_owned()],
        ..NodeProto::default()
    };
    let constant = |name: &str, dims: &[i64], values: &[f32]| TensorProto {
        name: name.to_owned(),
        data_type: tensor_proto::DataType::Float.into(),
        dims: dims.to_vec(),
        float_data: values.to_vec(),
        ..TensorProto::default()
    };
    let features = i64::try_from(coefficients.len()).unwrap();
    let metadata = |key: &str, value: String| StringStringEntryProto { key: key.to_owned(), value };
    let text = |key: &str| manifest[key].as_str().unwrap().to_owned();
    ModelProto {
        ir_version: 8,
        opset_import: vec![OperatorSetIdProto { domain: String::new(), version: 17 }],
        graph: Some(GraphProto {
            name: "linear".to_owned(),
            node: vec![
                node("MatMul", &["features", "coefficients"], "moved"),
                node("Add", &["moved", "intercept"], "log_odds"),
                node("Sigmoid", &["log_odds"], "probability"),
            ],
            initializer: vec![
                constant("coefficients", &[features, 1], coefficients),
                constant("intercept", &[1], &[intercept]),
            ],
            input: vec![matrix("features", features)],
            output: vec![matrix("probability", 1)],
            ..GraphProto::default()
        }),
        metadata_props: vec![
            metadata("version", text("semantic_version")),
            metadata("feature_set_hash", text("feature_set_hash")),
            metadata("data_hash", text("data_hash")),
            metadata("threshold", format!("{:?}", manifest["threshold"].as_f64().unwrap())),
        ],
        ..ModelProto::default()
    }
}

/// Returns the type of a matrix with any number of rows.
fn matrix(name: &str, columns: i64) -> ValueInfoProto {
    use tensor_shape_proto::Dimension;
    use tensor_shape_proto::dimension::Value::{DimParam, DimValue};

    let dimension = |value| Dimension { denotation: String::new(), value: Some(value) };
    let shape = TensorShapeProto { dim: vec![dimension(DimParam("rows".to_owned())), dimension(DimValue(columns))] };
    let tensor = Tensor { elem_type: tensor_proto::DataType::Float.into(), shape: Some(shape) };
    ValueInfoProto {
        name: name.to_owned(),
        r#type: Some(TypeProto { denotation: String::new(), value: Some(type_proto::Value::TensorType(tensor)) }),
        ..ValueInfoProto::default()
    }
}
