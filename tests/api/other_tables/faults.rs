//! Bad input of any table: every fault is named where it stands, and nothing is stored.

use axum::http::Method;
use serde_json::{Value, json};

use super::{Table, send};

fn pointers(problem: &Value) -> Vec<String> {
    let errors = problem["errors"].as_array().unwrap_or_else(|| panic!("{problem}"));
    let mut pointers: Vec<_> = errors.iter().map(|error| error["pointer"].as_str().unwrap().to_owned()).collect();
    pointers.sort();
    pointers
}

#[tokio::test]
async fn every_fault_of_every_record_is_named_by_its_field() {
    for table in Table::all() {
        let (app, fields) = (&table.app, table.fields());
        let mut all: Vec<String> = fields.iter().map(|field| format!("/{field}")).collect();
        all.sort();
        let problem = app.predict("{}").await.problem(422);
        assert_eq!(pointers(&problem), all, "every field is required");
        assert_eq!(
            (&problem["type"], &problem["title"]),
            (&json!("urn:lifeboat:problem:invalid-record"), &json!("Invalid record"))
        );

        let (first, second, third) = (fields[0], fields[1], fields[2]);
        let mut records = table.records();
        records[1][first] = json!("12");
        records[1][second] = json!(-1);
        records[3][third] = Value::Null;
        records[3]["Unheard of"] = json!(1);
        records[4] = json!(7);
        let mut expected =
            [format!("/1/{first}"), format!("/1/{second}"), format!("/3/{third}"), "/3/Unheard of".into(), "/4".into()];
        expected.sort();
        let problem = app.predict_value(&json!(records)).await.problem(422);
        assert_eq!(pointers(&problem), expected, "{problem}");
        assert_eq!(app.stored(), 0);
    }
}

#[tokio::test]
async fn every_fault_of_a_table_is_named_by_line_and_column() {
    for table in Table::all() {
        let columns: Vec<&str> = table.golden[0].0.as_object().unwrap().keys().map(String::as_str).collect();
        let (first, last) = (columns[0], columns[columns.len() - 1]);
        let text = Table::csv(&table.records()[..3]);
        let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
        lines[1] = format!("old{}", &lines[1][lines[1].find(',').unwrap()..]);
        lines[3] = format!("{},-1", &lines[3][..lines[3].rfind(',').unwrap()]);
        lines.push("1,2".to_owned());
        let headers = [("content-type", "text/csv")];
        let problem = send(&table.app, Method::POST, "/predict", &headers, lines.join("\n")).await.problem(422);
        let errors = problem["errors"].as_array().unwrap();
        let found: Vec<_> =
            errors.iter().map(|error| (error["line"].as_u64().unwrap(), error["column"].clone())).collect();
        assert_eq!(found, [(2, json!(first)), (4, json!(last)), (5, Value::Null)], "{problem}");

        lines[0] = lines[0].replacen(first, "Unheard of", 1);
        let problem = send(&table.app, Method::POST, "/predict", &headers, lines.join("\n")).await.problem(422);
        let said: Vec<&str> =
            problem["errors"].as_array().unwrap().iter().map(|error| error["detail"].as_str().unwrap()).collect();
        assert!(said[0].starts_with("column \"Unheard of\" is not a field of a "), "{said:?}");
        assert_eq!(said[1], format!("column {first} is missing"));
        assert_eq!(table.app.stored(), 0);
    }
}

#[tokio::test]
async fn a_row_with_its_label_can_be_sent_as_it_is() {
    for (name, label) in [("breast_cancer", json!("benign")), ("classes", json!("rose")), ("regression", json!(null))] {
        let table = Table::serve(name);
        let mut record = table.golden[0].0.clone();
        let plain = table.app.predict_value(&record).await;
        record[&table.label] = label;
        let labelled = table.app.predict_value(&record).await;
        assert_eq!((labelled.status.as_u16(), labelled.body), (200, plain.body), "{name}");
    }
}

#[tokio::test]
async fn a_table_without_a_key_has_no_entities_to_ask_for() {
    for table in Table::all() {
        let first = table.fields()[0].replace(' ', "%20");
        for path in ["/predictions".to_owned(), "/predictions?limit=5".to_owned()] {
            let problem = table.app.get(&path).await.problem(404);
            assert!(problem["detail"].as_str().unwrap().contains("has no key"), "{problem}");
        }
        let answer = table.app.get(&format!("/predictions?{first}=1")).await;
        assert!(answer.status.is_client_error(), "{answer:?}");
        answer.problem(answer.status.as_u16());
        let (headers, records) = ([("content-type", "text/csv")], Table::csv(&table.records()[..2]));
        let answer = send(&table.app, Method::POST, "/predict?kaggle=true", &headers, records).await;
        assert_eq!(String::from_utf8_lossy(&answer.body).lines().next(), Some(&*table.label), "{answer:?}");
    }
}
