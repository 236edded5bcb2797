//! A record never sees its own label, whoever asks: that is what keeps training honest and serving free of leaks.

use std::collections::HashSet;

use lifeboat::package::recipe::{Fitted, Recipe};
use lifeboat::table::{Record, Value as Cell, json};
use serde_json::{Map, Value, json as object};

use crate::features::features;
use crate::titanic::{RECIPE, SCHEMA, TRAIN, compile, fit, path};

/// The fields that a record may lack.
pub(crate) const OPTIONAL: [&str; 8] = ["Name", "Age", "SibSp", "Parch", "Ticket", "Fare", "Cabin", "Embarked"];

fn bits(recipe: &Recipe, record: &Record) -> Vec<u32> {
    features(recipe, record).into_iter().map(f32::to_bits).collect()
}

fn history_of(recipe: &Recipe, record: &Record) -> Vec<f32> {
    let named = recipe.feature_names().iter().zip(features(recipe, record));
    named.filter(|(name, _)| name.starts_with("history_")).map(|(_, value)| value).collect()
}

/// Returns the recipe as it is fitted when one row has the other label.
fn flipped(index: usize) -> Recipe {
    let mut rows = TRAIN.clone();
    rows[index].label = match rows[index].label {
        Some(Cell::Category(class)) => Some(Cell::Category(1 - class)),
        _ => panic!("a label is a category"),
    };
    compile(&fit(&rows))
}

/// Returns the training rows as JSON.
pub(crate) fn objects() -> Vec<Map<String, Value>> {
    let mut reader = csv::Reader::from_path(path("train.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let cell = |name: &str, text: &str| match name {
        _ if text.is_empty() => Value::Null,
        "PassengerId" | "Survived" | "Pclass" | "Age" | "SibSp" | "Parch" | "Fare" => text.parse().unwrap(),
        _ => object!(text),
    };
    let row = |row: csv::StringRecord| {
        header.iter().zip(&row).map(|(name, text)| (name.to_owned(), cell(name, text))).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn record(object: Map<String, Value>) -> Record {
    json::from_slice(&SCHEMA, Value::Object(object).to_string().as_bytes()).unwrap().unwrap()
}

/// Flips the label of each training row in turn, and asks by each of the records that somebody may send of it.
fn assert_own_labels_stay_hidden(asked: impl Fn(&Map<String, Value>) -> Vec<Map<String, Value>>) {
    for (index, object) in objects().iter().enumerate() {
        let other = flipped(index);
        for object in asked(object) {
            let asked = record(object);
            assert_eq!(bits(&other, &asked), bits(&RECIPE, &asked), "{asked:?}");
        }
    }
}

#[test]
fn the_label_of_a_record_changes_nothing_of_its_own_features_whatever_fields_are_left_out() {
    assert_own_labels_stay_hidden(|object| {
        let left = |subset: u32| {
            let mut object = object.clone();
            for (bit, field) in OPTIONAL.iter().enumerate() {
                if subset >> bit & 1 == 1 {
                    object.remove(*field);
                }
            }
            object
        };
        (0..1_u32 << OPTIONAL.len()).map(left).collect()
    });
}

#[test]
fn the_label_of_a_record_changes_nothing_whatever_else_is_said_of_its_name_and_ticket() {
    let others = [
        ("PassengerId", object!(5000)),
        ("Pclass", object!(1)),
        ("Pclass", object!(3)),
        ("Sex", object!("female")),
        ("Sex", object!("male")),
        ("Age", object!(23)),
        ("Age", object!(2)),
        ("SibSp", object!(4)),
        ("Parch", object!(5)),
        ("Fare", object!(31.5)),
        ("Cabin", object!("C23")),
        ("Embarked", object!("Q")),
    ];
    assert_own_labels_stay_hidden(|object| {
        let changed = |(field, value): &(&str, Value)| {
            let mut object = object.clone();
            object.insert((*field).to_owned(), value.clone());
            object
        };
        others.iter().map(changed).collect()
    });
}

#[test]
fn a_record_is_told_the_same_as_if_it_had_never_been_in_the_history() {
    for index in (0..TRAIN.len()).step_by(10) {
        let mut others = TRAIN.clone();
        let own = others.remove(index).record;
        // The medians may differ without it, so only what the history says is compared.
        let without: Fitted = fit(&others);
        assert_eq!(history_of(&RECIPE, &own), history_of(&compile(&without), &own), "{own:?}");
    }
}

#[test]
fn the_label_of_a_record_matters_to_its_party_only_by_the_history() {
    let has_history = |record: &Record| history_of(&RECIPE, record).iter().any(|value| *value != 0.0);
    let index = TRAIN.iter().position(|labelled| has_history(&labelled.record)).unwrap();
    let after = flipped(index);
    let mut changed = 0;
    for labelled in TRAIN.iter() {
        let pairs = bits(&RECIPE, &labelled.record).into_iter().zip(bits(&after, &labelled.record));
        let by_name = RECIPE.feature_names().iter().zip(pairs);
        let names: HashSet<_> = by_name.filter(|(_, (one, other))| one != other).map(|(name, _)| name).collect();
        assert!(names.iter().all(|name| name.starts_with("history_")), "{names:?}");
        changed += usize::from(!names.is_empty());
    }
    assert!(changed > 0, "the history tells nobody anything");
}

#[test]
fn a_stranger_has_no_history() {
    let stranger =
        object!({"Pclass": 3, "Sex": "male", "Name": "Nobody, Mr. No", "Ticket": "no such ticket", "SibSp": 1});
    let Value::Object(stranger) = stranger else { unreachable!() };
    assert!(history_of(&RECIPE, &record(stranger)).iter().all(|value| *value == 0.0));
}

#[test]
fn the_order_of_the_training_file_does_not_matter() {
    let reversed: Vec<_> = TRAIN.iter().rev().cloned().collect();
    let reversed = compile(&fit(&reversed));
    for labelled in TRAIN.iter() {
        assert_eq!(bits(&RECIPE, &labelled.record), bits(&reversed, &labelled.record), "{:?}", labelled.record);
    }
}
