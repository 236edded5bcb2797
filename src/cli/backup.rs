//! `lifeboat backup`: a whole copy of the database, while a server goes on writing into it.

use std::env;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::anyhow;
use clap::Args;

use super::counted::counted;
use super::failure::UsageError;
use super::options::{self, DatabaseOption, PackageOption};
use crate::start;
use crate::store::Database;
use crate::store::sqlite::{self, BackupError, SqliteConfig};

/// Copies the database into a file, also while a server writes into it; the copy is whole, or not there.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat backup predictions-$(date +%F).db
  lifeboat backup /mnt/backups/predictions.db --force --database-url sqlite:/data/predictions.db

The copy has what was acknowledged before it began. It is a database as the first one is: any command reads it as
--database-url sqlite:FILE. A table of DynamoDB is backed up by AWS.")]
pub(super) struct BackupArgs {
    /// File for the copy
    file: PathBuf,
    /// Replaces a file that is there, once the copy is whole
    #[arg(long)]
    force: bool,
    #[command(flatten)]
    database: DatabaseOption,
    #[command(flatten)]
    package: PackageOption,
}

/// Writes the copy.
pub(super) fn backup(args: &BackupArgs, quiet: bool) -> anyhow::Result<()> {
    let (variable, given) = args.database.setting();
    // What else DynamoDB needs is not asked for.
    if let Some(table) = given.clone().or_else(|| env::var_os(variable)).as_deref().and_then(dynamodb_table) {
        return Err(aws_does_it(table).into());
    }
    let config = options::config(&[(variable, given), args.package.setting()])?;
    let package = start::open_package(&config)?;
    let Database::Sqlite(SqliteConfig { path: database, .. }) = start::database(&config, &package)? else {
        return Err(UsageError(anyhow!("only a file of SQLite is backed up here")).into());
    };
    let rows = sqlite::back_up(&database, &args.file, args.force).map_err(refused)?;
    if !quiet {
        writeln!(io::stderr(), "{} backed up to {}", counted(rows, "prediction"), args.file.display())?;
    }
    Ok(())
}

fn dynamodb_table(url: &OsStr) -> Option<&str> {
    url.to_str()?.strip_prefix("dynamodb:")
}

fn aws_does_it(table: &str) -> UsageError {
    UsageError(anyhow!(
        "dynamodb:{table} is backed up by AWS: aws dynamodb create-backup --table-name {table} --backup-name NAME makes a copy, \
         and point-in-time recovery, which the template turns on, goes back to any second of the last 35 days"
    ))
}

/// Tells what was asked for wrongly from what failed.
fn refused(error: BackupError) -> anyhow::Error {
    match error {
        BackupError::Exists(_) => UsageError(anyhow!("{error}: --force replaces it once the copy is whole")).into(),
        BackupError::Itself(_) | BackupError::ForeignLog(_) => UsageError(error.into()).into(),
        _ => error.into(),
    }
}
