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

use super::failure::Advised;
use super::format::{self, ExtraColumnsOption};
use super::options::{self, PackageOption};
use super::output::Output;
use crate::config::Config;
use crate::package::explanation::explain;
use crate::package::{InferenceError, Package};
use crate::prediction::columns::{AnswerColumns, AnswerRow, Part};
use crate::prediction::{Answer, Prediction, to_milliseconds};
use crate::service;
use crate::start;
use crate::store::{PredictionStore, Put};
use crate::table::Record;
use crate::table::chunk::{Chunk, Row};
use crate::table::columns::Selection;
use crate::table::fault::in_words;
use crate::table::format::Format;
use crate::table::output_cell::OutputColumn;
use crate::table::reader::{Options, Reader};
use crate::table::writer::{Batch, Layout, TableWriter};

/// So many chunks may wait between the reader, the workers and the writer.
const QUEUED_CHUNKS: usize = 4;

/// So many rows that are left out are shown; the rest is counted.
const SHOWN_FAULTS: u64 = 20;

/// Predicts every record of a file. Nothing is stored unless `--store` asks for it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat predict test.csv -o predictions.csv
  lifeboat predict test.csv --kaggle -o submission.csv
  lifeboat predict test.parquet --output-format ndjson --explain
  lifeboat predict test.csv.gz --extra-columns keep -o scored.parquet
  lifeboat predict - --format csv --store < test.csv > predictions.csv")]
#[expect(clippy::struct_excessive_bools, reason = "each is a switch of the command line")]
pub(super) struct PredictArgs {
    /// CSV, JSON, NDJSON or Parquet file, as it is or compressed by gzip or zstd; `-` is standard input
    input: PathBuf,
    /// File for the predictions; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
    /// Format of the input, whatever its extension and its first bytes say
    #[arg(long, value_parser = format::parser(), ignore_case = true)]
    format: Option<Format>,
    /// Format of the output [default: what its extension says, else that of the input]
    #[arg(long, value_name = "FORMAT", value_parser = format::parser(), ignore_case = true, conflicts_with = "kaggle")]
    output_format: Option<Format>,
    /// Leaves rows that are no records out, instead of stopping at the first
    #[arg(long)]
    skip_invalid: bool,
    #[command(flatten)]
    extra_columns: ExtraColumnsOption,
    /// Writes key and label alone, as Kaggle's competitions take them
    #[arg(long)]
    kaggle: bool,
    /// Adds how far each group of fields moved the answer from that of the average record
    #[arg(long, conflicts_with = "kaggle")]
    explain: bool,
    /// Stores each prediction that is new
    #[arg(long)]
    store: bool,
    /// Where predictions are kept, with `--store` [env: `DATABASE_URL`] [default: sqlite:NAME.db, by the package's name]
    #[arg(long, value_name = "URL", requires = "store", value_parser = NonEmptyStringValueParser::new())]
    database_url: Option<String>,
    #[command(flatten)]
    package: PackageOption,
}

/// Predicts a file.
pub(super) fn predict(args: &PredictArgs, quiet: bool) -> anyhow::Result<()> {
    let named = if args.kaggle { Some(Format::Csv) } else { args.output_format };
    let output_format = format::of_table_or_none(named, &args.output)?;
    let config =
        options::config(&[("DATABASE_URL", args.database_url.clone().map(Into::into)), args.package.setting()])?;
    let package = start::open_package(&config)?;
    let store = if args.store { Some(Store::open(&config, &package)?) } else { None };
    let progress = if quiet { ProgressBar::hidden() } else { progress(args) };
    let source = format::source(&args.input)?.wrapped(|input| progress.wrap_read(input));
    let selection = Selection { extra_columns: args.extra_columns.get(), ..Selection::default() };
    let reader = Reader::open(source, package.schema(), &Options { format: args.format, selection, ..Options::default() })
        .with_context(|| format!("cannot read {}", format::name(&args.input)))?;
    let part = match (args.kaggle, args.store) {
        (true, _) => Part::KeyAndLabel,
        // What is not stored cannot be found by an id.
        (false, false) => Part::Answer,
        (false, true) => Part::Named,
    };
    let groups = if args.explain { package.groups() } else { &[] };
    let columns = AnswerColumns::new(package.schema(), part, groups);
    let all = with_extras(columns.columns(), reader.extra_columns())?;
    let layout = Layout::new(output_format.unwrap_or(reader.format()), all)?;
    let job = Job {
        package: &package,
        columns: &columns,
        layout: &layout,
        explains: args.explain,
        stores: args.store,
        needs_key: args.kaggle,
        now: to_milliseconds(Timestamp::now()),
    };
    let mut report = Report {
        output: TableWriter::new(&layout, Output::create(&args.output)?)?,
        skip: args.skip_invalid,
        quiet,
        store,
        tally: Tally::default(),
    };
    run(&job, reader, |scored| report.take(scored))?;
    report.output.finish()?.finish()?;
    progress.finish_and_clear();
    if !quiet {
        report.tally.tell(args.store);
    }
    Ok(())
}

/// Joins the columns of the answers and those that are kept of the input.
fn with_extras(answers: &[OutputColumn], extras: &[OutputColumn]) -> anyhow::Result<Vec<OutputColumn>> {
    if let Some(extra) = extras.iter().find(|extra| answers.iter().any(|column| column.name == extra.name)) {
        let problem = format!("column {:?} of the input has the name of one that is written", extra.name);
        let advice = "rename it, or leave such columns out with --extra-columns ignore".to_owned();
        return Err(Advised { problem, advice }.into());
    }
    Ok(answers.iter().chain(extras).cloned().collect())
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
    package: &'a Package,
    columns: &'a AnswerColumns<'a>,
    layout: &'a Arc<Layout>,
    explains: bool,
    stores: bool,
    needs_key: bool,
    now: Timestamp,
}

