//! From a table to a package that serves: what `lifeboat check` and `lifeboat pack` do, and the page that tells how, literally.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output};
use std::time::Duration;

use lifeboat::package::Package;
use serde_json::{Value, json};

use crate::folder::{Folder, committed};

const LIFEBOAT: &str = env!("CARGO_BIN_EXE_lifeboat");

fn lifeboat(arguments: &[&str], folder: &Path) -> Output {
    Command::new(LIFEBOAT).args(arguments).current_dir(folder).env_remove("MODEL_DIR").output().unwrap()
}

fn succeeds(arguments: &[&str], folder: &Path) -> String {
    let Output { status, stdout, stderr } = lifeboat(arguments, folder);
    assert!(status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&stderr));
    String::from_utf8(stdout).unwrap()
}

fn fails(arguments: &[&str], folder: &Path) -> String {
    let Output { status, stderr, .. } = lifeboat(arguments, folder);
    assert_eq!(status.code(), Some(1), "{arguments:?}");
    String::from_utf8(stderr).unwrap()
}

#[test]
fn a_schema_and_a_graph_become_a_package_by_their_training_rows() {
    let made = Folder::copy("breast_cancer");
    let before = made.json("manifest.json");
    for file in ["manifest.json", "baseline.json", "golden.csv"] {
        fs::remove_file(made.path(file)).unwrap();
    }
    let told = succeeds(&["pack", ".", "--data", "train.csv"], made.folder());
    let (version, _) = told.split_once('\n').unwrap();
    let package = made.load().unwrap();
    assert_eq!(version, &**package.version());
    assert_eq!(package.name(), made.folder().file_name().unwrap().to_str().unwrap());
    let manifest = made.json("manifest.json");
    assert_eq!(manifest["training"], json!({"rows": 36}));
    let means = manifest["means"].as_object().unwrap();
    assert_eq!(means.len(), 30);
    let (mean, of_all) = (&means["mean smoothness"], &before["means"]["mean smoothness"]);
    assert!((mean.as_f64().unwrap() - of_all.as_f64().unwrap()).abs() < 0.01, "{mean} {of_all}");
    let baseline = made.json("baseline.json");
    assert_eq!((&baseline["rows"], &baseline["predictions"]["source"]), (&json!(36), &json!("of the training data")));
    let counts = baseline["predictions"]["counts"].as_array().unwrap().iter().map(|count| count.as_u64().unwrap());
    assert_eq!(counts.sum::<u64>(), 36);
    // The same rows are what the baseline says.
    succeeds(&["check", "train.csv", "--package", ".", "--baseline"], made.folder());
    // Sealed again, it is the same version.
    assert_eq!(succeeds(&["pack", "."], made.folder()).trim(), version);
}

#[test]
fn what_a_manifest_says_stays_when_training_rows_are_told() {
    let made = Folder::copy("breast_cancer");
    let before = made.json("manifest.json");
    succeeds(&["pack", ".", "--data", "train.csv"], made.folder());
    let after = made.json("manifest.json");
    for name in ["name", "semantic_version", "version", "threshold", "algorithm", "task"] {
        assert_eq!(after[name], before[name], "{name}");
    }
    assert_eq!(after["training"]["libraries"], before["training"]["libraries"]);
    assert_eq!(after["training"]["rows"], json!(36));
    assert_ne!(after["means"], before["means"]);
}

