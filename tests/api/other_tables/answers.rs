//! Predictions: one record, lists and tables of them, stored or not, explained or not, and read back.

use axum::http::Method;
use lifeboat::table::Task;
use serde_json::{Value, json};

use super::{Table, id, numbers, send};

const JSON: (&str, &str) = ("content-type", "application/json");

/// How far a probability may be from onnxruntime's, and a number in proportion to its size.
const TOLERANCE: f64 = 1e-6;

fn is_close(found: f64, expected: f64) -> bool {
    (found - expected).abs() <= TOLERANCE * expected.abs().max(1.0)
}

#[tokio::test]
async fn a_record_is_answered_in_the_one_form_and_read_back() {
    for Table { app, name, label, task, golden, .. } in Table::all() {
        for (record, expected) in golden.iter().take(5) {
            let posted = app.predict_value(record).await;
            assert_eq!(posted.status, 201, "{name}: {posted:?}");
            let answer = posted.json();
            let confidence = match task {
                Task::Binary => Some("probability"),
                Task::Multiclass => Some("probabilities"),
                Task::Regression => None,
            };
            let mut members = vec!["id", "prediction", "model_version", "created_at"];
            members.splice(2..2, confidence);
            let found: Vec<&str> = members.iter().copied().filter(|member| answer.get(member).is_some()).collect();
            assert_eq!((found, answer.as_object().unwrap().len()), (members.clone(), members.len()), "{answer}");
            assert_eq!(answer["prediction"].as_object().unwrap().keys().collect::<Vec<_>>(), [&label]);
            let numbers = numbers(&answer, &label);
            assert_eq!(numbers.len(), expected.len(), "{answer}");
            assert!(numbers.iter().zip(expected).all(|(found, expected)| is_close(*found, *expected)), "{answer}");

            let read = app.get(posted.header("location")).await.json();
            for (member, value) in answer.as_object().unwrap() {
                assert_eq!(&read[member], value, "{name}");
            }
            for (field, value) in record.as_object().unwrap() {
                assert_eq!(read["record"][field].as_f64(), value.as_f64(), "{field} of {name}");
            }
            assert_eq!((read.get("features"), &read["outcome"]), (None, &Value::Null), "no recipe computes features");
            let again = app.predict_value(&read["record"]).await;
            assert_eq!((again.status.as_u16(), &again.body), (200, &posted.body), "{name}");
        }
        assert_eq!(app.stored(), 5);
    }
}

#[tokio::test]
async fn a_list_and_a_table_are_answered_as_each_record_is() {
    for table in Table::all() {
        let (app, records) = (&table.app, table.records());
        let list = app.predict_value(&json!(records)).await;
        assert_eq!((list.status.as_u16(), list.header("lifeboat-created")), (200, "50"));
        let csv = send(app, Method::POST, "/predict", &[("content-type", "text/csv")], Table::csv(&records)).await;
        assert_eq!((csv.status.as_u16(), csv.header("lifeboat-created"), &csv.body), (200, "0", &list.body));
        for (record, in_list) in records.iter().zip(list.json().as_array().unwrap()) {
            assert_eq!(&app.predict_value(record).await.json(), in_list);
        }
        assert_eq!(app.stored(), 50);
    }
}

#[tokio::test]
async fn a_table_of_answers_has_the_columns_of_its_kind_of_label() {
    let own = ["model_version", "created_at", "id"];
    for table in Table::all() {
        let list = json!(table.records());
        let answers = table.app.predict_value(&list).await.json();
        let headers = [JSON, ("accept", "text/csv")];
        let text = send(&table.app, Method::POST, "/predict", &headers, list.to_string()).await;
        let mut reader = csv::Reader::from_reader(&*text.body);
        let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let confidence: &[&str] = match table.task {
            Task::Binary => &["probability"],
            Task::Multiclass => &["probability_setosa", "probability_versicolor", "probability_virginica"],
            Task::Regression => &[],
        };
        assert_eq!(header, [&[&*table.label], confidence, &own].concat(), "{}", table.name);
        for (row, answer) in reader.records().zip(answers.as_array().unwrap()) {
            let row = row.unwrap();
            let cell = |name: &str| &row[header.iter().position(|column| column == name).unwrap()];
            let label = &answer["prediction"][&table.label];
            assert_eq!(cell(&table.label), label.as_str().map_or_else(|| label.to_string(), str::to_owned));
            for name in own {
                assert_eq!(cell(name), answer[name]);
            }
            let probabilities: Vec<f64> = confidence.iter().map(|name| cell(name).parse().unwrap()).collect();
            if !confidence.is_empty() {
                assert_eq!(probabilities, numbers(answer, &table.label));
            }
        }
    }
}

