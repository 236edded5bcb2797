//! Options that several commands share, and how they go before the environment.

use std::ffi::OsString;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use jiff::Timestamp;

use super::failure::{Advised, UsageError};
use crate::config::Config;
use crate::lifecycle::window::Wanted;
use crate::package::Package;
use crate::start;
use crate::store::{self, Database, PredictionStore, Window};

/// Where predictions are kept.
#[derive(Debug, Args)]
pub(super) struct DatabaseOption {
    /// Where predictions are kept [env: `DATABASE_URL`] [default: sqlite:NAME.db, by the package's name]
    #[arg(long, value_name = "URL", value_parser = NonEmptyStringValueParser::new())]
    database_url: Option<String>,
}

/// Which package.
#[derive(Debug, Args)]
pub(super) struct PackageOption {
    /// Folder with a package [env: `MODEL_DIR`] [default: the package built in]
    #[arg(long, value_name = "DIR")]
    package: Option<PathBuf>,
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
    /// Returns the place in S3 that somebody named as the end of the window.
    pub(super) fn bucket(&self) -> Option<&str> {
        self.to.as_deref().filter(|to| to.starts_with("s3://"))
    }

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

impl PackageOption {
    pub(super) fn setting(&self) -> Setting {
        ("MODEL_DIR", self.package.clone().map(Into::into))
    }
}

/// Opens the store that predictions were put into: a file that is not there is a mistake, not a new database.
pub(super) fn existing_store(config: &Config, package: &Package) -> anyhow::Result<Arc<dyn PredictionStore>> {
    let database = start::database(config, package)?;
    if let Database::Sqlite(sqlite) = &database
        && !store::sqlite::is_at(&sqlite.path)?
    {
        let problem = format!("{} does not exist: nothing was stored there", sqlite.path.display());
        let advice = "the package names the file: choose it with --package DIR, or the file with --database-url";
        return Err(Advised { problem, advice: advice.to_owned() }.into());
    }
    store::open(database, start::owner(package))
}

/// Names the database, which is there, so that no other has the name, without keys.
pub(super) fn database_name(config: &Config, package: &Package) -> anyhow::Result<String> {
    Ok(match start::database(config, package)? {
        Database::Sqlite(sqlite) => format!("sqlite:{}", fs::canonicalize(&sqlite.path)?.display()),
        Database::DynamoDb(dynamo) => format!("dynamodb:{} in {}", dynamo.table, dynamo.region),
    })
}

/// Reads the settings: an option that was given goes before its variable. Several options may set one variable.
pub(super) fn config(options: &[Setting]) -> Result<Config, UsageError> {
    config_with_clock(options)?.without_test_clock().map_err(UsageError)
}

/// Reads the settings of a command that may go by the clock of a test.
pub(super) fn config_with_clock(options: &[Setting]) -> Result<Config, UsageError> {
    let lookup = |name: &str| {
        let given = options.iter().filter(|(variable, _)| *variable == name).find_map(|(_, value)| value.clone());
        given.or_else(|| std::env::var_os(name))
    };
    Config::from_lookup(lookup).map_err(UsageError)
}
