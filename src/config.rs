//! What the environment says: every field names the variable that it comes from.

use std::cell::Cell;
use std::ffi::OsString;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use anyhow::{Context, anyhow, bail};

use crate::api::{AllowedHosts, ApiConfig, ApiKeys, BasePath};
use crate::aws::{AwsCredentials, ServiceSettings};
use crate::metrics::embedded::EmbeddedConfig;
use crate::objects::{ObjectSettings, Patience};
use crate::server::ServerConfig;
use crate::store::dynamodb::DynamoDbConfig;
use crate::store::sqlite::SqliteConfig;
use crate::store::{Database, Retention, SampleRate};

/// The settings of a server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `DATABASE_URL`: where predictions are kept. Default: `sqlite:NAME.db`, by the name of the package.
    pub database: Option<Database>,
    /// `MONITOR_SAMPLE_RATE`: which share of the predictions, 0 to 1, can be read by time, as monitoring does. Default: 1.
    pub sample_rate: SampleRate,
    /// `RETENTION_DAYS`: how many days a prediction is kept, with its outcomes. Default: for good.
    pub retention: Option<Retention>,
    /// `DATABASE_WARM_UP`: whether a Lambda function reaches for its database before its first request. Default: `true`.
    pub database_warm_up: bool,
    /// `MODEL_DIR`: a folder with a model package. Default: the package built into the program; of a function, the folder `package` beside
    /// its program, where there is one.
    pub model_dir: Option<PathBuf>,
    /// `SHADOW_MODEL_DIR`: a folder with the package of a model that scores each record beside the one that answers. Default: none.
    pub shadow_model_dir: Option<PathBuf>,
    /// How a function counts: see [`EmbeddedConfig`]. Default: it does not.
    pub embedded_metrics: Option<EmbeddedConfig>,
    /// `HOST`: the address to listen on. Default: `127.0.0.1`.
    pub host: IpAddr,
    /// `PORT`: the port to listen on; 0 takes any that is free. Default: 8080.
    pub port: u16,
    /// `BASE_PATH`: what stands before each path where a Lambda function is called by a domain of one's own, as in `/model`.
    /// Default: nothing.
    pub base_path: BasePath,
    /// What the HTTP interface allows.
    pub api: ApiConfig,
    /// `ALLOWED_HOSTS`: host names, beside those of the loopback, under which a server may be asked; `*` for any. Default: any, but the
    /// loopback's alone where a server listens there and asks for no key.
    pub allowed_hosts: Option<AllowedHosts>,
    /// How many clients the server has at a time, and how long it waits for them.
    pub server: ServerConfig,
    /// `SHUTDOWN_TIMEOUT_SECONDS`: how long a shutdown waits for requests under way. Default: 15.
    pub shutdown_timeout: Duration,
    /// `WORKER_THREADS`: threads that serve HTTP. Default: one less than processors, 1 to 4:
    /// one processor is the database writer's.
    pub worker_threads: Option<usize>,
    /// `SNAPSHOT_REFRESH_SECONDS`: how long after a look for a newer snapshot of the history another one begins. Default: 60.
    pub snapshot_refresh: Duration,
    /// `TEST_CLOCK`: a file that holds the time, read whenever the time is asked for; taken by `lifeboat serve --test-clock` alone.
    /// Default: the system's clock.
    pub test_clock: Option<PathBuf>,
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

const DEFAULT_SNAPSHOT_REFRESH: Duration = Duration::from_mins(1);
const DEFAULT_SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(15);

impl Config {
    /// Returns where the predictions of a package are kept.
    pub fn database_of(&self, package: &str) -> Database {
        let default = || {
            let file = SqliteConfig::new(format!("{package}.db").into());
            SqliteConfig { sample_rate: self.sample_rate, retention: self.retention, ..file }
        };
        self.database.clone().unwrap_or_else(|| Database::Sqlite(default()))
    }

    /// Reads the environment.
    pub fn from_env() -> anyhow::Result<Self> {
        Self::from_lookup(|name| std::env::var_os(name))
    }

    /// Reads the environment of a Lambda function, whose zip may hold a package beside the program.
    pub fn of_function() -> anyhow::Result<Self> {
        let mut config = Self::from_env()?.without_test_clock()?;
        if config.model_dir.is_none() {
            let program = std::env::current_exe().context("the program does not know where it is")?;
            config.model_dir = package_beside(&program);
        }
        Ok(config)
    }

