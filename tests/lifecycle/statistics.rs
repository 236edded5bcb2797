//! Performance, baselines and tests of drift against numpy, scipy and scikit-learn: `statistics.py` made the cases.

use lifeboat::lifecycle::binning::{Precision, number_baseline};
use lifeboat::lifecycle::cells::Cells;
use lifeboat::lifecycle::performance::binary::BinaryOutcomes;
use lifeboat::lifecycle::performance::calibration::CalibrationBin;
use lifeboat::lifecycle::performance::multiclass::ClassOutcomes;
use lifeboat::lifecycle::performance::regression::NumberOutcomes;
use lifeboat::lifecycle::statistics::{TestResult, chi_squared, kolmogorov_smirnov, population_stability_index};
use serde_json::{Value, json};

const TOLERANCE: f64 = 1e-9;

fn cases(name: &str) -> Vec<Value> {
    let all: Value = serde_json::from_str(include_str!("statistics.json")).unwrap();
    let cases = all[name].as_array().unwrap().clone();
    assert!(cases.len() >= 3, "{name}");
    cases
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|number| number.as_f64().unwrap()).collect()
}

#[expect(clippy::cast_possible_truncation, reason = "the cases have numbers of 32 bits")]
fn single(value: &Value) -> Vec<f32> {
    numbers(value).into_iter().map(|number| number as f32).collect()
}

fn flags(value: &Value) -> Vec<bool> {
    value.as_array().unwrap().iter().map(|flag| flag.as_bool().unwrap()).collect()
}

fn places(value: &Value) -> Vec<usize> {
    value.as_array().unwrap().iter().map(|place| usize::try_from(place.as_u64().unwrap()).unwrap()).collect()
}

#[track_caller]
fn assert_close(what: &str, found: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap();
    let tolerance = TOLERANCE * expected.abs().max(1.0);
    assert!((found - expected).abs() <= tolerance, "{what}: {found} is not {expected}");
}

fn assert_calibration(found: &[CalibrationBin], expected: &Value) {
    let expected = expected.as_array().unwrap();
    assert_eq!(found.len(), expected.len());
    for (bin, expected) in found.iter().zip(expected) {
        assert_eq!(Some(bin.rows), expected[0].as_u64());
        assert_close("mean probability", bin.mean_probability, &expected[1]);
        assert_close("rate", bin.rate, &expected[2]);
    }
}

#[test]
fn two_classes_are_judged_as_scikit_learn_does() {
    for case in cases("binary") {
        let (probability, predicted, happened) =
            (single(&case["probability"]), flags(&case["predicted"]), flags(&case["happened"]));
        let mut outcomes = BinaryOutcomes::default();
        for ((probability, predicted), happened) in probability.into_iter().zip(predicted).zip(happened) {
            outcomes.add(probability, predicted, happened);
        }
        let found = outcomes.performance().unwrap();
        let line = found.recalibration.unwrap();
        for (name, found) in [
            ("base_rate", found.base_rate),
            ("accuracy", found.accuracy),
            ("auc", found.auc.unwrap()),
            ("log_loss", found.log_loss),
            ("brier", found.brier),
            ("ece", found.ece),
            ("slope", line.slope),
            ("intercept", line.intercept),
        ] {
            assert_close(name, found, &case[name]);
        }
        assert_calibration(&found.calibration, &case["calibration"]);
    }
    assert_eq!(BinaryOutcomes::default().performance(), None);
}

#[test]
fn several_classes_are_judged_as_scikit_learn_does() {
    for case in cases("multiclass") {
        let rows: Vec<Vec<f32>> = case["probabilities"].as_array().unwrap().iter().map(single).collect();
        let (predicted, happened) = (places(&case["predicted"]), places(&case["happened"]));
        let mut outcomes = ClassOutcomes::new(rows[0].len());
        for ((row, predicted), happened) in rows.iter().zip(predicted).zip(happened) {
            outcomes.add(row, predicted, happened);
        }
        let found = outcomes.performance().unwrap();
        for (name, found) in [
            ("accuracy", found.accuracy),
            ("precision", found.precision),
            ("recall", found.recall),
            ("f1", found.f1),
            ("auc", found.auc.unwrap()),
            ("log_loss", found.log_loss),
            ("brier", found.brier),
            ("ece", found.ece),
        ] {
            assert_close(name, found, &case[name]);
        }
        assert_calibration(&found.calibration, &case["calibration"]);
        let right: Vec<u64> = found.classes.iter().map(|class| class.right).collect();
        assert_eq!(json!(right), case["classes"]);
    }
    assert_eq!(ClassOutcomes::new(3).performance(), None);
}

