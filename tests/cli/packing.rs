//! `lifeboat pack`: a graph that somebody exported becomes a package, by the table that its model was trained on.

use std::fmt::Write as _;
use std::fs;

use serde_json::{Value, json};

use crate::folder::Folder;

/// What scikit-learn's own pipeline of mixed columns was exported as, and what it answers.
const EXPORTED: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/exported/titanic_pipeline");

/// A package that is whole.
const CLASSES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/packages/classes");

/// A folder with `model.onnx`, `people.csv` with a key and a column that the graph does not read, and the model's `proba.csv`.
struct Exported {
    folder: Folder,
    /// What the model answers of each row.
    answers: Vec<[f64; 2]>,
}

impl Exported {
    fn new() -> Self {
        let folder = Folder::new();
        fs::copy(format!("{EXPORTED}.onnx"), folder.path("model.onnx")).unwrap();
        let beside: Value = serde_json::from_slice(&fs::read(format!("{EXPORTED}.json")).unwrap()).unwrap();
        let mut people = "id,age,fare,embarked,sex,pclass,note,survived\n".to_owned();
        for (row, values) in beside["rows"].as_array().unwrap().iter().enumerate() {
            let cells = values.as_array().unwrap()[..5].iter().map(|value| match value {
                Value::Null => String::new(),
                Value::String(text) => text.clone(),
                other => other.to_string(),
            });
            let label = ["no", "yes"][row % 2];
            writeln!(people, "{:03},{},n{row},{label}", row + 1, cells.collect::<Vec<_>>().join(",")).unwrap();
        }
        folder.write("people.csv", people);
        let answers: Vec<[f64; 2]> = serde_json::from_value(beside["answers"].clone()).unwrap();
        let lines: Vec<String> = answers.iter().map(|[no, yes]| format!("{no},{yes}")).collect();
        folder.write("proba.csv", lines.join("\n"));
        Self { folder, answers }
    }

    fn arguments<'a>(more: &[&'a str]) -> Vec<&'a str> {
        [&["pack", "model.onnx", "--data", "people.csv", "--target", "survived", "--output", "people"], more].concat()
    }

    /// Packs, and returns what is told.
    fn packs(&self, more: &[&str]) -> String {
        self.folder.run(&Self::arguments(more)).0
    }

    fn fails(&self, more: &[&str]) -> String {
        let told = self.folder.fails(&Self::arguments(more));
        assert!(!self.folder.path("people").exists(), "{told}");
        assert!(self.folder.files().iter().all(|file| !file.starts_with(".lifeboat")), "{told}");
        told
    }

    fn json(&self, file: &str) -> Value {
        serde_json::from_str(&self.folder.read(file)).unwrap()
    }
}

/// Writes numbers as `numpy.save` does.
fn npy(numbers: &[[f64; 2]]) -> Vec<u8> {
    let mut header = format!("{{'descr': '<f8', 'fortran_order': False, 'shape': ({}, 2), }}", numbers.len());
    header += &" ".repeat(63 - (10 + header.len()) % 64);
    header.push('\n');
    let length = u16::try_from(header.len()).unwrap().to_le_bytes();
    let numbers = numbers.iter().flatten().flat_map(|number| number.to_le_bytes());
    b"\x93NUMPY\x01\0".iter().copied().chain(length).chain(header.into_bytes()).chain(numbers).collect()
}

