//! The command line: serve, predict, record outcomes, what training needs (fit, features), and what a container needs (health).

mod fit;
mod health;
mod outcomes;
mod output;
mod predict;
mod records;
mod serve;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

/// Serves a trained Titanic-survival model: over HTTP, or file to file.
#[derive(Debug, Parser)]
#[command(name = "lifeboat", version, propagate_version = true)]
pub struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    Serve(serve::ServeArgs),
    Predict(predict::PredictArgs),
    Outcomes(outcomes::OutcomesArgs),
    Fit(FitArgs),
    Features(FeaturesArgs),
    Health(health::HealthArgs),
}

/// Fits the feature state (medians, history) to labelled passengers and writes it as DIR/features.json.
#[derive(Debug, Args)]
struct FitArgs {
    /// CSV file with Kaggle's columns, `Survived` among them.
    train: PathBuf,
    /// Folder for features.json; made where it does not exist.
    #[arg(long, value_name = "DIR")]
    output: PathBuf,
}

/// Writes the feature matrix of a CSV file: `PassengerId`, then one column a feature.
#[derive(Debug, Args)]
struct FeaturesArgs {
    /// CSV file with Kaggle's columns; `-` is standard input.
    input: PathBuf,
    /// Folder with the features.json of `lifeboat fit`.
    #[arg(long, value_name = "DIR")]
    model_dir: PathBuf,
    /// File for the matrix; `-` is standard output.
    #[arg(long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

impl Cli {
    /// Runs the command that was asked for.
    pub fn run(self) -> anyhow::Result<()> {
        match self.command {
            Command::Serve(args) => serve::serve(&args),
            Command::Predict(args) => predict::predict(&args),
            Command::Outcomes(args) => outcomes::outcomes(&args),
            Command::Fit(args) => fit::fit(&args.train, &args.output),
            Command::Features(args) => fit::features(&args.input, &args.model_dir, &args.output),
            Command::Health(args) => health::health(&args),
        }
    }
}
