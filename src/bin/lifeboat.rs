//! The command line of lifeboat: `lifeboat --help` lists what it can do.

use std::process::ExitCode;

use clap::Parser;
use lifeboat::cli::Cli;

fn main() -> ExitCode {
    Cli::parse().run()
}
