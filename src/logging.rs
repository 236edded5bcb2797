//! Structured log lines on standard error; no bodies, no names, no secrets.

use std::io::{self, IsTerminal};

use anyhow::Context;
use tracing_subscriber::filter::{LevelFilter, Targets};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{Layer, fmt};

use crate::config::LogFormat;

/// Starts logging for the process.
pub fn init(level: &str, format: Option<LogFormat>) -> anyhow::Result<()> {
    let targets = targets(level).with_context(|| format!("LOG_LEVEL={level} cannot be used"))?;
    let is_terminal = io::stderr().is_terminal();
    // https://no-color.org: set, and not empty.
    let no_color = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
    let default = if is_terminal { LogFormat::Text } else { LogFormat::Json };
    let lines = match format.unwrap_or(default) {
        LogFormat::Text => {
            fmt::layer().with_writer(io::stderr).with_ansi(is_terminal && !no_color).with_target(false).boxed()
        }
        LogFormat::Json => fmt::layer().json().flatten_event(true).with_writer(io::stderr).with_target(false).boxed(),
    };
    tracing_subscriber::registry().with(lines.with_filter(targets)).init();
    Ok(())
}

/// Reads a level, or levels of targets; a bare word must be a level, since a typo would silence the log otherwise.
fn targets(text: &str) -> anyhow::Result<Targets> {
    for word in text.split(',').filter(|part| !part.contains('=')) {
        let level = Some(word.trim()).filter(|word| !word.is_empty()).and_then(|word| word.parse::<LevelFilter>().ok());
        level.with_context(|| format!("{word:?} is no level"))?;
    }
    Ok(text.parse()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_and_targets_are_read_and_typos_are_not() {
        for good in ["info", "off", "warn,lifeboat=debug", "DEBUG"] {
            assert!(targets(good).is_ok(), "{good}");
        }
        for bad in ["inof", "", "info,lifeboat=loud", "lifeboat"] {
            assert!(targets(bad).is_err(), "{bad}");
        }
    }
}
