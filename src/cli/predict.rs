//! `lifeboat predict`: file to file, on every processor, in constant memory.

use std::io::{self, IsTerminal, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use anyhow::{Context, anyhow, bail};
use clap::Args;
use clap::builder::NonEmptyStringValueParser;
use indicatif::{ProgressBar, ProgressStyle};
use jiff::Timestamp;
use tokio::runtime::Runtime;

use super::failure::UsageError;
use super::format::{self, open};
use super::options::{self, ModelOption};
use super::output::Output;
use super::records::{self, Columns, FORMATS, Format, Record, Taker};
use crate::config::Config;
use crate::explanation::{Explanation, explain};
use crate::features::Features;
use crate::model::{InferenceError, Model};
use crate::passenger::{Passenger, in_words};
use crate::prediction::{Prediction, to_milliseconds};
use crate::service;
use crate::store::{self, PredictionStore, Put};

/// So many chunks may wait between the reader, the workers and the writer.
const QUEUED_CHUNKS: usize = 4;

/// So many rows that are left out are shown; the rest is counted.
const SHOWN_FAULTS: u64 = 20;

/// Predicts every passenger of a file. Nothing is stored unless `--store` asks for it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat predict model/train.csv -o predictions.csv
  lifeboat predict test.csv --kaggle -o submission.csv
  lifeboat predict passengers.csv --output-format ndjson --explain | jq '.contributions[0]'
  lifeboat predict - --format csv --store < test.csv > predictions.csv")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct PredictArgs {
    /// CSV, JSON or NDJSON file; `-` is standard input
    input: PathBuf,
    /// File for the predictions; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// Format of the input, whatever its extension
    #[arg(long)]
    format: Option<Format>,
    /// Format of the output [default: what its extension says, else that of the input]
    #[arg(long, value_name = "FORMAT", conflicts_with = "kaggle")]
    output_format: Option<Format>,
    /// Leaves rows that are no passengers out, instead of stopping at the first
    #[arg(long)]
    skip_invalid: bool,
    /// Writes `PassengerId,Survived` only, as the Kaggle competition takes it
    #[arg(long)]
    kaggle: bool,
    /// Adds how far each thing about a passenger moved the log-odds from those of the average passenger
    #[arg(long, conflicts_with = "kaggle")]
    explain: bool,
    /// Stores each prediction that is new
    #[arg(long)]
    store: bool,
    /// Where predictions are kept, with `--store` [env: `DATABASE_URL`] [default: sqlite:predictions.db]
    #[arg(long, value_name = "URL", requires = "store", value_parser = NonEmptyStringValueParser::new())]
    database_url: Option<String>,
    #[command(flatten)]
    model: ModelOption,
}

/// Predicts a file.
pub(super) fn predict(args: &PredictArgs, quiet: bool) -> anyhow::Result<()> {
    let (input_format, output_format) = args.formats()?;
    let config = options::config(&[("DATABASE_URL", args.database_url.clone().map(Into::into)), args.model.setting()])?;
    let model = Model::load(config.model_dir.as_deref()).context("the model package cannot be used")?;
    let store = if args.store { Some(Store::open(&config)?) } else { None };
    let job = Job {
        model: &model,
        columns: Columns::default(),
        layout: Layout::new(output_format, args.kaggle, args.explain, model.version())?,
        keep: args.store,
        now: to_milliseconds(Timestamp::now()),
    };
    let progress = if quiet { ProgressBar::hidden() } else { progress(args) };
    let input = Box::new(progress.wrap_read(open(&args.input)?));
    let mut report = Report {
        output: Output::create(&args.output)?,
        skip: args.skip_invalid,
        quiet,
        store,
        tally: Tally::default(),
    };
    report.output.write_all(job.layout.start().as_bytes())?;
    run(&job, input, input_format, |scored| report.take(scored, &job.layout))?;
    report.output.write_all(job.layout.end())?;
    report.output.finish()?;
    progress.finish_and_clear();
    if !quiet {
        report.tally.tell(args.store);
    }
    Ok(())
}

