//! `lifeboat export` and `lifeboat replay`: what was stored comes out as it was, and comes out of the model again.

use std::fs::File;

use lifeboat::package;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::Field;
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::folder::{Folder, succeeded};
use crate::program::lifeboat;
use crate::training::{TITANIC, TRAIN, training_passengers};

/// Stores the training passengers in a new folder, and what happened to the first hundred of them.
pub(crate) fn folder_of_predictions() -> Folder {
    let folder = Folder::new();
    let passengers = training_passengers();
    folder.write("passengers.json", json!(passengers).to_string());
    folder.run(&["predict", "passengers.json", "--store", "--output", "predictions.json"]);
    let row = |passenger: &Value| format!("{},{}\n", passenger["PassengerId"], passenger["Survived"]);
    folder.write(
        "outcomes.csv",
        passengers.iter().take(100).map(row).fold("PassengerId,Survived\n".to_owned(), |a, b| a + &b),
    );
    folder.run(&["outcomes", "outcomes.csv"]);
    folder
}

fn rows(csv: &str) -> Vec<csv::StringRecord> {
    csv::Reader::from_reader(csv.as_bytes()).records().map(Result::unwrap).collect()
}

#[test]
fn a_table_has_the_passenger_what_happened_what_was_predicted_and_the_features() {
    let folder = folder_of_predictions();
    let (table, said) = folder.run(&["export", "--format", "csv"]);
    assert_eq!(said.lines().next(), Some("891 exported"));
    let header: Vec<_> = table.lines().next().unwrap().split(',').collect();
    assert_eq!(header[..4], ["PassengerId", "Survived", "Pclass", "Name"]);
    let features: Vec<_> = header.iter().filter_map(|name| name.strip_prefix("feature_")).collect();
    let package = package::open(None).unwrap();
    assert_eq!(features, package.feature_names().iter().map(|name| &**name).collect::<Vec<_>>());
    let place = |name: &str| header.iter().position(|column| *column == name).unwrap();

    let mut found = rows(&table);
    found.sort_by_key(|row| row[0].parse::<u64>().unwrap());
    let matrix = rows(&folder.run(&["features", TRAIN, "--package", TITANIC]).0);
    let predicted: Vec<Value> = serde_json::from_str(&folder.read("predictions.json")).unwrap();
    for (index, (row, passenger)) in found.iter().zip(training_passengers()).enumerate() {
        let number = |name: &str| row[place(name)].parse::<f64>().ok();
        assert_eq!(row[0], passenger["PassengerId"].to_string());
        let happened = if index < 100 { passenger["Survived"].to_string() } else { String::new() };
        assert_eq!(row[1], happened, "{row:?}");
        assert_eq!(&row[place("Name")], passenger["Name"].as_str().unwrap().trim());
        assert_eq!((number("Age"), number("Fare")), (passenger["Age"].as_f64(), passenger["Fare"].as_f64()));
        assert_eq!(number("probability"), predicted[index]["probability"].as_f64());
        assert_eq!(
            row.iter().skip(place("feature_class_1")).collect::<Vec<_>>(),
            matrix[index].iter().skip(1).collect::<Vec<_>>()
        );
    }
    folder.run(&["export", "--output", "labelled.csv", "--labelled", "--table"]);
    assert_eq!(rows(&folder.read("labelled.csv")).len(), 100);
    folder.run(&["check", "labelled.csv"]);
    folder.run(&["export", "--output", "labelled.parquet", "--labelled", "--table"]);
    let reader = SerializedFileReader::new(File::open(folder.path("labelled.parquet")).unwrap()).unwrap();
    let metadata = reader.metadata().file_metadata().clone();
    assert_eq!((metadata.num_rows(), metadata.schema_descr().num_columns()), (100, 12));
}

