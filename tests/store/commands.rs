//! The commands of a model's life on a table of DynamoDB: what they do on a file, they do there.

use std::fs;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::fixtures::dynamodb::{ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, items, new_table, url};

const TRAIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/model/titanic/train.csv");

/// A table, and a folder to run commands in.
struct Commands {
    table: String,
    folder: TempDir,
}

impl Commands {
    /// Runs a command, which must end with this status, and returns what it said.
    fn run(&self, status: i32, arguments: &[&str]) -> String {
        let mut command = Command::new(env!("CARGO_BIN_EXE_lifeboat"));
        command.env_clear().current_dir(self.folder.path()).args(arguments);
        command.env("DATABASE_URL", format!("dynamodb:{}", self.table)).env("AWS_ENDPOINT_URL_DYNAMODB", url());
        command.env("AWS_REGION", REGION).env("AWS_ACCESS_KEY_ID", ACCESS_KEY_ID);
        let output = command.env("AWS_SECRET_ACCESS_KEY", SECRET_ACCESS_KEY).output().unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(status), "{arguments:?}: {said}");
        String::from_utf8(output.stdout).unwrap() + &said
    }
}

#[tokio::test]
async fn predictions_are_watched_judged_exported_and_replayed() {
    let commands = Commands { table: new_table().await, folder: tempfile::tempdir().unwrap() };
    let stored = commands.run(0, &["predict", TRAIN, "--store", "--output", "predictions.csv"]);
    assert!(stored.contains("891 predicted, 891 new in the store"), "{stored}");
    assert_eq!(items(&commands.table).await, 891);

    // Kaggle's first two columns are those of a file of outcomes.
    let train = fs::read_to_string(TRAIN).unwrap();
    let outcomes: String =
        train.lines().take(101).map(|line| line.split(',').take(2).collect::<Vec<_>>().join(",") + "\n").collect();
    fs::write(commands.folder.path().join("outcomes.csv"), outcomes).unwrap();
    let told = commands.run(0, &["outcomes", "outcomes.csv"]);
    assert!(told.contains("100 outcomes recorded"), "{told}");

    let report: Value =
        serde_json::from_str(&commands.run(0, &["monitor", "--since", "1h", "--format", "json"])).unwrap();
    assert_eq!((report["verdict"].as_str(), report["rows"].as_u64()), (Some("stable"), Some(891)), "{report}");
    assert_eq!(report["observed"]["rows"], 100, "{report}");

    let exported = commands.run(0, &["export", "--since", "1h", "--labelled", "--output", "labelled.csv"]);
    assert_eq!(exported, "100 exported\n");
    let labelled = fs::read_to_string(commands.folder.path().join("labelled.csv")).unwrap();
    assert_eq!(labelled.lines().count(), 101);
    let replayed = commands.run(0, &["replay", "--since", "1h"]);
    assert_eq!(replayed, "891 the same, 0 different\n891 the same bit for bit\n");

    let forgotten = commands.run(0, &["forget", "--keys", "outcomes.csv"]);
    assert_eq!(forgotten, "100 predictions and 100 outcomes deleted\n");
    assert_eq!(commands.run(0, &["forget", "--key", "PassengerId=1"]), "nothing is stored of this key\n");
    assert_eq!(items(&commands.table).await, 791);
    let replayed = commands.run(0, &["replay", "--since", "1h"]);
    assert!(replayed.starts_with("791 the same, 0 different\n"), "{replayed}");
    assert!(replayed.ends_with("\ndeleted since, of the days of the window: 100 predictions\n"), "{replayed}");
}
