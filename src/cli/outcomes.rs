//! `lifeboat outcomes`: what really happened, from a file into the store.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;

use anyhow::{Context, bail};
use clap::Args;
use csv::{ByteRecord, ReaderBuilder};

use super::format::open_csv;
use super::options::{self, DatabaseOption, ModelOption};
use crate::model::Model;
use crate::passenger::csv::{Lines, no_table};
use crate::prediction::{PredictionId, parse_passenger_id};
use crate::service::PredictionService;
use crate::store::Recording;

/// So many bad rows are shown before the rest is only counted.
const SHOWN_ROWS: usize = 20;

/// Records what really happened to passengers that were predicted.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat outcomes survivors.csv
  printf 'PassengerId,Survived\\n1070,1\\n' | lifeboat outcomes -")]
pub(super) struct OutcomesArgs {
    /// CSV file with `Survived` (0 or 1) and `id` (of a prediction) or `PassengerId` (whose latest prediction is meant); other
    /// columns are ignored; `-` is standard input
    input: PathBuf,
    #[command(flatten)]
    database: DatabaseOption,
    #[command(flatten)]
    model: ModelOption,
}

/// Records a file of outcomes: all rows are read before the first is recorded.
pub(super) fn outcomes(args: &OutcomesArgs, quiet: bool) -> anyhow::Result<()> {
    let config = options::config(&[args.database.setting(), args.model.setting()])?;
    let input = open_csv(&args.input)?;
    let rows = read(input).with_context(|| format!("nothing was recorded of {}", args.input.display()))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let model = Model::load(config.model_dir.as_deref()).context("the model package cannot be used")?;
    let service = PredictionService::new(Arc::new(model), options::existing_store(config.database)?);
    let mut tally = Tally::default();
    for row in &rows {
        tally.count(runtime.block_on(row.record(&service))?, row.line);
    }
    tally.tell(quiet)
}

/// Which prediction is meant.
#[derive(Debug, PartialEq, Eq)]
enum Subject {
    Prediction(PredictionId),
    LatestOf(u64),
}

#[derive(Debug, PartialEq, Eq)]
struct Row {
    line: u64,
    subject: Subject,
    survived: bool,
}

impl Row {
    async fn record(&self, service: &PredictionService) -> anyhow::Result<Option<Recording>> {
        let id = match self.subject {
            Subject::Prediction(id) => id,
            Subject::LatestOf(passenger_id) => match service.history(passenger_id, None, 1).await?.first() {
                Some(latest) => latest.id,
                None => return Ok(None),
            },
        };
        Ok(service.record_outcome(id, self.survived).await?)
    }
}

/// Reads every row, or tells of every one that is no outcome.
fn read(input: impl io::Read) -> anyhow::Result<Vec<Row>> {
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(input);
    let header = Header::parse(reader.byte_headers().context("it is not CSV")?)?;
    let lines = Lines::after_header(&reader);
    let (mut rows, mut faults) = (Vec::new(), Vec::new());
    for record in reader.byte_records() {
        let record = record.context("it is not CSV")?;
        let line = lines.line(&record);
        match header.row(&record, line) {
            Ok(row) => rows.push(row),
            Err(fault) => faults.push(format!("line {line}: {fault}")),
        }
    }
    if faults.is_empty() {
        return Ok(rows);
    }
    let shown = &faults[..faults.len().min(SHOWN_ROWS)];
    bail!("{} of {} rows are no outcomes:\n  {}", faults.len(), faults.len() + rows.len(), shown.join("\n  "))
}

/// Where the columns are that count.
struct Header {
    id: Option<usize>,
    passenger_id: Option<usize>,
    survived: usize,
}

impl Header {
    fn parse(header: &ByteRecord) -> anyhow::Result<Self> {
        if let Some(fault) = no_table(header) {
            bail!(fault);
        }
        let names: Vec<_> = header.iter().map(String::from_utf8_lossy).collect();
        let place = |wanted: &[&str]| {
            names.iter().position(|name| wanted.contains(&name.trim_start_matches('\u{feff}').trim()))
        };
        let (id, passenger_id) = (place(&["id"]), place(&["PassengerId", "passenger_id"]));
        let Some(survived) = place(&["Survived", "survived"]) else { bail!("the header has no column Survived") };
        if id.is_none() && passenger_id.is_none() {
            bail!("the header has neither a column id nor a column PassengerId");
        }
        Ok(Self { id, passenger_id, survived })
    }

    fn row(&self, record: &ByteRecord, line: u64) -> Result<Row, String> {
        let cell = |place: Option<usize>| {
            let cell = place.and_then(|place| record.get(place)).unwrap_or_default();
            String::from_utf8_lossy(cell).trim().to_owned()
        };
        let (id, passenger_id) = (cell(self.id), cell(self.passenger_id));
        let subject = if id.is_empty() {
            parse_passenger_id(&passenger_id).map(Subject::LatestOf).ok_or("PassengerId must be an integer")
        } else {
            id.parse().map(Subject::Prediction).map_err(|_| "id must be that of a prediction")
        };
        let survived = match &*cell(Some(self.survived)) {
            "0" => Ok(false),
            "1" => Ok(true),
            _ => Err("Survived must be 0 or 1"),
        };
        match (subject, survived) {
            (Ok(subject), Ok(survived)) => Ok(Row { line, subject, survived }),
            (subject, survived) => {
                let faults: Vec<_> = subject.err().into_iter().chain(survived.err()).collect();
                Err(faults.join("; "))
            }
        }
    }
}

/// What came of the rows.
#[derive(Debug, Default)]
struct Tally {
    standing: usize,
    /// Lines that could not be recorded, with the reason.
    left: BTreeMap<u64, &'static str>,
}

impl Tally {
    fn count(&mut self, recording: Option<Recording>, line: u64) {
        match recording {
            Some(Recording::Stands(_)) => self.standing += 1,
            Some(Recording::Contradicts(_)) => drop(self.left.insert(line, "another outcome is recorded, and stays")),
            None => drop(self.left.insert(line, "there is no such prediction")),
        }
    }

    fn tell(&self, quiet: bool) -> anyhow::Result<()> {
        for (line, reason) in self.left.iter().take(SHOWN_ROWS) {
            writeln!(io::stderr(), "line {line}: {reason}")?;
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_goes_before_a_passenger_id_and_other_columns_are_ignored() {
        let id = "7-0123456789abcdef0123456789abcdef";
        let rows = read(format!("\u{feff}Name,Survived,PassengerId,id\r\n\"A, B\",1,7,\r\nC,0,7,{id}\r\n").as_bytes());
        let expected = [
            Row { line: 2, subject: Subject::LatestOf(7), survived: true },
            Row { line: 3, subject: Subject::Prediction(id.parse().unwrap()), survived: false },
        ];
        assert_eq!(rows.unwrap(), expected);
    }

    #[test]
    fn every_bad_row_is_told_of() {
        let error = read("PassengerId,Survived\n7,1\nx,2\n8\n".as_bytes()).unwrap_err().to_string();
        for part in ["2 of 3", "line 3: PassengerId must be an integer; Survived must be 0 or 1", "line 4: Survived"] {
            assert!(error.contains(part), "{part:?} is not in {error}");
        }
        let id_is_no_text = b"id,PassengerId,Survived\n\xff,7,1\n";
        let error = read(&id_is_no_text[..]).unwrap_err().to_string();
        assert!(error.contains("line 2: id must be that of a prediction"), "{error}");
        for header in ["", "PassengerId\n", "Survived\n"] {
            assert!(read(header.as_bytes()).is_err(), "{header:?}");
        }
    }
}
