//! What the program reads: formats, compression, encodings and separators, told by the bytes; and what it says of files that are no
//! tables.

use std::fs;
use std::path::PathBuf;

use crate::folder::{Folder, ended_with, succeeded};
use crate::training::{TITANIC, TRAIN};

/// Returns a file of forty passengers that another program wrote.
fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/table/files").join(name)
}

#[test]
fn a_file_is_read_whatever_program_wrote_it() {
    let folder = Folder::new();
    let predict = |name: &str| folder.run(&["predict", path(name).to_str().unwrap(), "--output-format", "csv"]).0;
    let expected = predict("plain.csv");
    assert_eq!(expected.lines().count(), 41);
    for name in
        ["pandas.csv.gz", "pandas.csv.zst", "lines.jsonl.gz", "records.json", "pandas.parquet", "polars.parquet"]
    {
        assert!(predict(name) == expected, "{name}");
    }
    for name in ["utf16.csv", "utf8_bom.csv", "tabs.tsv", "bars.csv", "index.csv"] {
        assert!(predict(name) == expected, "{name}");
    }
}

#[test]
fn standard_input_tells_its_format_by_its_first_bytes() {
    let folder = Folder::new();
    let expected = folder.run(&["predict", path("plain.csv").to_str().unwrap()]).0;
    for name in ["plain.csv", "pandas.csv.zst", "lines.jsonl.gz", "records.json", "polars.parquet", "utf16.csv"] {
        let input = fs::read(path(name)).unwrap();
        let (out, _) = succeeded(folder.run_on(&input, &["predict", "-", "--output-format", "csv"]));
        assert!(out == expected, "{name}");
    }
}

