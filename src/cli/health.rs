//! `lifeboat health`: asks a server how it is, for the health check of a container that holds no other program.

use std::io::Write;
use std::time::Duration;

use anyhow::Context;
use clap::Args;

use super::output::Output;

/// Longer than a healthy server takes.
const TIMEOUT: Duration = Duration::from_secs(2);

/// Asks a server whether it is alive (/health) or can store predictions (/ready); fails unless it answers 200.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat health
  lifeboat health http://127.0.0.1:8080/ready")]
pub(super) struct HealthArgs {
    /// What to ask, over plain HTTP
    #[arg(default_value = "http://127.0.0.1:8080/health")]
    url: String,
}

/// Asks, and says the answer.
pub(super) fn health(args: &HealthArgs, quiet: bool) -> anyhow::Result<()> {
    let url = &args.url;
    // A proxy is for what is far away.
    let agent = ureq::Agent::config_builder().timeout_global(Some(TIMEOUT)).proxy(None).build().new_agent();
    let mut response = agent.get(url).call().with_context(|| format!("{url} is not well"))?;
    let answer = response.body_mut().read_to_string().with_context(|| format!("{url} did not answer to its end"))?;
    if quiet {
        return Ok(());
    }
    let mut output = Output::stdout();
    writeln!(output, "{answer}")?;
    output.finish()
}
