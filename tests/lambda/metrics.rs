//! The function counts in its log: one line a request, and nothing of what did not happen.

use serde_json::{Value, json};

use crate::bootstrap::{Function, on_file};
use crate::fixtures::passengers::numbered;

/// Returns the names of a line's metrics, by their dimensions.
fn names(line: &Value) -> Vec<(String, Vec<&str>)> {
    let directives = line["_aws"]["CloudWatchMetrics"].as_array().unwrap().iter();
    let named = directives.map(|directive| {
        assert_eq!(directive["Namespace"], "Lifeboat");
        let metrics = directive["Metrics"].as_array().unwrap().iter();
        (directive["Dimensions"].to_string(), metrics.map(|metric| metric["Name"].as_str().unwrap()).collect())
    });
    named.collect()
}

#[tokio::test]
async fn each_request_leaves_a_line_of_what_it_came_to() {
    let folder = tempfile::tempdir().unwrap();
    let mut environment = on_file(&folder.path().join("predictions.db"));
    environment.push(("POWERTOOLS_METRICS_NAMESPACE", "Lifeboat".to_owned()));
    environment.push(("POWERTOOLS_SERVICE_NAME", "survival".to_owned()));
    environment.push(("AWS_LAMBDA_FUNCTION_NAME", "survival-api".to_owned()));
    let function = Function::start(&environment).await;
    let least = json!({"Pclass": 3, "Sex": "male"});
    let created = function.predict(&least).await;
    function.predict(&json!([least, numbered(1), numbered(2)])).await;
    assert_eq!(function.get("/model").await.status(), 200);
    assert_eq!(function.predict(&json!({"Pclass": 4})).await.status(), 422);
    let lines = function.metrics(3).await;
    // A look at the model is nothing to count.
    let [first, second, third] = &lines[..] else { panic!("{lines:?}") };

    let service = r#"[["service"]]"#.to_owned();
    let durations = ["ModelLatency", "StoreLatency"];
    let missing =
        ["Name", "Age", "SibSp", "Parch", "Ticket", "Fare", "Cabin", "Embarked"].map(|field| format!("Missing{field}"));
    let missing = missing.each_ref().map(String::as_str);
    let expected = [&["PredictionsCreated", "Probability"][..], &durations, &missing].concat();
    let cold = (r#"[["function_name","service"]]"#.to_owned(), vec!["ColdStart"]);
    assert_eq!(names(first), [(service.clone(), expected), cold]);
    assert_eq!((&first["service"], &first["function_name"]), (&json!("survival"), &json!("survival-api")));
    assert_eq!((&first["route"], &first["ColdStart"]), (&json!("/predict"), &json!(1)));
    assert_eq!(first["Probability"], json!([created.json()["probability"]]));
    assert_eq!(first["request_id"], created.header("x-request-id"));
    assert!(first["ModelLatency"].as_f64().unwrap() > 0.0 && first["StoreLatency"].as_f64().unwrap() > 0.0, "{first}");

    let counted = ["PredictionsCreated", "PredictionsExisting"].map(|name| second[name].as_u64());
    assert_eq!(counted, [Some(2), Some(1)], "{second}");
    assert_eq!(second["Probability"].as_array().unwrap().len(), 2);
    assert!(second.get("ColdStart").is_none() && second.get("MissingAge").is_none(), "{second}");

    assert_eq!(names(third), [(r#"[["service","kind"]]"#.to_owned(), vec!["Problems"])]);
    assert_eq!((&third["kind"], &third["Problems"]), (&json!("invalid-record"), &json!(1)));
}

#[tokio::test]
async fn an_array_of_many_is_told_of_by_a_hundred() {
    let folder = tempfile::tempdir().unwrap();
    let mut environment = on_file(&folder.path().join("predictions.db"));
    environment.push(("POWERTOOLS_METRICS_NAMESPACE", "Lifeboat".to_owned()));
    let function = Function::start(&environment).await;
    let passengers: Vec<Value> = (0..450).map(numbered).collect();
    let answers = function.predict(&json!(passengers)).await.json();
    let line = function.metrics(1).await.remove(0);
    assert_eq!(line["PredictionsCreated"], 450);
    let mean = |values: &[f64]| values.iter().sum::<f64>() / f64::from(u32::try_from(values.len()).unwrap());
    let answered: Vec<f64> =
        answers.as_array().unwrap().iter().map(|answer| answer["probability"].as_f64().unwrap()).collect();
    let told: Vec<f64> = line["Probability"].as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect();
    assert_eq!(told.len(), 100);
    assert!((mean(&told) - mean(&answered)).abs() < 0.01, "{} of {}", mean(&told), mean(&answered));
}

#[tokio::test]
async fn without_a_namespace_nothing_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let function = Function::start(&on_file(&folder.path().join("predictions.db"))).await;
    assert_eq!(function.predict(&numbered(1)).await.status(), 201);
    assert_eq!(function.predict(&numbered(1)).await.status(), 200);
    assert!(!function.log().contains("_aws"), "{}", function.log());
}
