//! `lifeboat outcomes`: what really happened, from a file into the store.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;

use super::counted::{Listed, counted};
use super::format;
use super::options::{self, DatabaseOption, PackageOption};
use crate::outcome::{self, NewOutcome, OutcomeColumns};
use crate::service::PredictionService;
use crate::start;
use crate::store::Recording;
use crate::table::Schema;
use crate::table::columns::{ExtraColumns, Purpose, Selection};
use crate::table::fault::in_words;
use crate::table::place::Place;
use crate::table::reader::{Options, Reader};
use crate::table::source::Source;

/// So many rows are recorded at a time.
const ROWS: usize = 1000;

/// Records what really happened to what was predicted.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat outcomes outcomes.csv
  lifeboat outcomes corrected.csv --corrects
  lifeboat outcomes outcomes.parquet --package churn/")]
pub(super) struct OutcomesArgs {
    /// File with the label and either `id` (of a prediction) or the fields of the key (whose latest prediction is meant); `corrects`
    /// says of a row what `--corrects` says of all; other columns are ignored; `-` is standard input
    input: PathBuf,
    /// Lets each row correct another outcome that was told before
    #[arg(long)]
    corrects: bool,
    #[command(flatten)]
    database: DatabaseOption,
    #[command(flatten)]
    package: PackageOption,
}

/// Records a file of outcomes: all rows are read before the first is recorded.
pub(super) fn outcomes(args: &OutcomesArgs, quiet: bool) -> anyhow::Result<()> {
    let config = options::config(&[args.database.setting(), args.package.setting()])?;
    let package = start::open_package(&config)?;
    let rows = read(format::source(&args.input)?, package.schema())
        .with_context(|| format!("nothing was recorded of {}", format::name(&args.input)))?;
    let store = options::existing_store(&config, &package)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let service = PredictionService::new(package, store);
    let mut tally = Tally::default();
    for rows in rows.chunks(ROWS) {
        let told = rows.iter().map(|(_, told)| NewOutcome { corrects: args.corrects || told.corrects, ..told.clone() });
        let recorded = runtime.block_on(service.record_outcomes(told.collect()))?;
        for ((place, _), recorded) in rows.iter().zip(recorded) {
            tally.count(recorded.map(|recorded| recorded.recording).as_ref(), *place);
        }
    }
    tally.tell(quiet)
}

/// Reads every row, or tells of every one that is no outcome.
fn read(source: Source, schema: &Schema) -> anyhow::Result<Vec<(Place, NewOutcome)>> {
    let selection = Selection { extra_columns: ExtraColumns::Keep, purpose: Purpose::Fields };
    let reader = Reader::open(source, schema, &Options { selection, ..Options::default() })?;
    let columns = OutcomeColumns::new(schema, reader.extra_columns().iter().map(|column| &*column.name));
    let wanted = outcome::fields(schema);
    let (mut rows, mut faults) = (Vec::new(), Listed::default());
    reader.for_each(|row| {
        match columns.outcome(schema, &row.extras(), row.fields(schema, &wanted)) {
            Ok(told) => rows.push((row.place(), told)),
            Err(found) => faults.push(|| format!("  {}: {}", row.place(), in_words(&found))),
        }
        anyhow::Ok(())
    })?;
    match faults.count() {
        0 => Ok(rows),
        count => bail!("rows that are no outcomes: {count} of {}:\n{faults}", count + rows.len()),
    }
}

/// What came of the rows.
#[derive(Debug, Default)]
struct Tally {
    recorded: usize,
    /// Of those that were recorded, how many take the place of another one.
    corrected: usize,
    /// How many stood already.
    told_before: usize,
    /// Rows that could not be recorded, with the reason.
    left: Listed,
}

impl Tally {
    fn count(&mut self, recording: Option<&Recording>, place: Place) {
        match recording {
            Some(Recording::Contradicts(_)) => {
                self.left.push(|| format!("{place}: another outcome is recorded, and stays"));
            }
            None => self.left.push(|| format!("{place}: there is no such prediction")),
            Some(Recording::Stands(_)) => self.told_before += 1,
            Some(recording) => {
                self.recorded += 1;
                self.corrected += usize::from(matches!(recording, Recording::Corrected(_)));
            }
        }
    }

    fn tell(&self, quiet: bool) -> anyhow::Result<()> {
        if self.left.count() > 0 {
            writeln!(io::stderr(), "{}", self.left)?;
        }
        if !quiet {
            let corrected = match self.corrected {
                0 => String::new(),
                corrected => format!(", {corrected} of them corrected"),
            };
            let told_before = match self.told_before {
                0 => String::new(),
                before => format!("; {before} stood already"),
            };
            writeln!(io::stderr(), "{} recorded{corrected}{told_before}", counted(self.recorded, "outcome"))?;
        }
        match self.left.count() {
            0 => Ok(()),
            1 => bail!("1 outcome was not recorded"),
            left => bail!("{left} outcomes were not recorded"),
        }
    }
}
