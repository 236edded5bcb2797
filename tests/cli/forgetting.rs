//! `lifeboat forget`: all that is stored of an entity goes, and whoever reads the rest is told how much went.

use serde_json::{Value, json};

use crate::exporting::folder_of_predictions;
use crate::folder::{Folder, ended_with, succeeded};
use crate::other_tables::{FLOWERS, PATIENTS};
use crate::owners::copy;
use crate::program::lifeboat;
use crate::stored::stored;

/// Runs the command, which must succeed, and returns what it said.
fn forget(folder: &Folder, arguments: &[&str]) -> String {
    let (out, err) = folder.run(&[&["forget"], arguments].concat());
    assert_eq!(out, "");
    err.trim_end().to_owned()
}

#[test]
fn a_passenger_is_forgotten_with_what_happened_to_it() {
    let folder = folder_of_predictions();
    assert_eq!(forget(&folder, &["--key", "PassengerId=7"]), "1 prediction and 1 outcome deleted");
    assert_eq!(forget(&folder, &["--key", "PassengerId = 500"]), "1 prediction and 0 outcomes deleted");
    assert_eq!(forget(&folder, &["--key", "PassengerId=7"]), "nothing is stored of this key");
    assert_eq!(forget(&folder, &["--key", "PassengerId=8", "--quiet"]), "");
    assert_eq!(stored(&folder.path("titanic.db")), 888);
    let (table, said) = folder.run(&["export", "--format", "csv"]);
    assert!(!table.lines().any(|line| line.starts_with("7,")), "{said}");
    assert!(said.starts_with("888 exported\n"), "{said}");
    let deleted = "deleted since, of the days of the window: 3 predictions";
    assert_eq!(said.lines().last(), Some(deleted));
    let (said, _) = folder.run(&["replay"]);
    assert!(said.starts_with("888 the same, 0 different\n") && said.ends_with(&format!("{deleted}\n")), "{said}");
    let (report, _) = folder.run(&["monitor"]);
    let fact = report.lines().find(|line| line.starts_with("deleted ")).unwrap();
    assert!(fact.ends_with("3 more of the sample, of the days of the window"), "{fact}");
    let report: Value = serde_json::from_str(&folder.run(&["monitor", "--format", "json"]).0).unwrap();
    assert_eq!((&report["rows"], &report["deleted"]), (&json!(888), &json!(3)));
    assert!(folder.run(&["monitor", "--format", "html"]).0.contains("3 more of the sample were deleted"));
    // The same records again are new predictions.
    let (_, said) = folder.run(&["predict", "passengers.json", "--store", "--output", "again.json"]);
    assert!(said.contains("891 predicted, 3 new in the store"), "{said}");
}

#[test]
fn a_file_of_keys_is_forgotten_or_refused_as_a_whole() {
    let folder = folder_of_predictions();
    folder.write("bad.csv", "PassengerId,Name\n1,x\n,y\nz,z\n");
    let said = folder.fails(&["forget", "--keys", "bad.csv"]);
    assert!(
        said.starts_with("error: nothing was deleted of bad.csv: rows that are no keys: 2 of 3:\n  line 3: "),
        "{said}"
    );
    assert!(said.contains("the key must be whole, with a value of PassengerId"), "{said}");
    assert_eq!(stored(&folder.path("titanic.db")), 891);

    let rows: String = (1..=40).chain([1, 2, 5000, 5001]).map(|number| format!("{number},x\n")).collect();
    folder.write("left.csv", format!("PassengerId,Reason\n{rows}"));
    let said = forget(&folder, &["--keys", "left.csv"]);
    assert_eq!(said, "40 predictions and 40 outcomes deleted; nothing is stored of 2 of 42 keys");
    folder.write("left.ndjson", "{\"PassengerId\": 41}\n{\"PassengerId\": 42}\n");
    assert_eq!(forget(&folder, &["--keys", "left.ndjson"]), "2 predictions and 2 outcomes deleted");
    let (_, said) = succeeded(folder.run_on(b"PassengerId\n43\n", &["forget", "--keys", "-"]));
    assert_eq!(said, "1 prediction and 1 outcome deleted\n");
    assert_eq!(stored(&folder.path("titanic.db")), 848);
}

