//! The first task: lists the files, looks at each, cuts them into slices, and takes the output prefix with the first object that it writes.
//! What is no table of this model leaves nothing behind, so that the same place takes it once it is mended or asked for otherwise.
//!
//! Text is read to its end for that: only what has been read tells where a record ends, since a quoted field may hold a line break, and in
//! which line it stands. Where the time of a call is not enough, what is cut so far is kept, and the next call goes on.
//!
//! - `files`: which objects are meant.
//! - `look`: what kind of table each is.
//! - `packer`: pieces become slices.

mod files;
mod look;
mod packer;

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::failure::Failure;
use super::input::JobInput;
use super::job::Job;
use super::places::{Place, Places};
use super::plan::{self, Plan};
use super::reach::Reach;
use super::sizing::{SECONDS_A_SLICE, Sizing};
use super::slice::{Piece, PieceSpan};
use super::{Bulk, Call, source};
use crate::lifecycle::statistics::to_float;
use crate::objects::{Location, Object};
use crate::table::cutting::{self, Cutting, Mark, TextCutter};
use crate::table::format::Format;
use crate::table::output_cell::OutputColumn;
use crate::table::reader::{Options, Reader};
use look::Look;
use packer::Packer;

/// So long before the call must be over, it stops to cut.
const RESERVE: Duration = Duration::from_mins(1);

/// Records that tell enough of drift; of more, one in so many is counted.
const COUNTED_RECORDS: u64 = 50_000;

/// What is asked.
#[derive(Debug, Deserialize)]
pub struct SplitRequest {
    /// The input of the execution.
    pub input: Value,
    /// The execution's name.
    pub run: String,
    /// Where the stack may read and write.
    #[serde(default)]
    pub reach: Reach,
}

/// What is answered: all of it once the job is cut, before that only that it is not.
#[derive(Debug, Default, Serialize)]
pub struct SplitAnswer {
    /// Whether the job is cut; else the same is to be asked again.
    pub done: bool,
    /// What the next states read.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub job: Option<CutJob>,
}

/// What the states after this one read.
#[derive(Debug, Serialize)]
pub struct CutJob {
    /// The job's name.
    pub job: String,
    /// Where its output stands.
    pub output: Place,
    /// Where the list of slices stands.
    pub plan: PlanKey,
    /// Where what the slices answer is to be left.
    pub runs: String,
    /// The number of slices.
    pub slices: u64,
    /// The number of files.
    pub files: u64,
    /// Slices that are scored at a time.
    pub max_concurrency: u64,
    /// The share of slices that may fail.
    pub tolerated_failed_slices_percentage: f64,
}

/// An object.
#[derive(Debug, Serialize)]
pub struct PlanKey {
    /// The bucket.
    pub bucket: String,
    /// The key.
    pub key: String,
}

/// How far the files are cut.
#[derive(Debug, Serialize, Deserialize)]
struct Checkpoint {
    job: String,
    settled: Settled,
    /// The file that is to be cut next.
    file: usize,
    /// Where in it, if some of it is cut.
    at: Option<At>,
    packer: Packer,
}

/// Where in a text the next piece begins.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct At {
    offset: u64,
    line: u64,
    header: u64,
    format: String,
}

/// What the files say all together.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Settled {
    sizing: Sizing,
    seconds_a_slice: f64,
    output_format: String,
    kept: Vec<OutputColumn>,
    one_in: u64,
}

/// Cuts a job into slices, or goes on with that.
pub fn split(bulk: &Bulk, call: Call, request: &SplitRequest) -> Result<SplitAnswer, Failure> {
    let asked = JobInput::parse(&request.input)?;
    if asked.options.store && bulk.store.is_none() {
        let detail = "the job is to store predictions, but the function has no table: deploy it with BulkStoring=on, or leave out \"store\"";
        return Err(Failure::InvalidInput(detail.to_owned()));
    }
    let files = files::list(bulk, &asked.input, &request.reach)?;
    let places = Places { output: asked.output.clone() };
    let job = Job::new(bulk, &asked, &files, Timestamp::now());
    let is_held = job.holds(bulk, &places, &request.reach)?;
    let mut plan = if is_held { plan::find(bulk, &places.output.bucket, &places.plan())? } else { None };
    if plan.is_none() {
        let (asked, files, places, job, reach) = (&asked, &*files, &places, &job, &request.reach);
        plan = Splitter { bulk, call, asked, files, places, job, reach }.plan()?;
    }
    let Some(plan) = plan else { return Ok(SplitAnswer::default()) };
    let Location { bucket, key: prefix } = places.output.clone();
    Ok(SplitAnswer {
        done: true,
        job: Some(CutJob {
            job: job.job,
            output: Place { bucket: bucket.clone(), prefix },
            plan: PlanKey { bucket, key: plan.slices_key },
            runs: places.run(&request.run),
            slices: plan.slices,
            files: plan.files,
            max_concurrency: asked.max_concurrency,
            tolerated_failed_slices_percentage: asked.tolerated_failed_slices_percentage,
        }),
    })
}

