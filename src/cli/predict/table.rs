//! One table, scored and written.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::sync::Arc;

use indicatif::ProgressBar;
use jiff::Timestamp;
use tokio::runtime::Runtime;

use crate::cli::counted::SHOWN_LINES;
use crate::cli::failure::Advised;
use crate::cli::format::{self, IGNORING_OR_KEEPING};
use crate::cli::options;
use crate::cli::output::Output;
use crate::cli::progress;
use crate::config::Config;
use crate::package::Package;
use crate::prediction::Prediction;
use crate::scoring::{LayoutError, Scored, Scorer, Wishes, pipeline};
use crate::start;
use crate::store::{PredictionStore, Put};
use crate::table::ReadError;
use crate::table::columns::{ExtraColumns, Selection};
use crate::table::format::Format;
use crate::table::reader::{Options, Reader};
use crate::table::writer::{TableWriter, WriteError};

/// What holds for every table of a run.
pub(super) struct Run<'a> {
    pub(super) package: &'a Package,
    pub(super) store: Option<Store>,
    pub(super) wishes: Wishes,
    pub(super) format: Option<Format>,
    pub(super) output_format: Option<Format>,
    pub(super) extra_columns: ExtraColumns,
    pub(super) skips_invalid: bool,
    pub(super) is_quiet: bool,
    pub(super) now: Timestamp,
}

/// How much was done.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Tally {
    pub(super) rows: u64,
    pub(super) invalid: u64,
    pub(super) created: u64,
}

impl Run<'_> {
    /// Predicts a table; the output takes its place when it is whole.
    pub(super) fn predict(&self, input: &Path, output: &Path, progress: &ProgressBar) -> anyhow::Result<Tally> {
        let counting = progress.clone();
        let source = format::source(input)?.observed(move |bytes| counting.inc(bytes));
        let selection = Selection { extra_columns: self.extra_columns, ..Selection::default() };
        let name = format::name(input);
        let mut reader = Reader::open(
            source,
            self.package.schema(),
            &Options { format: self.format, selection, ..Options::default() },
        )
        .map_err(|error| unreadable(error, &name))?;
        let output_format = self.output_format.unwrap_or(reader.format());
        reader.set_aside(output_format);
        let scorer =
            Scorer::new(self.package, self.wishes, output_format, reader.extra_columns(), self.now).map_err(advised)?;
        let mut writer = TableWriter::new(scorer.layout(), Output::create(output)?)?;
        let mut tally = Tally::default();
        pipeline::run(&scorer, reader, |scored| self.take(scored, &name, &mut tally, &mut writer, progress))?;
        writer.finish().map_err(unwritten)?.finish()?;
        let more = tally.invalid.saturating_sub(SHOWN_LINES as u64);
        if !self.is_quiet && more > 0 {
            let _ = progress.suspend(|| writeln!(io::stderr(), "left out, {name}, and {more} more"));
        }
        Ok(tally)
    }

    /// Stores and writes what came of a chunk, and counts it.
    fn take(
        &self,
        mut scored: Scored,
        name: &str,
        tally: &mut Tally,
        writer: &mut TableWriter<Output>,
        progress: &ProgressBar,
    ) -> anyhow::Result<()> {
        if !self.skips_invalid
            && let Some(first) = scored.invalid.first()
        {
            let problem = format!("{name}, {first}");
            let is_unknown = self.package.schema().is_unknown_in(&problem);
            let advice = if is_unknown { IGNORING_OR_KEEPING } else { "--skip-invalid leaves such rows out" };
            return Err(Advised { problem, advice: advice.to_owned() }.into());
        }
        for row in &scored.invalid {
            tally.invalid += 1;
            if !self.is_quiet && tally.invalid <= SHOWN_LINES as u64 {
                let _ = progress.suspend(|| writeln!(io::stderr(), "left out, {name}, {row}"));
            }
        }
        tally.rows += scored.rows;
        if let Some(store) = &self.store {
            tally.created += store.put(scored.predictions)?;
        }
        writer.write(&mut scored.batch).map_err(unwritten)
    }
}

/// Says what failed: of the columns that are kept, it may be the input.
fn unwritten(error: WriteError) -> anyhow::Error {
    match error {
        WriteError::Kept(error) => error.into(),
        error => anyhow::Error::new(error).context("cannot write the output"),
    }
}

/// Says what helps where an input has columns that are no fields.
fn unreadable(error: ReadError, name: &str) -> anyhow::Error {
    match error {
        ReadError::UnknownColumns(_) => {
            let problem = format!("cannot read {name}: {error}");
            Advised { problem, advice: IGNORING_OR_KEEPING.to_owned() }.into()
        }
        error => anyhow::Error::from(error).context(format!("cannot read {name}")),
    }
}

/// Says what helps where columns cannot stand side by side.
fn advised(error: LayoutError) -> anyhow::Error {
    match error {
        LayoutError::Taken(_) => {
            let advice = "rename it, or leave such columns out with --extra-columns ignore".to_owned();
            Advised { problem: error.to_string(), advice }.into()
        }
        LayoutError::Write(error) => error.into(),
    }
}

/// Returns a bar of the bytes of a file. There is none where the table goes to standard output, which may be the same terminal.
pub(super) fn progress(run: &Run<'_>, input: &Path, output: &Path) -> ProgressBar {
    let is_hidden = run.is_quiet || output == Path::new("-");
    match fs::metadata(input) {
        Ok(metadata) => progress::bar(is_hidden, metadata.len(), "{percent:>3} %"),
        Err(_) => ProgressBar::hidden(),
    }
}

/// A store for a program that does not wait for anything else.
pub(super) struct Store {
    runtime: Runtime,
    store: Arc<dyn PredictionStore>,
    /// What the database is called.
    pub(super) database: String,
}

impl Store {
    pub(super) fn open(config: &Config, package: &Package) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let store = start::open_store(config, package)?;
        let database = options::database_name(config, package)?;
        Ok(Self { runtime, store, database })
    }

    /// Stores predictions and returns how many were new.
    fn put(&self, predictions: Vec<Prediction>) -> anyhow::Result<u64> {
        let puts = self.runtime.block_on(self.store.put(predictions))?;
        Ok(puts.iter().filter(|put| Put::is_created(put)).count() as u64)
    }
}
