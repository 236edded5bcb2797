//! `/openapi.json` of any table: it speaks of that table, holds together, and what it shows works.

use std::collections::BTreeSet;

use axum::http::Method;
use lifeboat::table::Task;
use serde_json::{Value, json};

use super::{Table, WORDS, schema, send, small};
use crate::app::App;

pub(super) async fn document(app: &App) -> Value {
    let answer = app.get("/openapi.json").await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

/// Checks what a validator would: that references lead somewhere, that paths have their parameters, and that names stand once.
pub(super) fn check(document: &Value) {
    assert!(document["openapi"].as_str().unwrap().starts_with("3.1."));
    check_references(document, document);
    let mut operations = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap_or_else(|| panic!("{method} {path} has no name"));
            assert!(operations.insert(name.to_owned()), "{name} stands twice");
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let named: Vec<(&str, &str)> =
                parameters.map(|one| (one["in"].as_str().unwrap(), one["name"].as_str().unwrap())).collect();
            assert_eq!(named.iter().collect::<BTreeSet<_>>().len(), named.len(), "{method} {path}: {named:?}");
            let in_path: BTreeSet<&str> = path.split('{').skip(1).map(|part| part.split('}').next().unwrap()).collect();
            let told: BTreeSet<&str> =
                named.iter().filter(|(place, _)| *place == "path").map(|(_, name)| *name).collect();
            assert_eq!(told, in_path, "{method} {path}");
            assert!(
                operation["responses"].as_object().is_some_and(|responses| !responses.is_empty()),
                "{method} {path}"
            );
        }
    }
    for operation in links(document) {
        assert!(operations.contains(&operation), "a link leads to {operation}");
    }
}

fn check_references(document: &Value, value: &Value) {
    match value {
        Value::Object(members) => {
            if let Some(Value::String(reference)) = members.get("$ref") {
                let pointer = reference.strip_prefix('#').unwrap_or_else(|| panic!("{reference} leads away"));
                assert!(document.pointer(pointer).is_some_and(Value::is_object), "{reference} leads nowhere");
            }
            members.values().for_each(|member| check_references(document, member));
        }
        Value::Array(elements) => elements.iter().for_each(|element| check_references(document, element)),
        _ => {}
    }
}

fn links(value: &Value) -> Vec<String> {
    match value {
        Value::Object(members) => {
            let own = members.get("links").and_then(Value::as_object).into_iter().flatten();
            let own: Vec<String> =
                own.filter_map(|(_, link)| link["operationId"].as_str().map(str::to_owned)).collect();
            own.into_iter().chain(members.values().flat_map(links)).collect()
        }
        Value::Array(elements) => elements.iter().flat_map(links).collect(),
        _ => vec![],
    }
}

#[tokio::test]
async fn a_contract_holds_together_and_speaks_of_its_table() {
    for table in Table::all() {
        let document = document(&table.app).await;
        check(&document);
        let text = document.to_string().to_lowercase();
        for word in WORDS {
            assert!(!text.contains(word), "{word} in the contract of {}", table.name);
        }
        let schemas = &document["components"]["schemas"];
        let record = &schemas["Record"];
        let fields = table.fields();
        let properties = record["properties"].as_object().unwrap();
        assert!(fields.iter().all(|field| properties.contains_key(*field)), "{record}");
        assert_eq!((properties.len(), &record["required"]), (fields.len() + 1, &json!(fields)), "the label, too");
        assert_eq!(properties[fields[0]]["minimum"].as_f64(), Some(0.0));
        let answer = &schemas["Prediction"]["properties"];
        assert!(answer["prediction"]["properties"].get(&table.label).is_some(), "{answer}");
        assert_eq!(
            (answer.get("probability").is_some(), answer.get("probabilities").is_some(), answer.get("key").is_some()),
            (table.task == Task::Binary, table.task == Task::Multiclass, false)
        );
        let outcome = &schemas["NewOutcome"]["properties"][&table.label];
        assert_eq!(outcome["type"], if table.task == Task::Regression { "number" } else { "string" }, "{outcome}");
        assert!(document["info"]["description"].as_str().unwrap().contains(&table.label), "{}", document["info"]);
    }
}

