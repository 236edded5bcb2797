//! `lifeboat export`: stored predictions with their features and outcomes, for training, in constant memory.

mod columns;
mod csv;
mod parquet;

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::anyhow;
use clap::{Args, ValueEnum};
use futures_util::TryStreamExt;
use jiff::Timestamp;

use self::csv::CsvTable;
use self::parquet::ParquetTable;
use super::failure::UsageError;
use super::format::{self, Known};
use super::options::{self, DatabaseOption, WindowOption};
use super::output::Output;
use super::sample::Sample;
use crate::prediction::Prediction;

/// Writes the predictions of a window as a table: the passenger in Kaggle's terms, what happened as `Survived`, what was predicted, and
/// the features. Only predictions of the sample are found: those that `MONITOR_SAMPLE_RATE` let be read by time when they were stored.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat export --since 30d -o predictions.parquet
  lifeboat export --from 2026-11-01 --labelled --kaggle -o labelled.csv
  DATABASE_URL=dynamodb:predictions lifeboat export --since 7d --format csv | head")]
pub(super) struct ExportArgs {
    #[command(flatten)]
    window: WindowOption,
    /// Leaves out predictions of which nobody has told what happened
    #[arg(long)]
    labelled: bool,
    /// Leaves out all but Kaggle's columns, which are what fit, check and compare read
    #[arg(long)]
    kaggle: bool,
    /// File for the table; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// Format of the table, whatever the extension of the output
    #[arg(long)]
    format: Option<TableFormat>,
    #[command(flatten)]
    database: DatabaseOption,
}

/// How a table is written.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum TableFormat {
    /// Comma-separated values with a header.
    Csv,
    /// Apache Parquet, compressed with Snappy.
    Parquet,
}

const FORMATS: &Known<TableFormat> = &[(TableFormat::Csv, &["csv"]), (TableFormat::Parquet, &["parquet"])];

/// A table that is being written.
trait Table {
    fn write(&mut self, prediction: &Prediction) -> anyhow::Result<()>;

    /// Writes what is left, and puts the table in its place.
    fn finish(self: Box<Self>) -> anyhow::Result<()>;
}

/// Writes the table.
pub(super) fn export(args: &ExportArgs, quiet: bool) -> anyhow::Result<()> {
    let window = args.window.window(Timestamp::now())?;
    let format = format::of_output(args.format, FORMATS, &args.output)?.ok_or_else(|| {
        UsageError(anyhow!("{} does not say its format: give --format csv or parquet", args.output.display()))
    })?;
    let store = options::existing_store(options::config(&[args.database.setting()])?.database)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let output = Output::create(&args.output)?;
    let mut table: Box<dyn Table> = match format {
        TableFormat::Csv => Box::new(CsvTable::create(output, args.kaggle)?),
        TableFormat::Parquet => Box::new(ParquetTable::create(output, args.kaggle)?),
    };
    let (mut rows, mut sample) = (0_u64, Sample::default());
    runtime.block_on(async {
        let mut predictions = store.window(window);
        while let Some(prediction) = predictions.try_next().await? {
            sample.count(prediction.id);
            if prediction.outcome.is_some() || !args.labelled {
                table.write(&prediction)?;
                rows += 1;
            }
        }
        anyhow::Ok(())
    })?;
    table.finish()?;
    if !quiet {
        writeln!(io::stderr(), "{rows} exported\n{sample}")?;
    }
    Ok(())
}
