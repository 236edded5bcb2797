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
    let said = folder.refuses(&["predict", "data", "-o", "scored/", "--explain"]);
    assert!(said.contains("scored/ has parts of model") && said.contains("name another folder"), "{said}");
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