    /// Refuses the clock of a test: nothing that is kept may be dated by it unawares.
    pub fn without_test_clock(self) -> anyhow::Result<Self> {
        match &self.test_clock {
            Some(file) => {
                bail!("TEST_CLOCK={} cannot be used: it is for `lifeboat serve --test-clock` alone", file.display())
            }
            None => Ok(self),
        }
    }

    /// Reads settings from anything that knows variables by name; an empty one counts as not set, and one that is no text is refused.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> anyhow::Result<Self> {
        texts(lookup, |variable| Self::from_variables(variable))
    }

    fn from_variables(variable: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<Self> {
        let seconds = |name, default| match variable(name) {
            Some(value) => parse(name, &value).and_then(|value| duration(name, value)),
            None => Ok(default),
        };
        let count = |name, default| Ok::<_, anyhow::Error>(at_least_one(name, variable(name))?.unwrap_or(default));
        let defaults = ApiConfig::default();
        let server = ServerConfig::default();
        let sample_rate = parsed("MONITOR_SAMPLE_RATE", variable("MONITOR_SAMPLE_RATE"), "1")?;
        let retention = variable("RETENTION_DAYS").map(|value| parse("RETENTION_DAYS", &value)).transpose()?;
        Ok(Self {
            database: database(variable, sample_rate, retention)?,
            sample_rate,
            retention,
            database_warm_up: parsed("DATABASE_WARM_UP", variable("DATABASE_WARM_UP"), "true")?,
            model_dir: variable("MODEL_DIR").map(PathBuf::from),
            shadow_model_dir: variable("SHADOW_MODEL_DIR").map(PathBuf::from),
            embedded_metrics: variable("POWERTOOLS_METRICS_NAMESPACE").map(|namespace| EmbeddedConfig {
                namespace,
                service: variable("POWERTOOLS_SERVICE_NAME").unwrap_or_else(|| "lifeboat".to_owned()),
                function_name: variable("AWS_LAMBDA_FUNCTION_NAME"),
            }),
            host: parsed("HOST", variable("HOST"), "127.0.0.1")?,
            port: parsed("PORT", variable("PORT"), "8080")?,
            base_path: parsed("BASE_PATH", variable("BASE_PATH"), "/")?,
            api: ApiConfig {
                request_timeout: seconds("REQUEST_TIMEOUT_SECONDS", defaults.request_timeout)?,
                body_timeout: seconds("BODY_TIMEOUT_SECONDS", defaults.body_timeout)?,
                keys: api_keys(variable("LIFEBOAT_API_KEY"))?,
                max_requests_in_flight: count("MAX_REQUESTS_IN_FLIGHT", defaults.max_requests_in_flight)?,
                cors: variable("CORS_ORIGINS").map(|value| parse("CORS_ORIGINS", &value)).transpose()?,
                hosts: defaults.hosts,
            },
            allowed_hosts: variable("ALLOWED_HOSTS").map(|value| parse("ALLOWED_HOSTS", &value)).transpose()?,
            server: ServerConfig {
                max_connections: count("MAX_CONNECTIONS", server.max_connections)?,
                header_timeout: seconds("HEADER_TIMEOUT_SECONDS", server.header_timeout)?,
                idle_timeout: seconds("IDLE_TIMEOUT_SECONDS", server.idle_timeout)?,
                answer_timeout: seconds("ANSWER_TIMEOUT_SECONDS", server.answer_timeout)?,
            },
            shutdown_timeout: seconds("SHUTDOWN_TIMEOUT_SECONDS", DEFAULT_SHUTDOWN_TIMEOUT)?,
            worker_threads: at_least_one("WORKER_THREADS", variable("WORKER_THREADS"))?,
            snapshot_refresh: seconds("SNAPSHOT_REFRESH_SECONDS", DEFAULT_SNAPSHOT_REFRESH)?,
            test_clock: variable("TEST_CLOCK").map(PathBuf::from),
            log_level: variable("LOG_LEVEL").unwrap_or_else(|| "info".to_owned()),
            log_format: variable("LOG_FORMAT").map(|value| parse("LOG_FORMAT", &value)).transpose()?,
        })
    }
}