/// What became of a chunk.
struct Scored {
    /// The chunk's part of the output.
    batch: Batch,
    rows: u64,
    /// What is to be stored, if anything.
    predictions: Vec<Prediction>,
    /// Rows that are no records, in words.
    invalid: Vec<String>,
}

type Handover = (Chunk, SyncSender<anyhow::Result<Scored>>);

/// Reads on one thread, scores on all processors, and hands the results on in the order of the input.
fn run(job: &Job<'_>, reader: Reader, mut take: impl FnMut(Scored) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let workers = thread::available_parallelism().map_or(1, usize::from);
    let (work, queue) = sync_channel::<Handover>(QUEUED_CHUNKS);
    let (order, results) = sync_channel::<Receiver<anyhow::Result<Scored>>>(QUEUED_CHUNKS + workers);
    let queue = Mutex::new(queue);
    let (done, spare) = channel();
    thread::scope(|scope| {
        for _ in 0..workers {
            let (queue, done) = (&queue, done.clone());
            scope.spawn(move || {
                while let Some((chunk, answer)) = next(queue) {
                    let _ = answer.send(job.score(&chunk));
                    let _ = done.send(chunk);
                }
            });
        }
        // When the reader ends, its ends of the queues go with it: that lets the workers and the writer end.
        let reading = scope.spawn(move || read(reader, &work, &order, &spare));
        let written = write_all(results, &mut take);
        let read = reading.join().map_err(|_| anyhow!("the reader failed"))?;
        written.and(read)
    })
}

/// Hands each chunk to a worker, and the place of its result to the writer; ends when the writer takes no more.
fn read(
    mut reader: Reader,
    work: &SyncSender<Handover>,
    order: &SyncSender<Receiver<anyhow::Result<Scored>>>,
    spare: &Receiver<Chunk>,
) -> anyhow::Result<()> {
    loop {
        let mut chunk = spare.try_recv().unwrap_or_default();
        if !reader.next_chunk(&mut chunk)? {
            return Ok(());
        }
        let (answer, result) = sync_channel(1);
        if work.send((chunk, answer)).is_err() || order.send(result).is_err() {
            return Ok(());
        }
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
    fn score(&self, chunk: &Chunk) -> anyhow::Result<Scored> {
        let mut invalid = Vec::new();
        let (mut rows, mut records) = (Vec::with_capacity(chunk.len()), Vec::with_capacity(chunk.len()));
        for row in chunk.rows() {
            if let Some(record) = self.record(row, &mut invalid) {
                rows.push(row);
                records.push(record);
            }
        }
        let (answers, predictions) = loop {
            match self.answers(&records) {
                Ok(answered) => break answered,
                Err(error) => {
                    // A record that the model has no answer for is left out as one that is none.
                    let Some(place) = error.row() else { return Err(error.into()) };
                    records.remove(place);
                    invalid.push(format!("{}: {error}", rows.remove(place).place()));
                }
            }
        };
        let mut batch = Batch::new(self.layout);
        for (index, (row, record)) in rows.iter().zip(&records).enumerate() {
            let explanation = self.explains.then(|| explain(self.package, std::slice::from_ref(record))).transpose()?;
            let answer = AnswerRow {
                record,
                answer: &answers[index],
                model_version: self.package.version(),
                id: predictions.get(index).map(|prediction| prediction.id.to_string()),
                created_at: None,
                explanation: explanation.as_ref().map(|explanations| &explanations[0]),
            };
            let mut cells = self.columns.cells(&answer);
            cells.extend(row.extras());
            batch.push(&cells)?;
        }
        Ok(Scored { batch, rows: records.len() as u64, predictions, invalid })
    }

    /// Returns what the model says of records, and what is to be stored of that.
    fn answers(&self, records: &[Record]) -> Result<(Vec<Answer>, Vec<Prediction>), InferenceError> {
        if !self.stores {
            return Ok((service::answers(self.package, records)?, vec![]));
        }
        let predictions = service::predict(self.package, records, self.now)?;
        Ok((predictions.iter().map(|prediction| prediction.answer.clone()).collect(), predictions))
    }

    /// Returns the record of a row, and notes one that is none.
    fn record(&self, row: Row<'_>, invalid: &mut Vec<String>) -> Option<Record> {
        let schema = self.package.schema();
        let lacks_key =
            |record: &Record| self.needs_key && schema.key().iter().any(|&place| record.get(place).is_none());
        match row.record(schema) {
            Ok(record) if lacks_key(&record) => {
                invalid.push(format!("{}: the key is required with --kaggle", row.place()));
                None
            }
            Ok(record) => Some(record),
            Err(faults) => {
                invalid.push(format!("{}: {}", row.place(), in_words(&faults)));
                None
            }
        }
    }
}

/// Where results go: the output, the store, and the count of what was done.
struct Report {
    output: TableWriter<Output>,
    skip: bool,
    quiet: bool,
    store: Option<Store>,
    tally: Tally,
}

impl Report {
    fn take(&mut self, mut scored: Scored) -> anyhow::Result<()> {
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
        self.tally.rows += scored.rows;
        if let Some(store) = &self.store {
            self.tally.created += store.put(scored.predictions)?;
        }
        self.output.write(&mut scored.batch).context("cannot write the output")
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
    fn open(config: &Config, package: &Package) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let store = start::open_store(config, package)?;
        Ok(Self { runtime, store })
    }

    /// Stores predictions and returns how many were new.
    fn put(&self, predictions: Vec<Prediction>) -> anyhow::Result<u64> {
        let puts = self.runtime.block_on(self.store.put(predictions))?;
        Ok(puts.iter().filter(|put| Put::is_created(put)).count() as u64)
    }
}
