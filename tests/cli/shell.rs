//! What the program is like in a shell: its help, its errors, what it ends with, its completions and pages.

use std::io::{Read, Write};
use std::process::{Command, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::folder::{Folder, ended_with, succeeded};
use crate::program::{BINARY, lifeboat};
use crate::training::{TITANIC, TRAIN};

const COMMANDS: [&str; 20] = [
    "serve",
    "predict",
    "bulk",
    "outcomes",
    "snapshot",
    "package",
    "monitor",
    "replay",
    "export",
    "forget",
    "backup",
    "check",
    "compare",
    "pack",
    "fit",
    "features",
    "baseline",
    "health",
    "completions",
    "man",
];

fn ends_with(code: i32, command: &mut Command) -> String {
    ended_with(code, command.output().unwrap())
}

#[test]
fn every_command_has_examples_and_the_help_lists_it() {
    let folder = Folder::new();
    let (help, _) = folder.run(&["--help"]);
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command} ")), "{command} is not in {help}");
        let (own, _) = folder.run(&[command, "--help"]);
        let examples = own.split("Examples:\n").nth(1).unwrap_or_else(|| panic!("no examples in {own}"));
        assert!(examples.contains(&format!("lifeboat {command}")), "{own}");
    }
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let names = listed.filter(|line| line.starts_with("  ") && !line.starts_with("   "));
    assert_eq!(names.count(), COMMANDS.len() + 1, "a command is not in this test");
}

#[test]
fn a_mistake_of_the_command_line_or_of_a_setting_ends_with_2() {
    for arguments in
        [&["predict"][..], &["predict", "-", "--format", "xml"], &["serve", "--port", "x"], &["nonsense"], &[]]
    {
        ends_with(2, lifeboat().args(arguments));
    }
    for (name, value) in [("PORT", "x"), ("DATABASE_URL", "postgres:x"), ("LOG_LEVEL", "inof"), ("HOST", "0.0.0.0")] {
        let said = ends_with(2, lifeboat().arg("serve").env(name, value));
        assert!(said.starts_with(&format!("error: {name}=")), "{said}");
    }
}

#[test]
fn a_failure_ends_with_1_and_is_told_on_one_line_with_its_cause() {
    for (arguments, said_first) in [
        (&["predict", "/nowhere/x.csv"][..], "error: cannot open /nowhere/x.csv: No such file"),
        (&["outcomes", "/nowhere/x.csv"], "error: cannot open /nowhere/x.csv: No such file"),
        (&["package", "/nowhere"], "error: the package in /nowhere cannot be used: cannot read /nowhere/"),
        (&["man", "--output", "/dev/null/x"], "error: cannot write the pages into /dev/null/x: Not a directory"),
    ] {
        // A backtrace is for who asks for one in code, never for who runs the program.
        let said = ends_with(1, lifeboat().args(arguments).env("RUST_BACKTRACE", "1"));
        assert!(said.starts_with(said_first), "{said}");
        assert_eq!(said.lines().count(), 1, "{said}");
    }
}

#[test]
fn a_hint_says_what_to_do_next() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let folder = Folder::new();
    let said = folder.fails(&["serve", "--port", &port]);
    assert!(said.contains(&format!("error: cannot listen on 127.0.0.1:{port}: ")), "{said}");
    assert!(said.contains("\nhint: another program listens there: choose a port with --port"), "{said}");
    // The port of a listener that is gone may be taken by another test at once; nobody serves on the first port.
    let said = folder.fails(&["health", "http://127.0.0.1:1/health"]);
    assert!(said.contains("\nhint: nothing listens there: `lifeboat serve` starts a server"), "{said}");
}

#[test]
fn a_reader_that_goes_away_ends_the_program_without_a_word() {
    let folder = Folder::new();
    let rows: String = (0..50_000).map(|id| format!("{id},3,male\n")).collect();
    folder.write("many.csv", format!("PassengerId,Pclass,Sex\n{rows}"));
    let mut command = lifeboat();
    command.args(["predict", "many.csv"]).current_dir(folder.path("")).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    let mut first = [0; 11];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    assert_eq!((&first, status.code(), stderr), (b"PassengerId", Some(141), Vec::new()));
}

