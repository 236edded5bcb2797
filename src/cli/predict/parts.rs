//! A folder of parts, one for each file that is predicted. A run that was broken off, or that finds more files, goes on where it stopped.
//!
//! What the parts are of stands in the folder's file [`NOTES`]: a part is kept only where the file that it is of, the model and the options
//! are still the same.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use indicatif::ProgressBar;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::inputs::{InputFile, Inputs};
use super::table::{Run, Tally};
use super::tell;
use crate::cli::counted::counted;
use crate::cli::failure::{Advised, UsageError};
use crate::cli::output::Output;
use crate::cli::progress;
use crate::table::columns::ExtraColumns;
use crate::table::format::Format;

/// The file that says what parts there are; programs that read a folder of tables pass over names that begin like this.
const NOTES: &str = "_PARTS.json";

/// What parts there are, and of what.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Notes {
    options: PartOptions,
    parts: BTreeMap<String, Part>,
}

/// What decides what stands in a part, beside its input. That invalid rows are left out is no matter of a part without any.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct PartOptions {
    model_version: String,
    snapshot: Option<String>,
    input_format: Option<String>,
    output_format: Option<String>,
    extra_columns: String,
    key_and_label: bool,
    explains: bool,
    /// The database that its predictions are stored in, too.
    database: Option<String>,
}

/// A part that is there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Part {
    input: PathBuf,
    bytes: u64,
    modified: Option<Timestamp>,
    rows: u64,
    invalid: u64,
}

/// Returns whether an output is a folder: it is one, or is called like one.
pub(super) fn is_folder(output: &Path) -> bool {
    output.is_dir() || output.as_os_str().as_encoded_bytes().ends_with(b"/")
}

/// Predicts each file whose part is not there yet.
pub(super) fn predict(run: &Run<'_>, inputs: &Inputs, folder: &Path) -> anyhow::Result<()> {
    let names = part_names(run, inputs)?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let mut notes = Notes::open(folder, options(run))?;
    let progress = progress(run, inputs);
    let (mut all, mut there, mut failed) = (Tally::default(), 0, Vec::new());
    for (place, (file, name)) in inputs.files.iter().zip(&names).enumerate() {
        progress.set_message(format!("{place} of {}", counted(names.len(), "file")));
        let before = Part::of(file, &Tally::default())?;
        let (bytes, start) = (before.bytes, progress.position());
        let place = folder.join(name);
        let is_kept = |part: &&Part| part.is_of(&before) && (part.is_whole() || run.skips_invalid) && place.is_file();
        if let Some(part) = notes.parts.get(name).filter(is_kept) {
            there += 1;
            all.rows += part.rows;
            all.invalid += part.invalid;
            progress.dec_length(bytes);
            continue;
        }
        match one(run, file, &place, &progress) {
            Ok(tally) => {
                if !Part::of(file, &tally)?.is_of(&before) {
                    bail!("{} was changed while it was read: start again once it is whole", file.path.display());
                }
                notes.parts.insert(name.clone(), Part { rows: tally.rows, invalid: tally.invalid, ..before });
                notes.write(folder)?;
                all.rows += tally.rows;
                all.invalid += tally.invalid;
                all.created += tally.created;
            }
            Err(error) => failed.push(error),
        }
        progress.set_position(start + bytes);
    }
    progress.finish_and_clear();
    let done = names.len() - failed.len();
    let there = if there > 0 { format!(", {there} of them there before") } else { String::new() };
    tell(run, &all, &format!(", in {}{there}", counted(done, "part")));
    report(failed, names.len())
}

/// Predicts one file into its part.
fn one(run: &Run<'_>, file: &InputFile, place: &Path, progress: &ProgressBar) -> anyhow::Result<Tally> {
    if let Some(above) = place.parent() {
        fs::create_dir_all(above).with_context(|| format!("cannot make the folder {}", above.display()))?;
    }
    run.predict(&file.path, place, progress)
}

/// Says of all files that failed why; the parts of the others are there.
fn report(mut failed: Vec<anyhow::Error>, of: usize) -> anyhow::Result<()> {
    match failed.len() {
        0 => Ok(()),
        1 => Err(failed.remove(0)),
        count => {
            let said: Vec<String> = failed.iter().map(|error| format!("{error:#}")).collect();
            let problem = format!("{count} of {of} files cannot be predicted:\n{}", said.join("\n"));
            let advised = failed.iter().filter_map(|error| error.downcast_ref::<Advised>());
            let advice: BTreeSet<&str> = advised.map(|advised| &*advised.advice).collect();
            if advice.is_empty() {
                bail!(problem);
            }
            let advice = Vec::from_iter(advice).join("; ");
            Err(Advised { problem, advice }.into())
        }
    }
}

/// Returns a bar of the bytes of all files.
fn progress(run: &Run<'_>, inputs: &Inputs) -> ProgressBar {
    let bytes = inputs.files.iter().map(|file| fs::metadata(&file.path).map_or(0, |metadata| metadata.len()));
    progress::bar(run.is_quiet, bytes.sum(), "{msg}")
}

