//! `lifeboat serve`: the HTTP server of the local mode.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::Args;
use tokio::net::TcpListener;
use tokio::sync::Notify;
use tracing::{info, warn};

use super::failure::UsageError;
use super::options::{self, DatabaseOption, PackageOption};
use crate::api::AllowedHosts;
use crate::config::Config;
use crate::metrics::Metrics;
use crate::{api, logging, server, start};

const MOST_DEFAULT_WORKERS: usize = 4;

/// A server that starts waits no longer than this for the newest snapshot: it takes it up when it comes.
const FIRST_LOOK_TIMEOUT: Duration = Duration::from_secs(2);

/// Serves predictions over HTTP. Settings come from the environment; options go before it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat serve
  lifeboat serve --port 9000 --database-url 'sqlite:/data/predictions.db?synchronous=normal'
  LIFEBOAT_API_KEY=$(openssl rand -hex 16) lifeboat serve --host 0.0.0.0
  lifeboat serve churn/
  MODEL_DIR=candidate LOG_LEVEL=debug lifeboat serve")]
pub(super) struct ServeArgs {
    /// Folder with a package [env: `MODEL_DIR`] [default: the package built in]
    #[arg(value_name = "DIR", conflicts_with = "package")]
    folder: Option<PathBuf>,
    /// Address to listen on [env: HOST] [default: 127.0.0.1]
    #[arg(long)]
    host: Option<IpAddr>,
    /// Port to listen on; 0 takes any that is free [env: PORT] [default: 8080]
    #[arg(long)]
    port: Option<u16>,
    #[command(flatten)]
    database: DatabaseOption,
    #[command(flatten)]
    package: PackageOption,
    /// Lets everybody ask who can reach the server: beyond this machine it asks for `LIFEBOAT_API_KEY` otherwise
    #[arg(long)]
    no_auth: bool,
    /// Dates all that is stored by a test's clock: the time that stands in the file that `TEST_CLOCK` names
    #[arg(long)]
    test_clock: bool,
}

impl ServeArgs {
    /// Returns the settings of the environment, overridden by the options that were given.
    fn config(&self, quiet: bool) -> Result<Config, UsageError> {
        let mut config = options::config_with_clock(&[
            ("HOST", self.host.map(|host| host.to_string().into())),
            ("PORT", self.port.map(|port| port.to_string().into())),
            ("LOG_LEVEL", quiet.then(|| "warn".into())),
            self.database.setting(),
            self.package.setting(),
            ("MODEL_DIR", self.folder.clone().map(Into::into)),
        ])?;
        if !self.test_clock {
            config = config.without_test_clock().map_err(UsageError)?;
        } else if config.test_clock.is_none() {
            return Err(UsageError(anyhow!("--test-clock needs TEST_CLOCK, a file that holds the time")));
        }
        if self.no_auth {
            config.api.keys = None;
        } else if config.api.keys.is_none() && !config.host.is_loopback() {
            return Err(UsageError(anyhow!(
                "HOST={} lets other machines ask: set LIFEBOAT_API_KEY to a key that they must send as x-api-key \
                 (openssl rand -hex 16 makes one), or serve with --no-auth where everybody may ask",
                config.host
            )));
        }
        let is_open_on_loopback = config.host.is_loopback() && config.api.keys.is_none();
        let default = if is_open_on_loopback { AllowedHosts::loopback() } else { AllowedHosts::Any };
        config.api.hosts = config.allowed_hosts.take().unwrap_or(default);
        Ok(config)
    }
}

/// Serves until it is told to stop, then finishes what is under way.
pub(super) fn serve(args: &ServeArgs, quiet: bool) -> anyhow::Result<()> {
    let config = args.config(quiet)?;
    logging::init(&config.log_level, config.log_format).map_err(UsageError)?;
    // One thread needs no queues to share work between several.
    let worker_threads = config.worker_threads.unwrap_or_else(default_worker_threads);
    let mut runtime = match worker_threads {
        1 => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let runtime = runtime.worker_threads(worker_threads).enable_all().build()?;
    let served = runtime.block_on(run(&config));
    // What blocks a thread beyond the shutdown's patience is not waited for.
    runtime.shutdown_timeout(Duration::from_secs(1));
    served
}

/// Leaves one processor to the database's writer.
fn default_worker_threads() -> usize {
    let processors = std::thread::available_parallelism().map_or(1, usize::from);
    processors.saturating_sub(1).clamp(1, MOST_DEFAULT_WORKERS)
}

async fn run(config: &Config) -> anyhow::Result<()> {
    let package = start::open_package(config)?;
    let version = Arc::clone(package.version());
    let store = start::open_store(config, &package)?;
    let metrics = Metrics::Prometheus(Box::new(start::counts(&package)));
    let name = package.name().to_owned();
    let service = start::service(config, package, store)?;
    service.look_first(FIRST_LOOK_TIMEOUT).await;
    let address = SocketAddr::new(config.host, config.port);
    let listener = TcpListener::bind(address).await.with_context(|| format!("cannot listen on {address}"))?;
    info!(address = %listener.local_addr()?, model = %name, model_version = %version, "serving");
    let router = api::router(service.clone(), &config.api, Some(metrics));
    let stopping = Arc::new(Notify::new());
    let server = server::serve(listener, router, &config.server, stop_signal(Arc::clone(&stopping)));
    tokio::select! {
        () = server => {}
        () = service.keep_looking() => {}
        () = patience(&stopping, config.shutdown_timeout) => warn!("requests under way did not end in time"),
    }
    info!("stopped");
    Ok(())
}

/// Ends on Ctrl-C or SIGTERM, and says so.
async fn stop_signal(stopping: Arc<Notify>) {
    let interrupt = async {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    #[cfg(unix)]
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => signal.recv().await,
            Err(_) => std::future::pending().await,
        }
    };
    #[cfg(not(unix))]
    let terminate = std::future::pending::<()>();
    tokio::select! {
        () = interrupt => {}
        _ = terminate => {}
    }
    info!("stopping: finishing requests under way");
    stopping.notify_one();
}

/// Ends a while after the shutdown began.
async fn patience(stopping: &Notify, timeout: Duration) {
    stopping.notified().await;
    tokio::time::sleep(timeout).await;
}
