//! `lifeboat fit`: what a recipe learns from training rows.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use sha2::{Digest, Sha256};

use super::check::{in_lines, quality_of};
use super::counted::counted;
use super::format::{self, OtherColumnsOption, read_input};
use super::labelled;
use super::output::Output;
use super::unpacked::Unpacked;
use crate::lifecycle::quality::{Finding, Quality};
use crate::package::recipe;
use crate::table::columns::ExtraColumns;
use crate::table::source::Source;
use crate::table::{Labelled, Schema};

/// Learns from labelled rows what a package's recipe needs, and writes its state.json, history.json and sheet.json.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat fit train.csv --package churn/")]
pub(super) struct FitArgs {
    /// File with the table's fields, the label among them; `-` is standard input
    train: PathBuf,
    /// Folder with schema.json and recipe.json
    #[arg(long, value_name = "DIR")]
    package: PathBuf,
    #[command(flatten)]
    other_columns: OtherColumnsOption,
    /// Folder for state.json and history.json; made where it does not exist [default: the package's]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Fits a recipe to a training file and writes what it learnt into a folder.
pub(super) fn fit(args: &FitArgs) -> anyhow::Result<()> {
    let package = Unpacked(&args.package);
    let (schema, descriptor) = (package.schema()?, package.descriptor()?);
    let TrainingRows { rows, data_hash, .. } =
        training_rows(&schema, &args.train, &read_input(&args.train)?, args.other_columns.get())?;
    let fitted = recipe::fit(&descriptor, &schema, &rows, &data_hash)?;
    let folder = args.output.as_deref().unwrap_or(&args.package);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    write_json(&folder.join("state.json"), &fitted.state)?;
    if let Some(history) = &fitted.history {
        write_json(&folder.join("history.json"), history)?;
    }
    match &fitted.sheet {
        Some(sheet) => write_json(&folder.join("sheet.json"), sheet),
        None => Ok(()),
    }
}

/// Labelled rows of a file, and what names the file.
pub(super) struct TrainingRows {
    pub(super) rows: Vec<Labelled>,
    /// The SHA-256 of the file.
    pub(super) data_hash: String,
    /// What a check of the file finds worth a look.
    pub(super) warnings: Vec<Finding>,
}

/// Reads the rows of a training file, which must be fit to train on.
pub(super) fn training_rows(
    schema: &Schema,
    file: &Path,
    bytes: &[u8],
    extra_columns: ExtraColumns,
) -> anyhow::Result<TrainingRows> {
    let cannot = || format!("cannot train on {}", format::name(file));
    let rows = labelled::read_all(schema, Source::from_bytes(bytes), extra_columns).with_context(cannot)?;
    let Quality { errors, warnings, .. } = quality_of(schema, bytes, extra_columns).with_context(cannot)?;
    if !errors.is_empty() {
        let told = in_lines(&errors);
        let count = counted(errors.len(), "error");
        return Err(anyhow::anyhow!("{count}, as `lifeboat check` tells:\n{told}")).with_context(cannot);
    }
    Ok(TrainingRows { rows, data_hash: hex::encode(Sha256::digest(bytes)), warnings })
}

/// Writes a value as a JSON file.
pub(super) fn write_json(path: &Path, value: &impl serde::Serialize) -> anyhow::Result<()> {
    let mut output = Output::create(path)?;
    serde_json::to_writer(&mut output, value)?;
    output.write_all(b"\n")?;
    output.finish()
}
