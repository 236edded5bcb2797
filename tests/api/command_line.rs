//! `lifeboat fit`, `features` and `predict`: file to file.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use lifeboat::features::FEATURE_NAMES;
use serde_json::{Value, json};

use crate::app::{App, model, stored};
use crate::folder::{Folder, ended_with, succeeded};
use crate::server::{BINARY, lifeboat};

/// The passengers that the model was trained on.
const TRAIN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/model/train.csv");

/// The package that they made.
const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/model");

/// Returns the training passengers as a client would post them, labels and all.
fn train_as_json() -> Vec<Value> {
    let mut reader = csv::Reader::from_path(TRAIN).unwrap();
    let header = reader.headers().unwrap().clone();
    let cell = |name: &str, cell: &str| match name {
        _ if cell.is_empty() => Value::Null,
        "Name" | "Sex" | "Ticket" | "Cabin" | "Embarked" => json!(cell),
        _ => serde_json::from_str(cell).unwrap(),
    };
    let object = |row: csv::StringRecord| {
        Value::Object(header.iter().zip(&row).map(|(name, text)| (name.to_owned(), cell(name, text))).collect())
    };
    reader.records().map(|row| object(row.unwrap())).collect()
}

/// What a program says of one passenger: its number, whether it survives, the probability, the model.
type Line = (u64, u64, f64, String);

fn of_objects(objects: &[Value]) -> Vec<Line> {
    let line = |one: &Value| {
        let integer = |field: &str| one[field].as_u64().unwrap();
        let version = one["model_version"].as_str().unwrap().to_owned();
        (integer("PassengerId"), integer("Survived"), one["probability"].as_f64().unwrap(), version)
    };
    objects.iter().map(line).collect()
}

fn of_csv(text: &str) -> Vec<Line> {
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    assert_eq!(reader.headers().unwrap(), vec!["PassengerId", "Survived", "probability", "model_version"]);
    reader.deserialize().map(Result::unwrap).collect()
}

