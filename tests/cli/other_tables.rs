//! The command line of other tables: two classes without a key, a number, and texts as classes. Nothing in it is of the Titanic.

use std::fs;

use serde_json::{Value, json};

use crate::folder::{Folder, ended_with, succeeded};
use crate::lines::of_ndjson;
use crate::program::lifeboat;
use crate::stored::stored;

/// A committed package.
pub(crate) struct Table {
    folder: &'static str,
    /// What the package is called, and so its database.
    pub(crate) name: &'static str,
    label: &'static str,
    /// The columns between the label and the version.
    confidence: &'static [&'static str],
}

pub(crate) const TUMOURS: Table = Table {
    folder: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/packages/breast_cancer"),
    name: "breast-cancer",
    label: "diagnosis",
    confidence: &["probability"],
};

pub(crate) const PATIENTS: Table = Table {
    folder: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/packages/regression"),
    name: "diabetes-progression",
    label: "progression",
    confidence: &[],
};

pub(crate) const FLOWERS: Table = Table {
    folder: concat!(env!("CARGO_MANIFEST_DIR"), "/tests/packages/classes"),
    name: "iris-species",
    label: "species",
    confidence: &["probability_setosa", "probability_versicolor", "probability_virginica"],
};

const TABLES: [Table; 3] = [TUMOURS, PATIENTS, FLOWERS];

/// Words of a table that these packages do not have.
const OTHERS: [&str; 6] = ["titanic", "passenger", "survi", "pclass", "cabin", "embark"];

impl Table {
    pub(crate) fn package(&self) -> &'static str {
        self.folder
    }

    /// Returns a file of the package.
    pub(crate) fn file(&self, name: &str) -> String {
        format!("{}/{name}", self.folder)
    }

    /// Returns the arguments of a command with the package.
    pub(crate) fn arguments<'a>(&self, command: &[&'a str]) -> Vec<&'a str> {
        [command, &["--package", self.folder]].concat()
    }

    /// Runs a command with the package, which must succeed, and returns what it wrote to standard output and error.
    fn run(&self, folder: &Folder, command: &[&str]) -> (String, String) {
        let (out, err) = folder.run(&self.arguments(command));
        for said in [&out, &err] {
            let said = said.to_lowercase();
            assert!(OTHERS.iter().all(|word| !said.contains(word)), "{command:?}: {said}");
        }
        (out, err)
    }

    /// Stores predictions of the training rows in a new folder.
    pub(crate) fn stored(&self) -> Folder {
        let folder = Folder::new();
        let (_, err) = self.run(&folder, &["predict", &self.file("train.csv"), "--store", "--output", "predicted.csv"]);
        assert_eq!(err, "36 predicted, 36 new in the store\n");
        assert!(folder.files().contains(&format!("{}.db", self.name)), "{:?}", folder.files());
        folder
    }
}

fn rows(csv: &str) -> (csv::StringRecord, Vec<csv::StringRecord>) {
    let mut reader = csv::Reader::from_reader(csv.as_bytes());
    (reader.headers().unwrap().clone(), reader.records().map(Result::unwrap).collect())
}

fn column(header: &csv::StringRecord, name: &str) -> usize {
    header.iter().position(|column| column == name).unwrap_or_else(|| panic!("{name} is not in {header:?}"))
}

#[test]
fn every_package_answers_as_it_was_trained_to() {
    let folder = Folder::new();
    for table in TABLES {
        let golden = table.file("golden.csv");
        let (expected, rows_expected) = rows(&fs::read_to_string(&golden).unwrap());
        let (header, answers) = rows(&table.run(&folder, &["predict", &golden, "--extra-columns", "ignore"]).0);
        let columns: Vec<&str> = [&[table.label], table.confidence, &["model_version"]].concat();
        assert_eq!(header, columns);
        assert_eq!(answers.len(), rows_expected.len());
        let compared = if table.confidence.is_empty() { vec![(table.label, "value")] } else { vec![] };
        let compared = table.confidence.iter().map(|name| (*name, *name)).chain(compared);
        for (ours, theirs) in compared {
            let (ours, theirs) = (column(&header, ours), column(&expected, theirs));
            for (answer, row) in answers.iter().zip(&rows_expected) {
                let [found, expected]: [f64; 2] = [&answer[ours], &row[theirs]].map(|cell| cell.parse().unwrap());
                assert!(
                    (found - expected).abs() <= 1e-6 * expected.abs().max(1.0),
                    "{}: {found}, {expected}",
                    table.name
                );
            }
        }
    }
}

