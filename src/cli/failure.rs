//! What a command says when it fails, and what the program ends with then.

use std::io::{self, Write};
use std::process::ExitCode;

use anstream::stderr;
use clap::builder::styling::{AnsiColor, Color, Style};

use crate::config::NotSet;
use crate::table::ReadError;

/// What helps where columns are refused that are no fields: each command that refuses them has the option.
pub(super) const IGNORING: &str = "--extra-columns ignore leaves columns out that are no fields";

/// As of a program that was stopped by SIGPIPE.
const NOBODY_READS: u8 = 141;

/// What a command ends with that cannot do what was asked for, as it was asked.
pub(super) const USAGE: u8 = 2;

/// What a command ends with that was to look for something bad, and found it.
pub(super) const FOUND: u8 = 3;

/// AWS is asked by what the environment says, and by no file of a profile.
const REGION: &str = "say where it is: export AWS_REGION=eu-central-1";
const KEYS: &str = "keys come from the environment alone, as AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and, of temporary ones, \
                    AWS_SESSION_TOKEN; those of a profile: eval \"$(aws configure export-credentials --format env)\"";

/// What was asked for cannot be done as it was asked: a mistake of the command line or of a setting.
#[derive(Debug, thiserror::Error)]
#[error("{0:#}")]
pub(super) struct UsageError(pub(super) anyhow::Error);

/// A failure that knows what helps.
#[derive(Debug, thiserror::Error)]
#[error("{problem}")]
pub(super) struct Advised {
    /// What failed.
    pub(super) problem: String,
    /// What to do next.
    pub(super) advice: String,
}

/// Whoever read the output has gone away: nothing is wrong, but there is no use in going on.
#[derive(Debug, thiserror::Error)]
#[error("nobody reads the output")]
pub(super) struct NobodyReads;

/// Says what failed, on one line where it is one thing, and what helps, where that is known.
pub(super) fn tell(error: &anyhow::Error) -> ExitCode {
    if error.chain().any(is_nobody_reads) {
        return ExitCode::from(NOBODY_READS);
    }
    let bold = |color| Style::new().bold().fg_color(Some(Color::Ansi(color)));
    let (red, green) = (bold(AnsiColor::Red), bold(AnsiColor::Green));
    // A standard error that is closed can be told nothing.
    let _ = writeln!(stderr(), "{red}error:{red:#} {error:#}");
    if let Some(hint) = hint(error) {
        let _ = writeln!(stderr(), "{green}hint:{green:#} {hint}");
    }
    if error.is::<UsageError>() { ExitCode::from(USAGE) } else { ExitCode::FAILURE }
}

/// An error that a writer wraps stands inside an [`io::Error`], which does not name it as its source.
fn is_nobody_reads(error: &(dyn std::error::Error + 'static)) -> bool {
    let inner = error.downcast_ref::<io::Error>().and_then(io::Error::get_ref);
    inner.and_then(|inner| inner.downcast_ref::<NobodyReads>()).is_some()
}

/// Returns what to do next, where the cause tells.
fn hint(error: &anyhow::Error) -> Option<&str> {
    let error = error.downcast_ref::<UsageError>().map_or(error, |UsageError(inner)| inner);
    if let Some(advised) = error.chain().find_map(|cause| cause.downcast_ref::<Advised>()) {
        return Some(&advised.advice);
    }
    if let Some(NotSet(name)) = error.chain().find_map(|cause| cause.downcast_ref()) {
        return Some(if *name == "AWS_REGION" { REGION } else { KEYS });
    }
    if error.chain().any(|cause| matches!(cause.downcast_ref(), Some(ReadError::UnknownColumns(_)))) {
        return Some(IGNORING);
    }
    match error.chain().find_map(io_kind)? {
        io::ErrorKind::AddrInUse => Some("another program listens there: choose a port with --port, or 0 for any"),
        io::ErrorKind::ConnectionRefused => Some("nothing listens there: `lifeboat serve` starts a server"),
        _ => None,
    }
}

fn io_kind(error: &(dyn std::error::Error + 'static)) -> Option<io::ErrorKind> {
    match error.downcast_ref::<ureq::Error>() {
        Some(ureq::Error::Io(error)) => Some(error.kind()),
        _ => error.downcast_ref::<io::Error>().map(io::Error::kind),
    }
}
