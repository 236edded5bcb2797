//! The Open Inference Protocol over other tables.

use axum::http::Method;
use lifeboat::table::Task;
use serde_json::{Value, json};

use super::{Table, WORDS, numbers, send};

/// Returns records as tensors, a field each, all of numbers.
fn tensors(table: &Table, records: &[Value]) -> Vec<Value> {
    let tensor = |name: &str| {
        let data: Vec<&Value> = records.iter().map(|record| &record[name]).collect();
        json!({"name": name, "datatype": "FP64", "shape": [records.len(), 1], "data": data})
    };
    table.fields().into_iter().map(tensor).collect()
}

#[tokio::test]
async fn metadata_names_the_fields_and_what_is_predicted() {
    for table in Table::all() {
        let model = table.app.get("/model").await.json();
        let name = model["name"].as_str().unwrap();
        let metadata = table.app.get(&format!("/v2/models/{name}")).await.json();
        assert_eq!((&metadata["name"], &metadata["versions"][0]), (&json!(name), &model["version"]));
        let inputs = metadata["inputs"].as_array().unwrap();
        let named: Vec<&str> = inputs.iter().map(|input| input["name"].as_str().unwrap()).collect();
        assert_eq!(named, table.fields());
        assert!(inputs.iter().all(|input| ["FP64", "INT64"].contains(&input["datatype"].as_str().unwrap())));
        let tensor =
            |name: &str, datatype: &str, shape: Value| json!({"name": name, "datatype": datatype, "shape": shape});
        let (kind, confidence) = match table.task {
            Task::Binary => ("BYTES", Some(tensor("probability", "FP32", json!([-1])))),
            Task::Multiclass => ("BYTES", Some(tensor("probabilities", "FP32", json!([-1, 3])))),
            Task::Regression => ("FP64", None),
        };
        let (label, id) = (tensor(&table.label, kind, json!([-1])), tensor("id", "BYTES", json!([-1])));
        let expected: Vec<Value> = [Some(label), confidence, Some(id)].into_iter().flatten().collect();
        assert_eq!(metadata["outputs"], json!(expected), "{}", table.name);
        assert_eq!(table.app.get(&format!("/v2/models/{name}/ready")).await.status, 200);
        assert_eq!(table.app.get("/v2/models/titanic").await.status, 404);
        assert!(WORDS.iter().all(|word| !metadata.to_string().to_lowercase().contains(word)));
    }
}

#[tokio::test]
async fn what_is_inferred_is_what_is_predicted() {
    for table in Table::all() {
        let records = table.records();
        let predicted = table.app.predict_value(&json!(records)).await.json();
        let predicted = predicted.as_array().unwrap();
        let name = table.app.get("/model").await.json()["name"].as_str().unwrap().to_owned();
        let path = format!("/v2/models/{name}/infer");
        let body = json!({"inputs": tensors(&table, &records)}).to_string();
        let answer = send(&table.app, Method::POST, &path, &[], body).await;
        assert_eq!((answer.status.as_u16(), table.app.stored()), (200, 50), "{answer:?}");
        let answer = answer.json();
        let output = |name: &str| {
            let mut outputs = answer["outputs"].as_array().unwrap().iter();
            outputs.find(|output| output["name"] == name).map(|output| output["data"].as_array().unwrap())
        };
        let label: Vec<&Value> = predicted.iter().map(|one| &one["prediction"][&table.label]).collect();
        assert!(output(&table.label).unwrap().iter().eq(label), "{answer}");
        assert!(output("id").unwrap().iter().eq(predicted.iter().map(|one| &one["id"])));
        let told = output("probability").or(output("probabilities"));
        let told: Vec<f64> = told.into_iter().flatten().map(|one| one.as_f64().unwrap()).collect();
        let expected: Vec<f64> = predicted.iter().flat_map(|one| numbers(one, &table.label)).collect();
        assert!(table.task == Task::Regression || told == expected, "{answer}");
    }
}

#[tokio::test]
async fn every_fault_of_a_request_is_named() {
    for table in Table::all() {
        let (mut inputs, fields) = (tensors(&table, &table.records()[..2]), table.fields());
        inputs[0]["data"][1] = json!(-1);
        inputs[1]["datatype"] = json!("BYTES");
        inputs[2]["name"] = json!("Unheard of");
        let name = table.app.get("/model").await.json()["name"].as_str().unwrap().to_owned();
        let path = format!("/v2/models/{name}/infer");
        let answer = send(&table.app, Method::POST, &path, &[], json!({"inputs": inputs}).to_string()).await;
        let said = answer.json()["error"].as_str().unwrap().to_owned();
        assert_eq!(answer.status, 400, "{said}");
        for part in [
            "/inputs/1/datatype must be",
            "/inputs/2/name is not a field of a",
            &format!("/inputs {} is required", fields[2]),
        ] {
            assert!(said.contains(part), "{part:?} is not in {said}");
        }
        (inputs[1]["datatype"], inputs[2]["name"]) = (json!("FP64"), json!(fields[2]));
        let answer = send(&table.app, Method::POST, &path, &[], json!({"inputs": inputs}).to_string()).await;
        let said = answer.json()["error"].as_str().unwrap().to_owned();
        assert!(said.contains("/inputs/0/data/1 must be"), "{said}");
        assert_eq!(table.app.stored(), 0);
    }
}
