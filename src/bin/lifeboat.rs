//! The command line of lifeboat: `lifeboat --help` lists what it can do.

use clap::Parser;
use lifeboat::cli::Cli;

fn main() -> anyhow::Result<()> {
    Cli::parse().run()
}
