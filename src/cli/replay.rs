//! `lifeboat replay`: computes stored predictions again, and tells what comes out differently.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use clap::Args;
use futures_util::TryStreamExt;
use jiff::Timestamp;

use super::failure::{FOUND, UsageError};
use super::options::{self, DatabaseOption, WindowOption};
use super::output::Output;
use super::sample::Sample;
use crate::config::Config;
use crate::package::{self, Package};
use crate::prediction::Prediction;
use crate::service;
use crate::start;
use crate::table::descriptor::Scalar;
use crate::table::json;

/// A value that comes out this much different is another one: more than what other processors make of the same sum.
const TOLERANCE: f32 = 1e-6;

/// So many differences are shown before the rest is only counted.
const SHOWN_DIFFERENCES: usize = 20;

/// Computes stored predictions again from their records, by the package that made them, and tells every difference above 1e-6; ends
/// with 3 if there is one. Only predictions of the sample are found: those that `MONITOR_SAMPLE_RATE` let be read by time when they were
/// stored.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat replay --since 7d
  lifeboat replay --package churn/
  lifeboat replay --since 90d --package releases/1.0.0 --package releases/1.1.0")]
pub(super) struct ReplayArgs {
    #[command(flatten)]
    window: WindowOption,
    /// Folder with a package that made predictions, beside the one that `MODEL_DIR` names or that is built in; may be given several
    /// times
    #[arg(long, value_name = "DIR")]
    package: Vec<PathBuf>,
    #[command(flatten)]
    database: DatabaseOption,
}

/// Replays a window.
pub(super) fn replay(args: &ReplayArgs, quiet: bool) -> anyhow::Result<ExitCode> {
    let window = args.window.window(Timestamp::now())?;
    let config = options::config(&[args.database.setting()])?;
    let packages = packages(args, &config)?;
    let store = options::existing_store(&config, &packages[0])?;
    let packages = packages.into_iter().map(|package| (Arc::clone(package.version()), package)).collect();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut tally = Tally::default();
    runtime.block_on(async {
        let mut pages = store.window(window);
        while let Some(page) = pages.try_next().await? {
            tally.replay(page, &packages)?;
        }
        tally.sample.count_deleted(store.deleted(window).await?);
        anyhow::Ok(())
    })?;
    tally.tell(quiet)
}

/// Opens the package that serves and those of other versions. The one that is built in gives way where others are of another table.
fn packages(args: &ReplayArgs, config: &Config) -> anyhow::Result<Vec<Arc<Package>>> {
    let others = args.package.iter().map(|folder| {
        let package = package::open(Some(folder));
        package.map(Arc::new).with_context(|| format!("the package in {} cannot be used", folder.display()))
    });
    let mut packages = others.collect::<anyhow::Result<Vec<_>>>()?;
    let served = start::open_package(config)?;
    if config.model_dir.is_some() || packages.first().is_none_or(|first| first.name() == served.name()) {
        packages.insert(0, served);
    }
    let name = packages[0].name();
    if let Some(other) = packages.iter().find(|other| other.name() != name) {
        let told = anyhow!("the packages are of {name} and of {}: replay those of one table", other.name());
        return Err(UsageError(told).into());
    }
    Ok(packages)
}

/// What came of the predictions.
#[derive(Debug, Default)]
struct Tally {
    sample: Sample,
    same: u64,
    differing: u64,
    /// The first differences, in words.
    shown: Vec<String>,
    /// How many predictions were made by versions that are not at hand.
    not_at_hand: BTreeMap<Arc<str>, u64>,
}

impl Tally {
    fn replay(&mut self, page: Vec<Prediction>, packages: &HashMap<Arc<str>, Arc<Package>>) -> anyhow::Result<()> {
        let mut by_version: BTreeMap<Arc<str>, Vec<Prediction>> = BTreeMap::new();
        for prediction in page {
            self.sample.count(&prediction.id);
            by_version.entry(Arc::clone(&prediction.model_version)).or_default().push(prediction);
        }
        for (version, stored) in by_version {
            let Some(package) = packages.get(&version) else {
                *self.not_at_hand.entry(version).or_default() += stored.len() as u64;
                continue;
            };
            let records: Vec<_> =
                stored.iter().map(|prediction| json::stored(package.schema(), &prediction.record)).collect();
            let again = service::predict(package, &records, Timestamp::UNIX_EPOCH)?;
            stored.iter().zip(&again).for_each(|(stored, again)| self.compare(stored, again, package.feature_names()));
        }
        Ok(())
    }

    fn compare(&mut self, stored: &Prediction, again: &Prediction, names: &[Box<str>]) {
        let mut differences = differences(stored, again, names);
        if differences.is_empty() {
            self.same += 1;
            return;
        }
        self.differing += 1;
        let room = SHOWN_DIFFERENCES.saturating_sub(self.shown.len());
        differences.truncate(room);
        self.shown.extend(differences.into_iter().map(|difference| format!("{}: {difference}", stored.id)));
    }

    fn tell(&self, quiet: bool) -> anyhow::Result<ExitCode> {
        let mut output = Output::stdout();
        for difference in &self.shown {
            writeln!(output, "{difference}")?;
        }
        for (version, count) in &self.not_at_hand {
            writeln!(output, "{count} by {version}, which is not at hand: give its package with --package DIR")?;
        }
        if !quiet {
            writeln!(output, "{} the same, {} different\n{}", self.same, self.differing, self.sample)?;
        }
        output.finish()?;
        Ok(if self.differing > 0 { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
    }
}

/// Returns what of a prediction came out differently, in words.
fn differences(stored: &Prediction, again: &Prediction, names: &[Box<str>]) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |name: &str, stored: f32, again: f32| {
        // What was not stored, for there was no such feature then, cannot differ.
        if (stored - again).abs() > TOLERANCE {
            differences.push(format!("{name} is {stored} in the store, and {again} now"));
        }
    };
    if let (Some(stored), Some(again)) = (stored.answer.probability, again.answer.probability) {
        compare("probability", stored, again);
    }
    let classes = |prediction: &Prediction| prediction.answer.probabilities.clone().unwrap_or_default();
    for ((class, stored), (_, again)) in classes(stored).into_iter().zip(classes(again)) {
        compare(&format!("probability of {class}"), stored, again);
    }
    let features = |prediction: &Prediction| prediction.features.clone().unwrap_or_default();
    for ((name, stored), again) in names.iter().zip(features(stored)).zip(features(again)) {
        compare(name, stored, again);
    }
    if !is_same_label(&stored.answer.label, &again.answer.label) {
        differences.push(format!("the label is {} in the store, and {} now", stored.answer.label, again.answer.label));
    }
    // What a program of the first form named cannot be named again.
    if stored.id.is_current() && stored.id != again.id {
        differences.push(format!("the record in the store is that of {}", again.id));
    }
    differences
}

/// Returns whether two labels are the same, numbers within the tolerance of their size.
fn is_same_label(stored: &Scalar, again: &Scalar) -> bool {
    match (stored, again) {
        (Scalar::Number(stored), Scalar::Number(again)) => {
            (stored - again).abs() <= f64::from(TOLERANCE) * stored.abs().max(1.0)
        }
        _ => stored == again,
    }
}
