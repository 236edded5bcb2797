//! The program, run in a folder of its own.

use std::fs;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Output, Stdio};

use tempfile::TempDir;

use crate::server::lifeboat;

/// A folder to run the program in.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.0.path().join(file)
    }

    pub(crate) fn write(&self, file: &str, text: impl AsRef<[u8]>) {
        fs::write(self.path(file), text).unwrap();
    }

    pub(crate) fn read(&self, file: &str) -> String {
        fs::read_to_string(self.path(file)).unwrap()
    }

    pub(crate) fn files(&self) -> Vec<String> {
        let files = fs::read_dir(self.0.path()).unwrap();
        let mut files: Vec<_> = files.map(|file| file.unwrap().file_name().into_string().unwrap()).collect();
        files.sort();
        files
    }

    /// Runs the program on an input stream.
    pub(crate) fn run_on(&self, input: &[u8], arguments: &[&str]) -> Output {
        let mut command = lifeboat();
        command.args(arguments).current_dir(self.0.path());
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        // A program that fails early does not read to the end.
        let _ = child.stdin.take().unwrap().write_all(input);
        child.wait_with_output().unwrap()
    }

    /// Runs the program, which must succeed, and returns what it wrote to standard output and error.
    pub(crate) fn run(&self, arguments: &[&str]) -> (String, String) {
        succeeded(self.run_on(b"", arguments))
    }

    /// Runs the program, which must fail, and returns what it wrote to standard error.
    pub(crate) fn fails(&self, arguments: &[&str]) -> String {
        ended_with(1, self.run_on(b"", arguments))
    }

    /// Runs the program, which must refuse what was asked for, and returns what it wrote to standard error.
    pub(crate) fn refuses(&self, arguments: &[&str]) -> String {
        ended_with(2, self.run_on(b"", arguments))
    }
}

/// Returns what a program said that ended with a code.
pub(crate) fn ended_with(code: i32, output: Output) -> String {
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(code), "{said}");
    said
}

pub(crate) fn succeeded(output: Output) -> (String, String) {
    let [out, err] = [output.stdout, output.stderr].map(|bytes| String::from_utf8(bytes).unwrap());
    assert!(output.status.success(), "{err}");
    (out, err)
}
