//! The contract that `/openapi.json` is: what it shows works, and what can happen is in it.

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::{Method, Request, header};
use serde_json::Value;

use crate::app::App;

async fn document(app: &App) -> Value {
    let answer = app.get("/openapi.json").await;
    assert_eq!((answer.status.as_u16(), answer.header("content-type")), (200, "application/json"));
    assert!(!answer.header("etag").is_empty());
    answer.json()
}

/// Returns the examples of a request's body with their media types.
fn examples(operation: &Value) -> Vec<(String, Value)> {
    let mut examples = Vec::new();
    for (media_type, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
        let named = content["examples"].as_object().into_iter().flatten().map(|(_, example)| &example["value"]);
        let single = content.get("example").into_iter();
        examples.extend(named.chain(single).map(|example| (media_type.clone(), example.clone())));
    }
    examples
}

/// Fills a path with the examples of its parameters, and of those of its query that must be there.
fn filled(path: &str, operation: &Value, schemas: &Value) -> String {
    let parameters = operation["parameters"].as_array().into_iter().flatten();
    let parameters = parameters.filter(|one| one["in"] == "path" || one["required"] == true);
    parameters.fold(path.to_owned(), |path, parameter| {
        let schema = match parameter["schema"]["$ref"].as_str() {
            Some(place) => &schemas[place.rsplit('/').next().unwrap()],
            None => &parameter["schema"],
        };
        let example =
            [&parameter["example"], &schema["examples"][0], &schema["enum"][0]].into_iter().find(|one| !one.is_null());
        let example = example.unwrap_or_else(|| panic!("{parameter} has no example"));
        let text = example.as_str().map_or_else(|| example.to_string(), str::to_owned);
        let name = parameter["name"].as_str().unwrap();
        match parameter["in"].as_str() {
            Some("path") => path.replace(&format!("{{{name}}}"), &text),
            _ => format!("{path}{}{name}={text}", if path.contains('?') { '&' } else { '?' }),
        }
    })
}

#[tokio::test]
async fn every_example_works_as_it_stands() {
    let app = App::new();
    let document = document(&app).await;
    let mut bodies = 0;
    // What is posted first is what the examples of other paths ask for.
    for method in ["post", "put", "get"] {
        for (path, item) in document["paths"].as_object().unwrap() {
            let Some(operation) = item.get(method) else { continue };
            let path = filled(path, operation, &document["components"]["schemas"]);
            let mut bodies_of = examples(operation);
            bodies += bodies_of.len();
            if method == "get" {
                bodies_of.push((String::new(), Value::Null));
            }
            assert!(!bodies_of.is_empty(), "{method} {path} has no example");
            for (media_type, body) in bodies_of {
                let text = body.as_str().map_or_else(|| body.to_string(), str::to_owned);
                let request = Request::builder().method(Method::from_bytes(method.to_uppercase().as_bytes()).unwrap());
                let request = request.uri(&path).header(header::CONTENT_TYPE, media_type);
                let answer = app.send(request.body(Body::from(text)).unwrap()).await;
                assert!(answer.status.is_success(), "{method} {path}: {answer:?}");
                let documented = &operation["responses"][answer.status.as_str()];
                assert!(documented.is_object(), "{method} {path}: {} is not documented", answer.status);
                let media_type = answer.header("content-type").split(';').next().unwrap().to_owned();
                assert!(documented["content"].get(&media_type).is_some(), "{method} {path}: {media_type}");
            }
        }
    }
    assert!(bodies >= 5, "{bodies}");
}

#[tokio::test]
async fn every_type_of_problem_is_told_of() {
    let text = document(&App::new()).await.to_string();
    let told: BTreeSet<_> =
        text.split("urn:lifeboat:problem:").skip(1).map(|rest| rest.split(['"', '`']).next().unwrap()).collect();
    let known = [
        "answer-too-large",
        "cross-site",
        "internal",
        "invalid-outcome",
        "invalid-record",
        "malformed",
        "method-not-allowed",
        "misdirected-request",
        "not-found",
        "outcome-conflict",
        "overloaded",
        "request-timeout",
        "too-large",
        "unauthenticated",
        "unavailable",
        "unsupported-content-encoding",
        "unsupported-media-type",
    ];
    assert_eq!(told, BTreeSet::from(known));
}

#[tokio::test]
async fn a_path_that_is_no_text_is_a_problem_like_any_other() {
    let app = App::new();
    let document = document(&app).await;
    let mut paths = 0;
    for (path, item) in document["paths"].as_object().unwrap().iter().filter(|(path, _)| path.contains('{')) {
        let path =
            path.split('/').map(|part| if part.starts_with('{') { "%FF" } else { part }).collect::<Vec<_>>().join("/");
        for method in item.as_object().unwrap().keys() {
            let request = Request::builder().method(Method::from_bytes(method.to_uppercase().as_bytes()).unwrap());
            let request = request.uri(&path).header(header::CONTENT_TYPE, "application/json");
            let answer = app.send(request.body(Body::from("{\"Survived\": 1}")).unwrap()).await;
            if path.starts_with("/v2") {
                assert_eq!(answer.header("content-type"), "application/json", "{method} {path}");
                assert!(answer.json()["error"].as_str().unwrap().contains(' '), "{method} {path}: {answer:?}");
            } else {
                let problem = answer.problem(answer.status.as_u16());
                assert!(answer.status.is_client_error(), "{method} {path}: {problem}");
            }
            paths += 1;
        }
    }
    assert!(paths >= 6, "{paths}");
}

#[tokio::test]
async fn every_operation_has_a_name_a_summary_and_its_failures() {
    let document = document(&App::new()).await;
    let mut names = BTreeSet::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for (method, operation) in item.as_object().unwrap() {
            let name = operation["operationId"].as_str().unwrap();
            assert!(names.insert(name), "{name} stands twice");
            assert!(!operation["summary"].as_str().unwrap().is_empty(), "{method} {path}");
            assert!(operation["tags"].as_array().is_some_and(|tags| tags.len() == 1), "{method} {path}");
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.contains_key("500"), "{method} {path}");
            for (status, response) in responses {
                assert!(!response["description"].as_str().unwrap().is_empty(), "{method} {path} {status}");
                assert!(response["headers"].get("x-request-id").is_some(), "{method} {path} {status}");
            }
        }
    }
}
