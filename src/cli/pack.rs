//! `lifeboat pack`: a package of a graph that somebody exported, or of a folder that has all but hashes and a version.

mod agreement;
mod answered;
mod expected;
mod report;
mod staging;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, anyhow, bail};
use clap::Args;
use serde_json::{Value as Json, json};

use self::agreement::{Agreed, Suspects};
use self::answered::AnsweredRows;
use self::expected::Expected;
use self::report::Report;
use self::staging::{Identity, Staging};
use super::failure::{Advised, UsageError};
use super::fit::{TrainingRows, training_rows};
use super::format;
use super::unpacked::Unpacked;
use crate::package::error::LoadError;
use crate::package::files::{BASELINE, GOLDEN, MANIFEST, RECIPE, SCHEMA};
use crate::package::graph::Outline;
use crate::package::inspection::Inspection;
use crate::package::pack::{Found, Wishes, find_out};
use crate::package::{self, Package, Training};
use crate::table::columns::ExtraColumns;
use crate::table::descriptor::SchemaDescriptor;
use crate::table::format::Format;
use crate::table::source::Source;
use crate::table::survey::Survey;
use crate::table::{Schema, load};

/// Makes a package: of an ONNX graph and the data that its model was trained on, or of a folder that has all but hashes and a version.
///
/// Of a graph, the schema is inferred from the data and the graph, and written into the package to be reviewed: a schema.json that is
/// there is kept. All rows are run. Give the model's own predictions with --expect: exporters write graphs that answer otherwise than
/// the model without a word.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat pack churn.onnx --data train.csv --target churned --key customer_id --expect proba.csv --output churn/
  lifeboat pack churn.onnx --data train.csv --schema reviewed.json --output churn/
  lifeboat pack churn/ --data train.csv             a folder with schema.json, model.onnx, and what a recipe needs
  lifeboat pack churn/                              after a file of it was changed")]
pub(super) struct PackArgs {
    /// An ONNX graph, or a folder with schema.json and model.onnx
    #[arg(value_name = "GRAPH")]
    graph: PathBuf,
    /// File with the rows that the model was trained on, the target among their columns; `-` is standard input
    #[arg(long, value_name = "FILE")]
    data: Option<PathBuf>,
    /// Folder for the package of a graph; its name is the model's
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
    #[command(flatten)]
    table: TableArgs,
    #[command(flatten)]
    said: Said,
    #[command(flatten)]
    proof: ProofArgs,
}

/// What a record is.
#[derive(Debug, Args)]
#[command(next_help_heading = "The table")]
struct TableArgs {
    /// Column that is predicted
    #[arg(long, value_name = "COLUMN")]
    target: Option<String>,
    /// Columns that name what a record is about
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    key: Vec<String>,
    /// Column that tells when what a record is about takes place
    #[arg(long, value_name = "COLUMN")]
    time: Option<String>,
    /// Of two values of the target, the one whose probability is told
    #[arg(long, value_name = "VALUE")]
    positive: Option<String>,
    /// Columns by whose values `lifeboat compare` looks at groups
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    compare_by: Vec<String>,
    /// A schema that was written or reviewed [default: schema.json in the output, if it is there]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["key", "time", "positive", "compare_by"])]
    schema: Option<PathBuf>,
}

/// What a package says of itself and of its graph.
#[derive(Debug, Args)]
#[command(next_help_heading = "The model")]
struct Said {
    /// What the model is called [default: the name of the folder]
    #[arg(long)]
    name: Option<String>,
    /// Three numbers [default: 1.0.0, or what the package has]
    #[arg(long, value_name = "VERSION")]
    version: Option<semver::Version>,
    /// Columns that the graph reads, in its order, or INPUT=COLUMN where an input is named otherwise
    #[arg(long, value_name = "COLUMN", value_delimiter = ',')]
    inputs: Vec<String>,
    /// Values of the target in the order of the graph's probabilities: a classifier's `classes_`
    #[arg(long, value_name = "VALUE", value_delimiter = ',')]
    classes: Vec<String>,
    /// What the graph reads where a text is missing, as COLUMN=TEXT
    #[arg(long, value_name = "COLUMN=TEXT", value_parser = pair)]
    missing_text: Vec<(String, String)>,
    /// Probability from which on the positive value is predicted [default: the graph's own label counts]
    #[arg(long, value_name = "PROBABILITY")]
    threshold: Option<f32>,
}

