//! The features of the training rows are those that the program computed whose code knew the table, to the bit, whatever fields are left
//! out; and such a row is known again where it was.
//!
//! `left_out.csv` is what that program said: for each set of fields that were left out, how many of the rows it knew again, and the SHA-256
//! of their features as little-endian `f32`, row by row.

use lifeboat::table::{Record, json};
use serde_json::{Map, Value};
use sha2::{Digest, Sha256};

use crate::features::features;
use crate::leave_one_out::{OPTIONAL, objects};
use crate::titanic::{RECIPE, SCHEMA};

const EXPECTED: &[u8] = include_bytes!("left_out.csv");

/// Reads a row without some of its fields.
fn record(object: &Map<String, Value>, left_out: &[&str]) -> Record {
    let left: Map<String, Value> = object
        .iter()
        .filter(|(name, _)| !left_out.contains(&name.as_str()))
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    json::from_slice(&SCHEMA, Value::Object(left).to_string().as_bytes()).unwrap().unwrap()
}

#[test]
fn the_features_are_those_of_the_earlier_program_whatever_fields_are_left_out() {
    let rows = objects();
    let expected: Vec<(String, usize, String)> =
        csv::Reader::from_reader(EXPECTED).into_deserialize().map(Result::unwrap).collect();
    assert_eq!(expected.len(), 1 << OPTIONAL.len());
    for (names, known, hash) in expected {
        let left_out: Vec<&str> = names.split_whitespace().collect();
        assert!(left_out.iter().all(|name| OPTIONAL.contains(name)), "{names}");
        let records: Vec<Record> = rows.iter().map(|row| record(row, &left_out)).collect();
        let mut found = Sha256::new();
        for record in &records {
            for feature in features(&RECIPE, record) {
                found.update(feature.to_le_bytes());
            }
        }
        assert_eq!(hex::encode(found.finalize()), hash, "without {names:?}");
        assert_eq!(records.iter().filter(|record| RECIPE.may_know(record)).count(), known, "without {names:?}");
    }
}
