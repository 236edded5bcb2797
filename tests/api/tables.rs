//! CSV in and out.

use axum::body::Body;
use axum::http::Request;
use serde_json::{Value, json};

use crate::app::{Answer, App};
use crate::passengers::numbered;

const TRAIN: &str = include_str!("../../model/titanic/train.csv");

/// Posts to a path, with a content type and what is accepted.
async fn post(app: &App, path: &str, content_type: &str, accept: &str, body: impl Into<Body>) -> Answer {
    let request = Request::post(path).header("content-type", content_type).header("accept", accept);
    app.send(request.body(body.into()).unwrap()).await
}

async fn post_table(app: &App, table: impl Into<Body>) -> Answer {
    post(app, "/predict", "text/csv", "*/*", table).await
}

/// Returns the rows of an answer, each as an object by the names of the header.
fn rows(answer: &Answer) -> Vec<Value> {
    assert_eq!(answer.header("content-type"), "text/csv; charset=utf-8; header=present", "{answer:?}");
    let mut reader = csv::Reader::from_reader(&*answer.body);
    let names = reader.headers().unwrap().clone();
    let row =
        |row: csv::StringRecord| names.iter().zip(&row).map(|(name, cell)| (name.to_owned(), json!(cell))).collect();
    reader.records().map(|record| row(record.unwrap())).collect()
}

/// Returns what a problem says of each fault: line, column, detail.
fn faults(answer: &Answer) -> Vec<(u64, String, String)> {
    let problem = answer.problem(422);
    let text = |fault: &Value, name: &str| fault[name].as_str().unwrap_or_default().to_owned();
    let faults = problem["errors"].as_array().unwrap().iter();
    faults.map(|fault| (fault["line"].as_u64().unwrap(), text(fault, "column"), text(fault, "detail"))).collect()
}

#[tokio::test]
async fn kaggles_file_is_taken_as_it_is() {
    let app = App::new();
    let answer = post_table(&app, TRAIN).await;
    assert_eq!((answer.status.as_u16(), answer.header("lifeboat-created")), (200, "891"));
    let predictions = answer.json();
    assert_eq!(predictions.as_array().unwrap().len(), 891);
    assert_eq!(predictions[890]["key"]["PassengerId"], 891);
    assert_eq!(app.stored(), 891);
}

#[tokio::test]
async fn a_row_is_the_passenger_that_json_describes() {
    let app = App::new();
    let table = "\u{feff}Embarked,Cabin,Fare,Ticket,Parch,SibSp,Age,Sex,Name,Pclass,PassengerId\r\n\
                 Q,,7.8292,330911,0,0,34.5,male,\"Kelly, Mr. James\",3,892\r\n";
    let row = post_table(&app, table).await;
    assert_eq!(row.header("lifeboat-created"), "1");
    let passenger = json!({
        "PassengerId": 892, "Pclass": 3, "Name": "Kelly, Mr. James", "Sex": "male", "Age": 34.5, "SibSp": 0, "Parch": 0,
        "Ticket": "330911", "Fare": 7.8292, "Cabin": null, "Embarked": "Q",
    });
    let object = app.predict_value(&passenger).await;
    assert_eq!((object.status.as_u16(), &object.json()), (200, &row.json()[0]));
}

#[tokio::test]
async fn a_table_is_answered_to_whoever_accepts_one() {
    let app = App::new();
    let list = json!([numbered(1), numbered(2), {"Pclass": 1, "Sex": "female"}]);
    let plain = app.predict_value(&list).await.json();
    let table = post(&app, "/predict", "application/json", "text/csv", list.to_string()).await;
    assert_eq!(table.header("lifeboat-created"), "0");
    for (row, prediction) in rows(&table).iter().zip(plain.as_array().unwrap()) {
        assert_eq!(row["probability"], prediction["probability"].to_string());
        for name in ["id", "model_version", "created_at"] {
            assert_eq!(row[name], prediction[name]);
        }
        assert_eq!(row["Survived"], prediction["prediction"]["Survived"].to_string());
    }
    assert_eq!(rows(&table)[2]["PassengerId"], "", "missing, as in the request");
    let one = post(&app, "/predict", "application/json", "text/csv", numbered(9).to_string()).await;
    assert_eq!((one.status.as_u16(), rows(&one).len()), (201, 1));
    assert!(one.header("location").ends_with(rows(&one)[0]["id"].as_str().unwrap()));
}