#[test]
fn a_key_that_is_none_is_refused() {
    let folder = folder_of_predictions();
    for (arguments, saying) in [
        (&[][..], "--key <FIELD=VALUE>"),
        (&["--key", "PassengerId"], "--key PassengerId: expected FIELD=VALUE"),
        (&["--key", "Age=7"], "--key Age=7: the key is PassengerId"),
        (&["--key", "Nothing=7"], "--key Nothing=7: the key is PassengerId"),
        (&["--key", "PassengerId=x"], "--key PassengerId=x: it must be an integer"),
        (&["--key", "PassengerId="], "the key must be whole, with a value of PassengerId"),
        (&["--key", "PassengerId=7", "--key", "PassengerId=8"], "--key PassengerId=8: PassengerId is given twice"),
        (&["--key", "PassengerId=7", "--keys", "left.csv"], "cannot be used with"),
    ] {
        let said = folder.refuses(&[&["forget"], arguments].concat());
        assert!(said.contains(saying), "{arguments:?}: {said}");
    }
    assert_eq!(stored(&folder.path("titanic.db")), 891);
    let said = FLOWERS.stored().refuses(&FLOWERS.arguments(&["forget", "--key", "species=setosa"]));
    assert!(said.starts_with("error: the table has no key"), "{said}");
    let empty = Folder::new();
    let said = empty.fails(&["forget", "--key", "PassengerId=7"]);
    assert_eq!(
        said,
        "error: titanic.db does not exist: nothing was stored there\nhint: the package names the file: choose it with --package DIR, or the file with --database-url\n"
    );
    assert!(empty.files().is_empty());
}

#[test]
fn a_key_of_several_fields_must_be_whole() {
    let folder = Folder::new();
    copy(&PATIENTS, &folder, "package", "schema.json", |schema| schema["lifeboat"]["key"] = json!(["age", "sex"]));
    let train = PATIENTS.file("train.csv");
    folder.run(&["predict", &train, "--store", "--output", "out.csv", "--package", "package"]);
    let before = stored(&folder.path("diabetes-progression.db"));
    let out = folder.read("out.csv");
    let mut rows = out.lines().map(|line| line.split(',').take(2).collect::<Vec<_>>());
    assert_eq!(rows.next().unwrap(), ["age", "sex"], "{out}");
    let rows: Vec<_> = rows.collect();
    let of_first = u32::try_from(rows.iter().filter(|row| **row == rows[0]).count()).unwrap();
    let [age, sex] = [("age", rows[0][0]), ("sex", rows[0][1])].map(|(name, value)| format!("{name}={value}"));
    let said = folder.refuses(&["forget", "--key", &age, "--package", "package"]);
    assert!(said.contains("the key must be whole, with a value of age, sex"), "{said}");
    let said = forget(&folder, &["--key", &sex, "--key", &age, "--package", "package"]);
    let predictions = if of_first == 1 { "1 prediction".to_owned() } else { format!("{of_first} predictions") };
    assert_eq!(said, format!("{predictions} and 0 outcomes deleted"));
    assert_eq!(stored(&folder.path("diabetes-progression.db")), before - of_first);
}

#[test]
fn days_of_retention_are_a_setting() {
    let folder = folder_of_predictions();
    let run = |days: &str| {
        let mut command = lifeboat();
        command.args(["export", "--format", "csv"]).env("RETENTION_DAYS", days);
        command.current_dir(folder.path("")).output().unwrap()
    };
    assert!(succeeded(run("1")).1.starts_with("891 exported\n"), "what is young stays");
    let said = ended_with(2, run("1.5"));
    assert!(
        said.contains("RETENTION_DAYS=1.5 cannot be used: expected a whole number of days, from 1 to 36500"),
        "{said}"
    );
}
