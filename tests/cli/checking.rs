//! `lifeboat check`: every kind of fault that is planted in a copy of the training data is found, and nothing in the original.

use serde_json::Value;

use crate::folder::Folder;
use crate::training::{TITANIC, TRAIN};

/// The training data, as rows of cells behind a header.
struct Table(Vec<csv::StringRecord>);

impl Table {
    fn train() -> Self {
        let mut reader = csv::ReaderBuilder::new().has_headers(false).from_path(TRAIN).unwrap();
        Self(reader.records().map(Result::unwrap).collect())
    }

    fn column(&self, name: &str) -> usize {
        self.0[0].iter().position(|column| column == name).unwrap()
    }

    /// Writes a cell of a line, the header's being 1.
    fn set(&mut self, line: usize, name: &str, value: &str) {
        let column = self.column(name);
        let cells = self.0[line - 1].iter().enumerate().map(|(index, cell)| if index == column { value } else { cell });
        self.0[line - 1] = cells.collect();
    }

    fn text(&self) -> Vec<u8> {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        self.0.iter().for_each(|row| writer.write_record(row).unwrap());
        writer.into_inner().unwrap()
    }
}

/// Checks a table, and returns what the program ended with and what it found.
fn check(table: &Table, arguments: &[&str]) -> (Option<i32>, Value) {
    let folder = Folder::new();
    folder.write("table.csv", table.text());
    let output = folder.run_on(b"", &[&["check", "table.csv", "--json"][..], arguments].concat());
    (output.status.code(), serde_json::from_slice(&output.stdout).unwrap())
}

fn found<'a>(findings: &'a Value, kind: &str) -> Vec<(Option<u64>, &'a str)> {
    let findings = findings.as_array().unwrap().iter().filter(|finding| finding["kind"] == kind);
    findings.map(|finding| (finding["line"].as_u64(), finding["detail"].as_str().unwrap())).collect()
}

#[test]
fn the_training_data_is_fit() {
    let (status, quality) = check(&Table::train(), &["--baseline"]);
    assert_eq!(status, Some(0), "{quality}");
    assert_eq!((&quality["errors"], &quality["warnings"]), (&Value::Array(vec![]), &Value::Array(vec![])));
    assert_eq!(quality["rows"], 891);
    for (class, count) in [("0", 549.0), ("1", 342.0)] {
        assert!((quality["class_rates"][class].as_f64().unwrap() - count / 891.0).abs() < 1e-12);
    }
    assert!((quality["missing_rates"]["Age"].as_f64().unwrap() - 177.0 / 891.0).abs() < 1e-12);
    let (table, _) = Folder::new().run(&["check", TRAIN]);
    assert!(
        table.starts_with(
            "rows               891\nerrors             0\nwarnings           0\nlabelled died      61.6 %\n"
        ),
        "{table}"
    );
}

#[test]
fn every_planted_fault_is_found_where_it_is() {
    let mut table = Table::train();
    table.set(10, "Age", "old");
    table.set(20, "Fare", "-1");
    table.set(30, "Pclass", "");
    table.set(40, "Sex", "unknown");
    table.0[49].push_field("one cell too many");
    table.set(60, "Survived", "2");
    table.set(70, "Survived", "");
    let twin = table.0[80].clone();
    table.0.push(twin);
    let (status, quality) = check(&table, &[]);
    assert_eq!((status, quality["rows"].as_u64()), (Some(3), Some(892)));
    let errors = &quality["errors"];
    let rows = found(errors, "row");
    assert_eq!(rows.iter().map(|(line, _)| line.unwrap()).collect::<Vec<_>>(), [10, 20, 30, 40, 50], "{errors}");
    for ((_, detail), field) in rows.iter().zip(["Age", "Fare", "Pclass", "Sex", "13 cells"]) {
        assert!(detail.contains(field), "{detail}");
    }
    let labels: Vec<_> = found(errors, "label").into_iter().map(|(line, _)| line).collect();
    assert_eq!(labels, [Some(60), Some(70)]);
    let twice = ["has the PassengerId 80 of line 81", "has the Name and Ticket of line 81"];
    assert_eq!(found(errors, "duplicate"), twice.map(|detail| (Some(893), detail)));
    assert_eq!(errors.as_array().unwrap().len(), 9, "{errors}");
}

#[test]
fn a_header_that_does_not_fit_is_told_column_by_column() {
    let mut table = Table::train();
    table.set(1, "Age", "Agee");
    table.set(1, "Sex", "Gender");
    let (status, quality) = check(&table, &[]);
    assert_eq!(status, Some(3));
    assert_eq!(found(&quality["errors"], "schema").len(), 3, "{quality}");
    let (status, quality) = check(&Table(vec![table.0[0].clone()]), &[]);
    assert_eq!((status, quality["errors"].as_array().unwrap().is_empty()), (Some(3), false));
}