/// What shows that the package answers as the model does.
#[derive(Debug, Args)]
#[command(next_help_heading = "The proof")]
struct ProofArgs {
    /// The model's own predictions for the rows of --data, in their order: of classes `predict_proba`, of a number `predict`, as CSV, NPY
    /// or Parquet
    #[arg(long, value_name = "FILE", requires = "data")]
    expect: Option<PathBuf>,
    /// What made them, as in "scikit-learn 1.7.2"
    #[arg(long, value_name = "LIBRARY", requires = "expect")]
    trained_by: Option<String>,
    /// Takes so many rows whose answers differ, which are named in the manifest
    #[arg(long, value_name = "N", default_value_t = 0, requires = "expect")]
    accept_differences: usize,
    /// File with labelled rows that the model was not trained on, to tell how good it is [default: --data]
    #[arg(long, value_name = "FILE", requires = "data")]
    evaluate: Option<PathBuf>,
    /// File with records and the answers of another program, kept in the package for tests
    #[arg(long, value_name = "FILE")]
    golden: Option<PathBuf>,
}

impl Said {
    fn identity(&self) -> Identity {
        let version = self.version.as_ref().map(ToString::to_string);
        Identity { name: self.name.clone(), version, threshold: self.threshold }
    }
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("expected COLUMN=TEXT")?;
    Ok((name.to_owned(), value.to_owned()))
}

/// Makes a package.
pub(super) fn pack(args: &PackArgs, quiet: bool) -> anyhow::Result<()> {
    let is_folder = args.graph.is_dir();
    args.refuse_a_table()?;
    let target = if is_folder { &args.graph } else { args.output()? };
    if !is_folder && args.data.is_none() {
        return Err(usage("--data: name the file with the rows that the model was trained on"));
    }
    let cannot = || format!("cannot pack {}", args.graph.display());
    let staging = if is_folder { Staging::of_package(target) } else { Staging::of_graph(target, &args.graph) };
    let staging = staging.with_context(cannot)?;
    let data = args.data.as_deref().map(Data::read).transpose()?;
    let mut report = Report::default();
    let found = match &data {
        // A recipe, or a manifest that was written by hand, says all that there is to find out.
        Some(data) if !staging.has(RECIPE) && !staging.has(MANIFEST) => {
            let found = args.find_out(&staging, data, &mut report).with_context(cannot);
            found.map_err(|error| report.blame_what_is_kept(error))?
        }
        _ => {
            args.refuse_what_is_not_read()?;
            Found::default()
        }
    };
    staging.begin(&args.said.identity(), &found).with_context(cannot)?;
    if let Some(golden) = &args.proof.golden {
        staging.put(GOLDEN, &format::read_input(golden)?)?;
    }
    if let Some(data) = &data {
        args.tell_training(&staging, data, &mut report)?;
    } else {
        let before = staging.figures()?;
        package::seal(staging.path()).with_context(cannot)?;
        let after = staging.figures()?;
        report.dropped = before.into_iter().filter(|property| !after.contains(property)).collect();
    }
    let package = Package::load(staging.path()).with_context(cannot)?;
    let inspected = Inspection::new(&package, Some(staging.path())).with_context(cannot)?;
    if let Some(fault) = inspected.faults().first() {
        return Err(anyhow!("{fault}")).with_context(cannot);
    }
    staging.take_place().with_context(cannot)?;
    if quiet { Ok(()) } else { report.print(&package, target) }
}

/// A table that is read once, however often it is looked at: it may be standard input.
struct Data<'a> {
    file: &'a Path,
    bytes: Vec<u8>,
}

impl<'a> Data<'a> {
    fn read(file: &'a Path) -> anyhow::Result<Self> {
        Ok(Self { file, bytes: format::read_input(file)? })
    }

    fn training_rows(&self, schema: &Schema) -> anyhow::Result<TrainingRows> {
        training_rows(schema, self.file, &self.bytes, ExtraColumns::Ignore)
    }
}

