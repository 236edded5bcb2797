//! `lifeboat package`: what a package is, and whether all of it is as it should be.

mod figures;
mod graph;

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, ValueEnum};

use super::counted::counted;
use super::failure::FOUND;
use super::fields;
use super::options::{self, PackageOption};
use super::output::Output;
use super::table::{plain_table, text};
use crate::package::inspection::{GoldenRecords, Inspection};
use crate::package::json_schema::Written;
use crate::package::{Agreement, Package};
use crate::start;
use crate::table::Schema;
use figures::Story;

/// Tells what a package is and checks it: its files, its graph, its golden records. Ends with 1 if it cannot be used, with 3 if something
/// about it is wrong.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat package
  lifeboat package churn/
  lifeboat package churn/ --json | jq .evaluation
  lifeboat package --json-schema recipe > recipe.schema.json")]
pub(super) struct PackageArgs {
    /// Folder with a package [env: `MODEL_DIR`] [default: the package built in]
    #[arg(value_name = "DIR", conflicts_with = "package")]
    folder: Option<PathBuf>,
    #[command(flatten)]
    package: PackageOption,
    /// Prints the whole manifest, as `GET /model` answers it
    #[arg(long)]
    json: bool,
    /// Prints what a file of any package may hold, as a JSON Schema
    #[arg(long, value_enum, value_name = "FILE", conflicts_with_all = ["folder", "package", "json"])]
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

/// Looks at a package, and says what it is and what is wrong with it.
pub(super) fn package(args: &PackageArgs, quiet: bool) -> anyhow::Result<ExitCode> {
    if let Some(described) = args.json_schema {
        return print_json_schema(described.into());
    }
    let config = options::config(&[args.package.setting(), ("MODEL_DIR", args.folder.clone().map(Into::into))])?;
    let package = start::open_package(&config)?;
    let folder = config.model_dir.as_deref();
    let inspection = Inspection::new(&package, folder).with_context(|| start::unusable(folder))?;
    let mut output = Output::stdout();
    if args.json {
        writeln!(output, "{}", package.manifest_json())?;
    } else if !quiet {
        let story = serde_json::from_str(package.manifest_json()).context("the manifest cannot be told as a table")?;
        writeln!(output, "{}", tell(&package, &inspection, &story))?;
    }
    output.finish()?;
    let faults = inspection.faults();
    for fault in &faults {
        // A standard error that is closed can be told nothing.
        let _ = writeln!(io::stderr(), "wrong: {fault}");
    }
    Ok(if faults.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

fn print_json_schema(file: Written) -> anyhow::Result<ExitCode> {
    let mut output = Output::stdout();
    serde_json::to_writer_pretty(&mut output, &file.json_schema())?;
    writeln!(output)?;
    output.finish()?;
    Ok(ExitCode::SUCCESS)
}

fn tell(package: &Package, inspection: &Inspection, story: &Story) -> String {
    let parts = [
        facts(package, inspection, story),
        graph::tell(&inspection.graph),
        fields::tell(package.schema()),
        story.figures(),
        story.candidates(),
    ];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("\n\n")
}

fn facts(package: &Package, inspection: &Inspection, story: &Story) -> String {
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
    if let Some(trained_on) = story.trained_on(schema) {
        fact("trained on", trained_on);
    }
    let threshold = manifest.threshold.zip(positive(schema));
    let threshold = threshold
        .map_or_else(String::new, |(threshold, called)| format!(": {called} from a probability of {threshold}"));
    fact("predicts", format!("{} ({}){threshold}", schema.label_field().name, schema.task().name()));
    if !schema.key().is_empty() {
        let names: Vec<&str> = schema.key().iter().map(|&place| &*schema.fields()[place].name).collect();
        fact("key", names.join(", "));
    }
    fact("fields", schema.inputs().count().to_string());
    if !package.feature_names().is_empty() {
        fact("features", package.feature_names().len().to_string());
    }
    let agreement = manifest.agreement.as_ref();
    let largest = agreement
        .map_or_else(String::new, |found| format!("; the largest difference is {:e}", found.largest_difference));
    fact("compared", Agreement::in_words(agreement) + &largest);
    if let Some(golden) = golden(&inspection.golden) {
        fact("golden.csv", golden);
    }
    let unlike: Vec<String> = inspection.unlike.iter().map(ToString::to_string).collect();
    fact("files", if unlike.is_empty() { "as they were packed".to_owned() } else { unlike.join("; ") });
    fact("content hash", package.content_hash().to_owned());
    if let Some(hash) = package.snapshot() {
        fact("history hash", hash.to_string());
    }
    if let Some(hash) = &manifest.data_hash {
        fact("data hash", hash.clone());
    }
    text(&mut facts)
}

fn golden(records: &GoldenRecords) -> Option<String> {
    match records {
        GoldenRecords::None => None,
        GoldenRecords::Named => Some("not tried: it has keys in the place of records".to_owned()),
        GoldenRecords::Tried(golden) => Some(format!(
            "answered as they should be: {} of {}, largest difference {:.1e}",
            golden.agreeing,
            counted(golden.rows, "record"),
            golden.largest_difference
        )),
    }
}

/// Returns what the positive one of two classes is called.
fn positive(schema: &Schema) -> Option<String> {
    let [_, positive] = schema.classes()? else { return None };
    let called = schema.label_field().called(positive);
    // A number or a truth value says nothing without its label.
    Some(if called.parse::<f64>().is_ok() || called == "true" { "positive".to_owned() } else { called })
}
