//! One table, scored and written.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use tokio::runtime::Runtime;

use crate::cli::failure::Advised;
use crate::cli::format;
use crate::cli::output::Output;
use crate::config::Config;
use crate::package::Package;
use crate::prediction::Prediction;
use crate::scoring::{LayoutError, Scored, Scorer, Wishes, pipeline};
use crate::start;
use crate::store::{PredictionStore, Put};
use crate::table::columns::{ExtraColumns, Selection};
use crate::table::format::Format;
use crate::table::reader::{Options, Reader};
use crate::table::writer::TableWriter;

/// So many rows that are left out are shown of a table; the rest is counted.
const SHOWN_FAULTS: u64 = 20;

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
        let wrapped = progress.clone();
        let source = format::source(input)?.wrapped(move |bytes| wrapped.wrap_read(bytes));
        let selection = Selection { extra_columns: self.extra_columns, ..Selection::default() };
        let name = format::name(input);
        let reader = Reader::open(
            source,
            self.package.schema(),
            &Options { format: self.format, selection, ..Options::default() },
        )
        .with_context(|| format!("cannot read {name}"))?;
        let output_format = self.output_format.unwrap_or(reader.format());
        let scorer =
            Scorer::new(self.package, self.wishes, output_format, reader.extra_columns(), self.now).map_err(advised)?;
        let mut writer = TableWriter::new(scorer.layout(), Output::create(output)?)?;
        let mut tally = Tally::default();
        pipeline::run(&scorer, reader, |scored| self.take(scored, &name, &mut tally, &mut writer))?;
        writer.finish()?.finish()?;
        progress.finish_and_clear();
        Ok(tally)
    }

    /// Stores and writes what came of a chunk, and counts it.
    fn take(
        &self,
        mut scored: Scored,
        name: &str,
        tally: &mut Tally,
        writer: &mut TableWriter<Output>,
    ) -> anyhow::Result<()> {
        if !self.skips_invalid
            && let Some(first) = scored.invalid.first()
        {
            bail!("{name}, {first}\n--skip-invalid leaves such rows out");
        }
        for row in &scored.invalid {
            tally.invalid += 1;
            if !self.is_quiet && tally.invalid <= SHOWN_FAULTS {
                let _ = writeln!(io::stderr(), "left out, {name}, {row}");
            }
        }
        tally.rows += scored.rows;
        if let Some(store) = &self.store {
            tally.created += store.put(scored.predictions)?;
        }
        writer.write(&mut scored.batch).context("cannot write the output")
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

/// Shows how far a long input has been read, on a terminal only.
pub(super) fn progress_of_bytes(run: &Run<'_>, input: &Path, output: &Path) -> ProgressBar {
    if run.is_quiet || !io::stderr().is_terminal() || output == Path::new("-") {
        return ProgressBar::hidden();
    }
    let Ok(metadata) = std::fs::metadata(input) else { return ProgressBar::new_spinner() };
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {eta} left");
    ProgressBar::new(metadata.len()).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// A store for a program that does not wait for anything else.
pub(super) struct Store {
    runtime: Runtime,
    store: Arc<dyn PredictionStore>,
}

impl Store {
    pub(super) fn open(config: &Config, package: &Package) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let store = start::open_store(config, package)?;
        Ok(Self { runtime, store })
    }

    /// Stores predictions and returns how many were new.
    fn put(&self, predictions: Vec<Prediction>) -> anyhow::Result<u64> {
        let puts = self.runtime.block_on(self.store.put(predictions))?;
        Ok(puts.iter().filter(|put| Put::is_created(put)).count() as u64)
    }
}
