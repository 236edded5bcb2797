//! Which files are meant: names as they are, patterns, and folders.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow};

use crate::cli::failure::{Advised, UsageError};
use crate::table::format::Format;

/// What stands in a name that is a pattern.
const WILDCARDS: [char; 3] = ['*', '?', '['];

/// The tables that are meant.
#[derive(Debug)]
pub(super) struct Inputs {
    /// In the order in which they were named, and of a pattern or a folder in that of their names.
    pub(super) files: Vec<InputFile>,
    /// Whether many may be meant, even where there is only one today.
    pub(super) are_many: bool,
}

/// A table that is meant.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct InputFile {
    pub(super) path: PathBuf,
    /// Its path below what was named: its part is called after it.
    pub(super) below: PathBuf,
}

impl Inputs {
    /// Finds what the names of a command line mean, but for what stands in the folder of the output; a pattern or a folder without a table is
    /// a mistake.
    pub(super) fn find(names: &[PathBuf], output: &Path) -> anyhow::Result<Self> {
        let output = fs::canonicalize(output).ok().filter(|output| output.is_dir());
        let is_output = |path: &Path| output.is_some() && fs::canonicalize(path).ok() == output;
        let mut files = Vec::new();
        let mut are_many = names.len() > 1;
        for name in names {
            if name.is_dir() {
                are_many = true;
                files.extend(of_folder(name, &is_output)?);
            } else if let Some(pattern) = pattern(name) {
                are_many = true;
                files.extend(of_pattern(pattern, &is_output)?);
            } else {
                let below = name.file_name().map_or_else(|| name.clone(), PathBuf::from);
                files.push(InputFile { path: name.clone(), below });
            }
        }
        Ok(Self { files, are_many })
    }

    pub(super) fn in_words(&self) -> String {
        match self.files.len() {
            1 => "all tables of a folder or a pattern".to_owned(),
            count => format!("{count} files"),
        }
    }
}

/// Returns the pattern that a name is; a file may be called like one.
fn pattern(name: &Path) -> Option<&str> {
    name.to_str().filter(|text| text.contains(WILDCARDS) && !name.exists())
}

/// Returns the files that a pattern matches.
fn of_pattern(pattern: &str, is_output: &dyn Fn(&Path) -> bool) -> anyhow::Result<Vec<InputFile>> {
    let fixed = fixed_folder(pattern);
    let found = glob::glob(pattern).map_err(|error| UsageError(anyhow!("{pattern:?} is no pattern: {error}")))?;
    let mut files = Vec::new();
    for path in found {
        let path = path.with_context(|| format!("cannot look for {pattern}"))?;
        let below = path.strip_prefix(&fixed).unwrap_or(&path).to_owned();
        if path.is_file() && !is_hidden(&below) && !path.ancestors().skip(1).any(is_output) {
            files.push(InputFile { path, below });
        }
    }
    if files.is_empty() {
        return Err(UsageError(anyhow!("no file matches {pattern}")).into());
    }
    Ok(files)
}

/// Returns whether a path below what was named is hidden: names that begin with a dot or an underscore are no data.
fn is_hidden(below: &Path) -> bool {
    below.components().any(|part| part.as_os_str().to_string_lossy().starts_with(['.', '_']))
}

/// Returns the folders of a pattern that are none themselves.
fn fixed_folder(pattern: &str) -> PathBuf {
    let parts = Path::new(pattern).components();
    let is_fixed = |part: &std::path::Component<'_>| !part.as_os_str().to_string_lossy().contains(WILDCARDS);
    let mut fixed: PathBuf = parts.take_while(is_fixed).collect();
    if fixed.as_os_str().len() == pattern.len() {
        fixed.pop();
    }
    fixed
}

/// Returns the tables of a folder and of those in it, by their names.
fn of_folder(folder: &Path, is_output: &dyn Fn(&Path) -> bool) -> anyhow::Result<Vec<InputFile>> {
    let (mut files, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(next) = folders.pop() {
        let cannot = || format!("cannot list {}", next.display());
        for entry in fs::read_dir(&next).with_context(cannot)? {
            let path = entry.with_context(cannot)?.path();
            let below = path.strip_prefix(folder).unwrap_or(&path).to_owned();
            if is_hidden(&below) {
                continue;
            }
            if path.is_dir() {
                folders.extend(Some(path).filter(|path| !is_output(path)));
            } else if Format::from_path(&path).is_some() {
                files.push(InputFile { path, below });
            }
        }
    }
    if files.is_empty() {
        let problem = format!("{} has no table", folder.display());
        let advice =
            "its tables end in .csv, .ndjson, .json or .parquet, compressed or not; others can be named one by one"
                .to_owned();
        return Err(UsageError(Advised { problem, advice }.into()).into());
    }
    files.sort_by(|one, other| one.below.cmp(&other.below));
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("data/day=2")).unwrap();
        for name in [
            "data/b.csv",
            "data/a.csv.gz",
            "data/day=2/c.parquet",
            "data/notes.txt",
            "data/_SUCCESS.csv",
            "data/.d.csv",
        ] {
            fs::write(folder.path().join(name), "x\n").unwrap();
        }
        folder
    }

    fn below(inputs: &Inputs) -> Vec<String> {
        inputs.files.iter().map(|file| file.below.display().to_string()).collect()
    }

    #[test]
    fn a_folder_means_its_tables() {
        let folder = folder();
        let inputs = Inputs::find(&[folder.path().join("data")], Path::new("-")).unwrap();
        assert_eq!(below(&inputs), ["a.csv.gz", "b.csv", "day=2/c.parquet"]);
        assert!(inputs.are_many);
        let inputs = Inputs::find(&[folder.path().join("data")], &folder.path().join("data/day=2")).unwrap();
        assert_eq!(below(&inputs), ["a.csv.gz", "b.csv"], "what is written is not read the next time");
    }

    #[test]
    fn a_pattern_means_the_files_that_it_matches() {
        let folder = folder();
        let inputs = Inputs::find(&[folder.path().join("data/*.csv*")], Path::new("-")).unwrap();
        assert_eq!(below(&inputs), ["a.csv.gz", "b.csv"]);
        let inputs = Inputs::find(&[folder.path().join("data/**/*.parquet")], Path::new("-")).unwrap();
        assert_eq!(below(&inputs), ["day=2/c.parquet"]);
        assert!(inputs.are_many, "another day there may be two");
        let error = Inputs::find(&[folder.path().join("*.xml")], Path::new("-")).unwrap_err();
        assert!(error.to_string().contains("no file matches"), "{error}");
    }

    #[test]
    fn a_file_may_be_called_like_a_pattern() {
        let folder = folder();
        let odd = folder.path().join("a[1].csv");
        fs::write(&odd, "x\n").unwrap();
        let inputs = Inputs::find(std::slice::from_ref(&odd), Path::new("-")).unwrap();
        assert_eq!((inputs.files[0].path.as_path(), inputs.are_many), (odd.as_path(), false));
    }
}
