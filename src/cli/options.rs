//! Options that several commands share, and how they go before the environment.

use std::path::PathBuf;

use clap::Args;

use super::failure::UsageError;
use crate::config::Config;

/// Where predictions are kept.
#[derive(Debug, Args)]
pub(super) struct DatabaseOption {
    /// Where predictions are kept [env: `DATABASE_URL`] [default: sqlite:predictions.db]
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
}

/// Which model.
#[derive(Debug, Args)]
pub(super) struct ModelOption {
    /// Folder with a model package [env: `MODEL_DIR`] [default: the package built in]
    #[arg(long, value_name = "DIR")]
    model_dir: Option<PathBuf>,
}

/// An environment variable, and what an option says in its place.
pub(super) type Setting = (&'static str, Option<String>);

impl DatabaseOption {
    pub(super) fn setting(&self) -> Setting {
        ("DATABASE_URL", self.database_url.clone())
    }
}

impl ModelOption {
    pub(super) fn setting(&self) -> Setting {
        ("MODEL_DIR", self.model_dir.as_ref().map(|folder| folder.to_string_lossy().into_owned()))
    }
}

/// Reads the settings: an option that was given goes before its variable.
pub(super) fn config(options: &[Setting]) -> Result<Config, UsageError> {
    let lookup = |name: &str| {
        let option = options.iter().find(|(variable, _)| *variable == name).and_then(|(_, value)| value.clone());
        option.or_else(|| std::env::var(name).ok())
    };
    Config::from_lookup(lookup).map_err(UsageError)
}
