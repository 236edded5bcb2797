//! `lifeboat check`: whether a table of passengers is fit to train on.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::Args;

use super::failure::FOUND;
use super::format::read_csv;
use super::options::{self, ModelOption};
use super::output::Output;
use super::table::{plain_table, text};
use crate::model::Model;
use crate::quality::{Finding, Quality};

/// So many findings are shown in a table; the rest is counted.
const SHOWN_FINDINGS: usize = 100;

/// Checks whether a CSV file of passengers is fit to train on: schema, types, ranges, duplicates, labels; ends with 3 on errors.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat check model/train.csv
  lifeboat check labelled.csv --baseline
  lifeboat check labelled.csv --json | jq '.errors[] | .kind' | sort | uniq -c")]
pub(super) struct CheckArgs {
    /// CSV file with Kaggle's columns; `-` is standard input
    input: PathBuf,
    /// Also compares with the model's training data: drift and missing values
    #[arg(long)]
    baseline: bool,
    /// Writes JSON instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    model: ModelOption,
}

/// Checks a file.
pub(super) fn check(args: &CheckArgs) -> anyhow::Result<ExitCode> {
    let bytes = read_csv(&args.input)?;
    let model = if args.baseline {
        let config = options::config(&[args.model.setting()])?;
        Some(Model::load(config.model_dir.as_deref()).context("the model package cannot be used")?)
    } else {
        None
    };
    let quality = Quality::of(&bytes, model.as_ref())?;
    let mut output = Output::stdout();
    if args.json {
        serde_json::to_writer_pretty(&mut output, &quality)?;
        writeln!(output)?;
    } else {
        writeln!(output, "{}", tell(&quality))?;
    }
    output.finish()?;
    Ok(if quality.errors.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

fn tell(quality: &Quality) -> String {
    let mut facts = plain_table();
    facts.add_row(["rows".to_owned(), quality.rows.to_string()]);
    facts.add_row(["errors".to_owned(), quality.errors.len().to_string()]);
    facts.add_row(["warnings".to_owned(), quality.warnings.len().to_string()]);
    if let Some(rate) = quality.survival_rate {
        facts.add_row(["survived".to_owned(), format!("{:.1} %", rate * 100.0)]);
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
    told
}

/// Says what was found, a line each.
pub(super) fn in_lines(findings: &[Finding]) -> String {
    let line = |finding: &Finding| match finding.line {
        Some(line) => format!("  line {line}: {}", finding.detail),
        None => format!("  {}", finding.detail),
    };
    let mut lines: Vec<String> = findings.iter().take(SHOWN_FINDINGS).map(line).collect();
    if findings.len() > SHOWN_FINDINGS {
        lines.push(format!("  and {} more", findings.len() - SHOWN_FINDINGS));
    }
    lines.join("\n")
}