/// Names the part of each file: as the file is called, with the extension of what is written.
fn part_names(run: &Run<'_>, inputs: &Inputs) -> anyhow::Result<Vec<String>> {
    let mut owners = BTreeMap::new();
    let mut names = Vec::new();
    for file in &inputs.files {
        if file.path == Path::new("-") {
            let problem = "standard input has no name to call a part after".to_owned();
            let advice = "name a file for the output, as in --output scored.csv".to_owned();
            return Err(UsageError(Advised { problem, advice }.into()).into());
        }
        let input_format = run.format.or_else(|| Format::from_path(&file.path));
        let format = run.output_format.or(input_format).unwrap_or(Format::Csv);
        let name = format!("{}.{}", without_extension(&file.below).display(), format.extension());
        if let Some(other) = owners.insert(name.clone(), &file.path) {
            let problem = format!("{} and {} would both have the part {name}", other.display(), file.path.display());
            let advice = "predict them into folders of their own, or rename one".to_owned();
            return Err(UsageError(Advised { problem, advice }.into()).into());
        }
        names.push(name);
    }
    Ok(names)
}

/// Returns a file's name without the extensions of its format and its compression.
fn without_extension(path: &Path) -> PathBuf {
    let is_known = |path: &Path| Format::from_path(path).is_some();
    let bare = path.with_extension("");
    // `a.csv.gz` loses both, and `a.b.csv` the last.
    if !is_known(path) || path.extension().and_then(OsStr::to_str).is_none() {
        return path.to_owned();
    }
    if is_known(&bare) { bare.with_extension("") } else { bare }
}

fn options(run: &Run<'_>) -> PartOptions {
    let format = |format: Option<Format>| format.map(|format| format.extension().to_owned());
    PartOptions {
        model_version: run.package.version().to_string(),
        snapshot: run.package.snapshot().map(ToString::to_string),
        input_format: format(run.format),
        // Key and label alone have a format of their own.
        output_format: format(run.output_format).filter(|_| !run.wishes.key_and_label),
        extra_columns: run.extra_columns.name().to_owned(),
        key_and_label: run.wishes.key_and_label,
        explains: run.wishes.explains,
        database: run.store.as_ref().map(|store| store.database.clone()),
    }
}

impl PartOptions {
    /// Returns what differs from others, each in words.
    fn differences(&self, others: &Self) -> Vec<String> {
        let (then, now) = (self.in_words(), others.in_words());
        let pairs = then.into_iter().zip(now).filter(|(then, now)| then != now);
        pairs.map(|(then, now)| format!("{then}, and now {now}")).collect()
    }

    fn in_words(&self) -> [String; 8] {
        let switch = |name: &str, is_given: bool| format!("{} {name}", if is_given { "with" } else { "without" });
        let option = |name: &str, value: &Option<String>| match value {
            Some(value) => format!("with {name} {value}"),
            None => format!("without {name}"),
        };
        [
            format!("by model {}", self.model_version),
            option("the snapshot", &self.snapshot),
            option("--format", &self.input_format),
            option("--output-format", &self.output_format),
            format!("with --extra-columns {}", self.extra_columns),
            switch("--kaggle", self.key_and_label),
            switch("--explain", self.explains),
            self.database
                .as_ref()
                .map_or("without --store".to_owned(), |database| format!("with --store in {database}")),
        ]
    }
}

impl Notes {
    /// Reads what stands in a folder; parts of another model or of other options are not mixed with these.
    fn open(folder: &Path, options: PartOptions) -> anyhow::Result<Self> {
        let file = folder.join(NOTES);
        let text = match fs::read(&file) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Ok(Self { options, parts: BTreeMap::new() });
            }
            Err(error) => return Err(error).with_context(|| format!("cannot read {}", file.display())),
        };
        let mut notes: Self = serde_json::from_slice(&text)
            .with_context(|| format!("{} does not say what the folder's parts are of", file.display()))?;
        notes.take(&options).map_err(|differences| {
            let folder = folder.display();
            let problem =
                format!("{folder} has parts that are made otherwise, and nothing is mixed with them: {differences}");
            let notes = file.display();
            let advice = format!("name another folder, or remove the parts and {notes} to make all of them anew");
            UsageError(Advised { problem, advice }.into())
        })?;
        Ok(notes)
    }

    /// Takes options up where they make the same parts, or tells how they differ. A file without extra columns has the same part whether these are
    /// refused or ignored; rows that were left out may have been so for having some.
    fn take(&mut self, options: &PartOptions) -> Result<(), String> {
        let [refuse, ignore] = [ExtraColumns::Refuse, ExtraColumns::Ignore].map(ExtraColumns::name);
        if self.options.extra_columns == refuse && options.extra_columns == ignore {
            self.parts.retain(|_, part| part.is_whole());
            ignore.clone_into(&mut self.options.extra_columns);
        }
        let differences = self.options.differences(options);
        if differences.is_empty() { Ok(()) } else { Err(differences.join("; ")) }
    }

    fn write(&self, folder: &Path) -> anyhow::Result<()> {
        let mut output = Output::create(&folder.join(NOTES))?;
        serde_json::to_writer_pretty(&mut output, self)?;
        output.write_all(b"\n")?;
        output.finish()
    }
}

impl Part {
    fn of(file: &InputFile, tally: &Tally) -> anyhow::Result<Self> {
        let metadata = fs::metadata(&file.path).with_context(|| format!("cannot open {}", file.path.display()))?;
        let modified = metadata.modified().ok().and_then(|time| Timestamp::try_from(time).ok());
        let Tally { rows, invalid, .. } = *tally;
        Ok(Self { input: file.path.clone(), bytes: metadata.len(), modified, rows, invalid })
    }

    /// Returns whether no row was left out.
    fn is_whole(&self) -> bool {
        self.invalid == 0
    }

    /// Returns whether both are of one file that has not changed.
    fn is_of(&self, other: &Self) -> bool {
        (&self.input, self.bytes, self.modified) == (&other.input, other.bytes, other.modified)
    }
}
