//! `lifeboat package`: what a package is, and what is wrong with one.

use std::fs;
use std::path::Path;

use serde_json::{Value, json};

use crate::folder::{Folder, ended_with};
use crate::other_tables::{FLOWERS, PATIENTS, TUMOURS, Table};

/// Copies a package into a folder, under the name `copy`.
fn copied(table: &Table) -> Folder {
    let folder = Folder::new();
    fs::create_dir(folder.path("copy")).unwrap();
    for entry in fs::read_dir(table.package()).unwrap() {
        let from = entry.unwrap().path();
        fs::copy(&from, folder.path("copy").join(from.file_name().unwrap())).unwrap();
    }
    folder
}

fn edit(path: &Path, change: impl FnOnce(&mut Value)) {
    let mut value: Value = serde_json::from_slice(&fs::read(path).unwrap()).unwrap();
    change(&mut value);
    fs::write(path, serde_json::to_string_pretty(&value).unwrap()).unwrap();
}

/// Returns what a package that has something wrong says of that.
fn wrong(folder: &Folder) -> String {
    ended_with(3, folder.run_on(b"", &["package", "copy"]))
}

#[test]
fn a_package_is_told_with_its_graph_and_its_fields() {
    let folder = Folder::new();
    for (table, lines) in [
        (
            FLOWERS,
            &[
                "predicts      species (multiclass)",
                "compared      not compared with the model",
                "golden.csv    answered as they should be: 50 of 50 records, largest difference ",
                "files         as they were packed",
                "written by  lifeboat",
                "outputs     probabilities (float)",
                "nodes       4: Concat, MatMul, Add, Softmax",
                "sepal length (cm)  number  yes       of at least 0",
                "species            string            label; setosa (Iris setosa), ",
            ][..],
        ),
        (
            TUMOURS,
            &[
                "inputs      numbers (float, 30 columns)",
                "diagnosis                string            label; benign, malignant",
            ],
        ),
        (PATIENTS, &["predicts      progression (regression)"]),
    ] {
        let (told, _) = folder.run(&["package", table.package()]);
        for line in lines {
            assert!(told.lines().any(|found| found.starts_with(line)), "{line} is not in {told}");
        }
        assert!(told.lines().all(|line| line == line.trim_end()), "{told}");
        assert_eq!(told, folder.run(&["package", "--package", table.package()]).0);
    }
}

#[test]
fn answers_that_are_not_golden_are_found() {
    for (table, column) in [(FLOWERS, "probability_setosa"), (TUMOURS, "probability"), (PATIENTS, "value")] {
        let folder = copied(&table);
        let golden = folder.read("copy/golden.csv");
        let place = golden.lines().next().unwrap().split(',').position(|name| name == column).unwrap();
        let mut lines: Vec<String> = golden.lines().map(str::to_owned).collect();
        let mut cells: Vec<&str> = lines[2].split(',').collect();
        cells[place] = "0.5";
        lines[2] = cells.join(",");
        folder.write("copy/golden.csv", lines.join("\n"));
        let said = wrong(&folder);
        let first = format!(
            "wrong: golden.csv: 1 of 50 records are answered otherwise, the first in line 3: {column} should be 0.5, found "
        );
        assert!(said.contains(&first), "{said}");
        assert!(said.contains("wrong: golden.csv changed since the package was packed\n"), "{said}");
        let json = folder.run_on(b"", &["package", "copy", "--json"]);
        assert_eq!(serde_json::from_slice::<Value>(&json.stdout).unwrap()["name"], table.name);
        assert_eq!(ended_with(3, json), said);
    }
}

#[test]
fn golden_records_that_are_none_are_told_with_their_line() {
    let folder = copied(&FLOWERS);
    let golden = folder.read("copy/golden.csv");
    for (from, to, expected) in [
        ("5.1,", "-5.1,", "line 2: sepal length (cm) must be a number of at least 0, found -5.1"),
        ("0.9847031", "much", "line 2: an answer is no number"),
        ("probability_setosa", "setosa", "it has no column probability_setosa"),
    ] {
        folder.write("copy/golden.csv", golden.replacen(from, to, 1));
        let said = folder.fails(&["package", "copy"]);
        let cannot =
            "error: the package in copy cannot be used: golden.csv is not a table of records with their answers: ";
        assert_eq!(said, format!("{cannot}{expected}\n"));
    }
}

#[test]
fn files_that_are_not_as_they_were_packed_are_named() {
    let folder = copied(&FLOWERS);
    edit(&folder.path("copy/schema.json"), |schema| schema["title"] = json!("Irises"));
    let (told, err) = folder.run(&["package", "copy"]);
    assert!(told.contains("files         schema.json changed since the package was packed\n"), "{told}");
    assert_eq!(err, "", "titles may change");
    edit(&folder.path("copy/baseline.json"), |baseline| baseline["rows"] = json!(1));
    assert_eq!(wrong(&folder), "wrong: baseline.json changed since the package was packed\n");
    fs::remove_file(folder.path("copy/baseline.json")).unwrap();
    assert_eq!(wrong(&folder), "wrong: baseline.json is gone, which was there when the package was packed\n");
    fs::remove_file(folder.path("copy/model.onnx")).unwrap();
    let said = folder.fails(&["package", "copy"]);
    assert!(said.starts_with("error: the package in copy cannot be used: model.onnx is missing: "), "{said}");
}

#[test]
fn a_package_that_was_compared_with_its_model_says_so() {
    let folder = copied(&FLOWERS);
    edit(&folder.path("copy/manifest.json"), |manifest| {
        manifest["agreement"] =
            json!({"rows": 150, "with": "scikit-learn 1.7.2", "largest_difference": 2.4e-7, "accepted": [3]});
        manifest["evaluation"] = json!({"rows": 150, "on": "the training data", "accuracy": 0.98});
    });
    let (told, _) = folder.run(&["package", "copy"]);
    for line in [
        "compared      proven on 150 rows against scikit-learn 1.7.2, but for 1 that differs and was accepted; the largest difference is 2.4e-7",
        "evaluated on  150 rows of the training data",
        "accuracy      0.9800",
    ] {
        assert!(told.lines().any(|found| found == line), "{line} is not in {told}");
    }
}
