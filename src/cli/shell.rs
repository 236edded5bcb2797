//! `lifeboat completions` and `lifeboat man`: what a shell and `man` need to know of this program.

use std::fs;
use std::io::Write;
use std::path::PathBuf;

use anyhow::Context;
use clap::{Args, CommandFactory};
use clap_complete::Shell;
use clap_mangen::Man;

use super::Cli;
use super::output::Output;

/// Writes what a shell needs to complete lifeboat's commands and options.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat completions bash > ~/.local/share/bash-completion/completions/lifeboat
  lifeboat completions zsh > \"${fpath[1]}/_lifeboat\"
  lifeboat completions fish > ~/.config/fish/completions/lifeboat.fish")]
pub(super) struct CompletionsArgs {
    shell: Shell,
}

/// Writes the manual: one page a command into a folder, or the first page to standard output.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat man | man -l -
  lifeboat man -o ~/.local/share/man/man1            then: man lifeboat-serve")]
pub(super) struct ManArgs {
    /// Folder for the pages; made where it does not exist
    #[arg(short, long, value_name = "DIR")]
    output: Option<PathBuf>,
}

/// Writes completions to standard output.
pub(super) fn completions(args: &CompletionsArgs) -> anyhow::Result<()> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "lifeboat", &mut script);
    write_out(&script)
}

/// Writes the manual.
pub(super) fn man(args: &ManArgs) -> anyhow::Result<()> {
    let program = Cli::command().disable_help_subcommand(true);
    let Some(folder) = &args.output else {
        let mut page = Vec::new();
        Man::new(program).render(&mut page)?;
        return write_out(&page);
    };
    let writing = || format!("cannot write the pages into {}", folder.display());
    fs::create_dir_all(folder).with_context(writing)?;
    clap_mangen::generate_to(program, folder).with_context(writing)
}

fn write_out(bytes: &[u8]) -> anyhow::Result<()> {
    let mut output = Output::stdout();
    output.write_all(bytes)?;
    output.finish()
}