fn usage(problem: &str) -> anyhow::Error {
    UsageError(anyhow!("{problem}")).into()
}

impl PackArgs {
    fn output(&self) -> anyhow::Result<&PathBuf> {
        self.output.as_ref().ok_or_else(|| usage("--output: name the folder that becomes the package"))
    }

    /// Refuses a table in the place of the graph, and says how the command goes.
    fn refuse_a_table(&self) -> anyhow::Result<()> {
        // JSON may be anything, a model of another library too.
        let is_table = Format::from_path(&self.graph).is_some_and(|format| format != Format::Json);
        if !is_table || !self.graph.is_file() {
            return Ok(());
        }
        let is_graph = |file: &&PathBuf| file.extension().is_some_and(|extension| extension == "onnx");
        let graph =
            self.data.as_ref().filter(is_graph).map_or_else(|| "MODEL.onnx".into(), |file| file.display().to_string());
        let target = self.table.target.as_deref().unwrap_or("COLUMN");
        let output = self.output.as_ref().map_or_else(|| "DIR".into(), |folder| folder.display().to_string());
        let table = self.graph.display();
        let problem = format!("{table} is a table, and stands where the model's graph belongs");
        let advice = format!("lifeboat pack {graph} --data {table} --target {target} --output {output}");
        Err(UsageError(Advised { problem, advice }.into()).into())
    }

    /// Reads what the graph tells of itself.
    fn outline(staging: &Staging) -> anyhow::Result<Outline> {
        staging.outline().map_err(|error| match error.downcast_ref() {
            Some(LoadError::Malformed { .. }) => {
                let advice = "GRAPH is what an exporter wrote, as MODEL.onnx, and the table stands behind --data; docs/models.md tells how a model is \
                              exported, and in Python lifeboat_tabular.pack(model, X, y, DIR) does both";
                Advised { problem: format!("{error:#}"), advice: advice.to_owned() }.into()
            }
            _ => error,
        })
    }

    /// Refuses options that only say what a package is to be, of one that says so itself.
    fn refuse_what_is_not_read(&self) -> anyhow::Result<()> {
        let (table, said) = (&self.table, &self.said);
        let given = [
            ("--target", table.target.is_some()),
            ("--key", !table.key.is_empty()),
            ("--time", table.time.is_some()),
            ("--positive", table.positive.is_some()),
            ("--compare-by", !table.compare_by.is_empty()),
            ("--schema", table.schema.is_some()),
            ("--inputs", !said.inputs.is_empty()),
            ("--classes", !said.classes.is_empty()),
            ("--missing-text", !said.missing_text.is_empty()),
            ("--output", self.output.is_some()),
        ];
        match given.into_iter().find(|(_, is_given)| *is_given) {
            Some((option, _)) => {
                Err(usage(&format!("{option}: the folder says that itself: write it into its {SCHEMA} or {MANIFEST}")))
            }
            None => Ok(()),
        }
    }

    /// Finds out what data and graph make of a package.
    fn find_out(&self, staging: &Staging, data: &Data<'_>, report: &mut Report) -> anyhow::Result<Found> {
        let outline = Self::outline(staging)?;
        let survey = Survey::of(Source::from_bytes(&*data.bytes))
            .with_context(|| format!("cannot read {}", format::name(data.file)))?;
        let reviewed = self.reviewed(staging)?;
        if reviewed.is_some() && self.table.schema.is_none() {
            report.kept = self.output.as_ref().map(|folder| folder.join(SCHEMA).display().to_string());
        }
        let told = reviewed.as_ref().map(|schema| schema.lifeboat.clone());
        let target = match (&self.table.target, &told) {
            (Some(target), Some(told)) if *target != told.label => {
                bail!("--target is {target:?}, but the schema's label is {:?}: correct one of them", told.label)
            }
            (Some(target), _) => target.clone(),
            (None, Some(told)) => told.label.clone(),
            (None, None) => return Err(usage("--target: name the column that is predicted")),
        };
        let key = told.as_ref().map_or_else(|| self.table.key.clone(), |told| told.key.as_slice().to_vec());
        let wishes = Wishes {
            target,
            key,
            time: told.as_ref().map_or_else(|| self.table.time.clone(), |told| told.time.clone()),
            compare_by: told.as_ref().map_or_else(|| self.table.compare_by.clone(), |told| told.compare_by.clone()),
            positive: self.table.positive.clone(),
            inputs: self.said.inputs.clone(),
            classes: self.said.classes.clone(),
            missing_texts: self.said.missing_text.iter().cloned().collect::<BTreeMap<_, _>>(),
        };
        let found = find_out(&outline, &survey, &wishes, reviewed.as_ref())?;
        report.decisions.clone_from(&found.decisions);
        report.doubts.clone_from(&found.doubts);
        if self.proof.expect.is_none() {
            report.doubts.splice(..0, found.unproven.iter().cloned());
        }
        report.unknown.clone_from(&found.unknown);
        report.producer = outline.producer;
        if let Some(schema) = &found.schema {
            staging.put(SCHEMA, schema.as_bytes())?;
        }
        Ok(found)
    }

