//! `lifeboat replay`: computes stored predictions again, and tells what comes out differently.

mod at_hand;
mod chosen;
mod differences;

use std::collections::BTreeMap;
use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use clap::Args;
use futures_util::TryStreamExt;
use jiff::Timestamp;

use super::counted::Listed;
use super::failure::{FOUND, UsageError};
use super::options::{self, DatabaseOption, WindowOption};
use super::output::Output;
use super::sample::Sample;
use crate::config::Config;
use crate::package::{self, Package};
use crate::prediction::Prediction;
use crate::service;
use crate::start;
use crate::table::json;
use at_hand::{AtHand, Found};
use chosen::Chosen;
use differences::{differences, is_exact};

/// Computes stored predictions again from their records, by the package and the snapshot of its history that made them, and tells every
/// difference above 1e-6; ends with 3 if there is one. Only predictions of the sample are found: those that `MONITOR_SAMPLE_RATE` let be read by time when they were
/// stored.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat replay --since 7d
  lifeboat replay --package churn/
  lifeboat replay --since 365d --sample 1000                              # a thousand of the year
  lifeboat replay --since 90d --package releases/1.0.0 --package releases/1.1.0")]
pub(super) struct ReplayArgs {
    #[command(flatten)]
    window: WindowOption,
    /// Folder with a package that made predictions, beside the one that `MODEL_DIR` names or that is built in; may be given several
    /// times
    #[arg(long, value_name = "DIR")]
    package: Vec<PathBuf>,
    /// Replays so many predictions, chosen at random from those that are found
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    sample: Option<u32>,
    /// Seed of that choice: the same one chooses the same predictions
    #[arg(long, default_value_t = 0, requires = "sample")]
    seed: u64,
    #[command(flatten)]
    database: DatabaseOption,
}

/// Replays a window.
pub(super) fn replay(args: &ReplayArgs, quiet: bool) -> anyhow::Result<ExitCode> {
    let window = args.window.window(Timestamp::now())?;
    let config = options::config(&[args.database.setting()])?;
    let packages = packages(args, &config)?;
    let store = options::existing_store(&config, &packages[0])?;
    let mut at_hand = AtHand::new(packages, Arc::clone(&store));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut tally = Tally::default();
    runtime.block_on(async {
        let mut pages = store.window(window);
        let mut chosen = args.sample.map(|count| Chosen::new(count, args.seed));
        while let Some(page) = pages.try_next().await? {
            for prediction in &page {
                tally.sample.count(&prediction.id);
            }
            match &mut chosen {
                Some(chosen) => chosen.take_from(page),
                None => tally.replay(page, &mut at_hand).await?,
            }
        }
        if let Some(chosen) = chosen {
            tally.replay(chosen.into_predictions(), &mut at_hand).await?;
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
    /// How many of the same are so to the bit.
    exact: u64,
    differing: u64,
    /// The differences, in words.
    shown: Listed,
    /// How many predictions were made by what is not at hand, in words.
    not_at_hand: BTreeMap<String, u64>,
}

/// By what a prediction was made: the version of a package, and the snapshot of its history.
type Made = (Arc<str>, Option<Arc<str>>);

impl Tally {
    async fn replay(&mut self, page: Vec<Prediction>, at_hand: &mut AtHand) -> anyhow::Result<()> {
        let mut groups: BTreeMap<Made, Vec<Prediction>> = BTreeMap::new();
        for prediction in page {
            let made = (Arc::clone(&prediction.model_version), prediction.snapshot.clone());
            groups.entry(made).or_default().push(prediction);
        }
        for ((version, snapshot), stored) in groups {
            let lacking = match at_hand.find(&version, snapshot.as_deref()).await? {
                Found::Package(package) => {
                    self.replay_by(&package, &stored)?;
                    continue;
                }
                Found::NoPackage => format!("{version}, which is not at hand: give its package with --package DIR"),
                Found::NoSnapshot(reason) => {
                    let snapshot = snapshot.unwrap_or_default();
                    format!("{version} and the snapshot {snapshot}, which is not at hand: {reason}")
                }
            };
            *self.not_at_hand.entry(lacking).or_default() += stored.len() as u64;
        }
        Ok(())
    }

    fn replay_by(&mut self, package: &Package, stored: &[Prediction]) -> anyhow::Result<()> {
        let records: Vec<_> =
            stored.iter().map(|prediction| json::stored(package.schema(), &prediction.record)).collect();
        let again = service::predict(package, &records, Timestamp::UNIX_EPOCH)?;
        stored.iter().zip(&again).for_each(|(stored, again)| self.compare(stored, again, package.feature_names()));
        Ok(())
    }

    fn compare(&mut self, stored: &Prediction, again: &Prediction, names: &[Box<str>]) {
        let differences = differences(stored, again, names);
        if differences.is_empty() {
            self.same += 1;
            self.exact += u64::from(is_exact(stored, again));
            return;
        }
        self.differing += 1;
        for difference in differences {
            self.shown.push(|| format!("{}: {difference}", stored.id));
        }
    }

    fn tell(&self, quiet: bool) -> anyhow::Result<ExitCode> {
        let mut output = Output::stdout();
        if self.shown.count() > 0 {
            writeln!(output, "{}", self.shown)?;
        }
        for (lacking, count) in &self.not_at_hand {
            writeln!(output, "{count} by {lacking}")?;
        }
        if !quiet {
            writeln!(output, "{} the same, {} different", self.same, self.differing)?;
            writeln!(output, "{} the same bit for bit{}", self.exact, self.sample)?;
        }
        output.finish()?;
        Ok(if self.differing > 0 { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
    }
}
