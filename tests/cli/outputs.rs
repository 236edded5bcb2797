//! What the program writes into: new files, files that are there, links, pipes; and in which format.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use parquet::file::reader::{FileReader, SerializedFileReader};
use serde_json::Value;

use crate::folder::{Folder, ended_with, succeeded};
use crate::lines::{of_csv, of_ndjson, of_objects};
use crate::program::{BINARY, lifeboat};
use crate::training::{TITANIC, TRAIN};

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
        vec!["features", TRAIN, "--package", TITANIC, "--output", "out.csv"],
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
    run_under("077", &folder, &["fit", TRAIN, "--package", TITANIC, "--output", "fitted"]);
    assert_eq!(access(&folder.path("fitted/state.json")).0, 0o600);
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
    let said = folder.fails(&["features", TRAIN, "--package", TITANIC, "--output", "elsewhere"]);
    assert!(said.contains("it is a folder"), "{said}");
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
    let matrix = ["features", TRAIN, "--package", TITANIC];
    for (arguments, outputs) in [
        (&["predict", TRAIN][..], &["o.csv.gz", "o.tsv", "o.xlsx", "O.XLSX", "o.html"][..]),
        (&matrix, &["o.npy", "o.json.zst"]),
        (&["export"], &["o.csv.gz", "o.xlsx"]),
        (&["monitor"], &["o.csv", "o.pdf", "o.parquet"]),
    ] {
        for output in outputs {
            let said = folder.refuses(&[arguments, &["--output", output]].concat());
            let extension = output.rsplit('.').next().unwrap().to_lowercase();
            let problem = format!("error: {output}: this command writes no .{extension} files\n");
            assert!(said.starts_with(&problem), "{said}");
            assert!(said.contains("\nhint: name it ."), "{said}");
        }
    }
    assert_eq!(folder.files(), [""; 0]);
    let said = folder.refuses(&["predict", TRAIN, "--output", "o.csv.gz"]);
    assert!(said.contains("hint: name it .csv or .json or .ndjson or .parquet, and compress it afterwards"), "{said}");
}

#[test]
fn every_table_is_written_in_every_format() {
    let folder = Folder::new();
    folder.write(
        "in.csv",
        fs::read_to_string(TRAIN).unwrap().lines().take(21).map(|line| line.to_owned() + "\n").collect::<String>(),
    );
    folder.run(&["predict", "in.csv", "--store", "--output", "stored.csv"]);
    let matrix = ["features", "in.csv", "--package", TITANIC];
    for command in [&["predict", "in.csv"][..], &["predict", "in.csv", "--explain"], &matrix, &["export"]] {
        for output in ["o.csv", "o.json", "o.ndjson", "o.parquet"] {
            folder.run(&[command, &["--output", output]].concat());
        }
        let parquet = SerializedFileReader::new(File::open(folder.path("o.parquet")).unwrap()).unwrap();
        let (csv, ndjson) = (folder.read("o.csv"), folder.read("o.ndjson"));
        let columns: Vec<&str> = csv.lines().next().unwrap().split(',').collect();
        let array: Vec<Value> = serde_json::from_str(&folder.read("o.json")).unwrap();
        assert_eq!((array.len(), of_ndjson(&ndjson)), (20, array.clone()), "{command:?}");
        let of_parquet = parquet.get_row_iter(None).unwrap().map(Result::unwrap);
        let of_csv = csv::Reader::from_reader(csv.as_bytes()).into_records().map(Result::unwrap);
        for ((object, row), cells) in array.iter().zip(of_parquet).zip(of_csv) {
            assert_eq!(row.get_column_iter().map(|(name, _)| name).collect::<Vec<_>>(), columns, "{command:?}");
            assert_eq!(object.as_object().unwrap().len(), columns.len(), "{command:?}");
            for (cell, name) in cells.iter().zip(&columns) {
                match &object[name] {
                    Value::Null => assert_eq!(cell, ""),
                    Value::String(text) => assert_eq!(cell, text),
                    value => assert_eq!(cell.parse::<f64>().ok(), value.as_f64(), "{cell}"),
                }
            }
        }
    }
    let said = folder.refuses(&["predict", TRAIN, "--kaggle", "--output-format", "json"]);
    assert!(said.contains("cannot be used with"), "{said}");
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
