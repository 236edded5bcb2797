//! `lifeboat baseline`: what the training data looks like, which monitoring compares later records with.

mod out_of_fold;

use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use clap::Args;

use self::out_of_fold::OutOfFold;
use super::answered::{Answered, answered};
use super::fit::write_json;
use super::format::{self, OtherColumnsOption};
use super::labelled;
use super::unpacked::Unpacked;
use crate::lifecycle::builder::BaselineBuilder;
use crate::package::files::BASELINE;
use crate::package::recipe::Recipe;
use crate::package::{self, Package};
use crate::table::Schema;
use crate::table::record::Labelled;

/// Writes what labelled rows look like, field by field, into a package's baseline.json, which monitoring compares later records with.
///
/// The model is watched by its answers too. Those to its own training rows are surer than those to come: give it the answers of
/// cross-validation where there are some.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat baseline train.csv --package churn/ --out-of-fold predictions.csv && lifeboat pack churn/
  lifeboat baseline recent.parquet --package churn/ -o -")]
pub(super) struct BaselineArgs {
    /// File with the table's fields, the label among them; `-` is standard input
    data: PathBuf,
    /// Folder with the package: packed, unless the answers are given
    #[arg(long, value_name = "DIR")]
    package: PathBuf,
    /// File with an answer for each row, in the same order, in columns as `lifeboat predict` writes them: `probability`,
    /// `probability_CLASS` for each class, or the label's name for a number; others are ignored [default: the package's own answers]
    #[arg(long, value_name = "FILE")]
    out_of_fold: Option<PathBuf>,
    #[command(flatten)]
    other_columns: OtherColumnsOption,
    /// File for the baseline; `-` is standard output [default: baseline.json of the package]
    #[arg(short, long, value_name = "FILE")]
    output: Option<PathBuf>,
}

/// Makes the baseline of a file.
pub(super) fn baseline(args: &BaselineArgs) -> anyhow::Result<()> {
    let schema = Unpacked(&args.package).schema()?;
    let mut answers = Answers::open(args, &schema)?;
    let mut builder = BaselineBuilder::new(&schema, answers.feature_names());
    let source = format::source(&args.data)?;
    let rows = match answers.recipe() {
        // What a row would have looked up of the last days follows from all others.
        Some(recipe) if recipe.calendar().is_some() => labelled::read_all(&schema, source, args.other_columns.get())
            .and_then(|rows| add(&rows, &schema, &mut answers, &mut builder)),
        _ => labelled::for_each_chunk(&schema, source, args.other_columns.get(), |rows| {
            add(&rows, &schema, &mut answers, &mut builder)
        }),
    };
    rows.with_context(|| format!("cannot make a baseline of {}", args.data.display()))?;
    answers.end()?;
    let baseline = builder.build(Some(answers.source()));
    if baseline.rows == 0 {
        bail!("{} holds no {}", args.data.display(), schema.noun().many);
    }
    let beside = || args.package.join(BASELINE);
    write_json(&args.output.clone().unwrap_or_else(beside), &baseline)
}

/// Adds rows with their answers.
fn add(rows: &[Labelled], schema: &Schema, answers: &mut Answers, builder: &mut BaselineBuilder) -> anyhow::Result<()> {
    let answered = answers.of_next(schema, rows)?;
    for (row, (features, answer)) in rows.iter().zip(&answered) {
        builder.add(&row.record, features, row.label.as_ref(), Some(answer.as_answer()));
    }
    Ok(())
}

/// Where the answers come from, and the features with them.
enum Answers {
    /// The package's own graph, which was trained on these records.
    Own(Box<Package>),
    /// A file, of models that were not; the graph is not read, so that there need not be one yet.
    OutOfFold(Option<Box<Recipe>>, Box<OutOfFold>),
}

impl Answers {
    fn open(args: &BaselineArgs, schema: &Schema) -> anyhow::Result<Self> {
        let Some(file) = &args.out_of_fold else { return Self::own(&args.package) };
        let package = Unpacked(&args.package);
        let recipe = package.has_recipe().then(|| package.recipe(schema, package)).transpose()?;
        Ok(Self::OutOfFold(recipe.map(Box::new), OutOfFold::open(file, schema)?.into()))
    }

    fn own(folder: &Path) -> anyhow::Result<Self> {
        let cannot = || format!("the package in {} cannot answer yet", folder.display());
        Ok(Self::Own(package::open(Some(folder)).with_context(cannot)?.into()))
    }

    fn recipe(&self) -> Option<&Recipe> {
        match self {
            Self::Own(package) => package.recipe(),
            Self::OutOfFold(recipe, _) => recipe.as_deref(),
        }
    }

    fn feature_names(&self) -> &[Box<str>] {
        self.recipe().map_or(&[], Recipe::feature_names)
    }

    /// Returns the features and the answers of the next rows.
    fn of_next(&mut self, schema: &Schema, rows: &[Labelled]) -> anyhow::Result<Vec<Answered>> {
        match self {
            Self::Own(package) => answered(package, rows),
            Self::OutOfFold(recipe, file) => {
                let features = match recipe {
                    Some(recipe) => features(recipe, schema, rows)?,
                    None => vec![Box::default(); rows.len()],
                };
                features.into_iter().map(|features| Ok((features, file.next()?))).collect()
            }
        }
    }

    /// Checks that there are no more answers than records.
    fn end(&mut self) -> anyhow::Result<()> {
        match self {
            Self::Own(_) => Ok(()),
            Self::OutOfFold(_, file) => file.end(),
        }
    }

    fn source(&self) -> &'static str {
        match self {
            Self::Own(_) => "of the training data",
            Self::OutOfFold(..) => "out of fold",
        }
    }
}

fn features(recipe: &Recipe, schema: &Schema, rows: &[Labelled]) -> anyhow::Result<Vec<Box<[f32]>>> {
    let (past, mut computer) = (recipe.past(schema, rows)?, recipe.computer());
    let of_row = |(place, row): (usize, &Labelled)| {
        let mut features: Box<[f32]> = vec![0.0; recipe.feature_names().len()].into();
        past.features(&mut computer, place, &row.record, &mut features);
        features
    };
    Ok(rows.iter().enumerate().map(of_row).collect())
}