#[tokio::test]
async fn what_is_not_to_be_stored_is_not() {
    for Table { app, golden, .. } in Table::all() {
        let record = golden[0].0.to_string();
        let preview = send(&app, Method::POST, "/predict?store=false", &[JSON], record.clone()).await;
        assert_eq!((preview.status.as_u16(), &preview.json()["created_at"]), (200, &Value::Null));
        assert_eq!((app.stored(), preview.header("location")), (0, ""));
        app.get(&format!("/predictions/{}", id(&preview))).await.problem(404);
        let stored = app.predict(record).await;
        assert_eq!((stored.status.as_u16(), id(&stored)), (201, id(&preview)));
    }
}

#[tokio::test]
async fn contributions_lead_from_the_average_record_to_the_answer() {
    for table in Table::all() {
        let fields = table.fields();
        let list = json!(table.records()[..3]).to_string();
        let answers = send(&table.app, Method::POST, "/predict?explain=true&store=false", &[JSON], list).await.json();
        for answer in answers.as_array().unwrap() {
            let explanation = &answer["explanation"];
            let number = |value: &Value| value.as_f64().unwrap_or_else(|| panic!("{value} in {explanation}"));
            let contributions = explanation["contributions"].as_array().unwrap();
            let groups: Vec<&str> = contributions.iter().map(|one| one["group"].as_str().unwrap()).collect();
            assert!(groups.len() == fields.len() && groups.iter().all(|group| fields.contains(group)), "{groups:?}");
            let sum: f64 = contributions.iter().map(|one| number(&one["amount"])).sum();
            let output = number(&explanation["output"]);
            assert!(is_close(number(&explanation["baseline"]) + sum, output), "{explanation}");
            let amounts: Vec<f64> = contributions.iter().map(|one| number(&one["amount"]).abs()).collect();
            assert!(amounts.is_sorted_by(|left, right| left >= right), "the largest is first: {amounts:?}");

            let predicted = &answer["prediction"][&table.label];
            let logit = |probability: f64| (probability / (1.0 - probability)).ln();
            let (unit, expected) = match table.task {
                Task::Binary => ("log_odds", logit(number(&answer["probability"]))),
                Task::Multiclass => ("log_odds", logit(number(&answer["probabilities"][predicted.as_str().unwrap()]))),
                Task::Regression => (&*table.label, number(predicted)),
            };
            assert_eq!(explanation["unit"], unit, "{}", table.name);
            assert!((output - expected).abs() <= 1e-3 * expected.abs().max(1.0), "{output} and {expected}");
            let is_exact = fields.len() <= 10;
            assert_eq!(explanation["method"], if is_exact { "exact" } else { "permutation sampling" });
            assert_eq!(contributions.iter().all(|one| one["standard_error"].is_number()), !is_exact);
            match table.task {
                Task::Binary => assert_eq!(explanation["of"], "malignant", "the positive class"),
                Task::Multiclass => assert_eq!(&explanation["of"], predicted),
                Task::Regression => assert_eq!(explanation.get("of"), None),
            }
        }
    }
}

#[tokio::test]
async fn an_outcome_is_told_in_the_labels_own_words() {
    for (name, told, contradicts, wrong) in [
        ("breast_cancer", json!("malignant"), json!("benign"), vec![json!("yes"), json!(1), json!(true), json!(null)]),
        ("classes", json!("virginica"), json!("setosa"), vec![json!("rose"), json!(0), json!("")]),
        ("regression", json!(151.5), json!(75), vec![json!("151"), json!(false), json!([151])]),
    ] {
        let Table { app, label, golden, .. } = Table::serve(name);
        let posted = app.predict_value(&golden[0].0).await;
        let (id, outcome) = (id(&posted), |value: &Value| json!({label.as_str(): value}));
        for wrong in &wrong {
            let problem = super::tell(&app, &id, &outcome(wrong)).await.problem(422);
            assert_eq!(problem["type"], "urn:lifeboat:problem:invalid-outcome");
            assert_eq!(problem["errors"][0]["pointer"], format!("/{label}"), "{problem}");
        }
        let answer = super::tell(&app, &id, &outcome(&told)).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        assert_eq!(answer.json(), json!({"id": id, "outcome": outcome(&told), "known_at": "2026-11-23T10:15:04.211Z"}));
        assert_eq!(super::tell(&app, &id, &outcome(&told)).await.body, answer.body);
        let problem = super::tell(&app, &id, &outcome(&contradicts)).await.problem(409);
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.starts_with(&format!("the outcome is {told} since")), "{detail}");
        let read = app.get(posted.header("location")).await.json();
        assert_eq!(read["outcome"], json!({"outcome": outcome(&told), "known_at": "2026-11-23T10:15:04.211Z"}));
    }
}
