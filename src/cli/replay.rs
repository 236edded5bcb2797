//! `lifeboat replay`: computes stored predictions again, and tells what comes out differently.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use futures_util::TryStreamExt;
use jiff::Timestamp;

use super::failure::FOUND;
use super::options::{self, DatabaseOption, ModelOption, WindowOption};
use super::output::Output;
use super::sample::Sample;
use crate::features::FEATURE_NAMES;
use crate::model::Model;
use crate::prediction::Prediction;
use crate::service;

/// A value that comes out this much different is another one: more than what other processors make of the same sum.
const TOLERANCE: f32 = 1e-6;

/// So many predictions are computed at a time.
const CHUNK_ROWS: usize = 1024;

/// So many differences are shown before the rest is only counted.
const SHOWN_DIFFERENCES: usize = 20;

/// Computes stored predictions again from their passengers, by the model that made them, and tells every difference above 1e-6; ends
/// with 3 if there is one. Only predictions of the sample are found: those that `MONITOR_SAMPLE_RATE` let be read by time when they were
/// stored.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat replay --since 7d
  lifeboat replay --since 90d --package releases/1.0.0 --package releases/1.1.0")]
pub(super) struct ReplayArgs {
    #[command(flatten)]
    window: WindowOption,
    /// Folder with the package of another version that made predictions; may be given several times
    #[arg(long, value_name = "DIR")]
    package: Vec<PathBuf>,
    #[command(flatten)]
    database: DatabaseOption,
    #[command(flatten)]
    model: ModelOption,
}

/// Replays a window.
pub(super) fn replay(args: &ReplayArgs, quiet: bool) -> anyhow::Result<ExitCode> {
    let window = args.window.window(Timestamp::now())?;
    let config = options::config(&[args.database.setting(), args.model.setting()])?;
    let folders = [config.model_dir.as_ref()].into_iter().chain(args.package.iter().map(Some));
    let models = folders.map(|folder| {
        let name = folder.map_or_else(|| "that is built in".to_owned(), |folder| format!("in {}", folder.display()));
        let model = Model::load(folder.map(PathBuf::as_path));
        model.with_context(|| format!("the model package {name} cannot be used"))
    });
    let models: HashMap<Arc<str>, Model> =
        models.map(|model| model.map(|model| (Arc::clone(model.version()), model))).collect::<anyhow::Result<_>>()?;
    let store = options::existing_store(config.database)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut tally = Tally::default();
    runtime.block_on(async {
        let mut chunks = store.window(window).try_chunks(CHUNK_ROWS);
        while let Some(chunk) = chunks.try_next().await? {
            tally.replay(chunk, &models)?;
        }
        anyhow::Ok(())
    })?;
    tally.tell(quiet)
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
    fn replay(&mut self, chunk: Vec<Prediction>, models: &HashMap<Arc<str>, Model>) -> anyhow::Result<()> {
        let mut by_version: BTreeMap<Arc<str>, Vec<Prediction>> = BTreeMap::new();
        for prediction in chunk {
            self.sample.count(prediction.id);
            by_version.entry(Arc::clone(&prediction.model_version)).or_default().push(prediction);
        }
        for (version, stored) in by_version {
            let Some(model) = models.get(&version) else {
                *self.not_at_hand.entry(version).or_default() += stored.len() as u64;
                continue;
            };
            let passengers = stored.iter().map(|prediction| prediction.passenger.clone()).collect();
            let again = service::predict(model, passengers, Timestamp::UNIX_EPOCH)?;
            stored.iter().zip(&again).for_each(|(stored, again)| self.compare(stored, again));
        }
        Ok(())
    }

    fn compare(&mut self, stored: &Prediction, again: &Prediction) {
        let mut differences = differences(stored, again);
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
fn differences(stored: &Prediction, again: &Prediction) -> Vec<String> {
    let mut differences = Vec::new();
    let mut compare = |name: &str, stored: f32, again: f32| {
        // What was not stored, for there was no such feature then, cannot differ.
        if (stored - again).abs() > TOLERANCE {
            differences.push(format!("{name} is {stored} in the store, and {again} now"));
        }
    };
    compare("probability", stored.probability, again.probability);
    for ((name, stored), again) in FEATURE_NAMES.iter().zip(stored.features.0).zip(again.features.0) {
        compare(name, stored, again);
    }
    if stored.id != again.id {
        differences.push(format!("the passenger in the store is that of {}", again.id));
    }
    differences
}
