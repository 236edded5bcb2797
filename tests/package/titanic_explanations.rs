//! Explanations of the built-in package add up, and those of a linear graph on its features are what the coefficients say.

use std::iter::zip;

use lifeboat::package::explanation::explain;
use lifeboat::package::{self, Answer, Package};
use lifeboat::table::Record;
use tract_onnx::pb::GraphProto;
use tract_onnx::pb::tensor_proto::DataType;

use crate::features::features;
use crate::folder::{Folder, constant, matrix, node};
use crate::titanic::{RECIPE, TRAIN, path};

const TOLERANCE: f64 = 1e-4;

fn records() -> Vec<Record> {
    TRAIN.iter().map(|labelled| labelled.record.clone()).collect()
}

#[test]
fn contributions_of_every_training_row_add_up_to_its_log_odds() {
    let (package, records) = (package::open(None).unwrap(), records());
    let answers = package.answers(&records).unwrap();
    for (record, answered) in records.iter().zip(answers) {
        let explanation = explain(&package, std::slice::from_ref(record)).unwrap().remove(0);
        let Answer::Binary { probability, .. } = answered.answer else { panic!("{answered:?}") };
        let log_odds = (f64::from(probability) / (1.0 - f64::from(probability))).ln();
        let sum: f64 = explanation.contributions.iter().map(|contribution| contribution.amount).sum();
        assert!((explanation.baseline + sum - log_odds).abs() < TOLERANCE, "{explanation:?}");
        assert!((explanation.output - log_odds).abs() < TOLERANCE, "{explanation:?}");
        assert!(explanation.contributions.is_sorted_by(|one, next| one.amount.abs() >= next.amount.abs()));
    }
}

#[test]
fn contributions_to_a_linear_graph_are_coefficient_times_distance_from_the_mean() {
    let names = RECIPE.feature_names();
    let coefficients: Vec<f32> = (0..names.len())
        .map(|feature| {
            let sign_and_size = f32::from(i8::try_from(feature * 7 % 13).unwrap() - 6) / 12.0;
            // Ages are tens of years, where the other features are near one.
            if &*names[feature] == "age" { sign_and_size / 40.0 } else { sign_and_size }
        })
        .collect();
    let folder = Folder::copy_of(&path(""));
    folder.edit_graph(|graph| *graph = linear(&coefficients, -0.3));
    folder.seal();
    let package = folder.load().unwrap();
    let means = means(&folder);
    for record in records() {
        let explanation = explain(&package, std::slice::from_ref(&record)).unwrap().remove(0);
        let moved: Vec<f64> = zip(&coefficients, zip(features(&RECIPE, &record), &means))
            .map(|(coefficient, (value, mean))| f64::from(*coefficient) * (f64::from(value) - mean))
            .collect();
        for contribution in &explanation.contributions {
            let group = &*package.groups()[contribution.group];
            let expected: f64 =
                zip(RECIPE.groups(), &moved).filter(|(of, _)| ***of == *group).map(|(_, moved)| moved).sum();
            assert!((contribution.amount - expected).abs() < TOLERANCE, "{group}: {contribution:?}, not {expected}");
        }
        assert_eq!(explanation.contributions.len(), package.groups().len());
    }
}

/// Returns the means of the features, as the package has them.
fn means(folder: &Folder) -> Vec<f64> {
    let means = folder.json("manifest.json")["means"].clone();
    RECIPE.feature_names().iter().map(|name| means[&**name].as_f64().unwrap()).collect()
}

/// Returns a logistic regression with these coefficients.
fn linear(coefficients: &[f32], intercept: f32) -> GraphProto {
    let features = i64::try_from(coefficients.len()).unwrap();
    GraphProto {
        node: vec![
            node("MatMul", &["features", "coefficients"], "moved"),
            node("Add", &["moved", "intercept"], "log_odds"),
            node("Sigmoid", &["log_odds"], "probability"),
        ],
        initializer: vec![
            constant("coefficients", &[features, 1], coefficients),
            constant("intercept", &[1], &[intercept]),
        ],
        input: vec![matrix("features", DataType::Float, features)],
        output: vec![matrix("probability", DataType::Float, 1)],
        ..GraphProto::default()
    }
}

#[test]
fn each_group_of_the_built_in_package_is_explained() {
    let package: Package = package::open(None).unwrap();
    let mut groups: Vec<&str> = RECIPE.groups().iter().map(|group| &**group).collect();
    groups.sort_unstable();
    groups.dedup();
    let mut explained: Vec<&str> = package.groups().iter().map(|group| &**group).collect();
    explained.sort_unstable();
    assert_eq!(explained, groups);
}