impl PredictArgs {
    /// Returns the formats of the input and of the output.
    fn formats(&self) -> Result<(Format, Format), UsageError> {
        let input = format::of_input(self.format, FORMATS, &self.input)?.ok_or_else(|| {
            let input = self.input.display();
            UsageError(anyhow!("{input} does not say its format: give --format csv, json or ndjson"))
        })?;
        if self.kaggle {
            format::of_output(None, format::CSV, &self.output)?;
            return Ok((input, Format::Csv));
        }
        Ok((input, format::of_output(self.output_format, FORMATS, &self.output)?.unwrap_or(input)))
    }
}

/// Shows how far a long input has been read, on a terminal only.
fn progress(args: &PredictArgs) -> ProgressBar {
    if !io::stderr().is_terminal() || args.output == std::path::Path::new("-") {
        return ProgressBar::hidden();
    }
    let Ok(metadata) = std::fs::metadata(&args.input) else { return ProgressBar::new_spinner() };
    let style = ProgressStyle::with_template("{bar:40} {percent:>3} %  {eta} left");
    ProgressBar::new(metadata.len()).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
}

/// What every worker knows.
struct Job<'a> {
    model: &'a Model,
    columns: Columns,
    layout: Layout,
    /// Whether predictions are needed after they have been written down.
    keep: bool,
    now: Timestamp,
}

/// What became of a chunk.
#[derive(Default)]
struct Scored {
    /// The chunk's part of the output.
    text: Vec<u8>,
    rows: u64,
    predictions: Vec<Prediction>,
    /// Records that are no passengers, in words.
    invalid: Vec<String>,
}

type Handover = (Vec<Record>, SyncSender<anyhow::Result<Scored>>);

/// Reads on one thread, scores on all processors, and hands the results on in the order of the input.
fn run(
    job: &Job<'_>,
    input: Box<dyn io::Read + Send>,
    format: Format,
    mut take: impl FnMut(Scored) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let (work, queue) = sync_channel::<Handover>(QUEUED_CHUNKS);
    let (order, results) = sync_channel::<Receiver<anyhow::Result<Scored>>>(QUEUED_CHUNKS + workers);
    let queue = Mutex::new(queue);
    let (done, spare) = channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (queue, done) = (&queue, done.clone());
            scope.spawn(move || {
                while let Some((records, answer)) = next(queue) {
                    let _ = answer.send(job.score(&records));
                    let _ = done.send(records);
                }
            });
        }
        // When the reader ends, its ends of the queues go with it: that lets the workers and the writer end.
        let queues = Queues { work, order, spare };
        let reader = scope.spawn(|| records::read(input, format, &job.columns, queues));
        let written = write_all(results, &mut take);
        let read = reader.join().map_err(|_| anyhow!("the reader failed"))?;
        written.and(read)
    })
}

/// The reader's ends of the queues.
struct Queues {
    work: SyncSender<Handover>,
    order: SyncSender<Receiver<anyhow::Result<Scored>>>,
    spare: Receiver<Vec<Record>>,
}

impl Taker for Queues {
    fn take(&mut self, chunk: Vec<Record>) -> bool {
        let (answer, result) = sync_channel(1);
        self.work.send((chunk, answer)).is_ok() && self.order.send(result).is_ok()
    }

    fn spare(&mut self) -> Vec<Record> {
        self.spare.try_recv().unwrap_or_default()
    }
}

fn next(queue: &Mutex<Receiver<Handover>>) -> Option<Handover> {
    queue.lock().unwrap_or_else(PoisonError::into_inner).recv().ok()
}

/// Takes the results in order; at the first failure the queue is dropped, which stops the reader.
fn write_all(
    results: Receiver<Receiver<anyhow::Result<Scored>>>,
    take: &mut impl FnMut(Scored) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    for result in results {
        take(result.recv().context("a worker failed")??)?;
    }
    Ok(())
}

