//! `lifeboat outcomes`: what really happened, from a file into the store.

use std::io::{self, Write};
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;

use super::format;
use super::options::{self, DatabaseOption, PackageOption};
use crate::identity::{Entity, PredictionId};
use crate::service::{PredictionService, scalar};
use crate::start;
use crate::store::Recording;
use crate::table::columns::{ExtraColumns, Purpose, Selection};
use crate::table::descriptor::Scalar;
use crate::table::fault::in_words;
use crate::table::output_cell::OutputCell;
use crate::table::place::Place;
use crate::table::reader::{Options, Reader};
use crate::table::source::Source;
use crate::table::{Schema, Value};

/// So many bad rows are shown before the rest is only counted.
const SHOWN_ROWS: usize = 20;

/// The column that names a prediction, where the table has no such field.
const ID: &str = "id";

/// The same, where the table has one.
const PREDICTION_ID: &str = "prediction_id";

/// Records what really happened to what was predicted.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat outcomes outcomes.csv
  lifeboat outcomes outcomes.parquet --package churn/")]
pub(super) struct OutcomesArgs {
    /// File with the label and either `id` (of a prediction) or the fields of the key (whose latest prediction is meant); other
    /// columns are ignored; `-` is standard input
    input: PathBuf,
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
    for row in rows {
        tally.count(runtime.block_on(row.record(&service))?.as_ref(), row.place);
    }
    tally.tell(quiet)
}

/// Which prediction is meant.
#[derive(Debug, PartialEq, Eq)]
enum Subject {
    Prediction(PredictionId),
    LatestOf(Entity),
}

#[derive(Debug)]
struct Told {
    place: Place,
    subject: Subject,
    label: Scalar,
}

impl Told {
    async fn record(&self, service: &PredictionService) -> anyhow::Result<Option<Recording>> {
        let latest;
        let id = match &self.subject {
            Subject::Prediction(id) => id,
            Subject::LatestOf(entity) => {
                latest = service.history(entity, None, 1).await?;
                match latest.first() {
                    Some(latest) => &latest.id,
                    None => return Ok(None),
                }
            }
        };
        Ok(service.record_outcome(id, self.label.clone()).await?)
    }
}

/// Reads every row, or tells of every one that is no outcome.
fn read(source: Source, schema: &Schema) -> anyhow::Result<Vec<Told>> {
    let selection = Selection { extra_columns: ExtraColumns::Keep, purpose: Purpose::Fields };
    let reader = Reader::open(source, schema, &Options { selection, ..Options::default() })?;
    let id_column = if schema.column(ID).is_some() { PREDICTION_ID } else { ID };
    let id = reader.extra_columns().iter().position(|column| column.name == id_column);
    let wanted: Vec<usize> = schema.key().iter().copied().chain([schema.label()]).collect();
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    reader.for_each(|row| {
        let extras = row.extras();
        let id = id.and_then(|place| match extras.get(place) {
            Some(OutputCell::Text(text)) => Some(text.trim().to_owned()),
            Some(OutputCell::Json(raw)) => serde_json::from_str(raw.get()).ok(),
            _ => None,
        });
        let told = row
            .fields(schema, &wanted)
            .map_err(|faults| in_words(&faults))
            .and_then(|values| told(schema, row.place(), id.filter(|id| !id.is_empty()), &values));
        match told {
            Ok(told) => rows.push(told),
            Err(fault) => faults.push(format!("{}: {fault}", row.place())),
        }
        anyhow::Ok(())
    })?;
    if faults.is_empty() {
        return Ok(rows);
    }
    let shown = &faults[..faults.len().min(SHOWN_ROWS)];
    bail!("{} of {} rows are no outcomes:\n  {}", faults.len(), faults.len() + rows.len(), shown.join("\n  "))
}

/// Makes an outcome of the values of the key's fields and of the label.
fn told(schema: &Schema, place: Place, id: Option<String>, values: &[Option<Value>]) -> Result<Told, String> {
    let label = values[schema.label()].as_ref().map(|value| scalar(schema, value));
    let subject = if let Some(id) = id {
        id.parse().map(Subject::Prediction).map_err(|_| "id must be that of a prediction".to_owned())
    } else {
        latest(schema, values)
    };
    match (subject, label) {
        (Ok(subject), Some(label)) => Ok(Told { place, subject, label }),
        (subject, label) => {
            let missing = label.is_none().then(|| format!("{} must have a value", schema.label_field().name));
            let faults: Vec<_> = subject.err().into_iter().chain(missing).collect();
            Err(faults.join("; "))
        }
    }
}

/// Finds whose latest prediction is meant, by the values of the key's fields.
fn latest(schema: &Schema, values: &[Option<Value>]) -> Result<Subject, String> {
    let key = schema.key().iter();
    let key: Option<Vec<_>> = key.map(|&place| Some((&schema.fields()[place], values[place].as_ref()?))).collect();
    let problem = match schema.key() {
        [] => "id is missing, and the table has no key to find a prediction by",
        _ => "neither id nor a whole key says whose outcome it is",
    };
    key.and_then(Entity::from_values).map(Subject::LatestOf).ok_or_else(|| problem.to_owned())
}

/// What came of the rows.
#[derive(Debug, Default)]
struct Tally {
    standing: usize,
    /// Rows that could not be recorded, with the reason.
    left: Vec<(Place, &'static str)>,
}

impl Tally {
    fn count(&mut self, recording: Option<&Recording>, place: Place) {
        match recording {
            Some(Recording::Stands(_)) => self.standing += 1,
            Some(Recording::Contradicts(_)) => self.left.push((place, "another outcome is recorded, and stays")),
            None => self.left.push((place, "there is no such prediction")),
        }
    }

    fn tell(&self, quiet: bool) -> anyhow::Result<()> {
        for (place, reason) in self.left.iter().take(SHOWN_ROWS) {
            writeln!(io::stderr(), "{place}: {reason}")?;
        }
        if !quiet {
            writeln!(io::stderr(), "{} outcomes stand as told", self.standing)?;
        }
        match self.left.len() {
            0 => Ok(()),
            left => bail!("{left} outcomes were not recorded"),
        }
    }
}
