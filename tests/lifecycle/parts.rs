//! What is gathered in parts and in any order is what is gathered at once, and no number makes a panic.

use lifeboat::lifecycle::answer::{Answer, Outcome};
use lifeboat::lifecycle::performance::Outcomes;
use lifeboat::lifecycle::performance::recalibration::{Recalibration, points};
use lifeboat::table::load;
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::tables::schema_of;

/// An answer and an outcome of any task, for three classes.
#[derive(Debug, Clone)]
struct Row {
    probabilities: [f32; 3],
    value: f64,
    class: usize,
    number: f64,
}

fn row() -> impl Strategy<Value = Row> {
    let probability = prop_oneof![9 => 0.0..=1.0_f32, 1 => any::<f32>()];
    let number = prop_oneof![9 => -1e3..1e3_f64, 1 => any::<f64>()];
    (prop::array::uniform3(probability), number.clone(), 0_usize..4, number)
        .prop_map(|(probabilities, value, class, number)| Row { probabilities, value, class, number })
}

fn gather(label: &Value, rows: &[Row]) -> Outcomes {
    let schema = load::schema(schema_of(label).to_string().as_bytes()).unwrap();
    let mut outcomes = Outcomes::new(&schema, None);
    for row in rows {
        let probability = row.probabilities[0];
        let answers = [
            Answer::Binary { probability, is_positive: probability >= 0.5 },
            Answer::Multiclass { probabilities: &row.probabilities, predicted: row.class % 3 },
            Answer::Regression(row.value),
        ];
        for answer in answers {
            outcomes.add(answer, Outcome::Class(row.class));
            outcomes.add(answer, Outcome::Number(row.number));
        }
    }
    outcomes
}

fn labels() -> [Value; 3] {
    [
        json!({"name": "label", "type": "boolean"}),
        json!({"name": "label", "type": "string", "categories": ["a", "b", "c"]}),
        json!({"name": "label", "type": "number"}),
    ]
}

/// Writes what was gathered, its numbers to twelve digits: the last ones of a slope depend on how sums are rounded.
fn written(outcomes: &Outcomes) -> String {
    rounded(serde_json::to_value(outcomes.performance()).unwrap()).to_string()
}

fn rounded(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => {
            json!(format!("{:.11e}", number.as_f64().unwrap()).parse::<f64>().unwrap())
        }
        Value::Array(list) => list.into_iter().map(rounded).collect(),
        Value::Object(map) => map.into_iter().map(|(name, one)| (name, rounded(one))).collect(),
        other => other,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn performance_is_the_same_in_any_order_and_in_parts(
        rows in prop::collection::vec(row(), 0..80), cut in any::<prop::sample::Index>(),
    ) {
        for label in labels() {
            let whole = gather(&label, &rows);
            let (left, right) = rows.split_at(cut.index(rows.len() + 1).min(rows.len()));
            let mut merged = gather(&label, right);
            merged.merge(&gather(&label, left));
            let backwards: Vec<Row> = rows.iter().rev().cloned().collect();
            let is_tame = rows.iter().all(|row| row.value.abs() < 1e4 && row.number.abs() < 1e4);
            // The squares of huge numbers are infinite, and then nothing is told.
            if is_tame {
                prop_assert_eq!(written(&merged), written(&whole));
                prop_assert_eq!(written(&gather(&label, &backwards)), written(&whole));
            }
        }
    }

    #[test]
    fn a_line_is_fitted_or_there_is_none(
        judged in prop::collection::vec((prop_oneof![5 => 0.0..=1.0_f64, 1 => any::<f64>()], any::<bool>()), 0..40),
    ) {
        let mut sorted = judged;
        sorted.sort_by(|left, right| left.0.total_cmp(&right.0));
        if let Some(found) = Recalibration::fit(&points(&sorted)) {
            prop_assert!(found.slope.is_finite() && found.intercept.is_finite());
        }
    }
}