#[test]
fn every_format_says_the_same() {
    let folder = Folder::new();
    for table in TABLES {
        let train = table.file("train.csv");
        let csv = table.run(&folder, &["predict", &train]).0;
        table.run(&folder, &["predict", &train, "--output", "out.json"]);
        table.run(&folder, &["predict", &train, "--output", "out.ndjson"]);
        let array: Vec<Value> = serde_json::from_str(&folder.read("out.json")).unwrap();
        assert_eq!(of_ndjson(&folder.read("out.ndjson")), array);
        let (header, lines) = rows(&csv);
        for (object, line) in array.iter().zip(lines) {
            for (name, cell) in header.iter().zip(&line) {
                let text = object[name].as_str().map_or_else(|| object[name].to_string(), str::to_owned);
                assert!(text == cell || text.parse::<f64>().ok() == cell.parse().ok(), "{name} is {text} and {cell}");
            }
        }
    }
}

#[test]
fn what_is_stored_is_read_back_watched_and_replayed() {
    for table in TABLES {
        let folder = table.stored();
        let again = table.run(&folder, &["predict", &table.file("train.csv"), "--store"]).1;
        assert_eq!(again, "36 predicted, 0 new in the store\n");
        // What happened is told by the id of each prediction: these tables have no key.
        let (header, predicted) = rows(&folder.read("predicted.csv"));
        let (train_header, train) = rows(&fs::read_to_string(table.file("train.csv")).unwrap());
        let (id, label) = (column(&header, "id"), column(&train_header, table.label));
        let told =
            predicted.iter().zip(&train).take(30).map(|(row, happened)| format!("{},{}\n", &row[id], &happened[label]));
        folder.write("outcomes.csv", told.fold(format!("id,{}\n", table.label), |all, line| all + &line));
        let said = table.run(&folder, &["outcomes", "outcomes.csv"]).1;
        assert_eq!(said, "30 outcomes recorded\n");

        let (exported, said) = table.run(&folder, &["export", "--format", "csv"]);
        assert!(said.starts_with("36 exported\n"), "{said}");
        let (header, exported) = rows(&exported);
        let happened = column(&header, table.label);
        assert_eq!(exported.iter().filter(|row| !row[happened].is_empty()).count(), 30);
        for name in [&["predicted", "model_version", "created_at"], table.confidence].concat() {
            let column = column(&header, name);
            assert!(exported.iter().all(|row| !row[column].is_empty()), "{name}");
        }
        let added = header.iter().filter(|name| name.starts_with("probability")).count();
        assert_eq!(added, table.confidence.len(), "{header:?}");
        table.run(&folder, &["export", "--labelled", "--table", "--output", "labelled.parquet"]);
        let checked = table.run(&folder, &["check", "labelled.parquet"]).0;
        assert!(checked.contains("errors") && checked.contains("30"), "{checked}");

        assert!(table.run(&folder, &["replay"]).0.starts_with("36 the same, 0 different\n"));
        let report: Value = serde_json::from_str(&table.run(&folder, &["monitor", "--format", "json"]).0).unwrap();
        assert_eq!((&report["rows"], &report["model"]), (&json!(36), &json!(table.name)));
        assert_eq!(report["observed"]["rows"], 30, "{report}");
        let watched: Vec<&Value> = report["fields"].as_array().unwrap().iter().map(|field| &field["name"]).collect();
        let fields: Vec<&str> = train_header.iter().filter(|name| *name != table.label).collect();
        assert_eq!(watched, fields);
        let told = table.run(&folder, &["monitor"]).0;
        assert!(told.contains("observed") && !told.contains("mean prediction  -"), "{told}");
        table.run(&folder, &["backup", "copy.db"]);
        assert_eq!(stored(&folder.path("copy.db")), 36);
    }
}

