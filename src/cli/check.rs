//! `lifeboat check`: whether a table is fit to train on.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;

use super::counted::Listed;
use super::failure::{FOUND, IGNORING};
use super::format::{self, OtherColumnsOption};
use super::options::{self, PackageOption};
use super::output::Output;
use super::table::{plain_table, text};
use super::unpacked::Unpacked;
use crate::lifecycle::quality::{Finding, Quality, QualityError};
use crate::start;
use crate::table::columns::{ExtraColumns, Selection};
use crate::table::format::Format;
use crate::table::reader::Options;
use crate::table::source::Source;
use crate::table::{Record, Schema};

/// So many findings are shown in a table; the rest is counted.
const SHOWN_FINDINGS: usize = 100;

/// Checks whether a file is fit to train on: schema, types, ranges, duplicates, labels; ends with 3 on errors.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat check train.csv
  lifeboat check train.csv --package churn/         with its schema.json, before there is a model
  lifeboat check labelled.parquet --baseline
  lifeboat check labelled.csv --json | jq '.errors[] | .kind' | sort | uniq -c")]
pub(super) struct CheckArgs {
    /// File with the table's fields; `-` is standard input
    input: PathBuf,
    /// Format of the input, whatever its extension and its first bytes say
    #[arg(long, value_parser = format::parser(), ignore_case = true)]
    format: Option<Format>,
    #[command(flatten)]
    other_columns: OtherColumnsOption,
    /// Also compares with the package's training data: drift and missing values
    #[arg(long)]
    baseline: bool,
    /// Writes JSON instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    package: PackageOption,
}

/// Checks a file.
pub(super) fn check(args: &CheckArgs, quiet: bool) -> anyhow::Result<ExitCode> {
    let config = options::config(&[args.package.setting()])?;
    let (quality, told) = match config.model_dir.as_deref() {
        // A table is checked before anything is trained on it: its schema is enough.
        Some(folder) if !args.baseline => {
            let schema = Unpacked(folder).schema()?;
            let (quality, _) = of_file(args, &schema)?;
            let told = tell(&schema, &quality);
            (quality, told)
        }
        _ => {
            let package = start::open_package(&config)?;
            let (mut quality, records) = of_file(args, package.schema())?;
            if args.baseline {
                quality.compare(&package, &records)?;
            }
            let told = tell(package.schema(), &quality);
            (quality, told)
        }
    };
    let mut output = Output::stdout();
    if args.json {
        serde_json::to_writer_pretty(&mut output, &quality)?;
        writeln!(output)?;
    } else if !quiet || !quality.errors.is_empty() {
        writeln!(output, "{told}")?;
    }
    output.finish()?;
    Ok(if quality.errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

fn of_file(args: &CheckArgs, schema: &Schema) -> anyhow::Result<(Quality, Vec<Record>)> {
    let selection = Selection { extra_columns: args.other_columns.get(), ..Selection::default() };
    let options = Options { format: args.format, selection, ..Options::default() };
    Ok(Quality::of_table(schema, format::source(&args.input)?, &options)?)
}

/// Checks a table that is in memory.
pub(super) fn quality_of(schema: &Schema, bytes: &[u8], extra_columns: ExtraColumns) -> Result<Quality, QualityError> {
    let options = Options { selection: Selection { extra_columns, ..Selection::default() }, ..Options::default() };
    Ok(Quality::of_table(schema, Source::from_bytes(bytes), &options)?.0)
}

fn tell(schema: &Schema, quality: &Quality) -> String {
    let mut facts = plain_table();
    facts.add_row(["rows".to_owned(), quality.rows.to_string()]);
    facts.add_row(["errors".to_owned(), quality.errors.len().to_string()]);
    facts.add_row(["warnings".to_owned(), quality.warnings.len().to_string()]);
    let label = schema.label_field();
    for class in schema.classes().unwrap_or_default() {
        if let Some(rate) = quality.class_rates.get(&label.written(class).to_string()) {
            facts.add_row([format!("labelled {}", label.called(class)), format!("{:.1} %", rate * 100.0)]);
        }
    }
    for (field, rate) in quality.missing_rates.iter().filter(|(_, rate)| **rate > 0.0) {
        facts.add_row([format!("{field} missing"), format!("{:.1} %", rate * 100.0)]);
    }
    let mut told = text(&mut facts);
    for (name, findings) in [("errors", &quality.errors), ("warnings", &quality.warnings)] {
        if !findings.is_empty() {
            told = format!("{told}\n\n{name}\n{}", in_lines(findings));
        }
    }
    if quality.errors.iter().any(|error| schema.is_unknown_in(&error.detail)) {
        told = format!("{told}\n\n{IGNORING}");
    }
    told
}

/// Says what was found, a line each.
pub(super) fn in_lines(findings: &[Finding]) -> String {
    let line = |finding: &Finding| match finding.line {
        Some(line) => format!("  line {line}: {}", finding.detail),
        None => format!("  {}", finding.detail),
    };
    let mut lines = Listed::new(SHOWN_FINDINGS);
    for finding in findings {
        lines.push(|| line(finding));
    }
    lines.to_string()
}