/// Reads settings of texts; an empty one counts as not set, and one that is no text is refused.
pub(crate) fn texts<T>(
    lookup: impl Fn(&str) -> Option<OsString>,
    read: impl FnOnce(&dyn Fn(&str) -> Option<String>) -> anyhow::Result<T>,
) -> anyhow::Result<T> {
    let unreadable = Cell::new(None);
    let settings = read(&|name| {
        let value = lookup(name)?.into_string();
        if value.is_err() {
            unreadable.set(Some(name.to_owned()));
        }
        value.ok().filter(|text| !text.is_empty())
    });
    match unreadable.take() {
        Some(name) => bail!("{name} cannot be used: it is not UTF-8"),
        None => settings,
    }
}

/// Returns the folder `package` beside a program, where there is one.
fn package_beside(program: &Path) -> Option<PathBuf> {
    let folder = program.parent()?.join("package");
    folder.is_dir().then_some(folder)
}

fn database(
    variable: &dyn Fn(&str) -> Option<String>,
    sample_rate: SampleRate,
    retention: Option<Retention>,
) -> anyhow::Result<Option<Database>> {
    let Some(url) = variable("DATABASE_URL") else { return Ok(None) };
    let database = match url.split_once(':') {
        Some(("sqlite", file)) => match file.parse::<SqliteConfig>() {
            Ok(config) => Ok(Database::Sqlite(SqliteConfig { sample_rate, retention, ..config })),
            Err(error) => Err(anyhow!("the URL {error}")),
        },
        Some(("dynamodb", table)) => dynamodb(table, variable, sample_rate, retention).map(Database::DynamoDb),
        _ => Err(anyhow!("expected sqlite:FILE or dynamodb:TABLE")),
    };
    database.map(Some).with_context(|| format!("DATABASE_URL={url} cannot be used"))
}

fn dynamodb(
    table: &str,
    variable: &dyn Fn(&str) -> Option<String>,
    sample_rate: SampleRate,
    retention: Option<Retention>,
) -> anyhow::Result<DynamoDbConfig> {
    if table.is_empty() {
        bail!("the URL names no table");
    }
    Ok(DynamoDbConfig {
        table: table.to_owned(),
        region: aws_region(variable)?,
        credentials: aws_credentials(variable)?,
        endpoint: variable("AWS_ENDPOINT_URL_DYNAMODB").or_else(|| variable("AWS_ENDPOINT_URL")),
        ca_bundle: variable("AWS_CA_BUNDLE").map(PathBuf::from),
        sample_rate,
        retention,
    })
}

impl ObjectSettings {
    /// Reads from the environment how S3 is reached: `AWS_REGION` (or `AWS_DEFAULT_REGION`), `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY`
    /// and `AWS_SESSION_TOKEN`; `AWS_ENDPOINT_URL_S3` (or `AWS_ENDPOINT_URL`) and `AWS_CA_BUNDLE` for an S3 that is not Amazon's own.
    pub fn from_env() -> anyhow::Result<Self> {
        Self::from_lookup(|name| std::env::var_os(name))
    }

    /// Reads settings from anything that knows variables by name; an empty one counts as not set, and one that is no text is refused.
    pub fn from_lookup(lookup: impl Fn(&str) -> Option<OsString>) -> anyhow::Result<Self> {
        texts(lookup, |variable| {
            Ok(Self {
                region: aws_region(variable)?,
                credentials: aws_credentials(variable)?,
                endpoint: variable("AWS_ENDPOINT_URL_S3").or_else(|| variable("AWS_ENDPOINT_URL")),
                ca_bundle: variable("AWS_CA_BUNDLE").map(PathBuf::from),
                patience: Patience::default(),
            })
        })
    }
}

impl ServiceSettings {
    /// Reads from the environment how a service is reached: `AWS_ACCESS_KEY_ID`, `AWS_SECRET_ACCESS_KEY` and `AWS_SESSION_TOKEN`;
    /// `AWS_ENDPOINT_URL_SERVICE` (or `AWS_ENDPOINT_URL`) and `AWS_CA_BUNDLE` for one that is not Amazon's own.
    pub fn from_env(service: &str) -> anyhow::Result<Self> {
        texts(
            |name| std::env::var_os(name),
            |variable| {
                let own = variable(&format!("AWS_ENDPOINT_URL_{service}"));
                Ok(Self {
                    credentials: aws_credentials(variable)?,
                    endpoint: own.or_else(|| variable("AWS_ENDPOINT_URL")),
                    ca_bundle: variable("AWS_CA_BUNDLE").map(PathBuf::from),
                })
            },
        )
    }
}

