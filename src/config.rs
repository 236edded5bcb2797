//! What the environment says: every field names the variable that it comes from.

use std::net::IpAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, bail};

use crate::store::sqlite::SqliteConfig;

/// The settings of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `DATABASE_URL`: where predictions are kept. Default: `sqlite:predictions.db`.
    pub database: DatabaseUrl,
    /// `MODEL_DIR`: a folder with a model package. Default: the package built into the program.
    pub model_dir: Option<PathBuf>,
    /// `HOST`: the address to listen on. Default: `127.0.0.1`.
    pub host: IpAddr,
    /// `PORT`: the port to listen on; 0 takes any that is free. Default: 8080.
    pub port: u16,
    /// `REQUEST_TIMEOUT_SECONDS`: a request that takes longer is answered 503. Default: 10.
    pub request_timeout: Duration,
    /// `SHUTDOWN_TIMEOUT_SECONDS`: how long a shutdown waits for requests under way. Default: 15.
    pub shutdown_timeout: Duration,
    /// `WORKER_THREADS`: threads that serve HTTP. Default: one less than processors, 1 to 4:
    /// one processor is the database writer's.
    pub worker_threads: usize,
    /// `LOG_LEVEL`: `off`, `error`, `warn`, `info`, `debug` (one line a request) or `trace`, or targets as in
    /// `info,lifeboat=debug`. Default: `info`.
    pub log_level: String,
    /// `LOG_FORMAT`: `text` or `json`. Default: `text` on a terminal, else `json`.
    pub log_format: Option<LogFormat>,
}

/// How log lines are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogFormat {
    /// For people.
    Text,
    /// For machines: one JSON object a line.
    Json,
}

/// Which database, by its scheme.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatabaseUrl {
    /// `sqlite:FILE`
    Sqlite(SqliteConfig),
}

const DEFAULT_DATABASE_URL: &str = "sqlite:predictions.db";
const MOST_DEFAULT_WORKERS: usize = 4;

impl Config {
    /// Reads the environment.
    pub fn from_env() -> anyhow::Result<Self> {
        Self::from_lookup(|name| std::env::var(name).ok())
    }

    /// Reads settings from anything that knows variables by name; an empty one counts as not set.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let variable = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let seconds = |name, default| parsed(name, variable(name), default).and_then(|value| duration(name, value));
        Ok(Self {
            database: parsed("DATABASE_URL", variable("DATABASE_URL"), DEFAULT_DATABASE_URL)?,
            model_dir: variable("MODEL_DIR").map(PathBuf::from),
            host: parsed("HOST", variable("HOST"), "127.0.0.1")?,
            port: parsed("PORT", variable("PORT"), "8080")?,
            request_timeout: seconds("REQUEST_TIMEOUT_SECONDS", "10")?,
            shutdown_timeout: seconds("SHUTDOWN_TIMEOUT_SECONDS", "15")?,
            worker_threads: worker_threads(variable("WORKER_THREADS"))?,
            log_level: variable("LOG_LEVEL").unwrap_or_else(|| "info".to_owned()),
            log_format: variable("LOG_FORMAT").map(|value| parsed("LOG_FORMAT", Some(value), "")).transpose()?,
        })
    }
}

fn parsed<T>(name: &str, value: Option<String>, default: &str) -> anyhow::Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    let text = value.unwrap_or_else(|| default.to_owned());
    text.parse().with_context(|| format!("{name}={text} cannot be used"))
}

fn duration(name: &str, seconds: f64) -> anyhow::Result<Duration> {
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => bail!("{name}={seconds} cannot be used: it must be a positive number of seconds"),
    }
}

fn worker_threads(value: Option<String>) -> anyhow::Result<usize> {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    match parsed("WORKER_THREADS", value, &processors.saturating_sub(1).clamp(1, MOST_DEFAULT_WORKERS).to_string())? {
        0 => bail!("WORKER_THREADS=0 cannot be used: one thread at least must serve"),
        threads => Ok(threads),
    }
}

/// A value that is none of those that a setting can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidSetting(String);

impl FromStr for DatabaseUrl {
    type Err = InvalidSetting;

    fn from_str(url: &str) -> Result<Self, InvalidSetting> {
        match url.split_once(':') {
            Some(("sqlite", file)) => {
                file.parse().map(Self::Sqlite).map_err(|error| InvalidSetting(format!("the URL {error}")))
            }
            _ => Err(InvalidSetting("expected sqlite:FILE".to_owned())),
        }
    }
}

impl FromStr for LogFormat {
    type Err = InvalidSetting;

    fn from_str(text: &str) -> Result<Self, InvalidSetting> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            _ => Err(InvalidSetting("expected text or json".to_owned())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(variables: &[(&str, &str)]) -> anyhow::Result<Config> {
        Config::from_lookup(|name| {
            variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).to_owned())
        })
    }

    #[test]
    fn nothing_set_is_fine() {
        let config = config(&[("MODEL_DIR", "")]).unwrap();
        assert_eq!((config.port, config.model_dir), (8080, None));
    }

    #[test]
    fn a_bad_value_is_named_with_its_variable() {
        for (name, value) in [
            ("DATABASE_URL", "postgres://x"),
            ("DATABASE_URL", "sqlite:"),
            ("HOST", "localhost:1"),
            ("PORT", "65536"),
            ("REQUEST_TIMEOUT_SECONDS", "-1"),
            ("REQUEST_TIMEOUT_SECONDS", "nan"),
            ("WORKER_THREADS", "0"),
            ("LOG_FORMAT", "xml"),
        ] {
            let error = format!("{:#}", config(&[(name, value)]).unwrap_err());
            assert!(error.starts_with(&format!("{name}=")), "{error}");
        }
    }
}
