//! `lifeboat snapshot`: the next snapshot of a history that changes.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use clap::Args;
use comfy_table::CellAlignment;
use jiff::Timestamp;

use super::counted::counted;
use super::failure::{FOUND, UsageError};
use super::format::{self, OtherColumnsOption};
use super::labelled;
use super::options::{self, DatabaseOption, PackageOption};
use super::output::Output;
use super::table::{plain_table, text};
use crate::lifecycle::snapshot::{Added, SnapshotError, SnapshotMaker, Told};
use crate::start;

/// Makes the next snapshot of a package's history from the outcomes that are recorded, and publishes it: servers take it up within a
/// minute. It is that of the newest moment which is a quarter of an hour past. A quiet day has one like any other; ends with 3 where
/// something is worth a look: no outcome for three days, or half the events gone from a step that looks back a week or more.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat snapshot --package flights/
  lifeboat snapshot --package flights/ --as-of 2013-07-22T06:00-04:00
  lifeboat snapshot --package flights/ --seed last_quarter.parquet")]
pub(super) struct SnapshotArgs {
    /// Makes that of the newest moment up to this time, as in 2026-11-29T06:00:00Z; what is newest stays so
    #[arg(long, value_name = "TIME")]
    as_of: Option<Timestamp>,
    /// Makes the first one from labelled rows, in the place of the history that the package came with; a column `known_at` may tell when
    /// each label became known
    #[arg(long, value_name = "FILE", conflicts_with = "as_of")]
    seed: Option<PathBuf>,
    #[command(flatten)]
    other_columns: OtherColumnsOption,
    /// Writes JSON instead of a table
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    database: DatabaseOption,
    #[command(flatten)]
    package: PackageOption,
}

/// Makes the snapshot, and says what it is.
pub(super) fn snapshot(args: &SnapshotArgs, quiet: bool) -> anyhow::Result<ExitCode> {
    let config = options::config(&[args.database.setting(), args.package.setting()])?;
    let package = start::open_package(&config)?;
    if package.living_recipe().is_none() {
        return Err(UsageError(SnapshotError::NoHistory(package.name().to_owned()).into()).into());
    }
    let rows = args.seed.as_deref().map(|file| {
        labelled::read_all(package.schema(), format::source(file)?, args.other_columns.get())
            .with_context(|| format!("cannot seed a history with {}", format::name(file)))
    });
    let rows = rows.transpose()?;
    let store = match &rows {
        // What is seeded may be new.
        Some(_) => start::open_store(&config, &package)?,
        None => options::existing_store(&config, &package)?,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let maker = SnapshotMaker::new(Arc::clone(&package), store);
    let now = Timestamp::now();
    let made = runtime.block_on(async {
        match &rows {
            Some(rows) => maker.seed(rows, now).await,
            None => maker.make(args.as_of, now).await,
        }
    });
    let told = made.map_err(|error| match error {
        SnapshotError::NoHistory(_)
        | SnapshotError::TooEarly { .. }
        | SnapshotError::BeforeHistory { .. }
        | SnapshotError::Seeded { .. } => anyhow::Error::from(UsageError(error.into())),
        error => error.into(),
    })?;
    let mut output = Output::stdout();
    if args.json {
        serde_json::to_writer_pretty(&mut output, &told)?;
        writeln!(output)?;
    } else if !quiet || !told.warnings.is_empty() {
        writeln!(output, "{}", tell(&told, rows.is_some()))?;
    }
    output.finish()?;
    Ok(if told.warnings.is_empty() { ExitCode::SUCCESS } else { ExitCode::from(FOUND) })
}

fn tell(told: &Told, is_seed: bool) -> String {
    let mut table = plain_table();
    table.set_header(["step", "keys", "events", "beyond expected", "last time"]);
    for step in &told.steps {
        let before = step.beyond_before.map_or_else(String::new, |before| format!("{before:+.4}"));
        let row =
            [step.name.clone(), step.keys.to_string(), step.events.to_string(), format!("{:+.4}", step.beyond), before];
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    let added = match told.added {
        None => String::new(),
        Some(Added { added, taken_back }) => {
            let what = if is_seed { "from rows" } else { "became known since the one before" };
            let back = if taken_back > 0 { format!(", {taken_back} taken back") } else { String::new() };
            format!("; {} {what}{back}", counted(added, "outcome"))
        }
    };
    let newest = if told.is_newest {
        format!(".\nWhat became known after that counts in the next one, which can be made from {} on", told.next_from)
    } else {
        "; a later one serves, and goes on serving".to_owned()
    };
    let warnings: String = told.warnings.iter().map(|warning| format!("\n\nWorth a look: {warning}.")).collect();
    format!("Snapshot {} as of {}{added}{newest}.\n\n{}{warnings}", told.hash, told.as_of, text(&mut table))
}