#[test]
fn numbers_are_judged_as_scikit_learn_does() {
    for case in cases("regression") {
        let (answers, outcomes) = (numbers(&case["answer"]), numbers(&case["outcome"]));
        // Any number about where the outcomes are will do.
        let mut gathered = NumberOutcomes::new(&numbers(&case["edges"]), outcomes[0].round() + 1.0);
        for (answer, outcome) in answers.into_iter().zip(outcomes) {
            gathered.add(answer, outcome);
        }
        let found = gathered.performance().unwrap();
        for (name, found) in
            [("rmse", found.rmse), ("mae", found.mae), ("mean_error", found.mean_error), ("r2", found.r2.unwrap())]
        {
            assert_close(name, found, &case[name]);
        }
        for (bin, expected) in found.calibration.iter().zip(case["calibration"].as_array().unwrap()) {
            assert_eq!(Some(bin.rows), expected[0].as_u64());
            assert_close("mean answer", bin.mean_answer, &expected[1]);
            assert_close("mean outcome", bin.mean_outcome, &expected[2]);
        }
        assert_eq!(found.calibration.len(), case["calibration"].as_array().unwrap().len());
    }
    let mut equal = NumberOutcomes::new(&[], 0.0);
    for answer in [1.0, 2.0, 3.0] {
        equal.add(answer, 0.1);
    }
    assert_eq!(equal.performance().unwrap().r2, None);
    assert_eq!(NumberOutcomes::new(&[], 0.0).performance(), None);
}

#[test]
fn a_number_is_described_as_training_does() {
    for case in cases("distribution") {
        let mut cells = Cells::default();
        for number in numbers(&case["sample"]) {
            cells.add(number);
        }
        let found = serde_json::to_value(number_baseline(&cells, Precision::Double)).unwrap();
        assert_eq!(found, case["found"]);
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts that Python wrote as floats")]
fn counts(value: &Value) -> Vec<u64> {
    numbers(value).into_iter().map(|number| number as u64).collect()
}

#[track_caller]
fn assert_result(found: Option<TestResult>, case: &Value) {
    let found = found.unwrap();
    assert_close("statistic", found.statistic, &case["statistic"]);
    assert_close("p-value", found.p_value, &case["p_value"]);
}

/// Returns the distinct values of a sample, ascending, with how often they occur.
fn tallied(value: &Value) -> Vec<(f64, u64)> {
    let mut sample = numbers(value);
    sample.sort_by(f64::total_cmp);
    sample.chunk_by(|left, right| left.total_cmp(right).is_eq()).map(|equal| (equal[0], equal.len() as u64)).collect()
}

#[test]
fn the_stability_index_is_the_divergence_in_both_directions() {
    for case in cases("population_stability_index") {
        let found = population_stability_index(&counts(&case["expected"]), &counts(&case["actual"]));
        assert_close("index", found, &case["value"]);
    }
}

#[test]
fn samples_of_numbers_are_compared_as_scipy_does() {
    for case in cases("kolmogorov_smirnov") {
        assert_result(kolmogorov_smirnov(&tallied(&case["left"]), &tallied(&case["right"])), &case);
    }
    assert_eq!(kolmogorov_smirnov(&[], &[(1.0, 1)]), None);
}

#[test]
fn samples_of_categories_are_compared_as_scipy_does() {
    for case in cases("chi_squared") {
        assert_result(chi_squared(&counts(&case["left"]), &counts(&case["right"])), &case);
    }
    for (left, right) in [(&[][..], &[][..]), (&[3], &[4]), (&[0, 0], &[1, 2])] {
        assert_eq!(chi_squared(left, right), None, "{left:?} {right:?}");
    }
}
