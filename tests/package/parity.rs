//! The built-in package and onnxruntime: the same probabilities, one by one and in batches.

use std::sync::LazyLock;

use lifeboat::package::{self, Answer, Package};
use lifeboat::table::{Record, Value};
use sha2::{Digest, Sha256};

use crate::titanic::{SCHEMA, TRAIN, path, read};

const TOLERANCE: f64 = 1e-6;

static PACKAGE: LazyLock<Package> = LazyLock::new(|| package::open(None).unwrap());

fn records() -> Vec<Record> {
    TRAIN.iter().map(|labelled| labelled.record.clone()).collect()
}

/// Returns the class and the probability of each record.
fn answers(package: &Package, records: &[Record]) -> Vec<(usize, f32)> {
    let answered = package.answers(records).unwrap();
    let binary = answered.into_iter().map(|answered| match answered.answer {
        Answer::Binary { label, probability } => (label, probability),
        other => panic!("{other:?}"),
    });
    binary.collect()
}

fn bits(answers: &[(usize, f32)]) -> Vec<u32> {
    answers.iter().map(|(_, probability)| probability.to_bits()).collect()
}

#[track_caller]
fn assert_close(found: f32, expected: f64, row: usize) {
    assert!((f64::from(found) - expected).abs() <= TOLERANCE, "row {row}: {found} and {expected}");
}

#[test]
fn probabilities_are_those_of_onnxruntime() {
    let mut golden = csv::Reader::from_path(path("golden.csv")).unwrap();
    let golden: Vec<(i64, f64)> = golden.deserialize().map(Result::unwrap).collect();
    let records = records();
    assert_eq!(golden.len(), records.len());
    let (key, batch) = (SCHEMA.key()[0], answers(&PACKAGE, &records));
    for (index, (id, expected)) in golden.into_iter().enumerate() {
        assert_eq!(records[index].get(key), Some(&Value::Integer(id)));
        let alone = answers(&PACKAGE, &records[index..=index]);
        assert_close(alone[0].1, expected, index);
        assert_close(batch[index].1, expected, index);
    }
}

#[test]
fn a_batch_says_of_each_record_what_it_says_of_it_alone() {
    let records = records();
    let alone: Vec<_> = records.iter().flat_map(|record| answers(&PACKAGE, std::slice::from_ref(record))).collect();
    for size in [1, 2, 3, 31, 32, 33, 64, 200, records.len()] {
        assert_eq!(bits(&answers(&PACKAGE, &records[..size])), bits(&alone[..size]), "{size}");
    }
}

#[test]
fn a_record_is_told_the_same_each_time_wherever_it_stands() {
    let records = records();
    let forwards = answers(&PACKAGE, &records);
    assert_eq!(bits(&forwards), bits(&answers(&package::open(None).unwrap(), &records)));
    let reversed: Vec<_> = records.into_iter().rev().collect();
    let mut backwards = answers(&PACKAGE, &reversed);
    backwards.reverse();
    assert_eq!(bits(&forwards), bits(&backwards));
}

#[test]
fn no_records_have_no_answers() {
    assert_eq!(answers(&PACKAGE, &[]), []);
}

#[test]
fn the_model_has_learned_something() {
    let answers = answers(&PACKAGE, &records());
    let classes = SCHEMA.classes().unwrap();
    let right =
        answers.iter().zip(TRAIN.iter()).filter(|((label, _), row)| Some(&classes[*label]) == row.label.as_ref());
    assert!(right.count() * 100 >= TRAIN.len() * 78, "worse than telling by sex alone");
}

#[test]
fn the_package_that_is_built_in_is_that_of_the_files_in_its_folder() {
    let data_hash: String = Sha256::digest(read("train.csv")).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(PACKAGE.manifest().data_hash, Some(data_hash));
    // Loading hashes the files; what is built in is not hashed.
    let folder = Package::load(&path("")).unwrap();
    assert_eq!((folder.version(), folder.snapshot()), (PACKAGE.version(), PACKAGE.snapshot()));
    assert_eq!(folder.baseline().unwrap(), PACKAGE.baseline().unwrap());
}