#[test]
fn quiet_says_nothing_but_errors() {
    let folder = Folder::new();
    folder.write("some.csv", "PassengerId,Pclass,Sex\n1,3,male\n2,4,male\n");
    let (out, err) = folder.run(&["--quiet", "predict", "some.csv", "--skip-invalid"]);
    assert_eq!((out.lines().count(), err.as_str()), (2, ""));
    let (_, err) = folder.run(&["predict", "some.csv", "--skip-invalid"]);
    assert!(err.contains("left out, some.csv, line 3") && err.contains("1 predicted, 1 left out"), "{err}");
    let said = folder.fails(&["predict", "some.csv", "-q"]);
    assert!(said.starts_with("error: some.csv, line 3: "), "{said}");
}

#[test]
fn a_report_is_told_quietly_only_where_something_bad_was_found() {
    let folder = Folder::new();
    for arguments in [&["check", TRAIN][..], &["package", TITANIC]] {
        let (out, err) = folder.run(&[arguments, &["-q"]].concat());
        assert_eq!((out.as_str(), err.as_str()), ("", ""), "{arguments:?}");
        assert!(!folder.run(arguments).0.is_empty());
        // What is for programs is written all the same.
        assert!(folder.run(&[arguments, &["-q", "--json"]].concat()).0.starts_with('{'), "{arguments:?}");
    }
    folder.write("bad.csv", "PassengerId,Pclass,Sex\n1,9,male\n");
    let compare = ["compare", TITANIC, TITANIC, TRAIN, "--allow-seen"];
    for (arguments, said) in [(&["check", "bad.csv"][..], "Pclass must be 1, 2 or 3"), (&compare, "keep the champion")]
    {
        let output = folder.run_on(b"", &[arguments, &["-q"]].concat());
        let out = String::from_utf8(output.stdout.clone()).unwrap();
        assert_eq!(ended_with(3, output), "");
        assert!(out.contains(said), "{arguments:?}: {out}");
    }
}

#[test]
fn colours_are_for_terminals_and_not_for_those_who_want_none() {
    let failing = |variables: &[(&str, &str)]| {
        ends_with(1, lifeboat().args(["predict", "/nowhere/x.csv"]).envs(variables.iter().copied()))
    };
    assert!(failing(&[("CLICOLOR_FORCE", "1")]).contains("\u{1b}["));
    for plain in [&[][..], &[("NO_COLOR", "1")], &[("CLICOLOR_FORCE", "1"), ("NO_COLOR", "1")]] {
        assert!(failing(plain).starts_with("error: "), "{plain:?}");
    }
}

#[test]
fn a_package_tells_its_version_and_figures() {
    let folder = Folder::new();
    let (json, _) = folder.run(&["package", "--json"]);
    let manifest: Value = serde_json::from_str(&json).unwrap();
    let (table, _) = folder.run(&["package", TITANIC]);
    // The records of its golden answers stand in the training data; they are no part of the program.
    let golden = "golden.csv    not tried: it has keys in the place of records\n";
    assert!(table.contains(golden), "{table}");
    assert_eq!(table.replace(golden, ""), folder.run(&["package"]).0);
    let models = manifest["cross_validation"]["models"].as_array().unwrap();
    assert!(table.contains(manifest["version"].as_str().unwrap()), "{table}");
    for model in models {
        let line = table.lines().find(|line| line.starts_with(&format!("{}  ", model["name"].as_str().unwrap())));
        let line = line.unwrap_or_else(|| panic!("{model} is not in {table}"));
        for metric in ["accuracy", "auc", "log_loss", "brier"] {
            assert!(line.contains(&format!("  {:.4}", model[metric].as_f64().unwrap())), "{metric}: {line}");
        }
        assert_eq!(line.ends_with("<- this package"), model["chosen"].as_bool().unwrap(), "{line}");
    }
    assert!(table.lines().all(|line| line == line.trim_end()));
}

#[test]
fn a_shell_completes_commands_and_options() {
    let folder = Folder::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        assert!(folder.run(&["completions", shell]).0.contains("skip-invalid"), "{shell}");
    }
    let complete = |words: &str, current: usize| {
        let script = format!(
            "source <({BINARY} completions bash); COMP_WORDS=({words}); COMP_CWORD={current}; \
             _lifeboat lifeboat \"${{COMP_WORDS[{current}]}}\" \"${{COMP_WORDS[{current}-1]}}\"; echo \"${{COMPREPLY[*]}}\""
        );
        succeeded(Command::new("bash").args(["-c", &script]).output().unwrap()).0
    };
    assert_eq!(complete("lifeboat pre", 1), "predict\n");
    assert_eq!(complete("lifeboat predict --skip", 2), "--skip-invalid\n");
}