#[tokio::test]
async fn a_file_for_kaggle_has_two_columns_and_an_id_in_each_row() {
    let app = App::new();
    let answer =
        post(&app, "/predict?kaggle=true", "text/csv", "*/*", "PassengerId,Pclass,Sex\n892,3,male\n893,1,female\n")
            .await;
    assert_eq!(answer.body, "PassengerId,Survived\n892,0\n893,1\n");
    let lacking =
        post(&app, "/predict?kaggle=true", "text/csv", "*/*", "PassengerId,Pclass,Sex\n7,3,male\n,1,female\n").await;
    assert_eq!(faults(&lacking), [(3, "PassengerId".to_owned(), "is required with kaggle=true".to_owned())]);
    let list = json!([numbered(1), {"Pclass": 1, "Sex": "female"}]).to_string();
    let problem = post(&app, "/predict?kaggle=true", "application/json", "*/*", list).await.problem(422);
    assert_eq!(problem["errors"][0]["pointer"], "/1/PassengerId");
    let wrong = json!([{"PassengerId": "1", "Pclass": 1, "Sex": "female"}]).to_string();
    let problem = post(&app, "/predict?kaggle=true", "application/json", "*/*", wrong).await.problem(422);
    assert_eq!(problem["errors"][0]["detail"], "must be an integer from 0 to 9007199254740991, found the text \"1\"");
    assert_eq!(app.stored(), 2);
    for query in ["kaggle=perhaps", "kagle=true", "kaggle=true&kaggle=true"] {
        post(&app, &format!("/predict?{query}"), "text/csv", "*/*", "Pclass,Sex\n3,male\n").await.problem(400);
    }
}

#[tokio::test]
async fn every_fault_of_a_table_is_named_by_line_and_column() {
    let app = App::new();
    let table = "PassengerId,Pclass,Sex,Age,Name\n1,3,male,22,\"two\nlines\"\n2,4,male,old,x\n3,3\n4,3,,,y\n";
    let found: Vec<_> =
        faults(&post_table(&app, table).await).into_iter().map(|(line, column, _)| (line, column)).collect();
    let expected = [(4, "Pclass"), (4, "Age"), (5, ""), (6, "Sex")];
    assert_eq!(found, expected.map(|(line, column)| (line, column.to_owned())));
    assert_eq!(app.stored(), 0);
}

#[tokio::test]
async fn every_fault_of_a_header_is_named() {
    let app = App::new();
    let found = faults(&post_table(&app, "Pclass,Pclass,Agee\n3,3,1\n").await);
    let expected =
        ["column Pclass stands twice", "column \"Agee\" is not a field of a passenger", "column Sex is missing"];
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for ((line, _, detail), expected) in found.iter().zip(expected) {
        assert!(*line == 1 && detail.starts_with(expected), "{detail}");
    }
    assert!(
        found[1].2.ends_with(
            "expected one of PassengerId, Pclass, Name, Sex, Age, SibSp, Parch, Ticket, Fare, Cabin, Embarked"
        )
    );
}

#[tokio::test]
async fn a_table_has_1_to_1000_rows() {
    let app = App::new();
    let of = |rows: usize| {
        format!("PassengerId,Pclass,Sex\n{}", (0..rows).map(|row| format!("{row},3,male\n")).collect::<String>())
    };
    assert_eq!(post_table(&app, of(1000)).await.header("lifeboat-created"), "1000");
    for rows in [0, 1001] {
        let found = faults(&post_table(&app, of(rows)).await);
        assert_eq!(found.len(), 1);
        assert!(found[0].2.ends_with(&format!("1 to 1000 rows, found {rows}")), "{found:?}");
    }
    post_table(&app, "").await.problem(400);
    post_table(&app, format!("Pclass,Sex\n3,{}\n", "m".repeat(2 << 20))).await.problem(413);
}
