//! The second task: scores a slice, and writes its part.
//!
//! A part is there when its upload is completed, which only one of several attempts can do. What the attempt tells of it is written before
//! that, under a name that the part bears as metadata: whoever finds a part finds what it has.

use std::collections::BTreeMap;
use std::io::Write;
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::counts::Counter;
use super::failure::Failure;
use super::input::{JobInput, format};
use super::job::Job;
use super::pace::PacedStore;
use super::places::{Place, Places};
use super::plan::{self, Plan};
use super::report::{SliceDone, SliceReport};
use super::slice::{Piece, Slice};
use super::{Bulk, Call, source};
use crate::lifecycle::statistics::to_float;
use crate::objects::{Completed, Upload};
use crate::scoring::{InvalidRow, Scored, Scorer, pipeline};
use crate::table::counted;
use crate::table::format::Format;
use crate::table::place::Place as RowPlace;
use crate::table::writer::TableWriter;

/// The metadata of a part that names what is told of it.
pub(super) const ATTEMPT: &str = "attempt";

/// So long before the call must be over, it fails by itself: whoever calls is told why.
const RESERVE: Duration = Duration::from_secs(10);

/// What is asked.
#[derive(Debug, Deserialize)]
pub struct ScoreRequest {
    /// The input of the execution.
    pub input: Value,
    /// Where the job's output stands.
    pub output: Place,
    /// The job's name.
    pub job: String,
    /// The slice.
    pub slice: Slice,
}

/// Scores a slice, unless its part is there.
pub fn score(bulk: &Bulk, call: Call, request: &ScoreRequest) -> Result<SliceDone, Failure> {
    let asked = JobInput::parse(&request.input)?;
    let (places, bucket) = (Places::of(&request.output), request.output.bucket.clone());
    let job = Job::read(bulk, &places)?;
    check_job(&job, request, bulk)?;
    let plan: Plan = plan::read(bulk, &bucket, &places.plan())?;
    let output_format = format(&plan.output_format).unwrap_or(Format::Csv);
    let key = places.part(request.slice.index, output_format.extension());
    if let Some(report) = report_of(bulk, &places, request.slice.index, &key)? {
        return Ok(report.done(true));
    }
    let attempt = uuid::Uuid::new_v4().simple().to_string();
    let work = Work { bulk, call, asked: &asked, job: &job, plan: &plan, places: &places, output_format };
    let (report, upload) = work.run(&request.slice, &key, &attempt)?;
    bulk.objects.put(&bucket, &places.report(report.slice, &attempt), plan::text(&report)?)?;
    match upload.finish()? {
        Completed::Created => Ok(report.done(false)),
        // Another attempt was quicker: what it tells is what counts.
        Completed::Existed => {
            let there = report_of(bulk, &places, report.slice, &key)?;
            Ok(there.unwrap_or(report).done(true))
        }
    }
}

/// Returns what is told of a part, if it is there.
pub(super) fn report_of(bulk: &Bulk, places: &Places, slice: u64, key: &str) -> Result<Option<SliceReport>, Failure> {
    let bucket = &places.output.bucket;
    let Some(part) = bulk.objects.head(bucket, key)? else { return Ok(None) };
    let attempt = part.metadata.get(ATTEMPT).ok_or_else(|| {
        Failure::Incomplete(format!(
            "{} was not written by this job: choose another output prefix",
            source::name(bucket, key)
        ))
    })?;
    plan::read(bulk, bucket, &places.report(slice, attempt)).map(Some)
}

/// A function that was deployed anew meanwhile must not go on with the work of another model.
fn check_job(job: &Job, request: &ScoreRequest, bulk: &Bulk) -> Result<(), Failure> {
    let version = &**bulk.package.version();
    if job.job == request.job && job.model_version == version {
        return Ok(());
    }
    let output = source::name(&request.output.bucket, &request.output.prefix);
    Err(Failure::OtherJob(format!(
        "{output} is of job {} with model {}, but this is job {} with model {version}: was the function deployed anew? \
         Start another job with another output prefix",
        job.job, job.model_version, request.job
    )))
}

/// The work on one slice.
struct Work<'a> {
    bulk: &'a Bulk,
    call: Call,
    asked: &'a JobInput,
    job: &'a Job,
    plan: &'a Plan,
    places: &'a Places,
    output_format: Format,
}

/// What the work on a slice has come to.
struct Progress<'a> {
    writer: TableWriter<Upload>,
    counter: Counter<'a>,
    store: Option<PacedStore<'a>>,
    invalid: Invalid,
    rows: u64,
}

