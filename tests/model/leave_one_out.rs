//! A passenger never sees its own label, whoever asks: that is what keeps training honest and serving free of leaks.

use std::collections::HashSet;

use lifeboat::features::{FeatureState, Features};
use lifeboat::passenger::Passenger;
use lifeboat::passenger::json::Parsed;
use serde_json::json;

use crate::training::TRAIN;

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
