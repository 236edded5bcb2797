//! The statistics of monitoring against scipy and scikit-learn: `statistics.py` made the cases.

use lifeboat::statistics::{
    self, Judged, TestResult, auc, brier, calibration, chi_squared, kolmogorov_smirnov, log_loss,
    population_stability_index,
};
use serde_json::Value;

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

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "counts that Python wrote as floats")]
fn counts(value: &Value) -> Vec<u64> {
    numbers(value).into_iter().map(|number| number as u64).collect()
}

#[track_caller]
fn assert_close(found: f64, expected: &Value) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() <= TOLERANCE, "{found} is not {expected}");
}

#[track_caller]
fn assert_result(found: Option<TestResult>, case: &Value) {
    let found = found.unwrap();
    assert_close(found.statistic, &case["statistic"]);
    assert_close(found.p_value, &case["p_value"]);
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
        assert_close(population_stability_index(&counts(&case["expected"]), &counts(&case["actual"])), &case["value"]);
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

#[test]
fn probabilities_are_judged_as_scikit_learn_does() {
    for case in cases("probabilities") {
        let judged = case["judged"].as_array().unwrap();
        let judged: Vec<Judged> =
            judged.iter().map(|pair| (pair[0].as_f64().unwrap(), pair[1].as_bool().unwrap())).collect();
        assert_close(auc(&judged).unwrap(), &case["auc"]);
        assert_close(log_loss(&judged).unwrap(), &case["log_loss"]);
        assert_close(brier(&judged).unwrap(), &case["brier"]);
        let (found, expected) = (calibration(&judged), case["calibration"].as_array().unwrap());
        assert_eq!(found.len(), expected.len());
        for (tenth, expected) in found.iter().zip(expected) {
            assert_eq!(Some(tenth.rows), expected[0].as_u64());
            assert_close(tenth.mean_probability, &expected[1]);
            assert_close(tenth.rate, &expected[2]);
        }
    }
    assert_eq!((auc(&[(0.5, true)]), log_loss(&[]), brier(&[])), (None, None, None));
}

#[test]
fn a_mean_is_the_same_in_any_order() {
    let numbers: Vec<f64> = (1..=10_000).map(|number| f64::from(number).sqrt().sin() / 3.0).collect();
    let mean = |numbers: &[f64]| statistics::mean(numbers.iter().copied()).unwrap().to_bits();
    let (mut backwards, mut by_tens) = (numbers.clone(), Vec::new());
    backwards.reverse();
    for start in 0..10 {
        by_tens.extend(numbers.iter().copied().skip(start).step_by(10));
    }
    assert_eq!((mean(&backwards), mean(&by_tens)), (mean(&numbers), mean(&numbers)));
    assert_eq!(statistics::mean([1e16, 1.0, -1e16].into_iter()), Some(1.0 / 3.0));
}