#[test]
fn a_graph_and_its_table_become_a_package_that_is_proven_and_served() {
    let exported = Exported::new();
    let told = exported.packs(&["--key", "id", "--expect", "proba.csv", "--trained-by", "scikit-learn 1.7.2"]);
    for part in [
        "id        string             key",
        "age       number             of at least 0",
        "numbers are not bounded by what the data has: a value beyond it is drift, and no fault; at least 0, where they begin: ",
        "sex       string   yes       female, male",
        "survived  string             label; no, yes",
        "left out, since the graph does not read them: note",
        "the probability is that of survived = \"yes\"",
        "id: a text, since some values begin with zeros",
        "proven on 40 rows against scikit-learn 1.7.2",
        "on the training data: accuracy",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    let manifest = exported.json("people/manifest.json");
    let agreement = &manifest["agreement"];
    assert_eq!((&agreement["rows"], &agreement["with"]), (&json!(40), &json!("scikit-learn 1.7.2")));
    assert!(agreement["largest_difference"].as_f64().unwrap() < 1e-6);
    assert_eq!((&manifest["name"], &manifest["training"]["rows"]), (&json!("people"), &json!(40)));
    assert_eq!(manifest["evaluation"]["on"], "the training data");
    let baseline = exported.json("people/baseline.json");
    assert_eq!(baseline["rows"], 40);
    // It serves: the same answers, by key.
    let (predicted, _) =
        exported.folder.run(&["predict", "people.csv", "--package", "people", "--extra-columns", "ignore"]);
    for (line, [_, yes]) in predicted.lines().skip(1).zip(&exported.answers) {
        let found: f64 = line.split(',').nth(2).unwrap().parse().unwrap();
        assert!((found - yes).abs() < 1e-6, "{line}: {yes}");
    }
    assert!(predicted.contains("\n007,"), "{predicted}");
    // What training has not seen is answered; what cannot be is not.
    let row = |age: &str| format!("id,age,fare,embarked,sex,pclass\n,{age},100000,S,male,3\n");
    exported.folder.write("beyond.csv", row("1000"));
    assert_eq!(exported.folder.run(&["predict", "beyond.csv", "--package", "people"]).0.lines().count(), 2);
    exported.folder.write("beyond.csv", row("-1"));
    let told = exported.folder.fails(&["predict", "beyond.csv", "--package", "people"]);
    assert!(told.contains("age must be a number of at least 0 or null, found -1"), "{told}");
}

#[test]
fn what_is_packed_twice_is_the_same_to_the_byte_and_a_reviewed_schema_is_kept() {
    let exported = Exported::new();
    let expect = ["--expect", "proba.csv"];
    exported.packs(&expect);
    let files = || {
        let files = fs::read_dir(exported.folder.path("people")).unwrap().map(|file| file.unwrap().path());
        let mut files: Vec<_> = files.map(|path| (path.clone(), fs::read(path).unwrap())).collect();
        files.sort();
        files
    };
    let first = files();
    fs::remove_dir_all(exported.folder.path("people")).unwrap();
    exported.packs(&expect);
    assert!(files() == first);
    // What was reviewed counts from then on, and so do name and version.
    let mut schema = exported.json("people/schema.json");
    schema["lifeboat"]["record"] = json!("person");
    schema["fields"][0]["constraints"] = json!({"minimum": 0, "maximum": 130});
    exported.folder.write("people/schema.json", schema.to_string());
    exported.folder.write("people/notes.txt", "mine");
    let told = exported.packs(&["--expect", "proba.csv", "--version", "2.1.0", "--name", "crowd"]);
    assert!(
        told.contains("kept: people/schema.json; remove it to infer it anew") && told.contains("from 0 to 130"),
        "{told}"
    );
    let told = exported.packs(&expect);
    assert!(told.starts_with("2.1.0-") && told.contains("crowd: binary"), "{told}");
    assert_eq!(exported.json("people/schema.json"), schema);
    assert_eq!(exported.folder.read("people/notes.txt"), "mine");
    // A schema that stands elsewhere goes before.
    schema["lifeboat"]["record"] = json!("human");
    exported.folder.write("reviewed.json", schema.to_string());
    exported.packs(&["--schema", "reviewed.json"]);
    assert_eq!(exported.json("people/schema.json"), schema);
}

#[test]
fn a_schema_that_is_kept_is_named_where_the_data_contradict_it() {
    let exported = Exported::new();
    exported.packs(&[]);
    let people = exported.folder.read("people.csv");
    for data in
        [people.replace(",female,", ",other,"), people.replace(",yes\n", ",maybe\n"), people.replace("age,", "years,")]
    {
        exported.folder.write("people.csv", data);
        let told = exported.folder.fails(&Exported::arguments(&[]));
        let hint = told.lines().last().unwrap();
        assert!(hint.starts_with("hint: people/schema.json was there and is kept: mend it"), "{told}");
    }
    // Of one that was named, who named it knows.
    let told = exported.folder.fails(&Exported::arguments(&["--schema", "people/schema.json"]));
    assert!(!told.contains("is kept"), "{told}");
}

#[test]
fn a_package_is_made_quietly() {
    let exported = Exported::new();
    assert_eq!(exported.folder.run(&Exported::arguments(&["-q"])), (String::new(), String::new()));
    assert!(exported.folder.path("people/manifest.json").exists());
    assert_eq!(exported.folder.run(&["pack", "people", "--quiet"]), (String::new(), String::new()));
}

#[test]
fn a_table_in_the_place_of_the_graph_is_told_how_the_command_goes() {
    let exported = Exported::new();
    let refuses = |arguments: &[&str]| exported.folder.refuses(&[&["pack", "people.csv"], arguments].concat());
    let problem = "error: people.csv is a table, and stands where the model's graph belongs\n";
    assert_eq!(
        refuses(&["--target", "survived"]),
        format!("{problem}hint: lifeboat pack MODEL.onnx --data people.csv --target survived --output DIR\n")
    );
    assert_eq!(
        refuses(&["--data", "model.onnx", "--output", "people/"]),
        format!("{problem}hint: lifeboat pack model.onnx --data people.csv --target COLUMN --output people/\n")
    );
    exported.folder.write("model.onnx", "a pickle");
    let told = exported.fails(&[]);
    assert!(told.contains("is not an ONNX graph") && told.contains("hint: GRAPH is what an exporter wrote"), "{told}");
}

#[test]
fn a_graph_that_answers_otherwise_than_its_model_is_refused_with_the_rows() {
    let exported = Exported::new();
    let mut apart = exported.answers.clone();
    for row in [6, 20] {
        apart[row] = [apart[row][1], apart[row][0]];
    }
    exported.folder.write("apart.npy", npy(&apart));
    let told = exported.fails(&["--expect", "apart.npy"]);
    for part in ["in 2 of 40 rows", "row 7: ", "row 21: ", "but the model gave", "Known causes", "--accept-differences"]
    {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("tree"), "the graph has none: {told}");
    let told = exported.fails(&["--expect", "apart.npy", "--accept-differences", "1"]);
    assert!(told.contains("in 2 of 40 rows"), "{told}");
    let told = exported.packs(&["--expect", "apart.npy", "--accept-differences", "2"]);
    assert!(told.contains("but for 2 that differ and were accepted"), "{told}");
    assert_eq!(exported.json("people/manifest.json")["agreement"]["accepted"], json!([7, 21]));
}

#[test]
fn what_was_proven_of_a_graph_is_not_said_of_another() {
    let exported = Exported::new();
    exported.packs(&["--expect", "proba.csv"]);
    let agreement = || exported.json("people/manifest.json").get("agreement").cloned();
    exported.folder.run(&["pack", "people", "--threshold", "0.25"]);
    assert_eq!(agreement().unwrap()["rows"], 40, "the graph is the same");
    fs::copy(format!("{EXPORTED}_zipmap.onnx"), exported.folder.path("people/model.onnx")).unwrap();
    exported.folder.run(&["pack", "people"]);
    assert_eq!(agreement(), None);
    exported.folder.run(&["pack", "people", "--data", "people.csv", "--expect", "proba.csv"]);
    assert_eq!(agreement().unwrap()["rows"], 40);
}

#[test]
fn figures_of_an_earlier_model_are_measured_anew_or_dropped() {
    let exported = Exported::new();
    exported.packs(&["--expect", "proba.csv"]);
    let evaluation = || exported.json("people/manifest.json").get("evaluation").cloned();
    let first = evaluation().unwrap();
    // Other labels: the same graph is as good or bad as it is by them.
    let relabelled: Vec<String> = exported.folder.read("people.csv").lines().map(turned).collect();
    exported.folder.write("relabelled.csv", relabelled.join("\n"));
    let (told, _) = exported.folder.run(&["pack", "people", "--data", "relabelled.csv"]);
    let second = evaluation().unwrap();
    let sum = first["accuracy"].as_f64().unwrap() + second["accuracy"].as_f64().unwrap();
    assert!((sum - 1.0).abs() < 1e-5 && first["accuracy"] != second["accuracy"], "{first} {second}");
    assert!(told.contains(&format!("accuracy {:.4}", second["accuracy"].as_f64().unwrap())), "{told}");
    // What is the same keeps its figures; another threshold has others, and without data nobody knows them.
    exported.folder.run(&["pack", "people"]);
    assert_eq!(evaluation(), Some(second));
    let (_, told) = exported.folder.run(&["pack", "people", "--threshold", "0.9"]);
    assert_eq!(evaluation(), None);
    assert!(told.contains("dropped from manifest.json") && told.contains("measured: evaluation;"), "{told}");
    exported.folder.run(&["pack", "people", "--data", "people.csv"]);
    assert_ne!(evaluation().unwrap()["accuracy"], first["accuracy"]);
    // What a training wrote itself is its own to keep, and is told as such.
    let mut manifest = exported.json("people/manifest.json");
    let own = json!({"on": "the training data", "accuracy": 0.98});
    manifest["evaluation"] = own.clone();
    exported.folder.write("people/manifest.json", manifest.to_string());
    exported.folder.run(&["pack", "people", "--threshold", "0.25"]);
    let (told, _) = exported.folder.run(&["pack", "people", "--data", "relabelled.csv"]);
    assert_eq!(evaluation(), Some(own));
    assert!(told.contains("as its training wrote, and nobody measured here, on the training data"), "{told}");
}

/// Turns the label of a row around.
fn turned(line: &str) -> String {
    match line.strip_suffix(",no") {
        Some(start) => format!("{start},yes"),
        None => line.strip_suffix(",yes").map_or_else(|| line.to_owned(), |start| format!("{start},no")),
    }
}

#[test]
fn classes_that_the_graph_itself_names_are_not_renamed() {
    let exported = Exported::new();
    let told = exported.fails(&["--classes", "yes,no", "--expect", "proba.csv"]);
    assert!(
        told.contains("--classes says \"yes\", \"no\", but the graph itself names its classes: \"no\", \"yes\""),
        "{told}"
    );
    assert!(exported.packs(&["--classes", "no,yes", "--expect", "proba.csv"]).contains("proven on 40 rows"));
}

#[test]
fn the_models_predictions_are_taken_in_every_form_that_people_save_them_in() {
    let exported = Exported::new();
    let answers = &exported.answers;
    let lines = |delimiter: &str, header: &str| {
        let lines: Vec<String> = answers.iter().map(|[no, yes]| format!("{no:e}{delimiter}{yes:e}")).collect();
        format!("{header}{}\n", lines.join("\n"))
    };
    let swapped: Vec<String> = answers.iter().map(|[no, yes]| format!("{yes},{no}")).collect();
    let indexed: Vec<String> = answers.iter().enumerate().map(|(row, [_, yes])| format!("{row},{yes}")).collect();
    let alone: Vec<String> = answers.iter().map(|[_, yes]| yes.to_string()).collect();
    for (file, bytes) in [
        ("npy", npy(answers)),
        ("savetxt", lines(" ", "").into_bytes()),
        ("semicolons.csv", lines(";", "").into_bytes()),
        ("numbered.csv", lines(",", "0,1\n").into_bytes()),
        ("named.csv", lines(",", "no,yes\n").into_bytes()),
        ("capitals.csv", lines(",", "No,YES\n").into_bytes()),
        ("polars.csv", lines(",", "column_0,column_1\n").into_bytes()),
        ("capitals_swapped.csv", format!("Yes,No\n{}", swapped.join("\n")).into_bytes()),
        ("swapped.csv", format!("probability_yes,probability_no\n{}", swapped.join("\n")).into_bytes()),
        ("indexed.csv", format!(",proba\n{}", indexed.join("\n")).into_bytes()),
        ("alone.csv", alone.join("\n").into_bytes()),
    ] {
        exported.folder.write(file, bytes);
        let told = exported.packs(&["--expect", file]);
        assert!(told.contains("proven on 40 rows"), "{file}: {told}");
        fs::remove_dir_all(exported.folder.path("people")).unwrap();
    }
    for (file, bytes, reason) in [
        ("few.csv", alone[..30].join("\n"), "few.csv has 30 rows, but the data has 40"),
        (
            "mad.csv",
            lines(",", "no,maybe\n"),
            "mad.csv calls its columns no, maybe, but the classes of \"survived\" are no, yes",
        ),
        (
            "labels.csv",
            "kind\n".to_owned() + &"yes\n".repeat(40),
            "save predict_proba(X): row 1: expected a number, found \"yes\"",
        ),
        ("zeros.csv", "1\n0\n".repeat(20), "zeros.csv has labels, 0 and 1, but probabilities are compared"),
        ("fewer.csv", "0,1\n".to_owned() + &"0.5,0.5\n".repeat(30), "fewer.csv has 30 rows, but the data has 40"),
        ("more.csv", lines(",", "0.25,0.75\n"), "more.csv has 41 rows, but the data has 40"),
        ("words.csv", alone.join("\n").replacen(&alone[3], "much", 1), "row 4: expected a number, found \"much\""),
        ("nan.csv", alone.join("\n").replacen(&alone[3], "nan", 1), "row 4: a prediction is no finite number"),
        ("three.csv", alone.iter().map(|one| format!("{one},0,0\n")).collect(), "three.csv has 3 columns"),
        ("cut.npy", String::from_utf8_lossy(&npy(answers)[..9]).into_owned(), "cannot read the model's predictions"),
    ] {
        exported.folder.write(file, bytes);
        let told = exported.fails(&["--expect", file]);
        assert!(told.contains(reason), "{file}: {told}");
    }
}

#[test]
fn what_explains_all_rows_is_told_as_the_cause() {
    let exported = Exported::new();
    let lines: Vec<String> = exported.answers.iter().map(|[no, yes]| format!("{no},{yes}")).collect();
    let turned: Vec<String> = exported.answers.iter().map(|[no, yes]| format!("{yes},{no}")).collect();
    let negative: Vec<String> = exported.answers.iter().map(|[no, _]| no.to_string()).collect();
    let reversed: Vec<String> = lines.iter().rev().cloned().collect();
    let shifted = |by: usize| [&lines[by..], &lines[..by]].concat();
    let mixed: Vec<String> = (0..40).map(|row| lines[row * 7 % 40].clone()).collect();
    for (predictions, cause) in [
        (negative, "The cause: all rows agree with 1 - p: expect.csv has the probability of \"no\""),
        (
            turned,
            "The cause: all rows agree if the columns of expect.csv are the classes \"yes\", \"no\", in this order",
        ),
        (reversed, "The cause: all rows agree if those of expect.csv are reversed"),
        (shifted(3), "The cause: 37 of 40 rows agree, all that can, if those of expect.csv are moved down by 3"),
        (shifted(39), "The cause: 39 of 40 rows agree, all that can, if those of expect.csv are moved up by 1"),
        (mixed, "The cause: expect.csv has the same numbers as the graph answers, in another order of the rows"),
    ] {
        exported.folder.write("expect.csv", predictions.join("\n"));
        let told = exported.fails(&["--expect", "expect.csv"]);
        assert!(told.contains(cause) && !told.contains("Known causes"), "{cause}: {told}");
    }
}

#[test]
fn texts_of_which_the_graph_knows_none_are_doubted_and_a_cause() {
    let exported = Exported::new();
    let numbered = exported.folder.read("people.csv").replace(",female,", ",1.5,").replace(",male,", ",2.5,");
    exported.folder.write("people.csv", numbered);
    let unknown = "sex: the graph's encoder knows none of its texts: the data has \"1.5\", \"2.5\", the encoder \"female\", \"male\"";
    let told = exported.fails(&["--expect", "proba.csv"]);
    assert!(told.contains(&format!("Known causes:\n  - {unknown}")), "{told}");
    let told = exported.packs(&[]);
    let doubts = told.split("unsure: look at it").nth(1).unwrap();
    assert!(doubts.contains(unknown), "{told}");
}

#[test]
fn what_does_not_fit_together_is_told_with_the_mend() {
    let exported = Exported::new();
    let people = exported.folder.read("people.csv");
    for (more, reason) in [
        (&["--key", "survived"][..], "cannot name what a record is about"),
        (&["--key", "ID"], "--key: the data has no column \"ID\"; it has id, age"),
        (&["--time", "age"], "--time: \"age\" should be dates"),
        (&["--positive", "maybe"], "--positive: \"maybe\" is no value of \"survived\", which has \"no\", \"yes\""),
        (&["--classes", "no,maybe"], "--classes: \"maybe\" is no value"),
        (&["--inputs", "age,survived"], "--inputs: \"survived\" is what is predicted"),
        (&["--inputs", "sex=note,age=gone"], "--inputs: the data has no column \"gone\""),
        (&["--missing-text", "fare=nan"], "/missing_texts/fare should be of a field that the graph reads as a text"),
    ] {
        let told = exported.fails(more);
        assert!(told.contains(reason), "{more:?}: {told}");
    }
    for (data, reason) in [
        (people.replace("sex,", "gender,"), "no column of the data is called \"sex\", which the graph reads"),
        (people.replace(",yes\n", ",no\n"), "is \"no\" in every row"),
        (people.replace(",yes\n", ",\n"), "\"survived\" has no value in 20 of 40 rows"),
        (
            people.replace(",yes\n", ",perhaps\n"),
            "the graph answers \"no\", \"yes\", but \"survived\" has \"no\", \"perhaps\"",
        ),
        (
            people.replacen("001,22.0,", "001,old,", 1),
            "\"age\", which the graph reads, should be a number, but has texts such as \"old\"",
        ),
    ] {
        exported.folder.write("people.csv", data);
        let told = exported.fails(&[]);
        assert!(told.contains(reason), "{reason}: {told}");
    }
    exported.folder.write("people.csv", people);
    exported.folder.write("model.onnx", "no graph");
    assert!(exported.fails(&[]).contains("model.onnx is not an ONNX graph"));
    for arguments in [
        &["pack", "model.onnx", "--data", "people.csv", "--target", "survived"][..],
        &["pack", "model.onnx", "--target", "survived", "--output", "people"],
        &["pack", "model.onnx", "--output", "people", "--expect", "proba.csv"],
    ] {
        exported.folder.refuses(arguments);
    }
    let told = exported.folder.refuses(&["pack", CLASSES, "--target", "species"]);
    assert!(told.contains("--target: the folder says that itself"), "{told}");
}

#[test]
fn what_was_decided_can_be_overruled() {
    let exported = Exported::new();
    let told = exported.packs(&["--positive", "no", "--threshold", "0.25", "--compare-by", "sex,pclass"]);
    assert!(told.contains("not compared with the model"), "{told}");
    let manifest = exported.json("people/manifest.json");
    assert_eq!((&manifest["threshold"], manifest.get("agreement")), (&json!(0.25), None));
    let schema = exported.json("people/schema.json");
    assert_eq!(schema["lifeboat"]["positive"], "no");
    assert_eq!(schema["lifeboat"]["compare_by"], json!(["sex", "pclass"]));
    let (predicted, _) =
        exported.folder.run(&["predict", "people.csv", "--package", "people", "--extra-columns", "ignore"]);
    for (line, [no, _]) in predicted.lines().skip(1).zip(&exported.answers) {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!(cells[0], if *no >= 0.25 { "no" } else { "yes" }, "{line}");
        assert!((cells[1].parse::<f64>().unwrap() - no).abs() < 1e-6, "{line}");
    }
}
