//! `lifeboat predict` of many files: a folder of parts, and a run that goes on where one stopped.

use std::fs;
use std::process::Command;

use crate::folder::Folder;
use crate::program::BINARY;

const HEADER: &str = "PassengerId,Pclass,Sex\n";

fn table(from: u32, to: u32) -> String {
    let rows: String = (from..to).map(|id| format!("{id},{},male\n", id % 3 + 1)).collect();
    format!("{HEADER}{rows}")
}

/// A folder `data` with three tables, one of them deeper, and what is no table.
fn data() -> Folder {
    let folder = Folder::new();
    fs::create_dir_all(folder.path("data/day=2")).unwrap();
    folder.write("data/b.csv", table(10, 20));
    folder.write("data/a.csv", table(0, 10));
    folder.write("data/day=2/c.csv", table(20, 25));
    folder.write("data/notes.txt", "no table");
    folder.write("data/_SUCCESS.csv", "no table");
    folder
}

fn parts(folder: &Folder) -> Vec<String> {
    ["a.csv", "b.csv", "day=2/c.csv"].iter().map(|name| folder.read(&format!("scored/{name}"))).collect()
}

#[test]
fn each_file_gets_a_part_that_is_what_it_would_be_alone() {
    let folder = data();
    let (out, err) = folder.run(&["predict", "data", "--output", "scored/"]);
    assert_eq!((&*out, &*err), ("", "25 predicted, in 3 parts\n"));
    for (part, file) in parts(&folder).iter().zip(["a.csv", "b.csv", "day=2/c.csv"]) {
        assert_eq!(*part, folder.run(&["predict", &format!("data/{file}")]).0, "{file}");
    }
    folder.run(&["predict", "data/*.csv", "data/day=2/c.csv", "-o", "other/", "--output-format", "parquet"]);
    assert!(folder.path("other/a.parquet").is_file() && folder.path("other/c.parquet").is_file());
}

#[test]
fn a_run_goes_on_where_one_stopped_and_does_no_part_twice() {
    let folder = data();
    folder.write("data/b.csv", "PassengerId,Pclass,Sex\n10,9,male\n");
    let said = folder.fails(&["predict", "data", "-o", "scored/"]);
    assert!(said.contains("data/b.csv, line 2: Pclass must be 1, 2 or 3, found 9"), "{said}");
    assert!(folder.path("scored/a.csv").is_file() && !folder.path("scored/b.csv").exists());
    let before = fs::metadata(folder.path("scored/a.csv")).unwrap().modified().unwrap();
    folder.write("data/b.csv", table(10, 20));
    let (_, err) = folder.run(&["predict", "data", "-o", "scored/"]);
    assert_eq!(err, "25 predicted, in 3 parts, 2 of them there before\n");
    assert_eq!(fs::metadata(folder.path("scored/a.csv")).unwrap().modified().unwrap(), before);

    folder.write("data/a.csv", table(100, 105));
    let (_, err) = folder.run(&["predict", "data", "-o", "scored/"]);
    assert_eq!(err, "20 predicted, in 3 parts, 2 of them there before\n");
    assert!(folder.read("scored/a.csv").contains("\n104,"), "a file that has changed is predicted anew");
}

#[test]
fn parts_of_other_options_are_not_mixed() {
    let folder = data();
    folder.run(&["predict", "data", "-o", "scored/"]);
    let refused = |options: &[&str]| folder.refuses(&[&["predict", "data", "-o", "scored/"], options].concat());
    let differences = |options: &[&str]| {
        let said = refused(options);
        let told = said.lines().next().unwrap();
        let told =
            told.strip_prefix("error: scored/ has parts that are made otherwise, and nothing is mixed with them: ");
        told.unwrap_or_else(|| panic!("{said}")).to_owned()
    };
    assert_eq!(differences(&["--explain"]), "without --explain, and now with --explain");
    assert_eq!(differences(&["--kaggle"]), "without --kaggle, and now with --kaggle");
    assert_eq!(
        differences(&["--extra-columns", "keep", "--output-format", "json"]),
        "without --output-format, and now with --output-format json; with --extra-columns refuse, and now with --extra-columns keep"
    );
    let advice = "hint: name another folder, or remove the parts and scored/_PARTS.json to make all of them anew\n";
    assert!(refused(&["--explain"]).ends_with(advice));
    fs::remove_file(folder.path("scored/_PARTS.json")).unwrap();
    let (_, err) = folder.run(&["predict", "data", "-o", "scored/", "--explain"]);
    assert_eq!(err, "25 predicted, in 3 parts\n");

    let stored =
        |database: &str| differences(&["--explain", "--store", "--database-url", &format!("sqlite:{database}")]);
    let (place, other) = (folder.path("").canonicalize().unwrap(), "other.db");
    assert_eq!(
        stored(other),
        format!("without --store, and now with --store in sqlite:{}", place.join(other).display())
    );

    let notes = folder.read("scored/_PARTS.json");
    let (before, version) = notes.split_once("\"model_version\": \"").unwrap();
    let (version, after) = version.split_once('"').unwrap();
    folder.write("scored/_PARTS.json", format!("{before}\"model_version\": \"0.9.0-00000000\"{after}"));
    assert_eq!(differences(&["--explain"]), format!("by model 0.9.0-00000000, and now by model {version}"));
}