#[test]
fn a_package_is_packed_with_rows_that_are_read_once() {
    let folder = Folder::new();
    for table in TABLES {
        let files = ["schema.json", "manifest.json", "model.onnx", "golden.csv"];
        fs::create_dir(folder.path(table.name)).unwrap();
        for file in files {
            fs::copy(table.file(file), folder.path(table.name).join(file)).unwrap();
        }
        let rows = fs::read(table.file("train.csv")).unwrap();
        succeeded(folder.run_on(&rows, &["pack", table.name, "--data", "-"]));
        let baseline = folder.run(&["baseline", &table.file("train.csv"), "--package", table.name, "-o", "-"]).0;
        assert!(folder.read(&format!("{}/baseline.json", table.name)) == baseline, "{}", table.name);
        // No recipe knows these rows again, but the package knows the file.
        let said = folder.refuses(&["compare", table.name, table.name, &table.file("train.csv")]);
        assert!(said.contains(" rows, the champion was trained on ") && said.contains("--allow-seen"), "{said}");
        let output =
            folder.run_on(rows.split(|&byte| byte == b'\n').next().unwrap(), &["pack", table.name, "--data", "-"]);
        let said = ended_with(1, output);
        assert_eq!(said, "error: cannot train on standard input: 1 error, as `lifeboat check` tells:\n  has no rows\n");
    }
}

#[test]
fn a_package_tells_what_it_is_and_whether_another_is_better() {
    let folder = Folder::new();
    for table in TABLES {
        let told = table.run(&folder, &["package"]).0;
        assert!(told.contains(table.name) && told.contains(table.label), "{told}");
        let train = table.file("train.csv");
        let output = folder.run_on(b"", &["compare", table.package(), table.package(), &train]);
        let said = String::from_utf8(output.stdout).unwrap();
        assert_eq!(output.status.code(), Some(3), "{said}");
        assert!(said.contains("the packages do not tell what they were trained on"), "{said}");
        assert!(said.ends_with("of the bootstrap samples, and must be in 95 %\n"), "{said}");
        assert!(OTHERS.iter().all(|word| !said.to_lowercase().contains(word)), "{said}");
        table.run(&folder, &["check", &train, "--baseline"]);
    }
    let said = folder.fails(&["compare", FLOWERS.package(), PATIENTS.package(), &FLOWERS.file("train.csv")]);
    assert_eq!(
        said,
        "error: the packages are called iris-species and diabetes-progression: two models of one table have one name\nhint: if they are of one table, pack the challenger again with --name iris-species\n"
    );
}

#[test]
fn an_explanation_has_a_column_a_field_and_adds_up() {
    let folder = Folder::new();
    for table in TABLES {
        let (header, answers) = rows(
            &table.run(&folder, &["predict", &table.file("golden.csv"), "--extra-columns", "ignore", "--explain"]).0,
        );
        for answer in answers {
            let number = |name: &str| answer[column(&header, name)].parse::<f64>().unwrap();
            let parts = header.iter().filter(|name| name.starts_with("contribution_"));
            let sum: f64 = parts.map(number).sum();
            let output = number("output");
            assert!((number("baseline") + sum - output).abs() < 1e-4 * output.abs().max(1.0), "{answer:?}");
        }
    }
}

#[test]
fn a_table_without_a_key_is_told_so() {
    let folder = FLOWERS.stored();
    folder.write("outcomes.csv", "species\nsetosa\n");
    let said = folder.fails(&FLOWERS.arguments(&["outcomes", "outcomes.csv"]));
    assert!(said.contains("line 2: id is missing, and the table has no key to find a prediction by"), "{said}");
    let submission = FLOWERS.run(&folder, &["predict", &FLOWERS.file("train.csv"), "--kaggle"]).0;
    assert!(submission.starts_with("species\nsetosa\n"), "{submission}");
}

#[test]
fn faults_are_told_in_the_tables_own_words() {
    let folder = Folder::new();
    folder.write("header.csv", "sepal length (cm),sepal width (cm),petal length (cm)\n1,2,3\n");
    folder
        .write("row.csv", "sepal length (cm),sepal width (cm),petal length (cm),petal width (cm)\n1,2,3,\n1,2,-3,x\n");
    let said = folder.fails(&FLOWERS.arguments(&["predict", "header.csv"]));
    assert_eq!(said, "error: cannot read header.csv: column petal width (cm) is missing\n");
    let said = FLOWERS.run(&folder, &["predict", "row.csv", "--skip-invalid"]).1;
    for fault in [
        "left out, row.csv, line 2: petal width (cm) must be a number of at least 0",
        "left out, row.csv, line 3: petal length (cm) must be a number of at least 0",
    ] {
        assert!(said.contains(fault), "{fault:?} is not in {said}");
    }
    folder.write("other.ndjson", "{\"Pclass\": 3, \"Sex\": \"male\"}\n");
    let said = folder.fails(&FLOWERS.arguments(&["predict", "other.ndjson"]));
    assert!(said.contains("Pclass is not a field of a flower: expected one of sepal length (cm)"), "{said}");
}

