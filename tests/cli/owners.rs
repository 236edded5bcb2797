//! A database belongs to a table: the package of another is refused, and another version of the same reads what is there.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::folder::Folder;
use crate::other_tables::{FLOWERS, PATIENTS, TUMOURS, Table};
use crate::stored::stored;

/// Copies a package into a folder, altered and sealed again; returns its version.
pub(crate) fn copy(table: &Table, folder: &Folder, name: &str, file: &str, alter: impl FnOnce(&mut Value)) -> String {
    fs::create_dir(folder.path(name)).unwrap();
    for file in ["schema.json", "manifest.json", "model.onnx", "baseline.json", "golden.csv"] {
        fs::copy(Path::new(table.package()).join(file), folder.path(name).join(file)).unwrap();
    }
    let path = format!("{name}/{file}");
    let mut value = serde_json::from_str(&folder.read(&path)).unwrap();
    alter(&mut value);
    folder.write(&path, value.to_string());
    folder.run(&["pack", name]).0.trim().to_owned()
}

/// Checks that each command that reads or writes the database refuses it, saying this.
#[track_caller]
fn is_refused(folder: &Folder, package: &str, database: &str, saying: &str) {
    let before = stored(&folder.path(database));
    let url = format!("sqlite:{database}");
    let train = FLOWERS.file("train.csv");
    folder.write("outcomes.csv", "id,species\np.7e44b10bd769d6ff40cf216d07595d98,setosa\n");
    for command in [
        &["serve", "--port", "0"][..],
        &["predict", &train, "--store", "--output", "out.csv"],
        &["outcomes", "outcomes.csv"],
        &["export", "--format", "csv"],
        &["replay"],
        &["monitor"],
    ] {
        let said = folder.fails(&[command, &["--package", package, "--database-url", &url]].concat());
        assert!(said.contains(&format!("{database} cannot be used as the database: ")), "{command:?}: {said}");
        assert!(said.contains(saying), "{command:?}: {said}");
        assert!(said.ends_with(": use another database\n"), "{command:?}: {said}");
    }
    assert_eq!(stored(&folder.path(database)), before);
    assert!(!folder.path("out.csv").exists());
}

#[test]
fn the_package_of_another_table_is_refused() {
    for table in [TUMOURS, PATIENTS] {
        let folder = table.stored();
        let database = format!("{}.db", table.name);
        let saying = format!("it holds the predictions of package {} with no key and label ", table.name);
        is_refused(&folder, FLOWERS.package(), &database, &saying);
        is_refused(
            &folder,
            FLOWERS.package(),
            &database,
            ", not of package iris-species with no key and label species (string)",
        );
    }
}

#[test]
fn another_key_or_label_is_another_table() {
    let folder = FLOWERS.stored();
    copy(&FLOWERS, &folder, "keyed", "schema.json", |schema| schema["lifeboat"]["key"] = json!("petal width (cm)"));
    let saying = "not of package iris-species with key petal width (cm) (number) and label species (string)";
    is_refused(&folder, "keyed", "iris-species.db", saying);
    copy(&FLOWERS, &folder, "renamed", "manifest.json", |manifest| manifest["name"] = json!("lilies"));
    is_refused(&folder, "renamed", "iris-species.db", "not of package lilies with no key");
}

#[test]
fn another_version_reads_what_is_there() {
    let folder = TUMOURS.stored();
    let first = folder.run(&TUMOURS.arguments(&["package", "--json"])).0;
    let first: Value = serde_json::from_str(&first).unwrap();
    let version = copy(&TUMOURS, &folder, "next", "manifest.json", |manifest| {
        manifest["semantic_version"] = json!("1.1.0");
        manifest["threshold"] = json!(0.25);
    });
    assert!(version.starts_with("1.1.0-"), "{version}");
    let run = |command: &[&str]| folder.run(&[command, &["--package", "next"]].concat());
    assert!(run(&["export", "--output", "table.csv"]).1.starts_with("36 exported\n"));
    let (_, err) = run(&["predict", &TUMOURS.file("train.csv"), "--store", "--output", "next.csv"]);
    assert_eq!(err, "36 predicted, 36 new in the store\n");
    let replayed = run(&["replay"]).0;
    let first = first["version"].as_str().unwrap();
    assert!(
        replayed.contains(&format!("36 by {first}, which is not at hand: give its package with --package DIR")),
        "{replayed}"
    );
    assert!(replayed.contains("36 the same, 0 different"), "{replayed}");
    let both = folder.run(&["replay", "--package", "next", "--package", TUMOURS.package()]).0;
    assert!(both.starts_with("72 the same, 0 different\n"), "{both}");
    let report: Value = serde_json::from_str(&run(&["monitor", "--format", "json"]).0).unwrap();
    assert_eq!(report["versions"], json!({first: 36, version: 36}));
}

#[test]
fn packages_of_two_tables_are_not_replayed_together() {
    let folder = FLOWERS.stored();
    let said = folder.refuses(&["replay", "--package", FLOWERS.package(), "--package", PATIENTS.package()]);
    assert_eq!(
        said,
        "error: the packages are of iris-species and of diabetes-progression: replay those of one table\n"
    );
}