fn of_ndjson(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[track_caller]
fn assert_agree(left: &[Line], right: &[Line]) {
    assert_eq!(left.len(), right.len());
    for (left, right) in left.iter().zip(right) {
        assert_eq!((left.0, left.1, &left.3), (right.0, right.1, &right.3));
        assert!((left.2 - right.2).abs() <= 1e-6, "passenger {}: {} and {}", left.0, left.2, right.2);
    }
}

#[tokio::test]
async fn every_format_and_the_server_say_the_same() {
    let folder = Folder::new();
    let passengers = train_as_json();
    let lines: Vec<String> = passengers.iter().map(Value::to_string).collect();
    folder.write("train.json", json!(passengers).to_string());
    folder.write("train.ndjson", lines.join("\n"));
    let csv = of_csv(&folder.run(&["predict", TRAIN]).0);
    assert_eq!(csv.len(), passengers.len());
    assert!(csv.len() > 800);

    let array: Vec<Value> = serde_json::from_str(&folder.run(&["predict", "train.json"]).0).unwrap();
    assert_eq!(of_objects(&array), csv);
    assert_eq!(of_objects(&of_ndjson(&folder.run(&["predict", "train.ndjson"]).0)), csv);
    folder.run(&["predict", TRAIN, "--output", "out.ndjson"]);
    assert_eq!(of_objects(&of_ndjson(&folder.read("out.ndjson"))), csv);

    let app = App::new();
    let served = app.predict_value(&json!(passengers)).await;
    assert_eq!(served.status, 200);
    assert_agree(&of_objects(served.json().as_array().unwrap()), &csv);
}

#[test]
fn the_order_is_that_of_the_input_however_long_it_is() {
    let folder = Folder::new();
    let rows: String = (0..20_000).map(|id| format!("{id},{},male,{}\n", id % 3 + 1, id % 90)).collect();
    folder.write("many.csv", format!("PassengerId,Pclass,Sex,Age\n{rows}"));
    let (out, err) = folder.run(&["predict", "many.csv"]);
    assert_eq!(of_csv(&out).iter().map(|line| line.0).collect::<Vec<_>>(), (0..20_000).collect::<Vec<_>>());
    assert_eq!(err, "20000 predicted\n");
}

#[test]
fn a_file_for_kaggle_has_its_two_columns() {
    let folder = Folder::new();
    folder.run(&["predict", TRAIN, "--kaggle", "--output", "submission.csv"]);
    let text = folder.read("submission.csv");
    let mut lines = text.lines();
    assert_eq!(lines.next(), Some("PassengerId,Survived"));
    let expected = of_csv(&folder.run(&["predict", TRAIN]).0);
    assert_eq!(lines.clone().count(), expected.len());
    for (line, (id, survived, ..)) in lines.zip(expected) {
        assert_eq!(line, format!("{id},{survived}"));
    }
}

#[test]
fn a_file_for_kaggle_needs_every_passenger_id() {
    let folder = Folder::new();
    folder.write("in.csv", "PassengerId,Pclass,Sex\n1,3,male\n,3,male\n");
    let said = folder.fails(&["predict", "in.csv", "--kaggle"]);
    assert!(said.contains("line 3: PassengerId"), "{said}");
}

#[test]
fn standard_streams_are_read_and_written() {
    let folder = Folder::new();
    let expected = folder.run(&["predict", TRAIN]).0;
    let input = fs::read(TRAIN).unwrap();
    let (out, _) = succeeded(folder.run_on(&input, &["predict", "-", "--format", "csv", "--output", "-"]));
    assert_eq!(out, expected);
    let (out, _) = succeeded(folder.run_on(br#"{"Pclass": 3, "Sex": "male"}"#, &["predict", "-", "--format", "json"]));
    assert_eq!(serde_json::from_str::<Value>(&out).unwrap().as_array().unwrap().len(), 1);
    assert_eq!(folder.files(), [""; 0]);
}

#[test]
fn an_input_that_does_not_say_its_format_is_asked_for_it() {
    let folder = Folder::new();
    let said = folder.refuses(&["predict", "-"]);
    assert!(said.contains("--format"), "{said}");
}

#[test]
fn line_ends_a_byte_order_mark_and_the_order_of_columns_do_not_matter() {
    let folder = Folder::new();
    folder.write("plain.csv", "PassengerId,Pclass,Name,Sex,Age\n1,3,\"Doe, Mr. John\",male,22\n2,1,,female,\n");
    let expected = folder.run(&["predict", "plain.csv"]).0;
    for (file, text) in [
        ("crlf.csv", "PassengerId,Pclass,Name,Sex,Age\r\n1,3,\"Doe, Mr. John\",male,22\r\n2,1,,female,\r\n"),
        ("bom.csv", "\u{feff}PassengerId,Pclass,Name,Sex,Age\n1,3,\"Doe, Mr. John\",male,22\n2,1,,female,\n"),
        ("order.csv", "Age,Sex,Name,Pclass,PassengerId\n22,male,\"Doe, Mr. John\",3,1\n,female,,1,2\n"),
        ("alias.csv", "passenger_id,pclass,name,sex,age\n1,3,\"Doe, Mr. John\",male,22.0\n2,1,,FEMALE,\n"),
        ("no_end.csv", "PassengerId,Pclass,Name,Sex,Age\n1,3,\"Doe, Mr. John\",male,22\n2,1,,female,"),
        ("label.csv", "Survived,PassengerId,Pclass,Name,Sex,Age\n1,1,3,\"Doe, Mr. John\",male,22\n,2,1,,female,\n"),
    ] {
        folder.write(file, text);
        assert_eq!(folder.run(&["predict", file]).0, expected, "{file}");
    }
}

#[test]
fn a_bad_row_is_named_and_leaves_no_file() {
    let folder = Folder::new();
    let json = r#"[{"Pclass": 3, "Sex": "male"}, {"Pclass": 9, "Sex": "male"}]"#;
    for (file, text, place) in [
        ("value.csv", "PassengerId,Pclass,Sex,Age\n1,3,male,22\n2,3,male,old\n", "line 3: Age"),
        ("cells.csv", "PassengerId,Pclass,Sex\n1,3\n", "line 2: has 2 cells"),
        ("multiline.csv", "Pclass,Sex,Name\n3,male,\"a\nb\"\n9,male,c\n", "line 4: Pclass"),
        ("column.csv", "Pclass,Sex,Agee\n3,male,1\n", "Agee"),
        ("missing.csv", "Pclass,Age\n3,1\n", "Sex"),
        ("empty.csv", "", "empty"),
        ("record.json", json, "element 1: Pclass"),
        ("broken.json", "[{\"Pclass\": 3, \"Sex\": \"male\"},", "JSON"),
        ("line.ndjson", "{\"Pclass\": 3, \"Sex\": \"male\"}\n\n{\"Pclass\": 3}\n", "line 3: Sex"),
        ("broken.ndjson", "{\"Pclass\": 3, \"Sex\": \"male\"}\n{\n", "line 2: is not JSON"),
    ] {
        folder.write(file, text);
        let said = folder.fails(&["predict", file, "--output", "out.csv"]);
        assert!(said.contains(place), "{place:?} is not in {said}");
        fs::remove_file(folder.path(file)).unwrap();
        assert_eq!(folder.files(), [""; 0], "{file}");
    }
    let said = folder.fails(&["predict", "nowhere.csv"]);
    assert!(said.contains("nowhere.csv"), "{said}");
}

#[test]
fn a_failed_run_leaves_the_last_output_as_it_was() {
    let folder = Folder::new();
    folder.write("out.csv", "the last output");
    folder.write("in.csv", "Pclass,Sex\n3,male\n4,male\n");
    folder.fails(&["predict", "in.csv", "--output", "out.csv"]);
    assert_eq!(folder.read("out.csv"), "the last output");
}

#[test]
fn bad_rows_can_be_left_out_and_are_counted() {
    let folder = Folder::new();
    folder.write("in.csv", "PassengerId,Pclass,Sex\n1,3,male\n2,4,male\n3,1,female\n4,3\n5,2,MALE\n");
    let (out, err) = folder.run(&["predict", "in.csv", "--skip-invalid"]);
    assert_eq!(of_csv(&out).iter().map(|line| line.0).collect::<Vec<_>>(), [1, 3, 5]);
    assert!(err.contains("left out, line 3: Pclass"), "{err}");
    assert!(err.contains("left out, line 5: has 2 cells"), "{err}");
    assert!(err.ends_with("3 predicted, 2 left out\n"), "{err}");

    folder.write("none.json", "[{}, 1]");
    assert_eq!(folder.run(&["predict", "none.json", "--skip-invalid"]).0, "[\n]\n");
}

#[tokio::test]
async fn predictions_are_stored_once_and_only_when_asked_for() {
    let folder = Folder::new();
    folder.run(&["predict", TRAIN, "--output", "out.csv"]);
    assert_eq!(folder.files(), ["out.csv"]);

    let (first, err) = folder.run(&["predict", TRAIN, "--store", "--database-url", "sqlite:batch.db"]);
    let rows = of_csv(&first).len();
    assert!(err.ends_with(&format!("{rows} predicted, {rows} new in the store\n")), "{err}");
    let (again, err) = folder.run(&["predict", TRAIN, "--store", "--database-url", "sqlite:batch.db"]);
    assert!(err.ends_with(&format!("{rows} predicted, 0 new in the store\n")), "{err}");
    assert_eq!(again, first);
    assert_eq!(usize::try_from(stored(&folder.path("batch.db"))), Ok(rows));
    assert_eq!(first, folder.read("out.csv"));

    folder.run(&["predict", TRAIN, "--store", "--output", "-"]);
    assert!(folder.path("predictions.db").exists(), "the default database");
}

#[test]
fn a_database_without_store_is_refused() {
    let folder = Folder::new();
    let output = folder.run_on(b"", &["predict", TRAIN, "--database-url", "sqlite:batch.db"]);
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(folder.files(), [""; 0]);
}

#[test]
fn a_fit_is_the_same_each_time_and_is_that_of_the_package() {
    let folder = Folder::new();
    folder.run(&["fit", TRAIN, "--output", "one/deep"]);
    folder.run(&["fit", TRAIN, "--output", "two"]);
    let one = folder.read("one/deep/features.json");
    assert!(one == folder.read("two/features.json"), "two fits differ");
    let package = Path::new(env!("CARGO_MANIFEST_DIR")).join("model/features.json");
    assert!(one == fs::read_to_string(package).unwrap(), "model/features.json was not fitted to model/train.csv");
}

#[test]
fn a_feature_matrix_is_the_same_each_time_and_that_of_the_model() {
    let folder = Folder::new();
    folder.run(&["fit", TRAIN, "--output", "."]);
    let (matrix, _) = folder.run(&["features", TRAIN, "--model-dir", "."]);
    folder.run(&["features", TRAIN, "--model-dir", ".", "--output", "matrix.csv"]);
    assert!(matrix == folder.read("matrix.csv"), "two matrices differ");

    let mut reader = csv::Reader::from_reader(matrix.as_bytes());
    let names: Vec<_> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    assert_eq!(names[0], "PassengerId");
    assert_eq!(names[1..], FEATURE_NAMES);
    for (row, passenger) in reader.records().zip(train_as_json()) {
        let row = row.unwrap();
        let parsed: lifeboat::passenger::json::Parsed = serde_json::from_str(&passenger.to_string()).unwrap();
        let features = model().features(&parsed.0.unwrap());
        assert_eq!(row[0], passenger["PassengerId"].to_string());
        for (cell, (name, value)) in row.iter().skip(1).zip(features.named()) {
            assert_eq!(cell.parse::<f32>().unwrap().to_bits(), value.to_bits(), "{name} of {passenger}");
        }
    }
}

#[test]
fn what_cannot_be_fitted_to_is_told_row_by_row() {
    let folder = Folder::new();
    folder.write("in.csv", "Survived,Pclass,Sex,Age\n1,3,male,22\n,3,male,22\n2,3,male,22\n0,4,male,22\n");
    let said = folder.fails(&["fit", "in.csv", "--output", "fit"]);
    for what in ["3 of 4 rows", "line 3: Survived", "line 4: Survived", "line 5: Pclass"] {
        assert!(said.contains(what), "{what:?} is not in {said}");
    }
    folder.write("in.csv", "Survived,Pclass,Sex,Age\n");
    folder.fails(&["fit", "in.csv", "--output", "fit"]);
    folder.write("in.csv", "Pclass,Sex,Age\n3,male,22\n");
    let said = folder.fails(&["fit", "in.csv", "--output", "fit"]);
    assert!(said.contains("Survived"), "{said}");
    assert_eq!(folder.files(), ["in.csv"]);
}

#[test]
fn a_matrix_needs_a_state_that_fits() {
    let folder = Folder::new();
    let said = folder.fails(&["features", TRAIN, "--model-dir", "."]);
    assert!(said.contains("features.json"), "{said}");
    folder.run(&["fit", TRAIN, "--output", "."]);
    folder.write("features.json", folder.read("features.json").replacen("class_1", "shoe_size", 1));
    let said = folder.fails(&["features", TRAIN, "--model-dir", ".", "--output", "matrix.csv"]);
    assert!(said.contains("fit it again"), "{said}");
    assert_eq!(folder.files(), ["features.json"]);
}

#[test]
fn a_device_or_a_pipe_is_written_to_and_stays_what_it_is() {
    let folder = Folder::new();
    folder.write("passengers.csv", "Pclass,Sex\n3,male\n");
    let pipe = folder.path("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let reader = std::thread::spawn({
        let pipe = pipe.clone();
        move || fs::read_to_string(pipe).unwrap()
    });
    folder.run(&["predict", "passengers.csv", "--output", "pipe"]);
    assert_eq!(reader.join().unwrap().lines().count(), 2);
    assert!(!fs::metadata(&pipe).unwrap().is_file());
    assert_eq!(folder.files(), ["passengers.csv", "pipe"]);
}

/// Runs the program with a umask, and returns what it said.
fn run_under(umask: &str, folder: &Folder, arguments: &[&str]) -> String {
    let mut command = Command::new("/bin/sh");
    command.args(["-c", "umask \"$1\"; shift; exec \"$@\"", "sh", umask, BINARY]).args(arguments);
    succeeded(command.env_clear().current_dir(folder.path("")).output().unwrap()).1
}

/// Mode, owner and group.
fn access(path: &Path) -> (u32, u32, u32) {
    let found = fs::metadata(path).unwrap();
    (found.mode() & 0o7777, found.uid(), found.gid())
}

/// Commands that write a file, with what they read in the folder; the last argument is the file.
fn commands_that_write() -> (Folder, Vec<Vec<&'static str>>) {
    let folder = Folder::new();
    folder.run(&["predict", TRAIN, "--store", "--output", "in.csv"]);
    let commands = vec![
        vec!["predict", TRAIN, "--output", "out.csv"],
        vec!["export", "--output", "out.csv"],
        vec!["export", "--output", "out.parquet"],
        vec!["monitor", "--output", "out.html"],
        vec!["features", TRAIN, "--model-dir", PACKAGE, "--output", "out.csv"],
    ];
    (folder, commands)
}

#[test]
fn a_new_file_may_be_read_by_whom_the_umask_lets_and_an_old_one_by_whom_it_was() {
    let (folder, commands) = commands_that_write();
    for command in commands {
        let file = folder.path(command.last().unwrap());
        for (umask, mode) in [("077", 0o600), ("027", 0o640), ("002", 0o664)] {
            run_under(umask, &folder, &command);
            assert_eq!(access(&file).0, mode, "{command:?} under {umask}");
            fs::remove_file(&file).unwrap();
        }
        for mode in [0o600, 0o640, 0o666] {
            fs::write(&file, "the last output").unwrap();
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            // Only root can give a file away; who cannot keeps what is its own.
            let _ = chown(&file, Some(1234), Some(4321));
            let before = access(&file);
            run_under("022", &folder, &command);
            assert_eq!(access(&file), before, "{command:?}");
            assert_ne!(fs::read(&file).unwrap(), b"the last output");
            fs::remove_file(&file).unwrap();
        }
    }
    run_under("077", &folder, &["fit", TRAIN, "--output", "fitted"]);
    assert_eq!(access(&folder.path("fitted/features.json")).0, 0o600);
    assert_eq!(access(&folder.path("fitted")).0, 0o700);
}

#[test]
fn a_symbolic_link_is_written_through() {
    let (folder, commands) = commands_that_write();
    fs::create_dir(folder.path("elsewhere")).unwrap();
    for command in commands {
        let link = folder.path(command.last().unwrap());
        symlink("elsewhere/target", &link).unwrap();
        folder.run(&command);
        let first = fs::read(folder.path("elsewhere/target")).unwrap();
        assert!(!first.is_empty() && link.is_symlink(), "{command:?}");
        folder.write("elsewhere/target", "the last output");
        folder.run(&command);
        assert_eq!(fs::read(folder.path("elsewhere/target")).unwrap().len(), first.len(), "{command:?}");
        assert!(link.is_symlink(), "{command:?}");
        let left: Vec<_> =
            fs::read_dir(folder.path("elsewhere")).unwrap().map(|file| file.unwrap().file_name()).collect();
        assert_eq!(left, ["target"]);
        fs::remove_file(folder.path("elsewhere/target")).unwrap();
        fs::remove_file(link).unwrap();
    }
    symlink("circle", folder.path("circle")).unwrap();
    assert!(folder.fails(&["predict", TRAIN, "--output", "circle"]).starts_with("error: cannot write circle: "));
    assert!(folder.fails(&["predict", TRAIN, "--output", "elsewhere"]).contains("it is a folder"));
}

#[test]
fn a_file_that_cannot_be_replaced_is_written_into_once_the_output_is_whole() {
    let folder = Folder::new();
    folder.write("in.csv", "Pclass,Sex\n3,male\n");
    folder.write("bad.csv", "Pclass,Sex\n3,male\n4,male\n");
    let expected = folder.run(&["predict", "in.csv"]).0;
    folder.write("one.csv", "the last output");
    fs::hard_link(folder.path("one.csv"), folder.path("other.csv")).unwrap();
    folder.fails(&["predict", "bad.csv", "--output", "one.csv"]);
    assert_eq!(folder.read("other.csv"), "the last output");
    folder.run(&["predict", "in.csv", "--output", "one.csv"]);
    assert_eq!((folder.read("one.csv"), folder.read("other.csv")), (expected.clone(), expected.clone()));

    // A folder that takes no new file. Root may write everywhere, so the program runs as nobody then.
    fs::create_dir(folder.path("closed")).unwrap();
    for (file, mode) in [("closed/open.csv", 0o666), ("closed/shut.csv", 0o444)] {
        folder.write(file, "the last output");
        fs::set_permissions(folder.path(file), fs::Permissions::from_mode(mode)).unwrap();
    }
    for closed in ["closed", ""] {
        fs::set_permissions(folder.path(closed), fs::Permissions::from_mode(0o555)).unwrap();
    }
    let is_root = fs::metadata(folder.path("in.csv")).unwrap().uid() == 0;
    let run = |output: &str| {
        let mut command = lifeboat();
        command.args(["predict", "in.csv", "--output", output]).current_dir(folder.path(""));
        if is_root {
            command.uid(65534).gid(65534);
        }
        command.output().unwrap()
    };
    succeeded(run("closed/open.csv"));
    assert_eq!(folder.read("closed/open.csv"), expected);
    for (output, mode) in [("closed/shut.csv", 0o444), ("closed/new.csv", 0)] {
        let said = ended_with(1, run(output));
        assert!(said.starts_with(&format!("error: cannot write {output}: Permission denied")), "{mode:o}: {said}");
    }
    assert_eq!(folder.read("closed/shut.csv"), "the last output");
    for closed in ["", "closed"] {
        fs::set_permissions(folder.path(closed), fs::Permissions::from_mode(0o755)).unwrap();
    }
}

#[test]
fn an_output_of_a_format_that_is_not_written_is_refused_before_any_work() {
    let folder = Folder::new();
    for (arguments, outputs) in [
        (&["predict", TRAIN][..], &["o.parquet", "o.csv.gz", "o.tsv", "o.xlsx", "O.PARQUET", "o.html"][..]),
        (&["predict", TRAIN, "--kaggle"], &["o.json", "o.parquet"]),
        (&["features", TRAIN, "--model-dir", PACKAGE], &["o.parquet", "o.json"]),
        (&["export"], &["o.json", "o.csv.gz", "o.xlsx"]),
        (&["monitor"], &["o.csv", "o.pdf", "o.parquet"]),
    ] {
        for output in outputs {
            let said = folder.refuses(&[arguments, &["--output", output]].concat());
            let extension = output.rsplit('.').next().unwrap().to_lowercase();
            assert!(
                said.starts_with(&format!("error: {output}: this command knows no .{extension} files\n")),
                "{said}"
            );
            assert!(said.contains("\nhint: name it ."), "{said}");
        }
    }
    assert_eq!(folder.files(), [""; 0]);
    let said = folder.refuses(&["predict", TRAIN, "--output", "o.parquet"]);
    assert!(said.contains("pandas.read_csv('o.csv').to_parquet('o.parquet', index=False)"), "{said}");
}

#[test]
fn an_option_goes_before_the_name_of_an_output_and_other_names_say_nothing() {
    let folder = Folder::new();
    let (csv, ndjson) =
        (folder.run(&["predict", TRAIN]).0, folder.run(&["predict", TRAIN, "--output-format", "ndjson"]).0);
    assert_eq!(of_objects(&of_ndjson(&ndjson)), of_csv(&csv));
    for (arguments, output, expected) in [
        (&["--output-format", "csv"][..], "o.parquet", &csv),
        (&["--output-format", "ndjson"], "o.csv", &ndjson),
        (&[], "o.txt", &csv),
        (&[], "o", &csv),
        (&[], "o.JSONL", &ndjson),
    ] {
        folder.run(&[&["predict", TRAIN, "--output", output][..], arguments].concat());
        assert_eq!(folder.read(output), *expected, "{output}");
    }
    folder.run(&["predict", TRAIN, "--store", "-o", "/dev/null"]);
    folder.run(&["export", "--format", "csv", "-o", "table.json"]);
    assert!(folder.read("table.json").starts_with("PassengerId,"));
    folder.run(&["monitor", "--format", "json", "-o", "report.csv"]);
    assert!(folder.read("report.csv").starts_with('{'));
}

#[test]
fn an_input_that_cannot_be_read_says_what_to_do() {
    let folder = Folder::new();
    let utf16: Vec<u8> = fs::read_to_string(TRAIN).unwrap().encode_utf16().flat_map(u16::to_le_bytes).collect();
    let marked = [b"\xff\xfe", &utf16[..]].concat();
    for (file, bytes) in [
        ("h.csv.gz", &b"\x1f\x8b\x08\0"[..]),
        ("gzip.csv", b"\x1f\x8b\x08\0"),
        ("h.parquet", b"PAR1"),
        ("parquet.csv", b"PAR1"),
        ("book.xlsx", b"PK\x03\x04"),
        ("tabs.tsv", b"Pclass\tSex\n3\tmale\n"),
        ("utf16.csv", &utf16),
        ("marked.csv", &marked),
        ("semicolons.csv", b"Pclass;Sex\n3;male\n"),
    ] {
        folder.write(file, bytes);
    }
    let refused = [
        ("h.csv.gz", "this command knows no .gz files", "gzip -dc h.csv.gz "),
        ("gzip.csv", "it is compressed by gzip", "gzip -dc gzip.csv "),
        (
            "h.parquet",
            "this command knows no .parquet files",
            "pandas.read_parquet('h.parquet').to_csv('h.csv', index=False)",
        ),
        ("parquet.csv", "it is Parquet", "python3 -c "),
        ("book.xlsx", "this command knows no .xlsx files", "save its table as \"CSV UTF-8\""),
        ("tabs.tsv", "this command knows no .tsv files", "with commas between its cells"),
        ("utf16.csv", "it is UTF-16: save it as UTF-8", "iconv -f UTF-16 -t UTF-8 utf16.csv"),
        ("marked.csv", "it is UTF-16: save it as UTF-8", "iconv -f UTF-16 -t UTF-8 marked.csv"),
    ];
    for command in [
        "predict IN",
        "check IN",
        "fit IN --output fitted",
        "features IN --model-dir PACKAGE",
        "outcomes IN",
        "compare PACKAGE PACKAGE IN",
    ] {
        let run = |file: &str| {
            let words = command.split(' ').map(|word| word.replace("IN", file).replace("PACKAGE", PACKAGE));
            let words: Vec<String> = words.collect();
            folder.run_on(b"", &words.iter().map(String::as_str).collect::<Vec<_>>())
        };
        for (file, problem, advice) in refused {
            let said = ended_with(2, run(file));
            assert!(said.starts_with("error: ") && said.contains(problem), "{command}, {file}: {said}");
            assert!(
                said.lines().any(|line| line.starts_with("hint: ") && line.contains(advice)),
                "{command}, {file}: {said}"
            );
        }
        let output = run("semicolons.csv");
        let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(
            said.contains("columns are separated by semicolons: save the table with commas between its cells"),
            "{said}"
        );
    }
    let gzipped = folder.run_on(b"\x1f\x8b\x08\0", &["predict", "-", "--format", "csv"]);
    assert!(ended_with(2, gzipped).contains("\nhint: gzip -dc FILE | lifeboat predict - --format csv"));
    let said = folder.refuses(&["predict", "h.csv.gz"]);
    assert!(said.contains("\nhint: gzip -dc h.csv.gz | lifeboat predict - --format csv"), "{said}");
}

#[test]
fn a_number_that_json_has_not_is_told_with_what_to_send() {
    let folder = Folder::new();
    let passenger = r#"{"Pclass": 3, "Sex": "male", "Age": NaN}"#;
    folder.write("list.json", format!("[{passenger}]"));
    folder.write("one.json", passenger);
    folder.write("lines.ndjson", format!("{{\"Pclass\": 3, \"Sex\": \"male\"}}\n{passenger}\n"));
    folder.write("infinite.json", passenger.replace("NaN", "-Infinity"));
    for (file, literal) in
        [("list.json", "NaN"), ("one.json", "NaN"), ("lines.ndjson", "NaN"), ("infinite.json", "Infinity")]
    {
        let said = folder.fails(&["predict", file]);
        assert!(said.contains(&format!(": JSON has no {literal}: send null for a missing value")), "{file}: {said}");
    }
}
