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
        "1 outcome recorded, 1 of them corrected; 1 stood already\n"
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
    let cases = [
        ("1", None),
        ("0.25", Some("a sample: at most about 25 %")),
        ("0.01", Some("so few do not tell of what share")),
    ];
    for (rate, share) in cases {
        let folder = Folder::new();
        folder.write("passengers.json", json!(training_passengers()).to_string());
        let mut command = lifeboat();
        command.args(["predict", "passengers.json", "--store", "--output", "out.csv"]).env("MONITOR_SAMPLE_RATE", rate);
        succeeded(command.current_dir(folder.path("")).output().unwrap());
        let exported = folder.run(&["export", "--output", "table.csv"]).1;
        let replayed = folder.run(&["replay"]).0;
        for said in [&exported, &replayed] {
            assert_eq!(said.contains("sample"), share.is_some(), "{rate}: {said}");
            assert!(said.contains(share.unwrap_or_default()), "{rate}: {said}");
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

/// Returns the names of what an export left in a folder.
fn parts(folder: &Folder) -> Vec<String> {
    let names = std::fs::read_dir(folder.path("exported")).unwrap();
    let mut names: Vec<String> = names.map(|name| name.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Dates what is stored: by the number of the passenger, it is of the 24th, the 25th or the 27th of November, or of this day.
fn over_days(folder: &Folder) -> String {
    let database = Connection::open(folder.path("titanic.db")).unwrap();
    let noon = |day: &str| format!("{day}T12:00:00Z").parse::<jiff::Timestamp>().unwrap().as_millisecond();
    for (rest, day) in [(0, "2025-11-24"), (1, "2025-11-25"), (2, "2025-11-27")] {
        let dated = "UPDATE stored SET created_at = ?1 + number WHERE number % 4 = ?2";
        database.execute(dated, (noon(day), rest)).unwrap();
    }
    jiff::Timestamp::now().strftime("%Y-%m-%d").to_string()
}

const SINCE: [&str; 5] = ["export", "--from", "2025-11-24", "--output", "exported/"];

#[test]
fn a_folder_gets_a_part_for_each_day_that_has_predictions() {
    let folder = folder_of_predictions();
    let today = over_days(&folder);
    let (_, said) = folder.run(&SINCE);
    assert_eq!(said.lines().next(), Some("891 exported as 4 parts in exported/"));
    let days = ["2025-11-24", "2025-11-25", "2025-11-27", &today];
    let expected: Vec<String> = days.iter().map(|day| format!("{day}.parquet")).collect();
    assert_eq!(parts(&folder), [&expected[..], &["_EXPORT".to_owned()]].concat());
    folder.run(&["export", "--from", "2025-11-24", "--output", "all.parquet"]);
    let rows = |file: &str| {
        let reader = SerializedFileReader::new(File::open(folder.path(file)).unwrap()).unwrap();
        reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect::<Vec<_>>()
    };
    let mut found = Vec::new();
    for day in days {
        let part = rows(&format!("exported/{day}.parquet"));
        assert!(part.iter().all(|row| row.contains(&format!("created_at: {day} "))), "{day}: {}", part[0]);
        found.extend(part);
    }
    let mut expected = rows("all.parquet");
    found.sort();
    expected.sort();
    assert!(found == expected, "{} and {} rows", found.len(), expected.len());
}

#[test]
fn an_export_goes_on_where_it_was_stopped_and_writes_anew_what_was_not_over() {
    let folder = folder_of_predictions();
    let today = over_days(&folder);
    let of_today = format!("exported/{today}.csv");
    let export = [&SINCE[..], &["--format", "csv"]].concat();
    let said = |folder: &Folder| folder.run(&export).1.lines().next().unwrap().to_owned();
    assert_eq!(said(&folder), "891 exported as 4 parts in exported/");
    let rows_of_today = rows(&folder.read(&of_today)).len();
    // As if it had been stopped before one of the days; another was altered since, and stays as it is.
    let first = folder.read("exported/2025-11-24.csv");
    std::fs::remove_file(folder.path("exported/2025-11-24.csv")).unwrap();
    folder.write("exported/2025-11-25.csv", "kept");
    folder.write(&of_today, "not whole");
    let count = rows(&first).len() + rows_of_today;
    assert_eq!(said(&folder), format!("{count} exported as 2 parts, 2 parts kept in exported/"));
    assert_eq!(folder.read("exported/2025-11-24.csv"), first);
    assert_eq!(folder.read("exported/2025-11-25.csv"), "kept");
    assert_eq!(rows(&folder.read(&of_today)).len(), rows_of_today);

    // A part of a day that was not over then is not taken for that of the whole day.
    let terms = folder.read("exported/_EXPORT");
    assert!(terms.contains(&format!("\"unfinished\": [\n    \"{today}\"\n  ]")), "{terms}");
    folder.write("exported/_EXPORT", terms.replace(&today, "2025-11-27"));
    folder.write("exported/2025-11-27.csv", "of the morning");
    std::fs::remove_file(folder.path(&of_today)).unwrap();
    assert!(said(&folder).ends_with(" as 2 parts, 2 parts kept in exported/"));
    assert!(folder.read("exported/2025-11-27.csv").starts_with("PassengerId,"));
    assert_eq!(folder.read("exported/_EXPORT"), terms);

    // What was told and forgotten since is in no part before it is asked for.
    let (_, told) = folder.run(&[&export[..], &["--renew"]].concat());
    assert_eq!(told.lines().next(), Some("891 exported as 4 parts in exported/"));
    assert_eq!(rows(&folder.read("exported/2025-11-25.csv")).len(), 223);
    let database = Connection::open(folder.path("titanic.db")).unwrap();
    database.execute("DELETE FROM stored WHERE number % 4 = 1", []).unwrap();
    folder.run(&[&export[..], &["--renew"]].concat());
    assert!(!folder.path("exported/2025-11-25.csv").exists(), "nothing is left of that day");
}

#[test]
fn parts_of_another_export_are_not_mixed_in() {
    let folder = folder_of_predictions();
    over_days(&folder);
    folder.run(&SINCE);
    for (options, said_of) in [
        (&["--labelled"][..], "exported/ holds another export: all predictions, and not those with an outcome"),
        (&["--format", "csv"], "exported/ holds another export: as parquet, and not as csv"),
        (&["--table"], "exported/ holds another export: with the columns PassengerId, "),
    ] {
        let said = folder.fails(&[&SINCE[..], options].concat());
        assert!(said.starts_with(&format!("error: {said_of}")), "{said}");
        assert!(said.contains("\nhint: choose another folder, or remove the parts and _EXPORT"), "{said}");
    }
    std::fs::copy(folder.path("titanic.db"), folder.path("other.db")).unwrap();
    let said = folder.fails(&[&SINCE[..], &["--database-url", "sqlite:other.db"]].concat());
    assert!(said.contains("holds another export: from sqlite:/") && said.contains("/other.db"), "{said}");
    std::fs::remove_file(folder.path("exported/_EXPORT")).unwrap();
    let said = folder.fails(&SINCE);
    assert!(said.contains("but no _EXPORT that says what it is a part of"), "{said}");
    folder.write("exported/_EXPORT", "{");
    let said = folder.fails(&SINCE);
    assert!(said.starts_with("error: _EXPORT in exported/ cannot be read: "), "{said}");
}

#[test]
fn a_day_that_cannot_be_exported_is_named_and_leaves_no_part() {
    let folder = folder_of_predictions();
    over_days(&folder);
    let database = Connection::open(folder.path("titanic.db")).unwrap();
    database.execute("UPDATE stored SET features = '[' WHERE number = 5", []).unwrap();
    let said = folder.fails(&SINCE);
    assert!(
        said.starts_with("error: the predictions of 2025-11-25 cannot be exported: what is stored cannot"),
        "{said}"
    );
    assert!(!parts(&folder).iter().any(|name| name.contains("2025-11-25") || name.starts_with('.')), "{said}");
    database.execute("DELETE FROM stored WHERE number = 5", []).unwrap();
    folder.run(&SINCE);
    assert!(folder.path("exported/2025-11-25.parquet").exists());
}

#[test]
fn an_output_that_cannot_be_one_is_refused_before_any_work() {
    let folder = folder_of_predictions();
    for (arguments, said_of) in [
        (
            &["--output", "s3://bucket/table.parquet"][..],
            "--output s3://bucket/table.parquet cannot be used: S3 takes a part a day",
        ),
        (&["--output", "s3://B/"], "--output s3://B/ cannot be used: \"B\" is no name of a bucket"),
        (&["--output", "s3://bucket/"], "s3://bucket/ cannot be reached: AWS_REGION is not set"),
        (&["--output", "table.csv", "--renew"], "--renew is for the parts of a folder"),
        (
            &["--from", "2025-11-24", "--to", "s3://bucket/"],
            "--to is where the window ends, and s3://bucket/ is no time",
        ),
    ] {
        let said = folder.refuses(&[&["export"][..], arguments].concat());
        assert!(said.starts_with(&format!("error: {said_of}")), "{said}");
    }
}
