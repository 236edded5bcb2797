//! `lifeboat model`: what a package says of itself.

use std::io::Write;

use anyhow::Context;
use clap::{Args, ValueEnum};
use comfy_table::CellAlignment;
use serde::Deserialize;

use super::options::{self, PackageOption};
use super::output::Output;
use super::table::{plain_table, text};
use crate::package::Package;
use crate::package::json_schema::Written;
use crate::start;
use crate::table::Schema;

/// Prints what a package says of itself: version, figures, hashes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat model
  lifeboat model --package candidate
  lifeboat model --json | jq .cross_validation
  lifeboat model --json-schema recipe > recipe.schema.json")]
pub(super) struct ModelArgs {
    #[command(flatten)]
    package: PackageOption,
    /// Prints the whole manifest, as `GET /model` answers it
    #[arg(long)]
    json: bool,
    /// Prints what a file of any package may hold, as a JSON Schema
    #[arg(long, value_enum, value_name = "FILE", conflicts_with_all = ["package", "json"])]
    json_schema: Option<Described>,
}

/// A file of a package that people write.
#[derive(Debug, Clone, Copy, ValueEnum)]
enum Described {
    /// schema.json: what a record is
    Schema,
    /// recipe.json: how features come from a record
    Recipe,
    /// manifest.json: what the package says of itself
    Manifest,
}

impl From<Described> for Written {
    fn from(described: Described) -> Self {
        match described {
            Described::Schema => Self::Schema,
            Described::Recipe => Self::Recipe,
            Described::Manifest => Self::Manifest,
        }
    }
}

/// What a manifest may tell beside what serving needs.
#[derive(Debug, Deserialize)]
struct Story {
    algorithm: Option<String>,
    training: Option<Training>,
    cross_validation: Option<CrossValidation>,
}

#[derive(Debug, Deserialize)]
struct Training {
    rows: u64,
    positives: Option<u64>,
}

#[derive(Debug, Deserialize)]
struct CrossValidation {
    models: Vec<Candidate>,
}

/// A model that was compared, with its metrics on records that it was not fitted to.
#[derive(Debug, Deserialize)]
struct Candidate {
    name: String,
    chosen: bool,
    #[serde(flatten)]
    metrics: serde_json::Map<String, serde_json::Value>,
}

/// Prints the manifest.
pub(super) fn model(args: &ModelArgs) -> anyhow::Result<()> {
    if let Some(described) = args.json_schema {
        return print_json_schema(described.into());
    }
    let package = start::open_package(&options::config(&[args.package.setting()])?)?;
    let mut output = Output::stdout();
    if args.json {
        writeln!(output, "{}", package.manifest_json())?;
    } else {
        let story = serde_json::from_str(package.manifest_json()).context("the manifest cannot be told as a table")?;
        writeln!(output, "{}", tell(&package, &story))?;
    }
    output.finish()
}

fn print_json_schema(file: Written) -> anyhow::Result<()> {
    let mut output = Output::stdout();
    serde_json::to_writer_pretty(&mut output, &file.json_schema())?;
    writeln!(output)?;
    output.finish()
}

fn tell(package: &Package, story: &Story) -> String {
    let (manifest, schema) = (package.manifest(), package.schema());
    let mut facts = plain_table();
    let mut fact = |name: &str, value: String| {
        facts.add_row([name.to_owned(), value]);
    };
    fact("name", package.name().to_owned());
    fact("version", package.version().to_string());
    if let Some(algorithm) = &story.algorithm {
        fact("algorithm", algorithm.clone());
    }
    if let Some(training) = &story.training {
        let positives = training.positives.zip(positive(schema));
        let positives = positives.map_or_else(String::new, |(count, called)| format!(", {count} of them {called}"));
        fact("trained on", format!("{} {}{positives}", training.rows, schema.noun().many));
    }
    let threshold = manifest.threshold.zip(positive(schema));
    let threshold = threshold
        .map_or_else(String::new, |(threshold, called)| format!(": {called} from a probability of {threshold}"));
    fact("predicts", format!("{} ({}){threshold}", schema.label_field().name, schema.task().name()));
    fact("fields", schema.inputs().count().to_string());
    if !package.feature_names().is_empty() {
        fact("features", package.feature_names().len().to_string());
    }
    fact("content hash", package.content_hash().to_owned());
    if let Some(hash) = package.history_hash() {
        fact("history hash", hash.to_owned());
    }
    if let Some(hash) = &manifest.data_hash {
        fact("data hash", hash.clone());
    }
    let compared = story.cross_validation.as_ref().map(|validation| compare(&validation.models));
    text(&mut facts) + &compared.unwrap_or_default()
}

/// Returns what the positive one of two classes is called.
fn positive(schema: &Schema) -> Option<String> {
    let [_, positive] = schema.classes()? else { return None };
    let called = schema.label_field().called(positive);
    // A number or a truth value says nothing without its label.
    Some(if called.parse::<f64>().is_ok() || called == "true" { "positive".to_owned() } else { called })
}

/// The figures that are shown where candidates have them, and what they are called.
const SHOWN: [(&str, &str); 8] = [
    ("accuracy", "accuracy"),
    ("auc", "AUC"),
    ("log_loss", "log loss"),
    ("brier", "Brier"),
    ("calibration_slope", "slope"),
    ("rmse", "RMSE"),
    ("mae", "MAE"),
    ("r2", "R²"),
];

/// Returns the models that were compared, the chosen one marked.
fn compare(candidates: &[Candidate]) -> String {
    let is_known = |(name, _): &(&str, &str)| candidates.iter().any(|candidate| candidate.metrics.contains_key(*name));
    let shown: Vec<(&str, &str)> = SHOWN.into_iter().filter(is_known).collect();
    let mut table = plain_table();
    let titles = shown.iter().map(|(_, title)| *title);
    table.set_header(["cross-validated"].into_iter().chain(titles).chain([""]));
    for candidate in candidates {
        let number = |name: &str| candidate.metrics.get(name).and_then(serde_json::Value::as_f64);
        let numbers =
            shown.iter().map(|(name, _)| number(name).map_or_else(|| "-".to_owned(), |value| format!("{value:.4}")));
        let chosen = if candidate.chosen { "<- this package" } else { "" };
        table.add_row([candidate.name.clone()].into_iter().chain(numbers).chain([chosen.to_owned()]));
    }
    for column in table.column_iter_mut().skip(1).take(shown.len()) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("\n\n{}", text(&mut table))
}
