//! The features of the built-in recipe are those of the program that still knows the table in its code, to the bit: for the training rows,
//! and for each of them with any of its fields left out.

use std::env;
use std::fs;
use std::io::Write;
use std::sync::LazyLock;

use flate2::Compression;
use flate2::write::GzEncoder;
use lifeboat::features::FeatureState;
use lifeboat::passenger::json::Parsed;
use lifeboat::passenger::{Passenger, csv::Header};
use lifeboat::table::json;
use serde_json::{Map, Value};

use crate::features::features;
use crate::leave_one_out::objects;
use crate::titanic::{RECIPE, SCHEMA, TRAIN, path};

static PASSENGERS: LazyLock<Vec<(Passenger, bool)>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_path(path("train.csv")).unwrap();
    let header = Header::parse(reader.byte_headers().unwrap()).unwrap();
    let labelled = |row: csv::ByteRecord| (header.passenger(&row).unwrap(), header.label(&row).unwrap());
    reader.byte_records().map(|row| labelled(row.unwrap())).collect()
});

static STATE: LazyLock<FeatureState> = LazyLock::new(|| FeatureState::fit(&PASSENGERS, String::new()).unwrap());

/// `UPDATE_PACKAGE=1` writes the matrix that later versions are compared with.
#[test]
fn the_features_of_the_training_rows_are_those_of_today() {
    let rows: Vec<[f32; 39]> = PASSENGERS.iter().map(|(passenger, _)| STATE.features(passenger).0).collect();
    if env::var_os("UPDATE_PACKAGE").is_some() {
        let mut file = GzEncoder::new(Vec::new(), Compression::best());
        rows.iter().flatten().for_each(|feature| file.write_all(&feature.to_le_bytes()).unwrap());
        let matrix = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/package/features.bin.gz");
        fs::write(matrix, file.finish().unwrap()).unwrap();
    }
    for (labelled, expected) in TRAIN.iter().zip(rows) {
        assert_same(&features(&RECIPE, &labelled.record), expected, &labelled.record);
    }
}

#[track_caller]
fn assert_same(found: &[f32], expected: [f32; 39], of: &impl std::fmt::Debug) {
    for (name, (found, expected)) in RECIPE.feature_names().iter().zip(found.iter().zip(expected)) {
        assert!(found.to_bits() == expected.to_bits(), "{name} is {found:?}, was {expected:?}, of {of:?}");
    }
}

#[test]
fn the_features_are_those_of_today_whatever_fields_are_left_out() {
    for object in objects() {
        for subset in 0..1_u32 << Passenger::OPTIONAL.len() {
            let mut left: Map<String, Value> = object.clone();
            for (bit, field) in Passenger::OPTIONAL.iter().enumerate() {
                if subset >> bit & 1 == 1 {
                    left.remove(*field);
                }
            }
            let text = Value::Object(left).to_string();
            let passenger = serde_json::from_str::<Parsed>(&text).unwrap().0.unwrap();
            let record = json::from_slice(&SCHEMA, text.as_bytes()).unwrap().unwrap();
            assert_same(&features(&RECIPE, &record), STATE.features(&passenger).0, &text);
            assert_eq!(RECIPE.may_know(&record), STATE.was_fitted_to(&passenger), "{text}");
        }
    }
}
