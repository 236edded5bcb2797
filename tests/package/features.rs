//! The features of the built-in recipe are those that earlier versions computed, to the bit.

use std::env;
use std::fs;
use std::io::Read;

use flate2::read::GzDecoder;
use lifeboat::package::json_schema::Written;
use lifeboat::package::recipe::Recipe;
use serde_json::Value;

use crate::titanic::{DESCRIPTOR, HISTORY, RECIPE, SCHEMA, STATE, TRAIN, fit, path, read};

/// The features of the training rows as the program computed them when the table was still a part of its code: little-endian `f32`, row by row.
const MATRIX: &[u8] = include_bytes!("features.bin.gz");

pub(crate) fn features(recipe: &Recipe, record: &lifeboat::table::Record) -> Vec<f32> {
    let mut row = vec![0.0; recipe.feature_names().len()];
    recipe.features(record, &mut row);
    row
}

#[test]
fn the_features_of_the_training_rows_are_those_of_the_matrix() {
    let mut matrix = Vec::new();
    GzDecoder::new(MATRIX).read_to_end(&mut matrix).unwrap();
    let count = RECIPE.feature_names().len();
    assert_eq!((count, matrix.len()), (39, 4 * count * TRAIN.len()));
    let mut differences = Vec::new();
    for (labelled, expected) in TRAIN.iter().zip(matrix.chunks_exact(4 * count)) {
        let found = features(&RECIPE, &labelled.record);
        for ((name, found), expected) in RECIPE.feature_names().iter().zip(found).zip(expected.chunks_exact(4)) {
            let expected = f32::from_le_bytes(expected.try_into().unwrap());
            if found.to_bits() != expected.to_bits() {
                differences.push(format!("{name} is {found:?}, was {expected:?}, of {:?}", labelled.record));
            }
        }
    }
    assert!(differences.is_empty(), "{} differences, as {}", differences.len(), differences[0]);
}

#[test]
fn records_that_are_computed_at_once_have_the_features_that_each_has_alone() {
    let records: Vec<&lifeboat::table::Record> = TRAIN.iter().map(|labelled| &labelled.record).collect();
    let count = RECIPE.feature_names().len();
    let bits = |features: &[f32]| features.iter().map(|number| number.to_bits()).collect::<Vec<_>>();
    let alone: Vec<Vec<u32>> = records.iter().map(|record| bits(&features(&RECIPE, record))).collect();
    for at_once in [1, 2, 31, 32, 33, 100, records.len()] {
        // Fewer follow upon more in the same room.
        for records in [&records[..], &records[records.len() - 1..], &records[..7]] {
            let mut found = Vec::new();
            for records in records.chunks(at_once) {
                let mut rows = vec![0.5; count * records.len()];
                RECIPE.computer_of(at_once).rows(records, &mut rows);
                found.extend(rows.chunks_exact(count).map(bits));
            }
            let first = if records.len() == 1 { alone.len() - 1 } else { 0 };
            assert!(found == alone[first..first + records.len()], "{at_once} at once of {}", records.len());
        }
    }
}

/// Compares the files of the package with what is fitted now; `UPDATE_PACKAGE=1` writes them.
#[test]
fn the_state_and_the_history_are_those_of_a_fresh_fit() {
    let fitted = fit(&TRAIN);
    let texts = [
        ("state.json", serde_json::to_string(&fitted.state).unwrap() + "\n"),
        ("history.json", serde_json::to_string(&fitted.history).unwrap() + "\n"),
    ];
    for (name, text) in texts {
        if env::var_os("UPDATE_PACKAGE").is_some() {
            fs::write(path(name), &text).unwrap();
        }
        assert!(read(name) == text.as_bytes(), "{name} is not what is fitted now: UPDATE_PACKAGE=1 writes it");
    }
}

#[test]
fn each_feature_has_its_group() {
    let groups: Vec<String> =
        RECIPE.feature_names().iter().zip(RECIPE.groups()).map(|(name, group)| format!("{name}: {group}")).collect();
    insta::assert_snapshot!(groups.join("\n"));
}

#[test]
fn a_hash_covers_what_computes_and_no_group() {
    let text = String::from_utf8(read("recipe.json")).unwrap();
    let hash = |text: &str| lifeboat::package::recipe::parse(text.as_bytes()).unwrap().hash();
    assert_eq!(hash(&text), STATE.recipe_hash);
    assert_eq!(hash(&text.replace("\"group\": \"party\"", "\"group\": \"travellers\"")), STATE.recipe_hash);
    for (one, other) in [("\"prior\": 4", "\"prior\": 5"), ("\\\\S+", "\\\\S*"), ("\"above\": 100", "\"above\": 99")] {
        assert_ne!(hash(&text.replacen(one, other, 1)), STATE.recipe_hash, "{one}");
    }
}

#[test]
fn a_recipe_of_another_hash_refuses_the_state_and_the_history() {
    let mut other = DESCRIPTOR.clone();
    other.features.pop();
    let error = Recipe::compile(&other, &SCHEMA, &STATE, Some(&HISTORY)).unwrap_err();
    insta::assert_snapshot!(error.faults().join("\n"));
}

#[test]
fn the_schema_of_recipes_is_published() {
    let schema = Written::Recipe.json_schema();
    assert_eq!(schema["title"], "recipe.json");
    let steps: Vec<&Value> = schema["$defs"]["StepDescriptor"]["oneOf"].as_array().unwrap().iter().collect();
    assert_eq!(steps.len(), 7);
    assert!(steps.iter().all(|step| step["properties"]["step"]["const"].is_string()), "{steps:#?}");
}
