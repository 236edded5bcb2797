//! Whatever is posted: an answer or a problem that is the client's, never one of the service.

use axum::http::{Request, header};
use proptest::prelude::*;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

use crate::app::App;
use crate::passengers::numbered;

/// Posts each body to one service, and checks that it is answered or refused as the client's fault.
fn check_all<T: Strategy>(bodies: T, bytes: impl Fn(T::Value) -> Vec<u8>) {
    let runtime = Runtime::new().unwrap();
    let app = App::new();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 512, ..ProptestConfig::default() });
    let checked = runner.run(&bodies, |body| {
        let stored = app.stored();
        let answer = runtime.block_on(app.predict(bytes(body)));
        match answer.status.as_u16() {
            200 | 201 => prop_assert!(answer.json().is_object() || answer.json().is_array()),
            status @ (400 | 422) => {
                answer.problem(status);
                prop_assert_eq!(app.stored(), stored);
            }
            status => prop_assert!(false, "{} for what a client sent", status),
        }
        Ok(())
    });
    checked.unwrap();
}

/// Values that a field may hold, or nearly so.
fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (-2_i64..25).prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        (0.0..130.0_f64).prop_map(Value::from),
        proptest::sample::select(vec!["male", "FEMALE", "C", "q", "S", ""]).prop_map(Value::from),
        "\\PC{0,20}".prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(any::<String>(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// A valid passenger with some of its values replaced.
fn nearly_a_passenger() -> impl Strategy<Value = Value> {
    let names: Vec<String> = numbered(0).as_object().unwrap().keys().cloned().collect();
    let changes = proptest::collection::vec((proptest::sample::select(names), any_value()), 0..3);
    (0..1000_u64, changes).prop_map(|(number, changes)| {
        let mut passenger = numbered(number);
        for (name, value) in changes {
            passenger[name] = value;
        }
        passenger
    })
}

/// Posts each body of outcomes to one service, and checks that each element is answered, or the whole refused as the client's fault.
fn check_all_outcomes<T: Strategy>(bodies: T, content_type: &str, text: impl Fn(T::Value) -> (String, usize)) {
    let runtime = Runtime::new().unwrap();
    let app = App::new();
    let list: Vec<Value> = (0..4).map(numbered).collect();
    runtime.block_on(app.predict_value(&json!(list)));
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig { cases: 512, ..ProptestConfig::default() });
    let checked = runner.run(&bodies, |body| {
        let (text, count) = text(body);
        let request = Request::post("/outcomes").header(header::CONTENT_TYPE, content_type);
        let answer = runtime.block_on(app.send(request.body(text.into()).unwrap()));
        match answer.status.as_u16() {
            200 => prop_assert_eq!(answer.json().as_array().unwrap().len(), count),
            status @ (400 | 422) => drop(answer.problem(status)),
            status => prop_assert!(false, "{} for what a client sent", status),
        }
        Ok(())
    });
    checked.unwrap();
}

/// Objects that tell an outcome, or nearly so.
fn nearly_an_outcome() -> impl Strategy<Value = Value> {
    let names = ["id", "PassengerId", "Survived", "corrects", "Age", "survived", "else"];
    let value = prop_oneof![(0_u8..3).prop_map(Value::from), any::<bool>().prop_map(Value::from), any_value()];
    proptest::collection::hash_map(proptest::sample::select(names.to_vec()), value, 0..5)
        .prop_map(|members| members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect())
}

#[test]
fn any_list_of_things_like_outcomes_is_answered_one_by_one_or_refused() {
    let list = proptest::collection::vec(prop_oneof![9 => nearly_an_outcome(), 1 => any_value()], 0..6);
    check_all_outcomes(list, "application/json", |list| (json!(list).to_string(), list.len()));
}

#[test]
fn any_table_of_things_like_outcomes_is_answered_row_by_row_or_refused() {
    let names = vec!["id", "PassengerId", "Survived", "corrects", "Age", "else"];
    let header = proptest::sample::subsequence(names, 1..5);
    let rows = proptest::collection::vec("[0-2]{0,1}(,([0-4]|true|false|x|)){0,4}", 1..5);
    check_all_outcomes((header, rows), "text/csv", |(header, rows)| {
        let rows: Vec<String> = rows.into_iter().map(|row| if row.is_empty() { "0".to_owned() } else { row }).collect();
        (format!("{}\n{}\n", header.join(","), rows.join("\n")), rows.len())
    });
}

#[test]
fn any_bytes_are_answered_or_refused() {
    check_all(proptest::collection::vec(any::<u8>(), 0..300), |bytes| bytes);
}

#[test]
fn any_json_is_answered_or_refused() {
    check_all(any_value(), |value| value.to_string().into());
}

#[test]
fn anything_like_a_passenger_is_answered_or_refused() {
    check_all(nearly_a_passenger(), |value| value.to_string().into());
}

#[test]
fn any_list_of_things_like_passengers_is_answered_or_refused() {
    let list = proptest::collection::vec(prop_oneof![9 => nearly_a_passenger(), 1 => any_value()], 0..6);
    check_all(list, |list| json!(list).to_string().into());
}

#[test]
fn a_passenger_with_one_byte_changed_is_answered_or_refused() {
    let text = numbered(7).to_string().into_bytes();
    check_all((0..text.len(), any::<u8>()), |(place, byte)| {
        let mut text = text.clone();
        text[place] = byte;
        text
    });
}

#[test]
fn a_passenger_that_breaks_off_is_refused() {
    let text = numbered(7).to_string().into_bytes();
    let app = App::new();
    let runtime = Runtime::new().unwrap();
    for length in 0..text.len() {
        runtime.block_on(app.predict(text[..length].to_vec())).problem(400);
    }
    assert_eq!(app.stored(), 0);
}