impl Work<'_> {
    /// Scores all pieces; returns what is to be told, and the part, which is yet to be completed.
    fn run(&self, slice: &Slice, key: &str, attempt: &str) -> Result<(SliceReport, Upload), Failure> {
        let package = &*self.bulk.package;
        let (bucket, options) = (&self.places.output.bucket, &self.asked.options);
        let metadata = BTreeMap::from([(ATTEMPT.to_owned(), attempt.to_owned())]);
        let upload = self.bulk.objects.upload(bucket, key, metadata);
        let scorer = Scorer::new(package, options.wishes(), self.output_format, &self.plan.kept, self.job.created_at)?;
        let share =
            to_float(self.asked.writes_per_second) / to_float(self.asked.max_concurrency.min(self.plan.slices).max(1));
        let store =
            options.store.then(|| PacedStore::new(self.bulk, self.call, self.job.created_at, share)).transpose()?;
        let invalid = self.places.invalid(slice.index);
        let mut progress = Progress {
            writer: TableWriter::new(scorer.layout(), upload)?,
            counter: Counter::new(package, self.plan.one_in)?,
            store,
            invalid: Invalid { upload: None, bucket: bucket.clone(), key: invalid, count: 0, first: String::new() },
            rows: 0,
        };
        for piece in &slice.pieces {
            self.piece(piece, &scorer, &mut progress)
                .map_err(|failure| failure.of_file(&source::name(&self.plan.bucket, &piece.key)))?;
        }
        let Progress { writer, counter, store, invalid, rows } = progress;
        let count = invalid.finish(slice.index, rows, self.asked.tolerated_invalid_rows)?;
        let upload = writer.finish()?;
        let report = SliceReport {
            slice: slice.index,
            part: key.to_owned(),
            rows,
            invalid: count,
            stored: store.map(|store| store.stored),
            counts: counter.counts(),
            seconds: self.call.began.elapsed().as_secs_f64(),
            memory_mb: std::env::var("AWS_LAMBDA_FUNCTION_MEMORY_SIZE").ok().and_then(|text| text.parse().ok()),
        };
        Ok((report, upload))
    }

    fn piece(&self, piece: &Piece, scorer: &Scorer<'_>, progress: &mut Progress<'_>) -> Result<(), Failure> {
        let options = source::options(&self.asked.options, Some(&self.plan.kept));
        let mut reader = source::open(self.bulk, &self.plan.bucket, piece, options)?;
        if reader.extra_columns() != self.plan.kept {
            return Err(Failure::ObjectChanged("its columns are not those that the job was planned with".to_owned()));
        }
        reader.set_aside(self.output_format);
        let name = source::name(&self.plan.bucket, &piece.key);
        let before = progress.rows + progress.invalid.count;
        pipeline::run(scorer, reader, |scored| self.take(scored, &name, progress))?;
        progress.writer.end_input()?;
        let read = progress.rows + progress.invalid.count - before;
        match piece.rows {
            Some(rows) if rows != read => Err(Failure::Incomplete(format!(
                "{name} had {} when the job was planned, and has {read} now",
                counted(rows, "row")
            ))),
            _ => Ok(()),
        }
    }

    fn take(&self, mut scored: Scored, name: &str, progress: &mut Progress<'_>) -> Result<(), Failure> {
        if Instant::now() + RESERVE > self.call.ends {
            return Err(Failure::Unavailable(format!(
                "{name}: the slice takes longer than a call may: start the job again; where that does not help, choose another output \
                 prefix and more \"slices\""
            )));
        }
        for row in &scored.invalid {
            progress.invalid.add(self.bulk, name, row)?;
        }
        progress.rows += scored.rows;
        // The slice is to fail, and is read on for the list of such rows: it is the same, however many a job tolerates.
        if progress.invalid.count > self.asked.tolerated_invalid_rows {
            return Ok(());
        }
        progress.counter.observe(&scored.answered)?;
        if let Some(store) = &mut progress.store {
            store.put(scored.predictions)?;
        }
        Ok(progress.writer.write(&mut scored.batch)?)
    }
}

/// The rows of a slice that are no records, as an object of their own, which is begun with the first of them.
struct Invalid {
    upload: Option<Upload>,
    bucket: String,
    key: String,
    count: u64,
    /// The first of them, in words.
    first: String,
}

/// A row that is no record, as it is written down.
#[derive(Serialize)]
struct InvalidLine<'a> {
    file: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    row: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    element: Option<u64>,
    faults: &'a [String],
}

impl Invalid {
    fn add(&mut self, bulk: &Bulk, file: &str, invalid: &InvalidRow) -> Result<(), Failure> {
        let (line, row, element) = match invalid.place {
            RowPlace::Line(line) => (Some(line), None, None),
            RowPlace::Row(row) => (None, Some(row), None),
            RowPlace::Element(element) => (None, None, Some(element)),
        };
        let mut text = plan::text(&InvalidLine { file, line, row, element, faults: &invalid.faults })?;
        text.push(b'\n');
        let (bucket, key) = (&self.bucket, &self.key);
        let upload = self.upload.get_or_insert_with(|| bulk.objects.upload(bucket, key, BTreeMap::new()));
        upload.write_all(&text)?;
        if self.count == 0 {
            self.first = format!("{file}, {invalid}");
        }
        self.count += 1;
        Ok(())
    }

    /// Ends the object, and returns how many rows it has, or fails where they are more than are tolerated. An earlier attempt wrote the same.
    fn finish(self, slice: u64, records: u64, tolerated: u64) -> Result<u64, Failure> {
        let Self { upload, bucket, key, count, first } = self;
        upload.map(Upload::finish).transpose()?;
        if count <= tolerated {
            return Ok(count);
        }
        Err(Failure::InvalidRows(format!(
            "rows of slice {slice} that are no records: {count} of {}, and the job tolerates {tolerated}. {} names each. The first:\n{first}",
            records + count,
            source::name(&bucket, &key)
        )))
    }
}