/// A variable without which AWS cannot be asked.
#[derive(Debug, thiserror::Error)]
#[error("{0} is not set")]
pub struct NotSet(pub &'static str);

fn aws_region(variable: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<String> {
    Ok(variable("AWS_REGION").or_else(|| variable("AWS_DEFAULT_REGION")).ok_or(NotSet("AWS_REGION"))?)
}

fn aws_credentials(variable: &dyn Fn(&str) -> Option<String>) -> anyhow::Result<AwsCredentials> {
    let required = |name: &'static str| variable(name).ok_or(NotSet(name));
    Ok(AwsCredentials {
        access_key_id: required("AWS_ACCESS_KEY_ID")?,
        secret_access_key: required("AWS_SECRET_ACCESS_KEY")?,
        session_token: variable("AWS_SESSION_TOKEN"),
    })
}

/// Reads keys; what does not do as one is not repeated in the message.
fn api_keys(value: Option<String>) -> anyhow::Result<Option<ApiKeys>> {
    value.map(|keys| keys.parse()).transpose().context("LIFEBOAT_API_KEY cannot be used")
}

/// Reads a setting, or what stands for one that is not set.
fn parsed<T>(name: &str, value: Option<String>, default: &str) -> anyhow::Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    parse(name, &value.unwrap_or_else(|| default.to_owned()))
}

fn parse<T>(name: &str, text: &str) -> anyhow::Result<T>
where
    T: FromStr,
    T::Err: std::error::Error + Send + Sync + 'static,
{
    text.parse().with_context(|| format!("{name}={text} cannot be used"))
}

fn duration(name: &str, seconds: f64) -> anyhow::Result<Duration> {
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => bail!("{name}={seconds} cannot be used: it must be a positive number of seconds"),
    }
}

fn at_least_one(name: &str, value: Option<String>) -> anyhow::Result<Option<usize>> {
    match value.map(|value| parse(name, &value)).transpose()? {
        Some(0) => bail!("{name}=0 cannot be used: it must be 1 at least"),
        number => Ok(number),
    }
}

