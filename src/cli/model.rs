//! `lifeboat model`: what a model package says of itself.

use std::io::Write;

use anyhow::Context;
use clap::Args;
use comfy_table::CellAlignment;
use serde::Deserialize;

use super::options::{self, ModelOption};
use super::output::Output;
use super::table::{plain_table, text};
use crate::model::Model;

/// Prints what a model package says of itself: version, figures, hashes.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat model
  lifeboat model --model-dir candidate
  lifeboat model --json | jq .baseline.features.age")]
pub(super) struct ModelArgs {
    #[command(flatten)]
    model: ModelOption,
    /// Prints the whole manifest, as `GET /model` answers it
    #[arg(long)]
    json: bool,
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
    survivors: u64,
}

#[derive(Debug, Deserialize)]
struct CrossValidation {
    models: Vec<Candidate>,
}

/// A model that was compared, with its metrics on passengers that it was not fitted to.
#[derive(Debug, Deserialize)]
struct Candidate {
    name: String,
    chosen: bool,
    accuracy: f64,
    auc: f64,
    log_loss: f64,
    brier: f64,
}

/// Prints the manifest.
pub(super) fn model(args: &ModelArgs) -> anyhow::Result<()> {
    let config = options::config(&[args.model.setting()])?;
    let model = Model::load(config.model_dir.as_deref()).context("the model package cannot be used")?;
    let mut output = Output::stdout();
    if args.json {
        writeln!(output, "{}", model.manifest_json())?;
    } else {
        let story = serde_json::from_str(model.manifest_json()).context("the manifest cannot be told as a table")?;
        writeln!(output, "{}", tell(&model, &story))?;
    }
    output.finish()
}

fn tell(model: &Model, story: &Story) -> String {
    let manifest = model.manifest();
    let mut facts = plain_table();
    let mut fact = |name: &str, value: String| {
        facts.add_row([name.to_owned(), value]);
    };
    fact("name", manifest.name.clone());
    fact("version", manifest.version.clone());
    if let Some(algorithm) = &story.algorithm {
        fact("algorithm", algorithm.clone());
    }
    if let Some(training) = &story.training {
        fact("trained on", format!("{} passengers, {} of whom survived", training.rows, training.survivors));
    }
    fact("features", manifest.feature_names.len().to_string());
    fact("predicts survival", format!("from a probability of {}", manifest.threshold));
    fact("content hash", manifest.content_hash.clone());
    fact("data hash", manifest.data_hash.clone());
    let compared = story.cross_validation.as_ref().map(|validation| compare(&validation.models));
    text(&mut facts) + &compared.unwrap_or_default()
}

/// Returns the models that were compared, the chosen one marked.
fn compare(candidates: &[Candidate]) -> String {
    let mut table = plain_table();
    table.set_header(["cross-validated", "accuracy", "AUC", "log loss", "Brier", ""]);
    for candidate in candidates {
        let metrics = [candidate.accuracy, candidate.auc, candidate.log_loss, candidate.brier];
        let chosen = if candidate.chosen { "<- this package" } else { "" };
        let cells = [candidate.name.clone()].into_iter().chain(metrics.map(|metric| format!("{metric:.4}")));
        table.add_row(cells.chain([chosen.to_owned()]));
    }
    for column in table.column_iter_mut().skip(1).take(4) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    format!("\n\n{}", text(&mut table))
}
