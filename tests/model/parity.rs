//! tract and onnxruntime, one by one and in batches: the same probabilities.

use std::sync::LazyLock;

use lifeboat::features::{FEATURE_NAMES, FEATURE_SET_HASH, Features};
use lifeboat::model::Model;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::training::{TRAIN, file};

const TOLERANCE: f64 = 1e-6;

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::load(None).unwrap());

fn rows() -> Vec<Features> {
    TRAIN.iter().map(|(passenger, _)| MODEL.features(passenger)).collect()
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[track_caller]
fn assert_close(left: impl Into<f64>, right: impl Into<f64>, row: usize) {
    let (left, right) = (left.into(), right.into());
    assert!((left - right).abs() <= TOLERANCE, "row {row}: {left} and {right}");
}

#[test]
fn probabilities_are_those_of_onnxruntime() {
    let mut golden = csv::Reader::from_path(file("golden.csv")).expect("model/golden.csv, which training writes");
    let golden: Vec<(u64, f64)> = golden.deserialize().map(Result::unwrap).collect();
    let rows = rows();
    assert_eq!(golden.len(), rows.len());
    let batch = MODEL.probabilities(&rows).unwrap();
    for (index, (passenger_id, expected)) in golden.into_iter().enumerate() {
        assert_eq!(TRAIN[index].0.passenger_id(), Some(passenger_id));
        assert_close(MODEL.probability(&rows[index]).unwrap(), expected, index);
        assert_close(batch[index], expected, index);
    }
}

#[test]
fn a_batch_says_of_each_row_what_it_says_of_it_alone() {
    let rows = rows();
    let alone: Vec<f32> = rows.iter().map(|row| MODEL.probability(row).unwrap()).collect();
    for size in [1, 2, 3, 31, 32, 33, 64, 200, rows.len()] {
        let batch = MODEL.probabilities(&rows[..size]).unwrap();
        assert_eq!(batch.len(), size);
        for (index, (&in_batch, &alone)) in batch.iter().zip(&alone).enumerate() {
            assert_eq!(in_batch.to_bits(), alone.to_bits(), "row {index} of {size}");
        }
    }
}

#[test]
fn a_row_is_told_the_same_each_time_wherever_it_stands() {
    let rows = rows();
    let model = Model::load(None).unwrap();
    assert_eq!(MODEL.probabilities(&rows).unwrap(), model.probabilities(&rows).unwrap());
    let forwards = MODEL.probabilities(&rows).unwrap();
    let backwards: Vec<_> = rows.iter().copied().rev().collect();
    let backwards = MODEL.probabilities(&backwards).unwrap();
    for (index, (forwards, backwards)) in forwards.iter().zip(backwards.iter().rev()).enumerate() {
        assert_eq!(forwards.to_bits(), backwards.to_bits(), "row {index}");
    }
}

#[test]
fn no_rows_have_no_probabilities() {
    assert_eq!(MODEL.probabilities(&[]).unwrap(), [0.0; 0]);
}

#[test]
fn the_model_has_learned_something() {
    let probabilities = MODEL.probabilities(&rows()).unwrap();
    let right = probabilities.iter().zip(TRAIN.iter()).filter(|(p, (_, survived))| MODEL.survives(**p) == *survived);
    assert!(right.count() * 100 >= TRAIN.len() * 78, "worse than telling by sex alone");
}

#[test]
fn the_manifest_is_that_of_this_program_and_of_the_files_beside_it() {
    let manifest: Value = serde_json::from_str(MODEL.manifest_json()).unwrap();
    let names: String = FEATURE_NAMES.iter().flat_map(|name| [*name, "\n"]).collect();
    assert_eq!(*FEATURE_SET_HASH, sha256(names.as_bytes()));
    assert_eq!(manifest["feature_set_hash"].as_str(), Some(FEATURE_SET_HASH.as_str()));
    assert_eq!(manifest["data_hash"].as_str().unwrap(), sha256(&std::fs::read(file("train.csv")).unwrap()));
    let mut package = std::fs::read(file("survival.onnx")).unwrap();
    package.extend(std::fs::read(file("features.json")).unwrap());
    assert_eq!(manifest["content_hash"].as_str().unwrap(), sha256(&package));
    let folder = file("");
    assert_eq!(Model::load(Some(&folder)).unwrap().version(), MODEL.version());
}