impl Job<'_> {
    /// Scores one chunk.
    fn score(&self, records: &[Record]) -> anyhow::Result<Scored> {
        let mut scored = Scored::default();
        if self.keep {
            let passengers = self.passengers(records, &mut scored.invalid).collect();
            scored.predictions = service::predict(self.model, passengers, self.now)?;
            for prediction in &scored.predictions {
                let explanation = self.explanation(&prediction.features)?;
                self.layout.push(&mut scored.text, &Line { explanation, ..prediction.into() })?;
            }
            scored.rows = scored.predictions.len() as u64;
            return Ok(scored);
        }
        // Each passenger is let go of as soon as its features are known: memory that is hot is quick to get and to give.
        let passengers = self.passengers(records, &mut scored.invalid);
        let (ids, rows): (Vec<_>, Vec<_>) =
            passengers.map(|passenger| (passenger.passenger_id(), self.model.features(&passenger))).unzip();
        for ((passenger_id, probability), row) in ids.into_iter().zip(self.model.probabilities(&rows)?).zip(&rows) {
            let (survived, explanation) = (self.model.survives(probability), self.explanation(row)?);
            self.layout.push(&mut scored.text, &Line { passenger_id, survived, probability, explanation })?;
        }
        scored.rows = rows.len() as u64;
        Ok(scored)
    }

    /// Returns why the model says what it says of these features, where that is asked for.
    fn explanation(&self, features: &Features) -> Result<Option<Explanation>, InferenceError> {
        self.layout.explain.then(|| explain(self.model, features)).transpose()
    }

    /// Returns the passengers of a chunk, and notes the records that are none.
    fn passengers<'a>(
        &'a self,
        records: &'a [Record],
        invalid: &'a mut Vec<String>,
    ) -> impl Iterator<Item = Passenger> + 'a {
        records.iter().filter_map(|record| match record.passenger(&self.columns) {
            Ok(passenger) if self.layout.kaggle && passenger.passenger_id().is_none() => {
                invalid.push(format!("{}: PassengerId is required with --kaggle", record.place()));
                None
            }
            Ok(passenger) => Some(passenger),
            Err(faults) => {
                invalid.push(format!("{}: {}", record.place(), in_words(&faults)));
                None
            }
        })
    }
}

/// One line of output.
struct Line {
    passenger_id: Option<u64>,
    survived: bool,
    probability: f32,
    explanation: Option<Explanation>,
}

impl From<&Prediction> for Line {
    fn from(prediction: &Prediction) -> Self {
        Self {
            passenger_id: prediction.passenger.passenger_id(),
            survived: prediction.survived,
            probability: prediction.probability,
            explanation: None,
        }
    }
}

/// How lines are written down.
#[derive(Debug)]
struct Layout {
    format: Format,
    kaggle: bool,
    explain: bool,
    /// The model's version as a cell of CSV or a value of JSON: written down once, since it is the same in every line.
    model_version: String,
}

impl Layout {
    fn new(format: Format, kaggle: bool, explain: bool, model_version: &str) -> anyhow::Result<Self> {
        let model_version = match format {
            Format::Csv => cell(model_version)?,
            Format::Json | Format::Ndjson => serde_json::to_string(model_version)?,
        };
        Ok(Self { format, kaggle, explain, model_version })
    }

    fn start(&self) -> String {
        match self.format {
            Format::Csv if self.kaggle => "PassengerId,Survived\n".to_owned(),
            Format::Csv if self.explain => {
                format!("PassengerId,Survived,probability,model_version,{}\n", Explanation::COLUMNS.join(","))
            }
            Format::Csv => "PassengerId,Survived,probability,model_version\n".to_owned(),
            Format::Json => "[".to_owned(),
            Format::Ndjson => String::new(),
        }
    }

    fn end(&self) -> &'static [u8] {
        if self.format == Format::Json { b"\n]\n" } else { b"" }
    }

    /// Appends a line; in a JSON array each is followed by a comma, and the first by none before it.
    fn push(&self, text: &mut Vec<u8>, line: &Line) -> serde_json::Result<()> {
        let (mut id, mut probability) = (itoa::Buffer::new(), ryu::Buffer::new());
        let id = line.passenger_id.map(|value| id.format(value));
        let survived = if line.survived { "1" } else { "0" };
        let mut put = |parts: &[&str]| parts.iter().for_each(|part| text.extend_from_slice(part.as_bytes()));
        if self.format == Format::Csv {
            put(&[id.unwrap_or_default(), ",", survived]);
            if !self.kaggle {
                put(&[",", probability.format_finite(line.probability), ",", &self.model_version]);
            }
        } else {
            put(&["{\"PassengerId\":", id.unwrap_or("null"), ",\"Survived\":", survived, ",\"probability\":"]);
            put(&[probability.format_finite(line.probability), ",\"model_version\":", &self.model_version]);
        }
        if let Some(explanation) = &line.explanation {
            self.push_explanation(text, explanation)?;
        }
        text.extend_from_slice(if self.format == Format::Csv { b"\n" } else { b"}\n" });
        Ok(())
    }

    fn push_explanation(&self, text: &mut Vec<u8>, explanation: &Explanation) -> serde_json::Result<()> {
        let mut buffer = ryu::Buffer::new();
        let mut put = |parts: &[&str]| parts.iter().for_each(|part| text.extend_from_slice(part.as_bytes()));
        if self.format == Format::Csv {
            for number in explanation.in_columns() {
                put(&[",", buffer.format_finite(number)]);
            }
            return Ok(());
        }
        put(&[",\"log_odds\":", buffer.format_finite(explanation.log_odds)]);
        put(&[",\"baseline_log_odds\":", buffer.format_finite(explanation.baseline_log_odds)]);
        put(&[",\"contributions\":", &serde_json::to_string(&explanation.contributions)?]);
        Ok(())
    }
}