struct Splitter<'a> {
    bulk: &'a Bulk,
    call: Call,
    asked: &'a JobInput,
    files: &'a [Object],
    places: &'a Places,
    job: &'a Job,
    reach: &'a Reach,
}

impl Splitter<'_> {
    /// Cuts all files and keeps the plan; nothing where the time was not enough.
    fn plan(&self) -> Result<Option<Plan>, Failure> {
        let (looks, columns) = look::at_all(self.bulk, self.asked, self.files)?;
        let kept: Option<Checkpoint> = plan::find(self.bulk, &self.places.output.bucket, &self.places.checkpoint())?;
        let mut checkpoint = match kept.filter(|kept| kept.job == self.job.job) {
            Some(checkpoint) => checkpoint,
            None => Checkpoint {
                job: self.job.job.clone(),
                settled: self.settle(&looks, columns)?,
                file: 0,
                at: None,
                packer: Packer::default(),
            },
        };
        while checkpoint.file < self.files.len() {
            let (file, look) = (&self.files[checkpoint.file], &looks[checkpoint.file]);
            if !self.cut(file, look, &mut checkpoint).map_err(|failure| failure.of_file(&self.name(file)))? {
                self.job.hold(self.bulk, self.places, self.reach)?;
                let text = plan::text(&checkpoint)?;
                self.bulk.objects.put(&self.places.output.bucket, &self.places.checkpoint(), text)?;
                return Ok(None);
            }
            checkpoint.file += 1;
            checkpoint.at = None;
        }
        self.keep(checkpoint).map(Some)
    }

    /// Finds what holds for all files: how large slices are, what is written, and how much is counted.
    fn settle(&self, looks: &[Look], kept: Vec<OutputColumn>) -> Result<Settled, Failure> {
        let sizing = self.measure(looks)?;
        let all = self.files.iter().zip(looks);
        let total: f64 = all.clone().map(|(file, look)| load(&sizing, file, look)).sum();
        let seconds_a_slice = self.asked.slices.map_or(SECONDS_A_SLICE, |slices| total / to_float(slices));
        let rows: f64 = all.map(|(file, look)| look.rows(file, &sizing)).sum();
        let of_first = || looks.first().map(Look::format);
        let output_format = self.asked.options.output_format().or_else(of_first).unwrap_or(Format::Csv);
        // An array cannot be cut, nor its parts be put together again.
        let output_format = if output_format == Format::Json { Format::Ndjson } else { output_format };
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "an estimate of rows is positive")]
        let one_in = (rows as u64 / COUNTED_RECORDS).max(1);
        let output_format = output_format.extension().to_owned();
        Ok(Settled { sizing, seconds_a_slice, output_format, kept, one_in })
    }

    /// Scores some records of a file, and takes the time.
    fn measure(&self, looks: &[Look]) -> Result<Sizing, Failure> {
        let wishes = self.asked.options.wishes();
        let (file, look) = self
            .files
            .iter()
            .zip(looks)
            .max_by_key(|(file, _)| file.size.min(1 << 20))
            .ok_or_else(|| Failure::InvalidInput(format!("there is no table below {}", self.asked.input)))?;
        let of_file = |failure: Failure| failure.of_file(&self.name(file));
        let reader = self.reader(file, &self.options(None)).map_err(of_file)?;
        let bytes_a_row = match look {
            Look::Text { bytes_a_row, .. } => *bytes_a_row,
            _ => None,
        };
        Sizing::measure(self.bulk, wishes, reader, bytes_a_row).map_err(of_file)
    }

    /// Cuts a file; tells whether the time was enough.
    fn cut(&self, file: &Object, look: &Look, checkpoint: &mut Checkpoint) -> Result<bool, Failure> {
        let Settled { sizing, seconds_a_slice, .. } = checkpoint.settled;
        let piece = |span, rows| Piece { key: file.key.clone(), etag: file.etag.clone(), size: file.size, span, rows };
        match look {
            Look::Rows { groups } => {
                for (from, to) in
                    packer::rows(groups, |rows| sizing.of_rows(rows, share(file.size, rows, groups)), seconds_a_slice)
                {
                    let load = sizing.of_rows(to - from, share(file.size, to - from, groups));
                    checkpoint.packer.add(piece(PieceSpan::Rows { from, to }, Some(to - from)), load, seconds_a_slice);
                }
                Ok(true)
            }
            // What is no larger than a slice is not read just to be counted.
            Look::Text { .. } if checkpoint.at.is_none() && sizing.of_text(file.size) <= seconds_a_slice => {
                checkpoint.packer.add(piece(PieceSpan::Whole, None), sizing.of_text(file.size), seconds_a_slice);
                Ok(true)
            }
            Look::Text { .. } => self.cut_text(file, checkpoint),
            Look::Whole { .. } => {
                checkpoint.packer.add(piece(PieceSpan::Whole, None), load(&sizing, file, look), seconds_a_slice);
                Ok(true)
            }
        }
    }

    fn cut_text(&self, file: &Object, checkpoint: &mut Checkpoint) -> Result<bool, Failure> {
        let Settled { sizing, seconds_a_slice, .. } = checkpoint.settled;
        let mut cutter = self.cutter(file, checkpoint.at.as_ref())?;
        let (header, format) = (cutter.header_bytes(), cutter.format().extension().to_owned());
        while let Some(cutting::Piece { bytes, first_line, rows }) = cutter.next(sizing.bytes_in(seconds_a_slice))? {
            let load = sizing.of_text(bytes.end - bytes.start);
            let span =
                PieceSpan::Lines { header, from: bytes.start, to: bytes.end, first_line, format: format.clone() };
            let piece =
                Piece { key: file.key.clone(), etag: file.etag.clone(), size: file.size, span, rows: Some(rows) };
            checkpoint.packer.add(piece, load, seconds_a_slice);
            if Instant::now() + RESERVE > self.call.ends {
                let Mark { offset, line } = cutter.mark();
                checkpoint.at = Some(At { offset, line, header, format });
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Opens a text to be cut, from its beginning or from where an earlier call stopped.
    fn cutter(&self, file: &Object, at: Option<&At>) -> Result<TextCutter, Failure> {
        let (schema, bucket) = (self.bulk.package.schema(), &self.asked.input.bucket);
        let options = self.options(None);
        if let Some(At { offset, line, header, format }) = at {
            let rest = source::text(self.bulk, bucket, file, *header, *offset..file.size)?;
            let options = Options { format: super::input::format(format), ..options };
            let mark = Mark { offset: *offset, line: *line };
            return Ok(cutting::go_on(rest, schema, &options, *header, mark)?);
        }
        match cutting::open(source::whole(self.bulk, bucket, file), schema, &options)? {
            Cutting::Text(cutter) => Ok(*cutter),
            _ => Err(Failure::ObjectChanged(format!("{} was replaced while it was looked at", self.name(file)))),
        }
    }

    /// Keeps the plan; where another call was quicker, its plan is the job's.
    fn keep(&self, checkpoint: Checkpoint) -> Result<Plan, Failure> {
        self.job.hold(self.bulk, self.places, self.reach)?;
        let slices = checkpoint.packer.finish();
        let bucket = &self.places.output.bucket;
        let slices_key = self.places.slices(&uuid::Uuid::new_v4().simple().to_string());
        self.bulk.objects.put(bucket, &slices_key, plan::text(&slices)?)?;
        let Settled { seconds_a_slice, output_format, kept, one_in, .. } = checkpoint.settled;
        let plan = Plan {
            slices: slices.len() as u64,
            slices_key,
            files: self.files.len() as u64,
            bucket: self.asked.input.bucket.clone(),
            output_format,
            kept,
            one_in,
            seconds_a_slice,
        };
        if self.bulk.objects.put_new(bucket, &self.places.plan(), plan::text(&plan)?)? {
            return Ok(plan);
        }
        plan::read(self.bulk, bucket, &self.places.plan())
    }

    fn reader(&self, file: &Object, options: &Options) -> Result<Reader, Failure> {
        let source = source::whole(self.bulk, &self.asked.input.bucket, file);
        Ok(Reader::open(source, self.bulk.package.schema(), options)?)
    }

    fn options(&self, kept: Option<&[OutputColumn]>) -> Options {
        source::options(&self.asked.options, kept)
    }

    fn name(&self, file: &Object) -> String {
        source::name(&self.asked.input.bucket, &file.key)
    }
}

/// Returns how long a file takes.
fn load(sizing: &Sizing, file: &Object, look: &Look) -> f64 {
    match look {
        Look::Rows { groups } => sizing.of_rows(groups.iter().sum(), file.size),
        Look::Whole { is_compressed: true, .. } => sizing.of_compressed(file.size),
        Look::Text { .. } | Look::Whole { .. } => sizing.of_text(file.size),
    }
}

/// Returns the bytes of a file that some of its rows have.
fn share(bytes: u64, rows: u64, groups: &[u64]) -> u64 {
    let all: u64 = groups.iter().sum();
    u64::try_from(u128::from(bytes) * u128::from(rows) / u128::from(all.max(1))).unwrap_or(bytes)
}