/// A value that is none of those that a setting can have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidSetting(String);

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
        Config::from_lookup(|name| variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).into()))
    }

    #[test]
    fn nothing_set_is_fine() {
        let config = config(&[("MODEL_DIR", "")]).unwrap();
        assert_eq!((config.port, config.model_dir), (8080, None));
    }

    #[test]
    fn a_function_takes_the_package_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("bootstrap");
        assert_eq!(package_beside(&program), None);
        // A file of that name is none.
        std::fs::write(folder.path().join("package"), "").unwrap();
        assert_eq!(package_beside(&program), None);
        std::fs::remove_file(folder.path().join("package")).unwrap();
        std::fs::create_dir(folder.path().join("package")).unwrap();
        assert_eq!(package_beside(&program), Some(folder.path().join("package")));
    }

    const AWS: [(&str, &str); 3] =
        [("AWS_REGION", "eu-central-1"), ("AWS_ACCESS_KEY_ID", "id"), ("AWS_SECRET_ACCESS_KEY", "secret")];

    #[test]
    fn a_table_takes_region_and_keys_from_the_environment() {
        let mut variables =
            vec![("DATABASE_URL", "dynamodb:predictions"), ("AWS_ENDPOINT_URL", "http://127.0.0.1:8000")];
        variables.extend(AWS);
        let Some(Database::DynamoDb(found)) = config(&variables).unwrap().database else { panic!("no table") };
        assert_eq!((found.table.as_str(), found.region.as_str()), ("predictions", "eu-central-1"));
        assert_eq!(found.endpoint.as_deref(), Some("http://127.0.0.1:8000"));
        assert!(!format!("{found:?}").contains("secret"));
        variables.push(("AWS_ENDPOINT_URL_DYNAMODB", "http://127.0.0.1:9000"));
        let Some(Database::DynamoDb(found)) = config(&variables).unwrap().database else { panic!("no table") };
        assert_eq!(found.endpoint.as_deref(), Some("http://127.0.0.1:9000"));
    }

    #[test]
    fn a_table_without_region_or_keys_names_the_variable_that_is_missing() {
        for (missing, _) in AWS {
            let mut variables = vec![("DATABASE_URL", "dynamodb:predictions")];
            variables.extend(AWS.into_iter().filter(|(name, _)| *name != missing));
            let error = format!("{:#}", config(&variables).unwrap_err());
            assert!(error.ends_with(&format!("{missing} is not set")), "{error}");
        }
    }

    #[test]
    fn objects_take_region_keys_and_endpoint_from_the_environment() {
        let read = |variables: &[(&str, &str)]| {
            ObjectSettings::from_lookup(|name| {
                variables.iter().find(|(other, _)| *other == name).map(|(_, value)| (*value).into())
            })
        };
        let mut variables = AWS.to_vec();
        assert_eq!(read(&variables).unwrap().endpoint, None);
        variables.push(("AWS_ENDPOINT_URL", "http://127.0.0.1:8000"));
        assert_eq!(read(&variables).unwrap().endpoint.as_deref(), Some("http://127.0.0.1:8000"));
        variables.push(("AWS_ENDPOINT_URL_S3", "http://127.0.0.1:9000"));
        let found = read(&variables).unwrap();
        assert_eq!((found.region.as_str(), found.endpoint.as_deref()), ("eu-central-1", Some("http://127.0.0.1:9000")));
        assert!(!format!("{found:?}").contains("secret"));
        let error = format!("{:#}", read(&AWS[1..]).unwrap_err());
        assert_eq!(error, "AWS_REGION is not set");
    }

    #[test]
    fn a_key_that_cannot_be_used_is_not_repeated() {
        let error = format!("{:#}", config(&[("LIFEBOAT_API_KEY", "hunter2")]).unwrap_err());
        assert!(error.starts_with("LIFEBOAT_API_KEY cannot be used"), "{error}");
        assert!(!error.contains("hunter2"), "{error}");
    }

    #[cfg(unix)]
    #[test]
    fn a_value_that_is_no_text_is_not_taken_for_none() {
        use std::os::unix::ffi::OsStringExt;
        for name in ["DATABASE_URL", "MODEL_DIR", "LIFEBOAT_API_KEY", "PORT"] {
            let lookup = |other: &str| (other == name).then(|| OsString::from_vec(vec![b's', 0xff]));
            let error = format!("{:#}", Config::from_lookup(lookup).unwrap_err());
            assert_eq!(error, format!("{name} cannot be used: it is not UTF-8"));
        }
    }

    #[test]
    fn a_bad_value_is_named_with_its_variable() {
        for (name, value) in [
            ("DATABASE_URL", "postgres://x"),
            ("DATABASE_URL", "sqlite:"),
            ("DATABASE_URL", "dynamodb:"),
            ("DATABASE_URL", "dynamodb:predictions"),
            ("DATABASE_WARM_UP", "perhaps"),
            ("MONITOR_SAMPLE_RATE", "1.5"),
            ("RETENTION_DAYS", "0"),
            ("RETENTION_DAYS", "30d"),
            ("HOST", "localhost:1"),
            ("PORT", "65536"),
            ("REQUEST_TIMEOUT_SECONDS", "-1"),
            ("REQUEST_TIMEOUT_SECONDS", "nan"),
            ("WORKER_THREADS", "0"),
            ("MAX_REQUESTS_IN_FLIGHT", "0"),
            ("MAX_REQUESTS_IN_FLIGHT", "many"),
            ("BASE_PATH", "https://example.org/model"),
            ("CORS_ORIGINS", "example.org"),
            ("ALLOWED_HOSTS", "https://example.org"),
            ("BODY_TIMEOUT_SECONDS", "0"),
            ("MAX_CONNECTIONS", "0"),
            ("HEADER_TIMEOUT_SECONDS", "soon"),
            ("IDLE_TIMEOUT_SECONDS", "-1"),
            ("ANSWER_TIMEOUT_SECONDS", "inf"),
            ("LOG_FORMAT", "xml"),
        ] {
            let error = format!("{:#}", config(&[(name, value)]).unwrap_err());
            assert!(error.starts_with(&format!("{name}=")), "{error}");
        }
    }
}
