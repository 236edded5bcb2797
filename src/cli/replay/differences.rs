//! How a prediction that was computed again differs from the one that was stored.

use crate::prediction::{Answer, Prediction};
use crate::table::descriptor::Scalar;

/// A value that comes out this much different is another one: more than what other processors make of the same sum.
const TOLERANCE: f32 = 1e-6;

/// Returns whether features and answer came out the same, bit for bit.
pub(super) fn is_exact(stored: &Prediction, again: &Prediction) -> bool {
    let features = |prediction: &Prediction| {
        prediction.features.as_ref().map(|all| all.iter().copied().map(bits).collect::<Vec<_>>())
    };
    let probability = |answer: &Answer| answer.probability.map(bits);
    let probabilities = |answer: &Answer| {
        let classes = answer.probabilities.iter().flatten();
        classes.map(|(class, probability)| (class.clone(), bits(*probability))).collect::<Vec<_>>()
    };
    features(stored) == features(again)
        && stored.answer.label == again.answer.label
        && probability(&stored.answer) == probability(&again.answer)
        && probabilities(&stored.answer) == probabilities(&again.answer)
}

/// Returns the bits of a number; all that are none are alike.
fn bits(number: f32) -> u32 {
    if number.is_nan() { f32::NAN.to_bits() } else { number.to_bits() }
}

/// Returns what of a prediction came out differently, in words.
pub(super) fn differences(stored: &Prediction, again: &Prediction, names: &[Box<str>]) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |name: &str, stored: f32, again: f32| {
        // What was not stored, for there was no such feature then, cannot differ.
        if (stored - again).abs() > TOLERANCE {
            differences.push(format!("{name} is {stored} in the store, and {again} now"));
        }
    };
    if let (Some(stored), Some(again)) = (stored.answer.probability, again.answer.probability) {
        compare("probability", stored, again);
    }
    let classes = |prediction: &Prediction| prediction.answer.probabilities.clone().unwrap_or_default();
    for ((class, stored), (_, again)) in classes(stored).into_iter().zip(classes(again)) {
        compare(&format!("probability of {class}"), stored, again);
    }
    let features = |prediction: &Prediction| prediction.features.clone().unwrap_or_default();
    for ((name, stored), again) in names.iter().zip(features(stored)).zip(features(again)) {
        compare(name, stored, again);
    }
    if !is_same_label(&stored.answer.label, &again.answer.label) {
        differences.push(format!("the label is {} in the store, and {} now", stored.answer.label, again.answer.label));
    }
    // What a program of the first form named cannot be named again.
    if stored.id.is_current() && stored.id != again.id {
        differences.push(format!("the record in the store is that of {}", again.id));
    }
    differences
}

/// Returns whether two labels are the same, numbers within the tolerance of their size.
fn is_same_label(stored: &Scalar, again: &Scalar) -> bool {
    match (stored, again) {
        (Scalar::Number(stored), Scalar::Number(again)) => {
            (stored - again).abs() <= f64::from(TOLERANCE) * stored.abs().max(1.0)
        }
        _ => stored == again,
    }
}
