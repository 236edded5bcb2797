//! `lifeboat features`: the feature matrix of a file.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;

use super::format::{self, OtherColumnsOption, of_rows, read_input};
use super::labelled;
use super::output::Output;
use super::unpacked::Unpacked;
use crate::package::recipe::Recipe;
use crate::table::chunk::Row;
use crate::table::columns::{Purpose, Selection};
use crate::table::fault::in_words;
use crate::table::output_cell::{ColumnType, OutputCell, OutputColumn};
use crate::table::reader::{Options, Reader};
use crate::table::source::Source;
use crate::table::writer::{Layout, TableWriter};
use crate::table::{Fault, Field, Labelled, ReadError, Record, Schema};

/// Writes the feature matrix of a file: the fields of the key, then a column a feature.
///
/// Where a recipe looks up the last days, each row of a labelled file has what the newest snapshot before its time would have said, of
/// those rows of the file whose label was known by then: at the moment of the next day, or at `known_at`, where the file has that column.
/// A file without labels is computed by the snapshot of the package.
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
    #[command(flatten)]
    other_columns: OtherColumnsOption,
    /// Folder with state.json and history.json, where that is another one
    #[arg(long, value_name = "DIR")]
    state: Option<PathBuf>,
    /// File for the matrix; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

/// Writes the feature matrix of a file.
pub(super) fn features(args: &FeaturesArgs) -> anyhow::Result<()> {
    let package = Unpacked(&args.package);
    let schema = package.schema()?;
    let recipe = package.recipe(&schema, args.state.as_deref().map_or(package, Unpacked))?;
    let cannot = || format!("cannot read {}", format::name(&args.input));
    let open = |source, purpose| {
        let selection = Selection { purpose, extra_columns: args.other_columns.get() };
        Reader::open(source, &schema, &Options { selection, ..Options::default() })
    };
    if recipe.calendar().is_none() {
        let reader = open(format::source(&args.input)?, Purpose::Records).with_context(cannot)?;
        return by_snapshot(args, &schema, &recipe, reader);
    }
    let bytes = read_input(&args.input)?;
    let open = |purpose| open(Source::from_bytes(&*bytes), purpose);
    match open(Purpose::Labels) {
        Ok(reader) => in_their_time(args, &schema, &recipe, reader),
        Err(ReadError::Header(_) | ReadError::UnknownColumns(_)) => {
            by_snapshot(args, &schema, &recipe, open(Purpose::Records).with_context(cannot)?)
        }
        Err(error) => Err(error).with_context(cannot),
    }
}

/// Computes each record as it is read.
fn by_snapshot(args: &FeaturesArgs, schema: &Schema, recipe: &Recipe, reader: Reader) -> anyhow::Result<()> {
    let mut matrix = Matrix::create(args, schema, recipe)?;
    let mut computer = recipe.computer();
    reader.for_each(|row| {
        let record = row.record(schema).map_err(|faults| of_row(row, &faults, schema))?;
        matrix.write(&record, |features| computer.features(&record, features))
    })?;
    matrix.finish()
}

/// Computes each row by the snapshot that it would have seen.
fn in_their_time(args: &FeaturesArgs, schema: &Schema, recipe: &Recipe, reader: Reader) -> anyhow::Result<()> {
    let known_at = labelled::place_of_known_at(&reader);
    let mut rows = Vec::new();
    reader.for_each(|row| {
        let labelled = labelled::read(row, schema, known_at);
        rows.push(labelled.map_err(|faults| of_row(row, &faults, schema))?);
        anyhow::Ok(())
    })?;
    let (past, mut computer) = (recipe.past(schema, &rows)?, recipe.computer());
    let mut matrix = Matrix::create(args, schema, recipe)?;
    for (place, Labelled { record, .. }) in rows.iter().enumerate() {
        matrix.write(record, |features| past.features(&mut computer, place, record, features))?;
    }
    matrix.finish()
}

fn of_row(row: Row<'_>, faults: &[Fault], schema: &Schema) -> anyhow::Error {
    of_rows(format!("{}: {}", row.place(), in_words(faults)), schema)
}

/// A matrix that is being written.
struct Matrix<'s> {
    /// The fields of the key, with their places.
    key: Vec<(usize, &'s Field)>,
    writer: TableWriter<Output>,
    features: Vec<f32>,
}

impl<'s> Matrix<'s> {
    fn create(args: &FeaturesArgs, schema: &'s Schema, recipe: &Recipe) -> anyhow::Result<Self> {
        let format = format::of_table(None, &args.output)?;
        let key: Vec<(usize, &Field)> = schema.key().iter().map(|&place| (place, &schema.fields()[place])).collect();
        let columns = key.iter().map(|(_, field)| OutputColumn::new(&*field.name, ColumnType::of(field)));
        let names = recipe.feature_names();
        let features = names.iter().map(|name| OutputColumn::new(&**name, ColumnType::Single));
        let layout = Layout::new(format, columns.chain(features).collect())?;
        let writer = TableWriter::new(&layout, Output::create(&args.output)?)?;
        Ok(Self { key, writer, features: vec![0.0; names.len()] })
    }

    fn write(&mut self, record: &Record, compute: impl FnOnce(&mut [f32])) -> anyhow::Result<()> {
        compute(&mut self.features);
        let key = self.key.iter();
        let key = key.map(|(place, field)| OutputCell::from(record.get(*place).map(|value| field.written(value))));
        let cells: Vec<_> = key.chain(self.features.iter().map(|value| OutputCell::Single(*value))).collect();
        Ok(self.writer.write_row(&cells)?)
    }

    fn finish(self) -> anyhow::Result<()> {
        self.writer.finish()?.finish()
    }
}