#[test]
fn labels_that_are_all_the_same_teach_nothing() {
    let mut table = Table::train();
    (2..=892).for_each(|line| table.set(line, "Survived", "0"));
    assert_eq!(found(&check(&table, &[]).1["errors"], "label").len(), 1);
    table.set(2, "Survived", "1");
    let (status, quality) = check(&table, &[]);
    assert_eq!(
        (status, found(&quality["warnings"], "label")),
        (Some(0), vec![(None, "Survived is 1 in 0.1 % of the rows")])
    );
}

#[test]
fn a_row_with_another_fault_has_its_label_all_the_same() {
    let mut table = Table::train();
    (2..=892).for_each(|line| table.set(line, "Survived", "0"));
    table.set(10, "Survived", "1");
    table.set(10, "Age", "old");
    table.set(20, "Survived", "2");
    table.set(20, "Age", "old");
    let errors = &check(&table, &[]).1["errors"];
    assert_eq!(found(errors, "row").iter().map(|(line, _)| line.unwrap()).collect::<Vec<_>>(), [10, 20], "{errors}");
    assert_eq!(found(errors, "label"), [(Some(20), "Survived must be 0 or 1, found 2")]);
}

#[test]
fn drift_and_missing_values_are_found_against_the_baseline_only() {
    let mut table = Table::train();
    let age = table.column("Age");
    for line in 2..=892 {
        let older = table.0[line - 1][age].parse::<f64>().map(|age| (age + 20.0).to_string());
        table.set(line, "Age", if line % 3 == 0 { "" } else { older.as_deref().unwrap_or("") });
    }
    assert_eq!(check(&table, &[]).0, Some(0));
    let (status, quality) = check(&table, &["--baseline"]);
    assert_eq!(status, Some(3));
    assert!(
        found(&quality["errors"], "drift").iter().any(|(_, detail)| detail.starts_with("Age has far drifted")),
        "{quality}"
    );
    let [(None, missing)] = found(&quality["warnings"], "missing")[..] else { panic!("{quality}") };
    assert!(missing.starts_with("Age is missing in 4") && missing.ends_with("in training in 19.9 %"), "{missing}");
}

#[test]
fn nothing_is_fitted_to_data_with_errors() {
    let folder = Folder::new();
    let mut table = Table::train();
    table.0.push(table.0[80].clone());
    folder.write("table.csv", table.text());
    let said = folder.fails(&["fit", "table.csv", "--package", TITANIC, "--output", "fit"]);
    assert!(said.contains("2 errors, as `lifeboat check` tells"), "{said}");
    assert!(said.contains("line 893: has the Name and Ticket of line 81"), "{said}");
    assert_eq!(folder.files(), ["table.csv"]);
}

#[test]
fn a_comparison_tells_how_many_rows_were_trained_on_and_refuses_them() {
    let folder = Folder::new();
    let mut table = Table::train();
    folder.write("seen.csv", table.text());
    let said = folder.refuses(&["compare", TITANIC, TITANIC, "seen.csv"]);
    let seen = "of 891 rows, the champion was trained on 891 and the challenger on 891";
    assert!(said.starts_with(&format!("error: seen.csv: {seen}: leave those rows out, or")), "{said}");
    assert!(said.contains("--allow-seen"), "{said}");

    let compare = |arguments: &[&str]| {
        let output = folder.run_on(b"", &[&["compare", TITANIC, TITANIC, "some.csv"][..], arguments].concat());
        (output.status.code(), String::from_utf8(output.stdout).unwrap())
    };
    for line in 2..=892 {
        let name = table.0[line - 1][table.column("Name")].replacen(',', "son,", 1);
        table.set(line, "Name", &name);
    }
    folder.write("some.csv", table.text());
    let (status, said) = compare(&[]);
    assert_eq!(status, Some(3), "{said}");
    assert!(said.contains("\nSeen: of 891 rows, the champion was trained on 0 and the challenger on 0"), "{said}");

    table.0[5] = Table::train().0[5].clone();
    folder.write("some.csv", table.text());
    assert_eq!(compare(&[]).0, Some(2));
    let (status, said) = compare(&["--allow-seen", "--json"]);
    assert_eq!(status, Some(3), "{said}");
    let comparison: Value = serde_json::from_str(&said).unwrap();
    assert_eq!(comparison["seen"], serde_json::json!({"champion": 1, "challenger": 1}));
}