/// What the message of a run that failed says is the next command, and it makes what is missing.
#[test]
fn what_takes_more_rows_goes_on_with_the_parts_that_stay_the_same() {
    let folder = data();
    folder.write("data/b.csv", format!("{}20,9,male\n", table(10, 20)));
    folder.write("data/d.ndjson", "{\"PassengerId\":30,\"Pclass\":0,\"Sex\":\"male\"}\n");
    let said = folder.fails(&["predict", "data", "-o", "scored/"]);
    assert!(said.contains("error: 2 of 4 files cannot be predicted:\n"), "{said}");
    assert!(said.ends_with("hint: --skip-invalid leaves such rows out\n"), "{said}");
    let (_, err) = folder.run(&["predict", "data", "-o", "scored/", "--skip-invalid"]);
    assert!(err.ends_with("\n25 predicted, 2 left out, in 4 parts, 2 of them there before\n"), "{err}");

    let said = folder.fails(&["predict", "data", "-o", "scored/"]);
    assert!(said.starts_with("15 predicted, in 2 parts, 2 of them there before\nerror: 2 of 4 files"), "{said}");
    let (_, err) = folder.run(&["predict", "data", "-o", "scored/", "--skip-invalid"]);
    assert_eq!(err, "25 predicted, 2 left out, in 4 parts, 4 of them there before\n");

    // A row of JSON may have been left out for a member that is no field: where such members are ignored, it is a record.
    folder.write("data/d.ndjson", "{\"PassengerId\":30,\"Pclass\":1,\"Sex\":\"male\",\"Deck\":1}\n");
    folder.run(&["predict", "data", "-o", "scored/", "--skip-invalid"]);
    assert_eq!(folder.read("scored/d.ndjson"), "");
    let (_, err) = folder.run(&["predict", "data", "-o", "scored/", "--skip-invalid", "--extra-columns", "ignore"]);
    assert!(err.ends_with("26 predicted, 1 left out, in 4 parts, 2 of them there before\n"), "{err}");
    assert!(folder.read("scored/d.ndjson").contains("\"PassengerId\":30"));
}

#[test]
fn many_files_need_a_folder_and_parts_of_their_own() {
    let folder = data();
    let said = folder.refuses(&["predict", "data"]);
    assert!(said.contains("3 files are to be predicted, but standard output takes one table"), "{said}");
    let said = folder.refuses(&["predict", "data/a.csv", "data/day=2/../a.csv", "-o", "scored/"]);
    assert!(said.contains("would both have the part a.csv"), "{said}");
    let said = folder.refuses(&["predict", "data/*.parquet", "-o", "scored/"]);
    assert!(said.contains("no file matches data/*.parquet"), "{said}");
}

/// A disk that is full is a file that may not grow any more: the program is told so by the system in the same way.
#[test]
fn an_output_that_does_not_fit_is_not_there() {
    let folder = Folder::new();
    folder.write("in.csv", table(0, 200_000));
    let limited = format!("trap '' XFSZ; ulimit -f 1000; exec '{BINARY}' predict in.csv -o out.csv");
    let done = Command::new("sh").args(["-c", &limited]).current_dir(folder.path("")).output().unwrap();
    let said = String::from_utf8(done.stderr).unwrap();
    assert!(!done.status.success(), "{said}");
    assert!(said.contains("cannot write the output"), "{said}");
    let left: Vec<_> = fs::read_dir(folder.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left, ["in.csv"], "neither a part of it nor a file that was to become it");
}