#[test]
fn the_manual_has_a_page_for_each_command() {
    let folder = Folder::new();
    folder.run(&["man", "--output", "pages"]);
    assert_eq!(folder.run(&["man"]).0, folder.read("pages/lifeboat.1"));
    for command in COMMANDS {
        let page = folder.read(&format!("pages/lifeboat-{command}.1"));
        assert!(page.contains(".SH NAME") && page.contains("Examples:"), "{page}");
    }
}

#[test]
fn an_endless_input_ends_with_its_reader() {
    for (format, first, again) in [
        ("csv", "Pclass,Sex\n", "3,male\n"),
        ("ndjson", "", "{\"Pclass\": 3, \"Sex\": \"male\"}\n"),
        ("json", "[{\"Pclass\": 3, \"Sex\": \"male\"}", ",{\"Pclass\": 3, \"Sex\": \"male\"}\n"),
    ] {
        let mut command = lifeboat();
        command.args(["predict", "-", "--format", format]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut input = child.stdin.take().unwrap();
        let again = again.repeat(1000);
        let writer = thread::spawn(move || {
            let mut written = input.write_all(first.as_bytes());
            while written.is_ok() {
                written = input.write_all(again.as_bytes());
            }
        });
        drop(child.stdout.take());
        let started = Instant::now();
        while child.try_wait().unwrap().is_none() && started.elapsed() < Duration::from_secs(20) {
            thread::sleep(Duration::from_millis(5));
        }
        // A program that has ended is not harmed.
        let _ = child.kill();
        assert_eq!(child.wait().unwrap().code(), Some(141), "{format}");
        writer.join().unwrap();
    }
}

#[test]
fn an_option_without_a_value_is_named_and_an_empty_variable_counts_as_not_set() {
    let folder = Folder::new();
    folder.write("some.csv", "Pclass,Sex\n3,male\n");
    for (option, commands) in [
        (
            "--database-url",
            &["serve", "predict some.csv --store", "outcomes some.csv", "monitor", "export", "replay"][..],
        ),
        (
            "--package",
            &[
                "serve",
                "predict some.csv",
                "package",
                "check some.csv",
                "monitor",
                "replay",
                "features some.csv",
                "fit some.csv",
            ],
        ),
        ("--port", &["serve"]),
        ("--host", &["serve"]),
        ("--output", &["predict some.csv", "export", "monitor", "fit some.csv", "man"]),
        ("--state", &["features some.csv"]),
        ("--since", &["monitor"]),
    ] {
        for command in commands {
            let mut refused = lifeboat();
            refused.args(command.split(' ').chain([option, ""])).current_dir(folder.path(""));
            let said = ends_with(2, &mut refused);
            let name = if option == "--since" { "since" } else { option };
            assert!(said.starts_with("error: ") && said.contains(name), "{command}: {said}");
        }
    }
    folder.refuses(&["serve", ""]);
    assert_eq!(folder.files(), ["some.csv"], "a database was made");
    let mut command = lifeboat();
    command.args(["predict", "some.csv", "--store"]).env("DATABASE_URL", "").current_dir(folder.path(""));
    succeeded(command.output().unwrap());
    assert_eq!(folder.files(), ["some.csv", "titanic.db"]);
}

#[test]
fn a_variable_that_is_no_text_is_refused_instead_of_counting_as_not_set() {
    use std::os::unix::ffi::OsStrExt;
    for name in ["DATABASE_URL", "LIFEBOAT_API_KEY", "MODEL_DIR"] {
        let mut command = lifeboat();
        command.args(["package"]).env(name, std::ffi::OsStr::from_bytes(b"sqlite:\xff.db"));
        assert_eq!(ends_with(2, &mut command), format!("error: {name} cannot be used: it is not UTF-8\n"));
    }
}

#[test]
fn o_is_short_for_output_in_every_command_that_has_it() {
    let folder = Folder::new();
    let mut found = Vec::new();
    for command in COMMANDS {
        let (help, _) = folder.run(&[command, "--help"]);
        if help.contains("--output <") {
            assert!(help.contains("-o, --output <"), "{help}");
            found.push(command);
        }
    }
    for command in ["predict", "monitor", "export", "fit", "features", "man"] {
        assert!(found.contains(&command), "{command}");
    }
}
