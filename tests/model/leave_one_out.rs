//! A passenger never sees its own label, whoever asks: that is what keeps training honest and serving free of leaks.

use std::collections::HashSet;

use lifeboat::features::{FeatureState, Features};
use lifeboat::passenger::Passenger;
use lifeboat::passenger::json::Parsed;
use serde_json::{Map, Value, json};

use crate::training::{TRAIN, file};

fn fit(labelled: &[(Passenger, bool)]) -> FeatureState {
    FeatureState::fit(labelled, String::new()).unwrap()
}

fn bits(features: Features) -> Vec<u32> {
    features.0.map(f32::to_bits).into()
}

fn history_of(features: &Features) -> Vec<f32> {
    features.named().filter(|(name, _)| name.starts_with("history_")).map(|(_, value)| value).collect()
}

#[test]
fn the_label_of_a_passenger_changes_nothing_of_its_own_features() {
    let state = fit(&TRAIN);
    let mut flipped = TRAIN.clone();
    for index in 0..TRAIN.len() {
        let (passenger, survived) = &TRAIN[index];
        flipped[index].1 = !survived;
        assert_eq!(bits(fit(&flipped).features(passenger)), bits(state.features(passenger)), "{passenger:?}");
        flipped[index].1 = *survived;
    }
}

/// Returns the training passengers as JSON, in Kaggle's terms.
fn objects() -> Vec<Map<String, Value>> {
    let mut reader = csv::Reader::from_path(file("train.csv")).unwrap();
    let header = reader.headers().unwrap().clone();
    let cell = |name: &str, text: &str| match name {
        _ if text.is_empty() => Value::Null,
        "PassengerId" | "Survived" | "Pclass" | "Age" | "SibSp" | "Parch" | "Fare" => text.parse().unwrap(),
        _ => json!(text),
    };
    let row = |row: csv::StringRecord| {
        header.iter().zip(&row).map(|(name, text)| (name.to_owned(), cell(name, text))).collect()
    };
    reader.records().map(|record| row(record.unwrap())).collect()
}

fn passenger(object: &Map<String, Value>) -> Passenger {
    serde_json::from_value::<Parsed>(Value::Object(object.clone())).unwrap().0.unwrap()
}

/// Flips the label of each training passenger in turn, and asks by each of the records that somebody may send of it.
fn assert_own_labels_stay_hidden(asked: impl Fn(&Map<String, Value>) -> Vec<Map<String, Value>>) {
    let state = fit(&TRAIN);
    let mut flipped = TRAIN.clone();
    for (index, object) in objects().iter().enumerate() {
        flipped[index].1 = !TRAIN[index].1;
        let other = fit(&flipped);
        for record in asked(object) {
            let asked = passenger(&record);
            assert_eq!(bits(other.features(&asked)), bits(state.features(&asked)), "{record:?}");
        }
        flipped[index].1 = TRAIN[index].1;
    }
}

#[test]
fn the_label_of_a_passenger_changes_nothing_whatever_fields_are_left_out() {
    assert_own_labels_stay_hidden(|object| {
        let subsets = 0..1_u32 << Passenger::OPTIONAL.len();
        let left = |subset: u32| {
            let mut object = object.clone();
            for (bit, field) in Passenger::OPTIONAL.iter().enumerate() {
                if subset >> bit & 1 == 1 {
                    object.remove(*field);
                }
            }
            object
        };
        subsets.map(left).collect()
    });
}

#[test]
fn the_label_of_a_passenger_changes_nothing_whatever_else_is_said_of_its_name_and_ticket() {
    let others = [
        ("PassengerId", json!(5000)),
        ("Pclass", json!(1)),
        ("Pclass", json!(3)),
        ("Sex", json!("female")),
        ("Sex", json!("male")),
        ("Age", json!(23)),
        ("Age", json!(2)),
        ("SibSp", json!(4)),
        ("Parch", json!(5)),
        ("Fare", json!(31.5)),
        ("Cabin", json!("C23")),
        ("Embarked", json!("Q")),
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
fn a_passenger_is_told_the_same_as_if_it_had_never_been_in_the_history() {
    let state = fit(&TRAIN);
    for index in (0..TRAIN.len()).step_by(10) {
        let mut others = TRAIN.clone();
        let (passenger, _) = others.remove(index);
        // The medians may differ without it, so only what the history says is compared.
        let (with, without) = (state.features(&passenger), fit(&others).features(&passenger));
        assert_eq!(history_of(&with), history_of(&without), "{passenger:?}");
    }
}

#[test]
fn the_label_of_a_passenger_matters_to_its_party_only_by_the_history() {
    let state = fit(&TRAIN);
    let mut flipped = TRAIN.clone();
    let index = TRAIN
        .iter()
        .position(|(passenger, _)| history_of(&state.features(passenger)).iter().any(|value| *value != 0.0))
        .unwrap();
    flipped[index].1 = !flipped[index].1;
    let after = fit(&flipped);
    let mut changed = 0;
    for (passenger, _) in TRAIN.iter() {
        let (before, now) = (state.features(passenger), after.features(passenger));
        let names: HashSet<_> = before
            .named()
            .zip(now.named())
            .filter(|(one, other)| one.1.to_bits() != other.1.to_bits())
            .map(|(one, _)| one.0)
            .collect();
        assert!(names.iter().all(|name| name.starts_with("history_")), "{names:?}");
        changed += usize::from(!names.is_empty());
    }
    assert!(changed > 0, "the history tells nobody anything");
}

#[test]
fn a_stranger_has_no_history() {
    let stranger =
        json!({"Pclass": 3, "Sex": "male", "Name": "Nobody, Mr. No", "Ticket": "no such ticket", "SibSp": 1});
    let Parsed(stranger) = serde_json::from_str(&stranger.to_string()).unwrap();
    assert!(history_of(&fit(&TRAIN).features(&stranger.unwrap())).iter().all(|value| *value == 0.0));
}

#[test]
fn the_order_of_the_training_file_does_not_matter() {
    let state = fit(&TRAIN);
    let reversed: Vec<_> = TRAIN.iter().rev().cloned().collect();
    let reversed = fit(&reversed);
    for (passenger, _) in TRAIN.iter() {
        for ((name, one), (_, other)) in state.features(passenger).named().zip(reversed.features(passenger).named()) {
            assert!((one - other).abs() <= 1e-6, "{name} of {passenger:?}");
        }
    }
}
