//! The command line: serve, pack, predict, score in bulk on AWS, record outcomes, make snapshots of a history, look at a package, monitor
//! it, back its predictions up and forget some, what training needs (fit, features, baseline), what a container needs (health), and what a
//! shell needs (completions, man pages).

mod answered;
mod backup;
mod baseline;
mod bulk;
mod check;
mod compare;
mod counted;
mod export;
mod failure;
mod features;
mod fields;
mod fit;
mod forget;
mod format;
mod health;
mod labelled;
mod monitor;
mod options;
mod outcomes;
mod output;
mod pack;
mod package;
mod predict;
mod progress;
mod replay;
mod sample;
mod serve;
mod shell;
mod snapshot;
mod table;
mod unpacked;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Serves a trained model of a table: over HTTP, or file to file.
#[derive(Debug, Parser)]
#[command(name = "lifeboat", version, propagate_version = true, max_term_width = 120, after_help = EXAMPLES)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
    /// Says only what is wrong: no summary, no progress, a report for people only where the command ends with 3, and of a server's log
    /// only warnings
    #[arg(short, long, global = true)]
    quiet: bool,
}

const EXAMPLES: &str = "\
Examples:
  lifeboat serve                                    then open http://localhost:8080
  lifeboat predict test.csv --output predictions.csv
  lifeboat package

Exit status:
  0    done
  1    failed; a line on standard error that begins with error: says why
  2    the command line or a setting cannot be used
  3    done, and something bad was found: drift, bad data, a difference, no better model
  141  whoever read the output went away, as head does

Colours are for terminals only, and for none where NO_COLOR is set.";

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Predict(predict::PredictArgs),
    Bulk(bulk::BulkArgs),
    Outcomes(outcomes::OutcomesArgs),
    Snapshot(snapshot::SnapshotArgs),
    Package(package::PackageArgs),
    Monitor(monitor::MonitorArgs),
    Replay(replay::ReplayArgs),
    Export(export::ExportArgs),
    Forget(forget::ForgetArgs),
    Backup(backup::BackupArgs),
    Check(check::CheckArgs),
    Compare(compare::CompareArgs),
    Pack(Box<pack::PackArgs>),
    Fit(fit::FitArgs),
    Features(features::FeaturesArgs),
    Baseline(baseline::BaselineArgs),
    Health(health::HealthArgs),
    Completions(shell::CompletionsArgs),
    Man(shell::ManArgs),
}

impl Cli {
    /// Runs the command that was asked for, says what failed, and returns what the program ends with.
    pub fn run(self) -> ExitCode {
        let done = match &self.command {
            Command::Serve(args) => serve::serve(args, self.quiet),
            Command::Predict(args) => predict::predict(args, self.quiet),
            Command::Bulk(args) => return bulk::bulk(args, self.quiet).unwrap_or_else(|error| failure::tell(&error)),
            Command::Outcomes(args) => outcomes::outcomes(args, self.quiet),
            Command::Snapshot(args) => {
                return snapshot::snapshot(args, self.quiet).unwrap_or_else(|error| failure::tell(&error));
            }
            Command::Package(args) => {
                return package::package(args, self.quiet).unwrap_or_else(|error| failure::tell(&error));
            }
            Command::Monitor(args) => {
                return monitor::monitor(args, self.quiet).unwrap_or_else(|error| failure::tell(&error));
            }
            Command::Replay(args) => {
                return replay::replay(args, self.quiet).unwrap_or_else(|error| failure::tell(&error));
            }
            Command::Export(args) => export::export(args, self.quiet),
            Command::Forget(args) => forget::forget(args, self.quiet),
            Command::Backup(args) => backup::backup(args, self.quiet),
            Command::Check(args) => {
                return check::check(args, self.quiet).unwrap_or_else(|error| failure::tell(&error));
            }
            Command::Compare(args) => {
                return compare::compare(args, self.quiet).unwrap_or_else(|error| failure::tell(&error));
            }
            Command::Pack(args) => pack::pack(args, self.quiet),
            Command::Fit(args) => fit::fit(args),
            Command::Features(args) => features::features(args),
            Command::Baseline(args) => baseline::baseline(args),
            Command::Health(args) => health::health(args, self.quiet),
            Command::Completions(args) => shell::completions(args),
            Command::Man(args) => shell::man(args),
        };
        done.map_or_else(|error| failure::tell(&error), |()| ExitCode::SUCCESS)
    }
}
