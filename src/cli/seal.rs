//! `lifeboat seal`: what makes a folder a package: hashes, a version, and what the training rows tell.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;

use super::baseline;
use super::fit::{TrainingRows, training_rows};
use super::output::Output;
use super::unsealed::Unsealed;
use crate::package::{self, Package, Training};

/// Makes a folder a package: writes hashes and a version into its manifest.json, and checks that all of it fits together.
///
/// Where there is no manifest.json, one is begun: the folder's name, version 1.0.0. With --train, the means of the training data are
/// written into it too, and baseline.json, which monitoring compares with.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat seal churn/ --train train.csv
  lifeboat seal churn/                              after a file of it was changed")]
pub(super) struct SealArgs {
    /// Folder with schema.json and model.onnx, and, where a recipe makes the features, with recipe.json and what `lifeboat fit` wrote
    #[arg(value_name = "DIR")]
    package: PathBuf,
    /// File with the rows that the model was trained on, the label among their fields; `-` is standard input
    #[arg(long, value_name = "FILE")]
    train: Option<PathBuf>,
}

/// Seals a package.
pub(super) fn seal(args: &SealArgs) -> anyhow::Result<()> {
    let folder = &args.package;
    let version = match &args.train {
        Some(train) => seal_trained(folder, train)?,
        None => package::seal(folder).with_context(|| cannot_seal(folder))?,
    };
    Package::load(folder).with_context(|| format!("the package in {} cannot be used", folder.display()))?;
    let mut output = Output::stdout();
    writeln!(output, "{version}")?;
    output.finish()
}

/// Seals a package with what its training rows tell, and writes its baseline.
fn seal_trained(folder: &Path, train: &Path) -> anyhow::Result<String> {
    let unsealed = Unsealed(folder);
    let schema = unsealed.schema()?;
    let recipe = unsealed.has_recipe().then(|| unsealed.recipe(&schema, unsealed)).transpose()?;
    let TrainingRows { rows, data_hash } = training_rows(&schema, train)?;
    let told = Training::new(&schema, recipe.as_ref(), &rows, data_hash);
    package::seal_trained(folder, &told).with_context(|| cannot_seal(folder))?;
    // The baseline has the package's own answers, so the package must answer first.
    baseline::of_training_rows(folder, &schema, rows)?;
    package::seal(folder).with_context(|| cannot_seal(folder))
}

fn cannot_seal(folder: &Path) -> String {
    format!("cannot seal {}", folder.display())
}
