//! Structured log lines on standard error; no bodies, no names, no secrets.

use std::io::{self, IsTerminal};

use anyhow::Context;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::config::LogFormat;

/// Starts logging for the process.
pub fn init(level: &str, format: Option<LogFormat>) -> anyhow::Result<()> {
    let targets: Targets = level.parse().with_context(|| format!("LOG_LEVEL={level} cannot be used"))?;
    let is_terminal = io::stderr().is_terminal();
    let default = if is_terminal { LogFormat::Text } else { LogFormat::Json };
    let lines = match format.unwrap_or(default) {
        LogFormat::Text => fmt::layer().with_writer(io::stderr).with_ansi(is_terminal).with_target(false).boxed(),
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(io::stderr).with_target(false).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(targets)).init();
    Ok(())
}