#[tokio::test]
async fn what_is_answered_is_what_the_contract_says() {
    for table in Table::all() {
        let document = document(&table.app).await;
        let posted = table.app.predict_value(&table.golden[0].0).await;
        let read = table.app.get(posted.header("location")).await.json();
        for (name, answer) in [("Prediction", posted.json()), ("StoredPrediction", read)] {
            let schema = &document["components"]["schemas"][name];
            let members = answer.as_object().unwrap();
            for required in schema["required"].as_array().unwrap() {
                assert!(members.contains_key(required.as_str().unwrap()), "{required} of {name}");
            }
            for member in members.keys() {
                assert!(schema["properties"].get(member).is_some(), "{member} is not in {name}");
            }
        }
        let pattern = document["components"]["schemas"]["PredictionId"]["pattern"].as_str().unwrap();
        let pattern = regex::Regex::new(pattern).unwrap();
        assert!(pattern.is_match(posted.json()["id"].as_str().unwrap()));
    }
}

#[tokio::test]
async fn every_example_of_a_body_works_as_it_stands() {
    for table in Table::all() {
        let document = document(&table.app).await;
        let name = table.app.get("/model").await.json()["name"].as_str().unwrap().to_owned();
        for (path, at) in [("/predict", "/predict"), ("/v2/models/{model}/infer", &format!("/v2/models/{name}/infer"))]
        {
            let content = document["paths"][path]["post"]["requestBody"]["content"].as_object().unwrap();
            let mut count = 0;
            for (media_type, content) in content {
                let named = content["examples"].as_object().into_iter().flatten().map(|(_, example)| &example["value"]);
                for body in named.chain(content.get("example")) {
                    let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
                    let answer = send(&table.app, Method::POST, at, &[("content-type", media_type)], text).await;
                    assert!(answer.status.is_success(), "{path} of {}: {answer:?}", table.name);
                    count += 1;
                }
            }
            assert!(count > 0, "{path} of {} has no example", table.name);
        }
    }
}

#[tokio::test]
async fn a_key_is_asked_for_by_its_fields_and_by_nothing_that_stands_twice() {
    let fields = json!([
        {"name": "limit", "type": "integer", "constraints": {"minimum": 1}, "example": 3},
        {"name": "a/b~c", "type": "string", "example": "north"},
    ]);
    let label = json!({"name": "y", "type": "number"});
    let app = small(&schema(&fields, &label, &json!({"key": ["limit", "a/b~c"]})));
    let document = document(&app).await;
    check(&document);
    let parameters = document["paths"]["/predictions"]["get"]["parameters"].as_array().unwrap();
    let named: Vec<&str> = parameters.iter().map(|one| one["name"].as_str().unwrap()).collect();
    assert_eq!(named, ["limit", "a/b~c", "page_limit", "cursor"], "an option gives way to a field of the key");
    let links = &document["paths"]["/predict"]["post"]["responses"]["201"]["links"];
    assert_eq!(links["history"]["parameters"]["a/b~c"], "$response.body#/key/a~1b~0c");
    let key = &document["components"]["schemas"]["Prediction"]["properties"]["key"]["properties"];
    assert_eq!(key["limit"]["type"], json!(["integer", "null"]));
}

#[tokio::test]
async fn a_table_without_examples_has_one_that_is_predicted_and_stored() {
    let required = json!({"required": true});
    let fields = json!([
        {"name": "code", "type": "string"},
        {"name": "size", "type": "number", "constraints": {"required": true, "minimum": 5, "maximum": 6}},
        {"name": "day", "type": "date", "constraints": required},
        {"name": "kind", "type": "string", "categories": ["b", "a"], "constraints": required},
        {"name": "note", "type": "string"},
    ]);
    let app = small(&schema(&fields, &json!({"name": "y", "type": "number"}), &json!({"key": "code"})));
    let examples =
        &document(&app).await["paths"]["/predict"]["post"]["requestBody"]["content"]["application/json"]["examples"];
    let record = &examples["example_001"]["value"];
    assert_eq!(app.predict_value(record).await.status.as_u16(), 201, "{examples}");
    let expected = json!({"code": "x", "day": "2000-01-01", "kind": "b", "size": 5.0, "x": record["x"]});
    assert_eq!(record, &expected, "what need not be there is left out");
}
