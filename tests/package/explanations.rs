//! Explanations add up, and of a linear model they are what its coefficients say.

use lifeboat::package::explanation::{ExplainError, Explanation, MAX_EXACT_GROUPS, Method, explain};
use lifeboat::package::{Answer, Package};
use lifeboat::table::Record;
use prost::Message;
use serde_json::{Map, Value, json};
use tract_onnx::pb::tensor_proto::DataType;
use tract_onnx::pb::{GraphProto, ModelProto};

use crate::folder::{COMMITTED, Folder, committed, constant, matrix, node, record, rows};

const TOLERANCE: f64 = 1e-4;

fn package(name: &str) -> Package {
    Package::load(&committed(name)).unwrap()
}

fn records(package: &Package, name: &str) -> Vec<Record> {
    rows(package.schema(), &committed(name).join("train.csv")).into_iter().map(|(record, _)| record).collect()
}

fn log_odds(probability: f32) -> f64 {
    let probability = f64::from(probability);
    (probability / (1.0 - probability)).ln()
}

/// Returns the weights of a graph's constant.
fn weights(name: &str, constant: &str) -> Vec<f32> {
    let model = std::fs::read(committed(name).join("model.onnx")).unwrap();
    let graph = ModelProto::decode(&*model).unwrap().graph.unwrap();
    let tensor = graph.initializer.iter().find(|tensor| tensor.name == constant).unwrap();
    tensor.raw_data.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

fn mean(package: &Package, field: &str) -> f64 {
    serde_json::from_str::<Value>(package.manifest_json()).unwrap()["means"][field].as_f64().unwrap()
}

fn value(package: &Package, record: &Record, field: &str) -> f64 {
    let record: serde_json::Value = serde_json::from_str(&record.text(package.schema())).unwrap();
    record[field].as_f64().unwrap()
}

fn sum(explanation: &Explanation) -> f64 {
    explanation.baseline + explanation.contributions.iter().map(|contribution| contribution.amount).sum::<f64>()
}

#[test]
fn contributions_add_up_to_the_answer() {
    for name in COMMITTED {
        let package = package(name);
        let records = records(&package, name);
        let answers = package.answers(&records).unwrap();
        for (explanation, answered) in explain(&package, &records).unwrap().iter().zip(answers) {
            let (class, output) = match answered.answer {
                Answer::Binary { probability, .. } => (Some(1), log_odds(probability)),
                Answer::Multiclass { label, probabilities } => (Some(label), log_odds(probabilities[label])),
                Answer::Regression { value } => (None, value),
            };
            assert_eq!(explanation.class, class);
            // Where a probability is rounded to 0 or 1, its log-odds are those of the nearest that is neither.
            assert!(output.is_infinite() || (explanation.output - output).abs() < TOLERANCE, "{explanation:?}");
            assert!((sum(explanation) - explanation.output).abs() < TOLERANCE, "{explanation:?}");
            assert!(explanation.contributions.is_sorted_by(|one, next| one.amount.abs() >= next.amount.abs()));
            let groups = package.groups().len();
            assert_eq!(explanation.contributions.len(), groups);
            let is_exact = groups <= MAX_EXACT_GROUPS;
            assert_eq!(explanation.method, if is_exact { Method::Exact } else { Method::PermutationSampling });
            assert!(explanation.contributions.iter().all(|one| one.standard_error.is_none() == is_exact));
        }
    }
}

#[test]
fn contributions_to_a_sum_are_coefficient_times_distance_from_the_mean() {
    let package = package("regression");
    let records = records(&package, "regression");
    for (record, explanation) in records.iter().zip(explain(&package, &records).unwrap()) {
        for contribution in &explanation.contributions {
            let field = &*package.groups()[contribution.group];
            let coefficient = f64::from(weights("regression", &format!("{field}_weight"))[0]);
            let expected = coefficient * (value(&package, record, field) - mean(&package, field));
            assert!((contribution.amount - expected).abs() < TOLERANCE, "{field}: {contribution:?}, not {expected}");
        }
    }
}

#[test]
fn sampling_is_exact_where_nothing_works_together() {
    let package = package("breast_cancer");
    let coefficients = weights("breast_cancer", "weights");
    let records = records(&package, "breast_cancer");
    let mut compared = 0;
    for (record, explanation) in records.iter().zip(explain(&package, &records).unwrap()) {
        // Log-odds of probabilities near 1 are those of few digits.
        if explanation.output.abs() > 2.0 {
            continue;
        }
        compared += 1;
        for contribution in &explanation.contributions {
            let field = &*package.groups()[contribution.group];
            let coefficient = f64::from(coefficients[contribution.group]);
            let expected = coefficient * (value(&package, record, field) - mean(&package, field));
            assert!((contribution.amount - expected).abs() < 1e-3, "{field}: {contribution:?}, not {expected}");
            assert!(contribution.standard_error.unwrap() < 1e-3);
        }
    }
    assert!(compared > 0);
}

#[test]
fn what_is_unknown_needs_no_explanation() {
    let package = package("classes");
    let means: Value = serde_json::from_str(package.manifest_json()).unwrap();
    let explanations = explain(&package, &[record(&package, &means["means"])]).unwrap();
    assert!(explanations[0].contributions.iter().all(|contribution| contribution.amount.abs() < 1e-12));
}

/// Returns a package of so many fields that work together: a network of two hidden units.
fn network(fields: usize) -> Folder {
    let name = |field: usize| format!("x{field}");
    let mut columns: Vec<Value> = (0..fields)
        .map(|field| json!({"name": name(field), "type": "number", "constraints": {"required": true}}))
        .collect();
    columns.push(json!({"name": "y", "type": "number"}));
    let schema = json!({"fields": columns, "lifeboat": {"label": "y"}});
    let means: Map<String, Value> = (0..fields).map(|field| (name(field), json!(0.1))).collect();
    let manifest = json!({"name": "n", "semantic_version": "1.0.0", "means": means});
    let size = |place: usize| f32::from(i8::try_from(place * 7 % 13).unwrap() - 6) / 6.0;
    let hidden: Vec<f32> = (0..2 * fields).map(size).collect();
    let count = i64::try_from(fields).unwrap();
    let graph = GraphProto {
        node: vec![
            node("MatMul", &["numbers", "hidden"], "moved"),
            node("Tanh", &["moved"], "bent"),
            node("MatMul", &["bent", "output"], "value"),
        ],
        initializer: vec![constant("hidden", &[count, 2], &hidden), constant("output", &[2, 1], &[1.0, -2.0])],
        input: vec![matrix("numbers", DataType::Float, count)],
        output: vec![matrix("value", DataType::Float, 1)],
        ..GraphProto::default()
    };
    Folder::new(&schema, &manifest, &graph)
}

#[test]
fn sampling_comes_near_to_all_orders() {
    const FIELDS: usize = 11;
    let package = network(FIELDS).load().unwrap();
    let whole = record(&package, &(0..FIELDS).map(|field| (format!("x{field}"), json!(0.9))).collect());
    let combinations: Vec<Record> = (0..1 << FIELDS)
        .map(|present: usize| {
            let value = |field: usize| if present & 1 << field == 0 { json!(0.1) } else { json!(0.9) };
            record(&package, &(0..FIELDS).map(|field| (format!("x{field}"), value(field))).collect())
        })
        .collect();
    let answers = package.answers(&combinations).unwrap();
    let value = |present: usize| match answers[present].answer {
        Answer::Regression { value } => value,
        _ => panic!("a number is predicted"),
    };
    let factorial =
        |number: usize| (1..=number).map(|factor| f64::from(u8::try_from(factor).unwrap())).product::<f64>();
    let exact = |field: usize| -> f64 {
        let without = (0..1 << FIELDS).filter(|present| present & 1 << field == 0);
        let share =
            |others: u32| factorial(others as usize) * factorial(FIELDS - 1 - others as usize) / factorial(FIELDS);
        without.map(|others: usize| share(others.count_ones()) * (value(others | 1 << field) - value(others))).sum()
    };
    let explanation = &explain(&package, std::slice::from_ref(&whole)).unwrap()[0];
    assert_eq!(explanation.method, Method::PermutationSampling);
    assert!((sum(explanation) - explanation.output).abs() < 1e-9);
    for contribution in &explanation.contributions {
        let (error, expected) = (contribution.standard_error.unwrap(), exact(contribution.group));
        assert!(error > 0.0 && error < 0.05, "{contribution:?}");
        assert!((contribution.amount - expected).abs() < 4.0 * error, "{contribution:?}, not {expected}");
    }
    assert_eq!(explain(&package, &[whole]).unwrap()[0], *explanation, "a record has one explanation");
}

#[test]
fn more_than_a_request_may_ask_for_is_refused_with_what_it_may() {
    let package = package("breast_cancer");
    let record = records(&package, "breast_cancer").remove(0);
    let Err(ExplainError::TooMany { records: 1000, possible }) = explain(&package, &vec![record.clone(); 1000]) else {
        panic!("1,000 records of 30 groups are too many");
    };
    assert!((200..1000).contains(&possible), "{possible}");
    assert_eq!(explain(&package, &vec![record; possible]).unwrap().len(), possible);
}