#[test]
fn a_folder_that_is_no_package_yet_is_told_what_it_lacks() {
    let bare = tempfile::tempdir().unwrap();
    let error = fails(&["pack", "."], bare.path());
    assert!(error.contains("schema.json is missing"), "{error}");
    fs::copy(committed("classes").join("schema.json"), bare.path().join("schema.json")).unwrap();
    let train = committed("classes").join("train.csv");
    let train = train.to_str().unwrap();
    // A schema is enough to check a table.
    assert!(succeeds(&["check", train, "--package", "."], bare.path()).contains("rows"));
    fs::copy(committed("classes").join("model.onnx"), bare.path().join("model.onnx")).unwrap();
    let error = fails(&["pack", "."], bare.path());
    assert!(error.contains("`lifeboat pack DIR --data FILE` writes the means"), "{error}");
    fs::write(bare.path().join("recipe.json"), r#"{"steps": [], "features": ["sepal width (cm)"]}"#).unwrap();
    let error = fails(&["pack", ".", "--data", train], bare.path());
    assert!(error.contains("state.json is missing") && error.contains("lifeboat fit"), "{error}");
}

#[test]
fn a_graph_that_cannot_do_without_a_value_gives_no_answer_without() {
    let made = Folder::copy("breast_cancer");
    let optional = |schema: &mut Value| schema["fields"][0]["constraints"] = json!({"minimum": 0});
    made.edit("schema.json", optional).seal();
    let error = made.load().unwrap_err().to_string();
    assert!(error.contains("\"mean radius\"") && error.contains("no operator of the graph takes"), "{error}");
    // Nor may a recipe hand it on: the graph's sigmoid would make a probability near 0 of nothing.
    let schema = made.json("schema.json");
    let fields = schema["fields"].as_array().unwrap();
    let mut names: Vec<Value> = fields[..30].iter().map(|field| field["name"].clone()).collect();
    let write = |steps: Value, names: &[Value]| {
        fs::write(made.path("recipe.json"), json!({"steps": steps, "features": names}).to_string()).unwrap();
        succeeds(&["fit", "train.csv", "--package", "."], made.folder());
    };
    write(json!([]), &names);
    let error = fails(&["pack", ".", "--data", "train.csv"], made.folder());
    assert!(error.contains("feature \"mean radius\"") && error.contains("`impute`"), "{error}");
    names[0] = json!("known radius");
    write(json!([{"step": "impute", "name": "known radius", "from": "mean radius", "with": "median"}]), &names);
    succeeds(&["pack", ".", "--data", "train.csv"], made.folder());
    let mut record = schema["lifeboat"]["examples"][0]["record"].clone();
    record.as_object_mut().unwrap().remove("mean radius");
    fs::write(made.path("record.json"), record.to_string()).unwrap();
    succeeds(&["predict", "record.json", "--package", "."], made.folder());
}

/// A page's blocks of files and commands, tried in a folder of their own.
struct Page {
    folder: PathBuf,
    path: String,
    server: Option<(Child, String)>,
}

impl Drop for Page {
    fn drop(&mut self) {
        if let Some((server, _)) = &mut self.server {
            server.kill().and_then(|()| server.wait()).ok();
        }
    }
}

impl Page {
    /// Makes a folder in which `lifeboat` and `python3` are those of the project.
    fn new(folder: &Path) -> Self {
        let python = Path::new(env!("CARGO_MANIFEST_DIR")).join(".tools/train/bin");
        assert!(python.join("python3").exists(), "{} has no Python: `make train-check` makes it", python.display());
        let programs = folder.join("programs");
        fs::create_dir(&programs).unwrap();
        symlink(LIFEBOAT, programs.join("lifeboat")).unwrap();
        let others = std::env::var("PATH").unwrap();
        let path = format!("{}:{}:{others}", programs.display(), python.display());
        Self { folder: folder.to_owned(), path, server: None }
    }

    fn shell(&self, command: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", command]).current_dir(&self.folder).env("PATH", &self.path).env_remove("MODEL_DIR");
        shell
    }

    /// Runs a command, and returns what it prints. A server goes on beside the others.
    fn run(&mut self, command: &str) -> String {
        if command.starts_with("lifeboat serve") {
            return self.serve(command);
        }
        let address = self.server.as_ref().map_or("localhost:8080", |(_, address)| address);
        let Output { status, stdout, stderr } =
            self.shell(&command.replace("localhost:8080", address)).output().unwrap();
        assert!(status.success(), "{command}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    /// Starts a server at a free port, and waits until its log tells which.
    fn serve(&mut self, command: &str) -> String {
        let mut shell = self.shell(&format!("exec {command} 2> log.json"));
        let server = shell.env("PORT", "0").env("LOG_FORMAT", "json").spawn().unwrap();
        let server = self.server.insert((server, String::new()));
        for _ in 0..600 {
            std::thread::sleep(Duration::from_millis(50));
            let log = fs::read_to_string(self.folder.join("log.json")).unwrap_or_default();
            if let Some((line, _)) = log.split_once('\n') {
                let told: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
                told["address"].as_str().unwrap().clone_into(&mut server.1);
                return log;
            }
        }
        panic!("no server in half a minute");
    }
}

/// Returns the blocks between fences: what stands behind the opening fence, and the lines.
fn blocks(text: &str) -> Vec<(&str, Vec<&str>)> {
    let (mut blocks, mut open) = (Vec::new(), None);
    for line in text.lines() {
        match (line.strip_prefix("```"), &mut open) {
            (Some(about), None) => open = Some((about, Vec::new())),
            (Some(_), Some(_)) => blocks.extend(open.take()),
            (None, Some((_, lines))) => lines.push(line),
            (None, None) => {}
        }
    }
    blocks
}

#[test]
fn the_page_for_a_table_of_ones_own_works_as_it_stands() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/own-table.md")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let mut page = Page::new(folder.path());
    let mut printed = Vec::new();
    for (about, lines) in blocks(&text) {
        match about.split_once(' ') {
            Some((_, file)) => {
                let path = folder.path().join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, lines.join("\n") + "\n").unwrap();
            }
            None if about == "console" => {
                // A command goes on where its line ends with a quotation that is open, as those of `curl` do.
                let text = lines.join("\n");
                let commands = lines.iter().filter_map(|line| line.strip_prefix("$ "));
                for command in commands.filter(|command| !command.starts_with("cargo ")) {
                    assert!(command.matches('\'').count() % 2 == 0, "a command of one line is expected: {text}");
                    printed.push((command.to_owned(), page.run(command)));
                }
            }
            None => {}
        }
    }
    let answer = printed.iter().find(|(command, _)| command.starts_with("curl"));
    let (_, answer) = answer.expect("the page asks the server");
    let answer: Value = serde_json::from_str(answer).unwrap();
    assert_eq!(answer["prediction"], json!({"churned": "yes"}));
    assert_eq!(Package::load(&folder.path().join("churn")).unwrap().schema().noun().one.as_ref(), "customer");
}