#[test]
fn an_output_has_the_format_of_the_input_unless_it_says_another() {
    let folder = Folder::new();
    for (name, start) in [
        ("records.json", &b"[\n"[..]),
        ("lines.jsonl.gz", b"{\""),
        ("tabs.tsv", b"PassengerId,"),
        ("polars.parquet", b"PAR1"),
    ] {
        let output = folder.run_on(b"", &["predict", path(name).to_str().unwrap()]);
        assert!(output.status.success() && output.stdout.starts_with(start), "{name}: {output:?}");
    }
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
fn a_decimal_comma_is_read_where_semicolons_stand_between_cells() {
    let folder = Folder::new();
    folder.write("semicolons.csv", "Pclass;Sex;Age;Fare\n3;male;2,5;7,25\n");
    folder.write("commas.csv", "Pclass,Sex,Age,Fare\n3,male,2.5,7.25\n");
    assert_eq!(folder.run(&["predict", "semicolons.csv"]).0, folder.run(&["predict", "commas.csv"]).0);
}

#[test]
fn an_input_that_cannot_be_read_says_what_to_do() {
    let folder = Folder::new();
    folder.write("half.parquet", "PAR1");
    folder.write("packed.csv.bz2", "BZh91AY&SY");
    folder.write("empty.csv", "");
    let [book, half_gzip] = ["workbook.xlsx", "truncated.csv.gz"].map(|name| path(name).display().to_string());
    let refused = [
        (book.as_str(), "save its table as \"CSV UTF-8\""),
        (&half_gzip, "its gzip data end too early, so copy or download it again"),
        ("half.parquet", "it does not end as one does, so copy or download it again"),
        ("packed.csv.bz2", "it is compressed by bzip2: decompress it first, or use gzip or zstd"),
        ("empty.csv", "the input is empty: expected a table"),
    ];
    for (command, names_it) in [
        ("predict IN", true),
        ("check IN", false),
        ("fit IN --package PACKAGE --output fitted", true),
        ("features IN --package PACKAGE", true),
        ("outcomes IN", true),
        ("compare PACKAGE PACKAGE IN", true),
    ] {
        for (file, advice) in refused {
            let words = command.split(' ').map(|word| word.replace("IN", file).replace("PACKAGE", TITANIC));
            let words: Vec<String> = words.collect();
            let output = folder.run_on(b"", &words.iter().map(String::as_str).collect::<Vec<_>>());
            // What is no table is something bad that a check finds.
            let (code, said) =
                (output.status.code(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap());
            assert_eq!(code, Some(if names_it { 1 } else { 3 }), "{command}: {said}");
            assert!(said.contains(advice.trim_start_matches("it is ")), "{command}, {file}: {said}");
            assert_eq!(said.contains(file), names_it, "{command}, {file}: {said}");
        }
    }
    assert_eq!(folder.files(), ["empty.csv", "half.parquet", "packed.csv.bz2"]);
    let said = ended_with(1, folder.run_on(b"PK\x03\x04book", &["predict", "-"]));
    assert!(said.starts_with("error: cannot read standard input: the input is a zip archive"), "{said}");
}

#[test]
fn columns_that_are_no_fields_are_refused_ignored_or_kept() {
    let folder = Folder::new();
    folder.write("more.csv", "Pclass,note,Sex,probability\n3,\"a, b\",male,x\n1,,female,\n");
    folder.write("plain.csv", "Pclass,Sex\n3,male\n1,female\n");
    let said = folder.fails(&["predict", "more.csv"]);
    assert!(said.starts_with("error: cannot read more.csv: column \"note\" is not a field of a passenger"), "{said}");
    assert!(said.contains("column \"probability\" is not a field of a passenger"), "{said}");
    let plain = folder.run(&["predict", "plain.csv"]).0;
    assert_eq!(folder.run(&["predict", "more.csv", "--extra-columns", "ignore"]).0, plain);
    let said = folder.fails(&["predict", "more.csv", "--extra-columns", "keep"]);
    assert!(
        said.starts_with("error: column \"probability\" of the input has the name of one that is written\nhint: "),
        "{said}"
    );
    folder.write("more.csv", folder.read("more.csv").replace("probability", "odds"));
    let kept = folder.run(&["predict", "more.csv", "--extra-columns", "keep"]).0;
    for ((kept, plain), added) in kept.lines().zip(plain.lines()).zip([",note,odds", ",\"a, b\",x", ",,"]) {
        assert_eq!(kept, format!("{plain}{added}"));
    }
}

#[test]
fn a_command_that_refuses_columns_says_how_they_are_left_out_and_leaves_them_out() {
    let folder = Folder::new();
    let train = fs::read_to_string(TRAIN).unwrap();
    let more: Vec<String> = train.lines().map(|line| format!("note,{line}")).collect();
    folder.write("train.csv", more.join("\n"));
    folder.write("train.ndjson", "{\"Pclass\": 3, \"Sex\": \"male\", \"Survived\": 0, \"note\": 1}\n");
    for (command, ends_with) in [
        ("predict", 0),
        ("features --package PACKAGE", 0),
        ("fit --package PACKAGE --output fitted", 0),
        ("baseline --package PACKAGE --output -", 0),
        // A model is no better than itself.
        ("compare PACKAGE PACKAGE --allow-seen", 3),
        ("check", 0),
    ] {
        let words: Vec<String> = command.split(' ').map(|word| word.replace("PACKAGE", TITANIC)).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let told =
            |output: &std::process::Output| String::from_utf8([&*output.stdout, &*output.stderr].concat()).unwrap();
        for file in ["train.csv", "train.ndjson"] {
            let refused = folder.run_on(b"", &[&words[..], &[file]].concat());
            let said = told(&refused);
            assert_eq!(refused.status.code(), Some(if command == "check" { 3 } else { 1 }), "{command}: {said}");
            assert!(
                said.contains("note\" is not a field of a passenger") || said.contains("note is not a field"),
                "{said}"
            );
            let advice = said.lines().last().unwrap();
            assert!(advice.contains("--extra-columns ignore leaves columns out"), "{command}, {file}: {said}");
            assert_eq!(advice.contains("and keep writes them"), command == "predict", "{command}: {said}");
        }
        let done = folder.run_on(b"", &[&words[..], &["train.csv", "--extra-columns", "ignore"]].concat());
        assert_eq!(done.status.code(), Some(ends_with), "{command}: {}", told(&done));
    }
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