#[test]
fn what_happened_is_what_was_told_last() {
    let folder = folder_of_predictions();
    folder.write("corrected.csv", "PassengerId,Survived\n1,1\n2,1\n");
    assert_eq!(
        folder.run(&["outcomes", "corrected.csv", "--corrects"]).1,
        "2 outcomes stand as told, 1 of them corrected\n"
    );
    let (table, _) = folder.run(&["export", "--format", "csv", "--labelled"]);
    let header: Vec<_> = table.lines().next().unwrap().split(',').collect();
    let place = |name: &str| header.iter().position(|column| *column == name).unwrap();
    let found = rows(&table);
    let of = |number: &str| found.iter().find(|row| &row[0] == number).unwrap();
    let known_at = |number: &str| of(number)[place("known_at")].parse::<jiff::Timestamp>().unwrap();
    assert_eq!((found.len(), &of("1")[1], &of("2")[1]), (100, "1", "1"));
    assert!(known_at("1") > known_at("2"), "the correction is known later");
    assert!(folder.run(&["replay"]).0.starts_with("891 the same, 0 different"));
    let connection = Connection::open(folder.path("titanic.db")).unwrap();
    let row = "SELECT outcome, (SELECT count(*) FROM outcomes) FROM predictions WHERE PassengerId = 1";
    let told: (u8, u32) = connection.query_row(row, [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
    assert_eq!(told, (1, 101));
}

#[test]
fn parquet_holds_what_the_csv_holds() {
    let folder = folder_of_predictions();
    folder.run(&["export", "--output", "table.csv"]);
    folder.run(&["export", "--output", "table.parquet"]);
    let expected = folder.read("table.csv");
    let header = csv::Reader::from_reader(expected.as_bytes()).headers().unwrap().clone();
    let reader = SerializedFileReader::new(File::open(folder.path("table.parquet")).unwrap()).unwrap();
    let mut count = 0;
    for (found, expected) in reader.get_row_iter(None).unwrap().zip(rows(&expected)) {
        for ((name, field), (column, cell)) in found.unwrap().get_column_iter().zip(header.iter().zip(&expected)) {
            assert_eq!(name, column);
            match field {
                Field::Null => assert_eq!(cell, "", "{name}"),
                Field::Str(text) => assert_eq!(cell, text),
                Field::Long(number) => assert_eq!(cell.parse(), Ok(*number), "{name}"),
                Field::Float(number) => assert_eq!(cell.parse(), Ok(*number), "{name}"),
                Field::Double(number) => assert_eq!(cell.parse(), Ok(*number), "{name}"),
                Field::TimestampMicros(time) => {
                    assert_eq!(cell.parse::<jiff::Timestamp>().unwrap().as_microsecond(), *time, "{name}");
                }
                other => panic!("{name} is {other:?}"),
            }
        }
        count += 1;
    }
    assert_eq!(count, 891);
}

#[test]
fn a_table_needs_a_format_and_an_empty_window_gives_an_empty_one() {
    let folder = folder_of_predictions();
    let said = folder.refuses(&["export"]);
    assert!(said.contains("give --format csv, json, ndjson or parquet"), "{said}");
    let window = ["--from", "1912-04-10", "--to", "1912-04-15"];
    let (table, said) = folder.run(&[&["export", "--format", "csv"][..], &window].concat());
    assert_eq!((table.lines().count(), said.lines().next()), (1, Some("0 exported")));
    folder.run(&[&["export", "--output", "empty.parquet"][..], &window].concat());
    let reader = SerializedFileReader::new(File::open(folder.path("empty.parquet")).unwrap()).unwrap();
    assert_eq!(reader.metadata().file_metadata().num_rows(), 0);
}

#[test]
fn where_nothing_was_stored_no_database_is_made() {
    let folder = Folder::new();
    folder.write("outcomes.csv", "PassengerId,Survived\n1,0\n");
    for arguments in [&["monitor"][..], &["replay"], &["export", "--format", "csv"], &["outcomes", "outcomes.csv"]] {
        let said = folder.fails(&[arguments, &["--database-url", "sqlite:typo.db"]].concat());
        assert!(said.contains("typo.db does not exist: nothing was stored there"), "{said}");
    }
    assert_eq!(folder.files(), ["outcomes.csv"]);
}

#[test]
fn what_is_replayed_comes_out_the_same_and_what_was_altered_is_named() {
    let folder = folder_of_predictions();
    assert_eq!(folder.run(&["replay"]).0.lines().next(), Some("891 the same, 0 different"));

    let database = Connection::open(folder.path("titanic.db")).unwrap();
    let altered = database.execute_batch(
        "UPDATE stored SET probability = probability / 2 + 0.2 WHERE beginning = 'p.1.';
         UPDATE stored SET features = json_set(features, '$[4]', 99, '$[6]', 0.5) WHERE beginning = 'p.2.';
         INSERT INTO versions (number, name, fields) SELECT 9, '0.9.0-00000000', fields FROM versions;
         UPDATE stored SET version = 9 WHERE record ->> 0 BETWEEN 3 AND 10;
         UPDATE stored SET record = json_set(record, '$[2]', 'Somebody, Mr. Else') WHERE beginning = 'p.11.';",
    );
    altered.unwrap();
    let output = folder.run_on(b"", &["replay"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(3), "{said}");
    let of = |passenger: u64| said.lines().filter(move |line| line.starts_with(&format!("p.{passenger}.")));
    assert_eq!(of(1).count(), 1);
    assert!(of(1).all(|line| line.contains(": probability is ")), "{said}");
    assert!(of(2).next().unwrap().contains("age is 99 in the store, and 38 now"), "{said}");
    assert_eq!(of(2).count(), 2, "{said}");
    assert!(of(11).any(|line| line.contains("the record in the store is that of p.11.")), "{said}");
    assert!(said.contains("8 by 0.9.0-00000000, which is not at hand: give its package"), "{said}");
    assert!(said.lines().any(|line| line == "880 the same, 3 different"), "{said}");

    let said = folder.fails(&["replay", "--package", "nowhere"]);
    assert!(said.starts_with("error: the package in nowhere cannot be used"), "{said}");
}

#[test]
fn what_reads_a_sample_says_so_and_how_much_of_what_was_stored_it_may_be() {
    for (rate, share) in [("1", "at most about 100 %"), ("0.25", "at most about 25 %"), ("0.01", "too few to tell")] {
        let folder = Folder::new();
        folder.write("passengers.json", json!(training_passengers()).to_string());
        let mut command = lifeboat();
        command.args(["predict", "passengers.json", "--store", "--output", "out.csv"]).env("MONITOR_SAMPLE_RATE", rate);
        succeeded(command.current_dir(folder.path("")).output().unwrap());
        let exported = folder.run(&["export", "--output", "table.csv"]).1;
        let replayed = folder.run(&["replay"]).0;
        for said in [&exported, &replayed] {
            let sample = said.lines().find(|line| line.starts_with("of the sample of MONITOR_SAMPLE_RATE alone: "));
            assert!(sample.is_some_and(|line| line.contains(share)), "{rate}: {said}");
        }
        assert!(folder.run(&["monitor"]).0.contains("the sample of MONITOR_SAMPLE_RATE\n"));
    }
}

#[test]
fn a_stored_prediction_that_cannot_be_read_is_told_instead_of_left_out() {
    let folder = folder_of_predictions();
    let database = Connection::open(folder.path("titanic.db")).unwrap();
    database.execute("UPDATE stored SET features = '[' WHERE beginning = 'p.1.'", []).unwrap();
    let said = folder.fails(&["export", "--output", "table.csv"]);
    assert!(said.starts_with("error: what is stored cannot be read"), "{said}");
    assert!(!folder.path("table.csv").exists());
}