/// Returns a text as a cell of CSV, in quotes where it needs them.
fn cell(text: &str) -> anyhow::Result<String> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record([text])?;
    let line = writer.into_inner().map_err(csv::IntoInnerError::into_error)?;
    Ok(String::from_utf8(line)?.trim_end_matches('\n').to_owned())
}

/// Where results go: the output, the store, and the count of what was done.
struct Report {
    output: Output,
    skip: bool,
    quiet: bool,
    store: Option<Store>,
    tally: Tally,
}

impl Report {
    fn take(&mut self, scored: Scored, layout: &Layout) -> anyhow::Result<()> {
        if !self.skip
            && let Some(first) = scored.invalid.first()
        {
            bail!("{first}\n--skip-invalid leaves such rows out");
        }
        for fault in &scored.invalid {
            self.tally.invalid += 1;
            if !self.quiet && self.tally.invalid <= SHOWN_FAULTS {
                let _ = writeln!(io::stderr(), "left out, {fault}");
            }
        }
        if let Some(store) = &self.store {
            self.tally.created += store.put(scored.predictions)?;
        }
        self.write(&scored.text, layout)?;
        self.tally.rows += scored.rows;
        Ok(())
    }

    /// Writes lines as they are, or as the elements of an array.
    fn write(&mut self, text: &[u8], layout: &Layout) -> anyhow::Result<()> {
        if layout.format != Format::Json {
            return self.output.write_all(text).context("cannot write the output");
        }
        let mut first = self.tally.rows == 0;
        for line in text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty()) {
            self.output.write_all(if first { b"\n  " } else { b",\n  " })?;
            self.output.write_all(line)?;
            first = false;
        }
        Ok(())
    }
}

#[derive(Debug, Default)]
struct Tally {
    rows: u64,
    invalid: u64,
    created: u64,
}

impl Tally {
    fn tell(&self, stored: bool) {
        let left_out = if self.invalid > 0 { format!(", {} left out", self.invalid) } else { String::new() };
        let created = if stored { format!(", {} new in the store", self.created) } else { String::new() };
        let _ = writeln!(io::stderr(), "{} predicted{left_out}{created}", self.rows);
    }
}

/// A store for a program that does not wait for anything else.
struct Store {
    runtime: Runtime,
    store: Arc<dyn PredictionStore>,
}

impl Store {
    fn open(config: &Config) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let store = store::open(config.database.clone())?;
        Ok(Self { runtime, store })
    }

    /// Stores predictions and returns how many were new.
    fn put(&self, predictions: Vec<Prediction>) -> anyhow::Result<u64> {
        let puts = self.runtime.block_on(self.store.put(predictions))?;
        Ok(puts.iter().filter(|put| Put::is_created(put)).count() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_version_of_any_text_is_one_cell_and_one_value() {
        for version in ["1.0.0-612c442f", "1,0", "say \"1\"", "two\nlines", " 1 "] {
            let line = Line { passenger_id: Some(7), survived: true, probability: 0.5, explanation: None };
            let written = |format| {
                let mut text = Vec::new();
                Layout::new(format, false, false, version).unwrap().push(&mut text, &line).unwrap();
                text
            };
            let row = written(Format::Csv);
            let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(&*row);
            assert_eq!(&reader.records().next().unwrap().unwrap()[3], version);
            let value: serde_json::Value = serde_json::from_slice(&written(Format::Ndjson)).unwrap();
            assert_eq!(value["model_version"], version);
        }
    }
}
