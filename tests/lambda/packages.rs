//! Packages of other tables than the one that is built in: the same program serves each, on a table of its own.

use serde_json::{Value, json};

use crate::bootstrap::{Function, on_table};
use crate::fixtures::dynamodb::{config, items, new_table, url};
use crate::fixtures::passengers::numbered;

const PACKAGES: [(&str, &str); 3] =
    [("breast_cancer", "diagnosis"), ("classes", "species"), ("regression", "progression")];

fn folder(package: &str) -> String {
    format!("{}/tests/packages/{package}", env!("CARGO_MANIFEST_DIR"))
}

/// Returns the examples of a package's schema.
fn records(package: &str) -> Vec<Value> {
    let schema = std::fs::read(format!("{}/schema.json", folder(package))).unwrap();
    let schema: Value = serde_json::from_slice(&schema).unwrap();
    schema["lifeboat"]["examples"].as_array().unwrap().iter().map(|example| example["record"].clone()).collect()
}

#[tokio::test]
async fn a_function_serves_any_package() {
    for (package, label) in PACKAGES {
        let table = new_table().await;
        let mut environment = on_table(&config(&table, &url()));
        environment.push(("MODEL_DIR", folder(package)));
        environment.push(("POWERTOOLS_METRICS_NAMESPACE", "Lifeboat".to_owned()));
        let function = Function::start(&environment).await;
        let records = records(package);
        let created = function.predict(&records[0]).await;
        assert_eq!(created.status(), 201, "{package}: {created:?}");
        let answer = created.json();
        assert!(
            answer["prediction"][label].is_string() || answer["prediction"][label].is_number(),
            "{package}: {answer}"
        );
        let stored = function.get(created.header("location")).await.json();
        assert_eq!((&stored["id"], &stored["prediction"]), (&answer["id"], &answer["prediction"]), "{package}");
        assert_eq!(function.predict(&json!(records)).await.header("lifeboat-created"), "1", "{package}");
        assert_eq!(items(&table).await, 2, "{package}");
        // None of them has a key by which its predictions could be found.
        assert_eq!(function.get("/predictions").await.status(), 404, "{package}");
        let line = function.metrics(1).await.remove(0);
        assert_eq!((&line["PredictionsCreated"], line.get("Probability").is_some()), (&json!(1), label == "diagnosis"));
    }
}

#[tokio::test]
async fn a_function_does_not_start_on_the_table_of_another_package() {
    let table = new_table().await;
    let mut environment = on_table(&config(&table, &url()));
    assert_eq!(Function::start(&environment).await.predict(&numbered(1)).await.status(), 201);
    environment.push(("MODEL_DIR", folder("classes")));
    let function = Function::start(&environment).await;
    assert_eq!(function.post(&json!({})).await, "", "the emulator has no answer");
    for said in ["package titanic with key PassengerId", "package iris-species with no key", "use another database"] {
        assert!(function.log().contains(said), "{}", function.log());
    }
    assert_eq!(items(&table).await, 1);
}