#[test]
fn a_package_without_a_recipe_has_nothing_to_fit() {
    let folder = Folder::new();
    for table in TABLES {
        let train = table.file("train.csv");
        for command in [&["fit", &train][..], &["features", &train]] {
            let said = folder.refuses(&table.arguments(command));
            assert!(said.contains("recipe.json does not exist: the package has no recipe"), "{said}");
            assert!(said.contains("\nhint: a graph without a recipe reads the fields themselves"), "{said}");
        }
    }
}

#[test]
fn a_recipe_of_any_table_is_fitted_and_computed() {
    let folder = Folder::new();
    fs::create_dir(folder.path("churn")).unwrap();
    let schema = json!({
        "fields": [
            {"name": "customer", "type": "string"},
            {"name": "plan", "type": "string", "categories": ["basic", "plus"]},
            {"name": "months", "type": "number", "constraints": {"minimum": 0}},
            {"name": "churned", "type": "boolean"},
        ],
        "lifeboat": {"label": "churned", "key": "customer", "record": "customer"},
    });
    let recipe = json!({
        "steps": [
            {"step": "one_hot", "name": "is", "from": "plan"},
            {"step": "impute", "name": "tenure", "from": "months", "with": "median"},
        ],
        "features": ["is", "tenure"],
    });
    folder.write("churn/schema.json", schema.to_string());
    folder.write("churn/recipe.json", recipe.to_string());
    folder.write(
        "train.csv",
        "customer,plan,months,churned\nann,basic,1,true\nbob,plus,3,false\ncid,plus,,false\ndee,basic,8,true\n",
    );
    folder.run(&["fit", "train.csv", "--package", "churn"]);
    assert!(folder.path("churn/state.json").exists() && !folder.path("churn/history.json").exists());
    let (header, matrix) = rows(&folder.run(&["features", "train.csv", "--package", "churn"]).0);
    assert_eq!(header, vec!["customer", "is_basic", "is_plus", "tenure"]);
    assert_eq!(matrix[2], vec!["cid", "0.0", "1.0", "3.0"]);

    folder.write("bad.csv", "customer,plan,months,churned\nann,basic,1,\nbob,gold,3,no\n");
    let said = folder.fails(&["fit", "bad.csv", "--package", "churn"]);
    assert!(said.contains("rows that are not labelled customers: 2 of 2"), "{said}");
    let recipe =
        json!({"steps": [{"step": "impute", "name": "age", "from": "age", "with": "median"}], "features": ["age"]});
    folder.write("churn/recipe.json", recipe.to_string());
    let said = folder.fails(&["fit", "train.csv", "--package", "churn"]);
    assert!(said.contains("recipe.json") && said.contains("age"), "{said}");
}

#[test]
fn no_help_speaks_of_a_table() {
    let program = |arguments: &[&str]| succeeded(lifeboat().args(arguments).output().unwrap()).0;
    let help = program(&["--help"]);
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    let names: Vec<&str> = names.filter_map(|line| line.split_whitespace().next()).collect();
    assert!(names.contains(&"predict"), "{names:?}");
    for text in names.iter().map(|name| program(&["help", name])).chain([help.clone()]) {
        assert!(OTHERS.iter().all(|word| !text.to_lowercase().contains(word)), "{text}");
    }
}

#[test]
fn a_package_may_be_named_by_the_environment() {
    let folder = Folder::new();
    let mut command = lifeboat();
    command
        .args(["predict", &FLOWERS.file("train.csv")])
        .env("MODEL_DIR", FLOWERS.package())
        .current_dir(folder.path(""));
    let (out, _) = succeeded(command.output().unwrap());
    assert_eq!(out, FLOWERS.run(&folder, &["predict", &FLOWERS.file("train.csv")]).0);
}
