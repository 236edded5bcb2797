//! Options that several commands share, and how they go before the environment.

use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::bail;
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use jiff::Timestamp;

use super::failure::UsageError;
use crate::config::{Config, DatabaseConfig};
use crate::monitor::window::Wanted;
use crate::store::{self, PredictionStore, Window};

/// Where predictions are kept.
#[derive(Debug, Args)]
pub(super) struct DatabaseOption {
    /// Where predictions are kept [env: `DATABASE_URL`] [default: sqlite:predictions.db]
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    database_url: Option<String>,
}

/// Which model.
#[derive(Debug, Args)]
pub(super) struct ModelOption {
    /// Folder with a model package [env: `MODEL_DIR`] [default: the package built in]
    #[arg(long, value_name = "DIR")]
    model_dir: Option<PathBuf>,
}

/// Which window of time.
#[derive(Debug, Args)]
pub(super) struct WindowOption {
    /// Span of time before now, as in 24h, 90m or 7d [default: 24h]
    #[arg(long, value_name = "SPAN", conflicts_with_all = ["from", "to"])]
    since: Option<String>,
    /// First moment, as in 2026-11-23 or 2026-11-23T10:15:00Z
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// Moment after the last [default: now]
    #[arg(long, value_name = "TIME", requires = "from")]
    to: Option<String>,
}

impl WindowOption {
    pub(super) fn window(&self, now: Timestamp) -> Result<Window, UsageError> {
        let Self { since, from, to } = self;
        let wanted = Wanted { since: since.as_deref(), from: from.as_deref(), to: to.as_deref() };
        wanted.window(now).map_err(|error| UsageError(error.into()))
    }
}

/// An environment variable, and what an option says in its place.
pub(super) type Setting = (&'static str, Option<OsString>);

impl DatabaseOption {
    pub(super) fn setting(&self) -> Setting {
        ("DATABASE_URL", self.database_url.clone().map(Into::into))
    }
}

impl ModelOption {
    pub(super) fn setting(&self) -> Setting {
        ("MODEL_DIR", self.model_dir.clone().map(Into::into))
    }
}

/// Opens the store that predictions were put into: a file that is not there is a mistake, not a new database.
pub(super) fn existing_store(database: DatabaseConfig) -> anyhow::Result<Arc<dyn PredictionStore>> {
    if let DatabaseConfig::Sqlite(sqlite) = &database
        && !store::sqlite::is_at(&sqlite.path)?
    {
        bail!("{} does not exist: nothing was stored there", sqlite.path.display());
    }
    store::open(database)
}

/// Reads the settings: an option that was given goes before its variable.
pub(super) fn config(options: &[Setting]) -> Result<Config, UsageError> {
    let lookup = |name: &str| {
        let option = options.iter().find(|(variable, _)| *variable == name).and_then(|(_, value)| value.clone());
        option.or_else(|| std::env::var_os(name))
    };
    Config::from_lookup(lookup).map_err(UsageError)
}
