//! `POST /predict` with passengers that are passengers.

use axum::http::{Request, header};
use serde_json::{Value, json};

use crate::app::{App, package};
use crate::passengers::numbered;

fn kelly() -> Value {
    json!({
        "PassengerId": 892, "Pclass": 3, "Name": "Kelly, Mr. James", "Sex": "male", "Age": 34.5, "SibSp": 0, "Parch": 0,
        "Ticket": "330911", "Fare": 7.8292, "Cabin": null, "Embarked": "Q",
    })
}

#[tokio::test]
async fn a_passenger_is_predicted_and_stored() {
    let app = App::new();
    let answer = app.predict_value(&kelly()).await;
    assert_eq!(answer.status, 201);
    assert_eq!(answer.header("content-type"), "application/json");
    let body = answer.json();
    assert_eq!(answer.header("location"), format!("/predictions/{}", body["id"].as_str().unwrap()));
    assert_eq!(body["model_version"].as_str(), Some(&**package().version()));
    let probability = body["probability"].as_f64().unwrap();
    assert!((0.0..=1.0).contains(&probability));
    assert_eq!(body["prediction"]["Survived"], u8::from(probability >= 0.5));
    insta::assert_json_snapshot!(body, {
        ".id" => insta::dynamic_redaction(|id, _| {
            assert!(id.as_str().unwrap().starts_with("p.892."));
            "p.892.[hash]"
        }),
        ".probability" => "[probability]",
        ".prediction.Survived" => "[survived]",
        ".model_version" => "[version]",
        ".snapshot" => "[snapshot]",
    }, @r#"
    {
      "created_at": "2026-11-23T10:15:04.211Z",
      "id": "p.892.[hash]",
      "key": {
        "PassengerId": 892
      },
      "model_version": "[version]",
      "prediction": {
        "Survived": "[survived]"
      },
      "probability": "[probability]",
      "snapshot": "[snapshot]"
    }
    "#);
    assert_eq!(app.stored(), 1);
}

#[tokio::test]
async fn the_same_passenger_again_gets_the_same_bytes() {
    let app = App::new();
    let first = app.predict_value(&kelly()).await;
    app.set_time("2027-01-01T00:00:00Z");
    let again = app.predict_value(&kelly()).await;
    assert_eq!((first.status.as_u16(), again.status.as_u16()), (201, 200));
    assert_eq!(again.body, first.body);
    assert_eq!(again.header("location"), "");
    assert_eq!(app.stored(), 1);
}

#[tokio::test]
async fn a_passenger_in_other_words_is_the_same_passenger() {
    let app = App::new();
    let first = app.predict_value(&kelly()).await;
    let respelt = r#" {"embarked": "q", "sex": " MALE", "name": " Kelly, Mr. James\u0020", "age": 3.45e1, "pclass": 3.0,
        "passenger_id": 892, "ticket": "330911", "fare": 7.82920, "sib_sp": 0.0, "parch": 0, "Survived": 1, "cabin": ""} "#;
    let again = app.predict(respelt).await;
    assert_eq!(again.status, 200);
    assert_eq!(again.body, first.body);
}

#[tokio::test]
async fn an_array_is_answered_in_its_order() {
    let app = App::new();
    app.predict_value(&numbered(3)).await;
    let passengers: Vec<_> = (0..10).rev().map(numbered).collect();
    let answer = app.predict_value(&json!(passengers)).await;
    assert_eq!(answer.status, 200);
    assert_eq!(answer.header("lifeboat-created"), "9");
    assert_eq!(answer.header("location"), "");
    let ids: Vec<_> = answer.json().as_array().unwrap().iter().map(|one| one["key"]["PassengerId"].clone()).collect();
    assert_eq!(ids, [9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
    assert_eq!(app.stored(), 10);

    let again = app.predict_value(&json!(passengers)).await;
    assert_eq!(again.header("lifeboat-created"), "0");
    assert_eq!(again.body, answer.body);
}

#[tokio::test]
async fn an_array_may_hold_a_passenger_twice() {
    let app = App::new();
    let answer = app.predict_value(&json!([numbered(1), numbered(2), numbered(1)])).await;
    assert_eq!(answer.header("lifeboat-created"), "2");
    let body = answer.json();
    assert_eq!(body[0], body[2]);
    assert_ne!(body[0]["id"], body[1]["id"]);
    assert_eq!(app.stored(), 2);
}

#[tokio::test]
async fn an_array_of_one_is_answered_by_an_array() {
    let answer = App::new().predict_value(&json!([kelly()])).await;
    assert_eq!(answer.json().as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_thousand_passengers_are_not_too_many() {
    let app = App::new();
    let answer = app.predict_value(&(0..1000).map(numbered).collect()).await;
    assert_eq!((answer.status.as_u16(), answer.header("lifeboat-created")), (200, "1000"));
    assert_eq!(app.stored(), 1000);
}

#[tokio::test]
async fn an_array_says_what_each_passenger_alone_is_told() {
    let (together, alone) = (App::new(), App::new());
    let passengers: Vec<_> = (0..100).map(numbered).collect();
    let array = together.predict_value(&json!(passengers)).await.json();
    for (passenger, in_array) in passengers.iter().zip(array.as_array().unwrap()) {
        let (mut alone, mut in_array) = (alone.predict_value(passenger).await.json(), in_array.clone());
        let [alone_says, array_says] =
            [&mut alone, &mut in_array].map(|one| one["probability"].take().as_f64().unwrap());
        assert!((alone_says - array_says).abs() <= 1e-6, "{alone_says} and {array_says}");
        assert_eq!(alone, in_array);
    }
}

#[tokio::test]
async fn class_and_sex_are_enough() {
    let answer = App::new().predict(r#"{"Pclass": 1, "Sex": "female"}"#).await;
    assert_eq!(answer.status, 201);
    let body = answer.json();
    assert_eq!(body["key"], json!({"PassengerId": null}));
    assert_eq!(body["id"].as_str().unwrap().split('.').count(), 2, "no key stands in the id");
}

#[tokio::test]
async fn a_content_type_may_have_parameters() {
    let app = App::new();
    for content_type in ["application/json; charset=utf-8", "Application/JSON"] {
        let request = Request::post("/predict").header(header::CONTENT_TYPE, content_type);
        let answer = app.send(request.body(kelly().to_string().into()).unwrap()).await;
        assert!(answer.status.is_success(), "{content_type}");
    }
}

#[tokio::test]
async fn bounds_are_part_of_the_range() {
    let app = App::new();
    for (field, value) in [
        ("PassengerId", json!(0)),
        ("PassengerId", json!(9_007_199_254_740_991_u64)),
        ("Age", json!(0)),
        ("Age", json!(120)),
        ("Age", json!(0.42)),
        ("SibSp", json!(20)),
        ("Fare", json!(10_000)),
        ("Name", json!("ø".repeat(256))),
    ] {
        let mut passenger = kelly();
        passenger[field] = value;
        let answer = app.predict_value(&passenger).await;
        assert_eq!(answer.status, 201, "{passenger}");
        let id = answer.json()["id"].as_str().unwrap().to_owned();
        let stored = app.get(&format!("/predictions/{id}")).await.json();
        assert_eq!(stored["record"][field].to_string().trim_end_matches(".0"), passenger[field].to_string());
    }
}