    /// Returns the schema that was written or reviewed, where there is one.
    fn reviewed(&self, staging: &Staging) -> anyhow::Result<Option<SchemaDescriptor>> {
        if let Some(path) = &self.table.schema {
            staging.put(SCHEMA, &format::read_input(path)?)?;
        }
        if !staging.has(SCHEMA) {
            return Ok(None);
        }
        let place = self.table.schema.as_ref().map_or_else(|| SCHEMA.to_owned(), |path| path.display().to_string());
        load::read(&staging.read(SCHEMA)?).map(Some).with_context(|| format!("{place} cannot be used"))
    }

    /// Writes what the rows tell: means, baseline, evaluation, and whether the graph answers as its model does.
    fn tell_training(&self, staging: &Staging, data: &Data<'_>, report: &mut Report) -> anyhow::Result<()> {
        let cannot = || format!("cannot pack {}", self.graph.display());
        let schema = Unpacked(staging.path()).schema().with_context(cannot)?;
        let recipe = staging.recipe(&schema).with_context(cannot)?;
        let read = data.training_rows(&schema).map_err(|error| report.blame_what_is_kept(error));
        let TrainingRows { rows, data_hash, warnings } = read?;
        (report.is_whole, report.warnings) = (true, warnings);
        let told = Training::new(&schema, recipe.as_ref(), &rows, data_hash).with_context(cannot)?;
        package::seal_with(staging.path(), Some(&told), &[]).with_context(cannot)?;
        let package = Package::load(staging.path()).with_context(cannot);
        let package = package.map_err(|error| report.blame_what_is_kept(error))?;
        let answered = AnsweredRows::new(&package, rows).with_context(cannot)?;
        staging.put_json(BASELINE, &answered.baseline(&package))?;
        let mut properties: Vec<(&str, Json)> = Vec::new();
        if let Some(expect) = &self.proof.expect {
            let wanted = if schema.classes().is_some() { "predict_proba(X)" } else { "predict(X)" };
            let expected = Expected::read(expect, answered.len(), wanted)?;
            let suspects = Suspects { has_trees: staging.outline()?.has_trees, unknown: report.unknown.clone() };
            let agreed = Agreed::new(&package, &answered, &expected)?;
            let agreement = agreed.accept(self.proof.accept_differences, self.proof.trained_by.as_deref(), &suspects);
            let agreement = agreement.with_context(cannot)?;
            properties.push(("agreement", json!(agreement)));
        }
        let evaluation = match &self.proof.evaluate {
            None => answered.evaluation(&package, "the training data"),
            Some(held_out) => {
                let TrainingRows { rows, .. } = Data::read(held_out)?.training_rows(package.schema())?;
                AnsweredRows::new(&package, rows)?.evaluation(&package, "held-out data")
            }
        };
        // What a training wrote into the manifest is worth more than what is found on its own rows. What an earlier pack measured of
        // another model is gone by now.
        if self.proof.evaluate.is_some() || !staging.says("evaluation")? && !staging.says("cross_validation")? {
            properties.push(("evaluation", evaluation));
        }
        package::seal_with(staging.path(), None, &properties).with_context(cannot)?;
        Ok(())
    }
}
