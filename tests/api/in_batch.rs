//! A file is answered as a server answers its records.

use serde_json::{Value, json};

use crate::app::App;
use crate::folder::Folder;
use crate::training::{TRAIN, training_passengers};

#[tokio::test]
async fn a_file_and_the_server_say_the_same() {
    let folder = Folder::new();
    let in_batch = folder.run(&["predict", TRAIN, "--store", "--output-format", "ndjson"]).0;
    let in_batch: Vec<Value> = in_batch.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert!(in_batch.len() > 800);
    let served = App::new().predict_value(&json!(training_passengers())).await;
    assert_eq!(served.status, 200);
    let served = served.json();
    assert_eq!(served.as_array().unwrap().len(), in_batch.len());
    for (served, row) in served.as_array().unwrap().iter().zip(&in_batch) {
        for (of_server, of_file) in [
            (&served["key"]["PassengerId"], &row["PassengerId"]),
            (&served["prediction"]["Survived"], &row["Survived"]),
            (&served["model_version"], &row["model_version"]),
            (&served["id"], &row["id"]),
        ] {
            assert_eq!(of_server, of_file);
        }
        let [served, row] = [served, row].map(|one| one["probability"].as_f64().unwrap());
        assert!((served - row).abs() <= 1e-6, "{served} and {row}");
    }
}
