//! A second model in the shadow of the first: it is heard, and nobody is answered by it.

use serde_json::{Value, json};

use crate::folder::Folder;
use crate::package_folder;
use crate::server::{Server, client, failure, new_database, predict, serve};
use crate::training::training_passengers;

fn copy() -> package_folder::Folder {
    package_folder::Folder::copy_of("model/titanic".as_ref())
}

/// Returns a package that thinks those without an age to be infants, and its version.
fn other_model() -> (package_folder::Folder, String) {
    let package = copy();
    package.edit("state.json", |state| {
        let ages = &mut state["steps"]["age"];
        ages["overall"] = json!(0.5);
        for medians in ages["by"].as_array_mut().unwrap() {
            for median in medians.as_array_mut().unwrap() {
                median[1] = json!(0.5);
            }
        }
    });
    let version = package.seal();
    (package, version)
}

async fn answers(server: &Server, passengers: &[Value]) -> Vec<Value> {
    let answered = predict(&client(), &server.url("/predict"), &json!(passengers)).await.unwrap();
    let mut answers: Vec<Value> = answered.json().await.unwrap();
    for answer in &mut answers {
        answer.as_object_mut().unwrap().remove("created_at");
    }
    answers
}

#[tokio::test]
async fn a_model_in_the_shadow_is_stored_and_reported_and_changes_no_answer() {
    let (package, version) = other_model();
    let passengers = training_passengers();
    let (_folder, database) = new_database();
    let alone = answers(&Server::run(serve(&database)), &passengers).await;

    let folder = Folder::new();
    let mut command = serve(&folder.path("titanic.db"));
    command.env("SHADOW_MODEL_DIR", package.folder());
    let server = Server::run(command);
    assert_eq!(answers(&server, &passengers).await, alone);
    // Who asks again is answered what is stored, whatever the shadow.
    assert_eq!(answers(&server, &passengers[..1]).await, alone[..1]);

    folder.run(&["export", "--since", "1h", "--output", "exported.csv"]);
    let exported = folder.read("exported.csv");
    let rows: Vec<csv::StringRecord> =
        csv::Reader::from_reader(exported.as_bytes()).records().map(Result::unwrap).collect();
    let header: Vec<&str> = exported.lines().next().unwrap().split(',').collect();
    let column = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let number = |row: &csv::StringRecord, name: &str| row[column(name)].parse::<f64>().unwrap();
    assert_eq!(rows.len(), 891);
    let mut differences = 0;
    for row in &rows {
        assert_eq!(row[column("shadow_version")], version);
        let differs = (number(row, "probability") - number(row, "shadow_probability")).abs() > 1e-6;
        differences += u64::from(differs);
        assert!(!differs || row[column("Age")].is_empty(), "{row:?}");
    }
    assert!(differences > 100, "{differences} differ");

    let report: Value = client().get(server.url("/monitor?since=1h")).send().await.unwrap().json().await.unwrap();
    let shadow = &report["shadows"][&version];
    assert_eq!(shadow["rows"], 891, "{report}");
    let expected = rows.iter().map(|row| (number(row, "probability") - number(row, "shadow_probability")).abs());
    let expected = expected.sum::<f64>() / 891.0;
    assert!((shadow["mean_difference"].as_f64().unwrap() - expected).abs() < 1e-6, "{shadow}");
    assert!(shadow["decided_otherwise_rate"].as_f64().unwrap() > 0.0 && shadow["observed"].is_null(), "{shadow}");

    folder.write("outcomes.csv", "PassengerId,Survived\n1,0\n2,1\n3,1\n4,1\n5,0\n6,0\n");
    folder.run(&["outcomes", "outcomes.csv"]);
    let (table, _) = folder.run(&["monitor", "--since", "1h"]);
    let told = table.lines().find(|line| line.starts_with(&format!("shadow {version}"))).unwrap();
    assert!(told.contains("of 891, ") && told.contains("log loss") && told.contains("decided otherwise"), "{told}");
    folder.run(&["monitor", "--since", "1h", "--output", "report.html"]);
    assert!(folder.read("report.html").contains(&format!("In the shadow: {version}")));
}

#[test]
fn a_shadow_that_cannot_be_used_is_told_before_anything_is_served() {
    let package = copy();
    let graph = std::fs::read(package.path("model.onnx")).unwrap();
    std::fs::write(package.path("model.onnx"), &graph[..graph.len() / 2]).unwrap();
    let (_folder, database) = new_database();
    let mut command = serve(&database);
    command.env("SHADOW_MODEL_DIR", package.folder());
    let said = failure(command);
    assert!(said.contains("the package of the shadow cannot be used") && said.contains("content_hash"), "{said}");
}
