//! What training calls: what a recipe learns from training rows, and the feature matrix.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::Context;
use clap::Args;
use sha2::{Digest, Sha256};

use super::check::{in_lines, quality_of};
use super::format::{self, read_input};
use super::labelled;
use super::output::Output;
use super::unpacked::Unpacked;
use crate::lifecycle::quality::{Finding, Quality};
use crate::package::recipe;
use crate::table::columns::ExtraColumns;
use crate::table::fault::in_words;
use crate::table::output_cell::{ColumnType, OutputCell, OutputColumn};
use crate::table::reader::{Options, Reader};
use crate::table::source::Source;
use crate::table::writer::{Layout, TableWriter};
use crate::table::{Field, Labelled, Schema, Value};

/// Learns from labelled rows what a package's recipe needs, and writes its state.json and history.json.
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
    /// Folder for state.json and history.json; made where it does not exist [default: the package's]
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Writes the feature matrix of a file: the fields of the key, then a column a feature.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat features test.csv --package churn/ -o matrix.csv")]
pub(super) struct FeaturesArgs {
    /// File with the table's fields; `-` is standard input
    input: PathBuf,
    /// Folder with schema.json and recipe.json, and what `lifeboat fit` made of them
    #[arg(long, value_name = "DIR")]
    package: PathBuf,
    /// Folder with state.json and history.json, where that is another one
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// File for the matrix; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

/// Fits a recipe to a training file and writes what it learnt into a folder.
pub(super) fn fit(args: &FitArgs) -> anyhow::Result<()> {
    let package = Unpacked(&args.package);
    let (schema, descriptor) = (package.schema()?, package.descriptor()?);
    let TrainingRows { rows, data_hash, .. } = training_rows(&schema, &args.train)?;
    let fitted = recipe::fit(&descriptor, &schema, &rows, &data_hash)?;
    let folder = args.output.as_deref().unwrap_or(&args.package);
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    write_json(&folder.join("state.json"), &fitted.state)?;
    match &fitted.history {
        Some(history) => write_json(&folder.join("history.json"), history),
        None => Ok(()),
    }
}

/// Writes the feature matrix of a file.
pub(super) fn features(args: &FeaturesArgs) -> anyhow::Result<()> {
    let format = format::of_table(None, &args.output)?;
    let package = Unpacked(&args.package);
    let schema = package.schema()?;
    let recipe = package.recipe(&schema, args.state.as_deref().map_or(package, Unpacked))?;
    let keyed: Vec<&Field> = schema.key().iter().map(|&place| &schema.fields()[place]).collect();
    let key = keyed.iter().map(|field| OutputColumn::new(&*field.name, ColumnType::of(field)));
    let features = recipe.feature_names().iter().map(|name| OutputColumn::new(&**name, ColumnType::Single));
    let layout = Layout::new(format, key.chain(features).collect())?;
    let reader = Reader::open(format::source(&args.input)?, &schema, &Options::default())
        .with_context(|| format!("cannot read {}", format::name(&args.input)))?;
    let mut writer = TableWriter::new(&layout, Output::create(&args.output)?)?;
    let mut row_of_features = vec![0.0; recipe.feature_names().len()];
    reader.for_each(|row| {
        let record = row.record(&schema).map_err(|faults| anyhow::anyhow!("{}: {}", row.place(), in_words(&faults)))?;
        recipe.features(&record, &mut row_of_features);
        let values = schema.key().iter().zip(&keyed);
        let key =
            values.map(|(&place, field)| OutputCell::from(record.get(place).map(|value: &Value| field.written(value))));
        let cells: Vec<_> = key.chain(row_of_features.iter().map(|value| OutputCell::Single(*value))).collect();
        anyhow::Ok(writer.write_row(&cells)?)
    })?;
    writer.finish()?.finish()
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
pub(super) fn training_rows(schema: &Schema, file: &Path) -> anyhow::Result<TrainingRows> {
    training_rows_among(schema, file, &read_input(file)?, ExtraColumns::Refuse)
}

/// Reads the rows of a training file that may have other columns.
pub(super) fn training_rows_among(
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
        let count = if errors.len() == 1 { "1 error".to_owned() } else { format!("{} errors", errors.len()) };
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
