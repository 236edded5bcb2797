//! `GET /monitor`: drift by field, and how good answers were by the kind of label.

use axum::body::Body;
use axum::http::Request;
use lifeboat::table::Task;
use serde_json::{Value, json};

use super::{Table, WORDS, tell};

/// Returns so many copies of the records, each a bit larger than the one before: other records, of nearly the same distribution.
fn stretched(records: &[Value], copies: u32, factor: f64) -> Vec<Value> {
    let copy = |copy: u32| {
        records.iter().map(move |record| {
            let fields = record.as_object().unwrap().iter();
            let stretched = fields.map(|(name, value)| {
                let stretched = if value.is_i64() {
                    // These count or number something.
                    json!((value.as_f64().unwrap() * factor).round())
                } else {
                    json!(value.as_f64().unwrap() * factor * (1.0 + 1e-7 * f64::from(copy)))
                };
                (name.clone(), stretched)
            });
            Value::Object(stretched.collect())
        })
    };
    (0..copies).flat_map(copy).collect()
}

async fn report(table: &Table) -> Value {
    table.app.set_time("2026-11-23T10:15:05Z");
    let answer = table.app.get("/monitor?since=1h").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

fn names(report: &Value, drift: &str) -> Vec<String> {
    let fields = report["fields"].as_array().unwrap().iter();
    fields.filter(|field| field["drift"] == drift).map(|field| field["name"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn drift_is_told_field_by_field() {
    for table in Table::all() {
        let (fields, records) = (table.fields(), table.records());
        for records in stretched(&records, 5, 3.0).chunks(1000) {
            assert_eq!(table.app.predict_value(&json!(records)).await.status, 200);
        }
        let report = report(&table).await;
        assert_eq!((&report["rows"], &report["verdict"]), (&json!(250), &json!("major_drift")), "{}", table.name);
        assert_eq!((&report["features"], &report["observed"]), (&json!([]), &Value::Null));
        let told: Vec<&str> =
            report["fields"].as_array().unwrap().iter().map(|field| field["name"].as_str().unwrap()).collect();
        assert_eq!(told, fields, "in the order of the schema");
        assert!(names(&report, "major").contains(&fields[0].to_owned()), "{report}");
        for field in report["fields"].as_array().unwrap() {
            assert_eq!((&field["missing_rate"], &field["rows"]), (&json!(0.0), &json!(250)), "{field}");
            assert!(field["out_of_range_rate"].is_number() && field["index"]["judged"].is_number(), "{field}");
        }
        assert_eq!(report["predictions"]["name"], table.label);
        assert_eq!(report["expected"].is_null(), table.task == Task::Regression, "{report}");
        assert_eq!(report["positive_rate"].is_null(), table.task != Task::Binary);
    }
}

#[tokio::test]
async fn too_little_is_not_judged() {
    for table in Table::all() {
        table.app.predict_value(&json!(table.records())).await;
        let report = report(&table).await;
        assert_eq!((&report["rows"], &report["verdict"]), (&json!(50), &json!("insufficient_data")));
        assert!(report["fields"].as_array().unwrap().iter().all(|field| field["drift"].is_null()));
    }
}

#[tokio::test]
async fn outcomes_tell_how_good_answers_were() {
    for table in Table::all() {
        let answers = table.app.predict_value(&json!(table.records())).await.json();
        let answers = answers.as_array().unwrap();
        let mut right = 0;
        for (place, answer) in answers.iter().enumerate() {
            // Every fifth happens otherwise than predicted.
            let other = &answers[(place + 7) % answers.len()]["prediction"];
            let happened = if place % 5 == 0 { other } else { &answer["prediction"] };
            right += i32::from(happened == &answer["prediction"]);
            assert_eq!(tell(&table.app, answer["id"].as_str().unwrap(), happened).await.status, 200);
        }
        let report = report(&table).await;
        let observed = &report["observed"];
        assert_eq!(observed["rows"], 50, "{report}");
        let number = |name: &str| observed[name].as_f64().unwrap_or_else(|| panic!("no {name} in {observed}"));
        if table.task == Task::Regression {
            assert!(number("rmse") > 0.0 && number("mae") < number("rmse") && number("r2") < 1.0, "{observed}");
        } else {
            assert!((number("accuracy") - f64::from(right) / 50.0).abs() < 1e-12, "{observed}");
            assert!(number("log_loss") > 0.0, "{observed}");
        }
        assert_eq!(report["outcomes"]["rows"], 50);
        assert_eq!(report["outcomes"]["name"], table.label);
    }
}

#[tokio::test]
async fn a_page_of_the_report_speaks_of_the_table() {
    for table in Table::all() {
        let answers = table.app.predict_value(&json!(table.records())).await.json();
        tell(&table.app, answers[0]["id"].as_str().unwrap(), &answers[0]["prediction"]).await;
        table.app.set_time("2026-11-23T11:00:00Z");
        let request = Request::get("/monitor").header("accept", "text/html").body(Body::empty()).unwrap();
        let page = String::from_utf8(table.app.send(request).await.body.to_vec()).unwrap();
        assert!(table.fields().iter().all(|field| page.contains(field)), "{page}");
        assert!(WORDS.iter().all(|word| !page.to_lowercase().contains(word)));
        assert_eq!(
            page.contains("over the window, and their mean"),
            table.task != Task::Multiclass,
            "classes have no mean"
        );
        assert_eq!(page.contains("<th>expected</th>"), table.task != Task::Regression, "numbers have no probability");
        assert!(page.contains("<th>observed</th>"), "{page}");
    }
}
