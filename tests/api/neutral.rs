//! The program knows no table: no word of the one that is built in stands in its sources, nor in what is deployed.

use std::fs;
use std::path::{Path, PathBuf};

/// Words of the table that is built in, in lower case.
const WORDS: [&str; 14] = [
    "titanic",
    "passenger",
    "pclass",
    "sibsp",
    "sib_sp",
    "parch",
    "embarked",
    "survived",
    "survival",
    "cabin",
    "kaggle",
    "honorific",
    "cherbourg",
    "southampton",
];

/// Whole words that are parts of others.
const WHOLE_WORDS: [&str; 2] = ["ticket", "ship"];

/// Where an answer of key and label is made, which goes by the name of those who ask for it: `?kaggle=true`.
const FORM: (&str, [&str; 5]) = (
    "kaggle",
    [
        "src/api/answer_table.rs",
        "src/api/records/demand.rs",
        "src/api/predict.rs",
        "src/cli/predict.rs",
        "src/cli/predict/parts.rs",
    ],
);

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Returns the words of the table that stand in a line.
fn found(line: &str) -> Vec<&'static str> {
    let line = line.to_lowercase();
    let is_whole = |word: &str| line.split(|letter: char| !letter.is_alphanumeric()).any(|part| part == word);
    let parts = WORDS.into_iter().filter(|word| line.contains(word));
    parts.chain(WHOLE_WORDS.into_iter().filter(|word| is_whole(word))).collect()
}

fn check<'a>(name: &str, lines: impl Iterator<Item = (usize, &'a str)>) -> Vec<String> {
    let told = lines.filter_map(|(number, line)| {
        let found = found(line);
        (!found.is_empty()).then(|| format!("{name}:{}: {} in {}", number + 1, found.join(", "), line.trim()))
    });
    told.collect()
}

#[test]
fn no_word_of_a_table_stands_in_the_sources() {
    let mut all = Vec::new();
    for path in files(&root().join("src")) {
        let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
        let text = fs::read_to_string(&path).unwrap();
        let text = if FORM.1.contains(&&*name) { text.to_lowercase().replace(FORM.0, "") } else { text };
        all.extend(check(&name, text.lines().enumerate()));
    }
    assert!(all.is_empty(), "{}", all.join("\n"));
}

#[test]
fn no_word_of_a_table_stands_in_what_is_deployed() {
    let files = ["template.yaml", "infra/deploy.sh", "infra/function.py", "infra/pre_traffic/app.py", "infra/smoke.sh"];
    let told = files.iter().flat_map(|name| {
        let text = fs::read_to_string(root().join(name)).unwrap();
        assert!(text.lines().count() > 100, "{name}");
        check(name, text.lines().enumerate())
    });
    let found: Vec<_> = told.collect();
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[test]
fn a_word_is_found_where_there_is_one() {
    assert_eq!(found("let passenger = record[\"PClass\"];"), ["passenger", "pclass"]);
    assert_eq!(found("a ticket, and kaggle=true"), ["kaggle", "ticket"]);
    assert!(found("no tickets, and no relationship").is_empty());
}
