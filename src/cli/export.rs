//! `lifeboat export`: stored predictions with their features and outcomes, for training, in constant memory.
//!
//! One file takes all of them, or a folder takes a part a day, which is what large exports and repeated ones are for.

mod days;
mod destination;
mod rows;
mod terms;

use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::anyhow;
use clap::Args;
use futures_util::TryStreamExt;
use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::failure::{Advised, UsageError};
use super::format;
use super::options::{self, DatabaseOption, PackageOption, WindowOption};
use super::output::Output;
use super::sample::Sample;
use crate::package::Package;
use crate::start;
use crate::store::{PredictionStore, Window};
use crate::table::format::Format;
use crate::table::writer::{Layout, TableWriter};
use days::Days;
use destination::Named;
use rows::Rows;
use terms::Terms;

/// Writes the predictions of a window as a table: the record, what happened under the label's name, what was predicted, and the
/// features. Only predictions of the sample are found: those that `MONITOR_SAMPLE_RATE` let be read by time when they were stored.
///
/// Into a folder, it writes a part for each whole day of UTC that the window touches, as in `2026-11-01.parquet`. The same command goes on
/// where it was stopped: parts that are there stay, but those of days that were not over when they were written.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat export --since 30d -o predictions.parquet
  lifeboat export --from 2026-11-01 --labelled --table -o labelled.csv
  lifeboat export --since 90d -o exported/                            # a part a day; again tomorrow, for the new days
  lifeboat export --since 90d -o s3://bucket/exported/ --database-url dynamodb:predictions
  DATABASE_URL=dynamodb:predictions lifeboat export --since 7d --format csv | head")]
pub(super) struct ExportArgs {
    #[command(flatten)]
    window: WindowOption,
    /// Leaves out predictions of which nobody has told what happened
    #[arg(long)]
    labelled: bool,
    /// Leaves out all but the table's own columns, which are what fit, check and compare read; for a history of the last days, they are
    /// followed by `known_at`, when the outcome became known
    #[arg(long)]
    table: bool,
    /// File for the table, or folder for a part a day: one that is there, or a name that ends in `/`, as `s3://bucket/prefix/` does; `-` is
    /// standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// Makes parts of a folder anew that are there, for outcomes that were told and predictions that were forgotten since
    #[arg(long)]
    renew: bool,
    /// Format of the table, whatever the extension of the output [default of a folder: parquet]
    #[arg(long, value_parser = format::parser(), ignore_case = true)]
    format: Option<Format>,
    #[command(flatten)]
    database: DatabaseOption,
    #[command(flatten)]
    package: PackageOption,
}

/// Writes the table, or its parts.
pub(super) fn export(args: &ExportArgs, quiet: bool) -> anyhow::Result<()> {
    if let Some(bucket) = args.window.bucket() {
        let problem = format!("--to is where the window ends, and {bucket} is no time");
        return Err(UsageError(Advised { problem, advice: format!("give --output {bucket}") }.into()).into());
    }
    let window = args.window.window(Timestamp::now())?;
    match Named::parse(&args.output)? {
        Some(named) => in_parts(args, named, window, quiet),
        None if args.renew => {
            Err(UsageError(anyhow!("--renew is for the parts of a folder: end the name of --output with /")).into())
        }
        None => in_one(args, window, quiet),
    }
}

/// Writes one table.
fn in_one(args: &ExportArgs, window: Window, quiet: bool) -> anyhow::Result<()> {
    let format = format::of_table_or_none(args.format, &args.output)?.ok_or_else(|| {
        let output = args.output.display();
        UsageError(anyhow!("{output} does not say its format: give --format csv, json, ndjson or parquet"))
    })?;
    let Source { store, package, runtime, .. } = Source::open(args)?;
    let mut to_rows = Rows::new(package, args.table);
    let layout = Layout::new(format, to_rows.columns())?;
    let mut table = TableWriter::new(&layout, Output::create(&args.output)?)?;
    let (mut rows, mut sample) = (0_u64, Sample::default());
    runtime.block_on(async {
        let mut pages = store.window(window);
        while let Some(page) = pages.try_next().await? {
            for prediction in page {
                sample.count(&prediction.id);
                if prediction.outcome().is_some() || !args.labelled {
                    to_rows.learn(&prediction.model_version, store.as_ref()).await?;
                    to_rows.write(&prediction, &mut table)?;
                    rows += 1;
                }
            }
        }
        sample.count_deleted(store.deleted(window).await?);
        anyhow::Ok(())
    })?;
    table.finish()?.finish()?;
    if !quiet {
        writeln!(io::stderr(), "{rows} exported{sample}")?;
    }
    Ok(())
}

/// Writes a part a day.
fn in_parts(args: &ExportArgs, named: Named, window: Window, quiet: bool) -> anyhow::Result<()> {
    let format = args.format.unwrap_or(Format::Parquet);
    let Source { store, package, runtime, database } = Source::open(args)?;
    let columns = Rows::new(Arc::clone(&package), args.table).columns();
    let terms = Terms::new(database, &package, format, args.labelled, &columns);
    let destination = named.open(runtime.handle())?;
    let days = Days {
        store: store.as_ref(),
        package: &package,
        runtime: runtime.handle(),
        layout: Layout::new(format, columns)?,
        is_labelled: args.labelled,
        own_only: args.table,
        renews: args.renew,
        destination: &destination,
        is_quiet: quiet,
    };
    let mut exported = days.export(window, terms)?;
    exported.sample.count_deleted(runtime.block_on(store.deleted(days::whole(window)))?);
    if !quiet {
        writeln!(io::stderr(), "{exported} in {destination}{}", exported.sample)?;
    }
    Ok(())
}

/// Where predictions come from.
struct Source {
    store: Arc<dyn PredictionStore>,
    package: Arc<Package>,
    /// Reads on every processor: a database whose answers take long to take apart is read that much faster.
    runtime: Runtime,
    /// What the database is called.
    database: String,
}

impl Source {
    fn open(args: &ExportArgs) -> anyhow::Result<Self> {
        let config = options::config(&[args.database.setting(), args.package.setting()])?;
        let package = start::open_package(&config)?;
        let store = options::existing_store(&config, &package)?;
        let database = options::database_name(&config, &package)?;
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
        Ok(Self { store, package, runtime, database })
    }
}
