//! `lifeboat predict`: files to files, on every processor, in constant memory.
//!
//! - `inputs`: which files are meant.
//! - `table`: one table, scored and written.
//! - `parts`: a folder with a part for each file, which a run that was broken off goes on with.

mod inputs;
mod parts;
mod table;

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use jiff::Timestamp;

use super::failure::{Advised, UsageError};
use super::format::{self, ExtraColumnsOption};
use super::options::{self, PackageOption};
use crate::prediction::to_milliseconds;
use crate::scoring::Wishes;
use crate::start;
use crate::table::format::Format;
use inputs::Inputs;
use table::{Run, Store, Tally};

/// Predicts every record of a file, or of many files. Nothing is stored unless `--store` asks for it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat predict test.csv -o predictions.csv
  lifeboat predict test.csv --kaggle -o submission.csv
  lifeboat predict test.parquet --output-format ndjson --explain
  lifeboat predict test.csv.gz --extra-columns keep -o scored.parquet
  lifeboat predict 'data/*.parquet' --output scored/
  lifeboat predict - --format csv --store < test.csv > predictions.csv")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct PredictArgs {
    /// CSV, JSON, NDJSON or Parquet files, as they are or compressed by gzip or zstd; patterns as in 'data/*.parquet', and folders, of which
    /// all tables are meant; `-` is standard input
    #[arg(required = true, value_name = "INPUT")]
    inputs: Vec<PathBuf>,
    /// File for the predictions, or a folder, which gets a part for each input; `-` is standard output
    #[arg(short, long, value_name = "PATH", default_value = "-")]
    output: PathBuf,
    /// Format of the input, whatever its extension and its first bytes say
    #[arg(long, value_parser = format::parser(), ignore_case = true)]
    format: Option<Format>,
    /// Format of the output [default: what its extension says, else that of the input]
    #[arg(long, value_name = "FORMAT", value_parser = format::parser(), ignore_case = true, conflicts_with = "kaggle")]
    output_format: Option<Format>,
    /// Leaves rows that are no records out, instead of stopping at the first
    #[arg(long)]
    skip_invalid: bool,
    #[command(flatten)]
    extra_columns: ExtraColumnsOption,
    /// Writes key and label alone, as Kaggle's competitions take them
    #[arg(long)]
    kaggle: bool,
    /// Adds how far each group of fields moved the answer from that of the average record
    #[arg(long, conflicts_with = "kaggle")]
    explain: bool,
    /// Stores each prediction that is new
    #[arg(long)]
    store: bool,
    /// Where predictions are kept, with `--store` [env: `DATABASE_URL`] [default: sqlite:NAME.db, by the package's name]
    #[arg(long, value_name = "URL", requires = "store", value_parser = NonEmptyStringValueParser::new())]
    database_url: Option<String>,
    #[command(flatten)]
    package: PackageOption,
}

/// Predicts files.
pub(super) fn predict(args: &PredictArgs, quiet: bool) -> anyhow::Result<()> {
    let is_folder = parts::is_folder(&args.output);
    let inputs = Inputs::find(&args.inputs, &args.output)?;
    if inputs.are_many && !is_folder {
        let output =
            if args.output == Path::new("-") { "standard output".to_owned() } else { format::name(&args.output) };
        let problem = format!("{} are to be predicted, but {output} takes one table", inputs.in_words());
        let advice = "name a folder, as in --output scored/: it gets a part for each".to_owned();
        return Err(UsageError(Advised { problem, advice }.into()).into());
    }
    let named = if args.kaggle { Some(Format::Csv) } else { args.output_format };
    let output_format = if is_folder { named } else { format::of_table_or_none(named, &args.output)? };
    let config =
        options::config(&[("DATABASE_URL", args.database_url.clone().map(Into::into)), args.package.setting()])?;
    let package = start::open_package(&config)?;
    let store = if args.store { Some(Store::open(&config, &package)?) } else { None };
    let run = Run {
        package: &package,
        store,
        wishes: Wishes { key_and_label: args.kaggle, explains: args.explain, stores: args.store, ..Wishes::default() },
        format: args.format,
        output_format,
        extra_columns: args.extra_columns.get(),
        skips_invalid: args.skip_invalid,
        is_quiet: quiet,
        now: to_milliseconds(Timestamp::now()),
    };
    if is_folder {
        return parts::predict(&run, &inputs, &args.output);
    }
    let input = &inputs.files[0].path;
    let progress = table::progress(&run, input, &args.output);
    let tally = run.predict(input, &args.output, &progress)?;
    progress.finish_and_clear();
    tell(&run, &tally, "");
    Ok(())
}

/// Says how much was predicted.
fn tell(run: &Run<'_>, tally: &Tally, of: &str) {
    if run.is_quiet {
        return;
    }
    let Tally { rows, invalid, created } = tally;
    let left_out = if *invalid > 0 { format!(", {invalid} left out") } else { String::new() };
    let created = if run.store.is_some() { format!(", {created} new in the store") } else { String::new() };
    let _ = writeln!(io::stderr(), "{rows} predicted{left_out}{created}{of}");
}
