//! The last task: counts the parts and their rows against the slices itself, whatever the engine says, and writes the summary.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::Value;

use super::counts::Counter;
use super::failure::Failure;
use super::input::{JobInput, format};
use super::job::Job;
use super::places::{Place, Places};
use super::plan::{self, Plan};
use super::report::SliceReport;
use super::score::report_of;
use super::slice::Slice;
use super::stored::StoredRows;
use super::summary::Summary;
use super::{Bulk, cost, side_by_side, source};
use crate::lifecycle::statistics::to_float;
use crate::objects::Location;
use crate::table::counted;
use crate::table::format::Format;

/// So many parts are looked at side by side.
const LOOKS_AT_ONCE: usize = 32;

/// So many slices are named that are missing.
const NAMED_SLICES: usize = 20;

/// Of what slices failed by, a file of so many bytes is read, and so much of each message is told.
const MOST_FAILED_BYTES: u64 = 16 << 20;
const MOST_SAID_CHARS: usize = 500;

/// A function that does not say how much memory it has.
const USUAL_MEMORY_MB: u64 = 1769;

/// What is asked.
#[derive(Debug, Deserialize)]
pub struct SummariseRequest {
    /// The input of the execution.
    pub input: Value,
    /// Where the job's output stands.
    pub output: Place,
    /// The job's name.
    pub job: String,
    /// The execution's name.
    pub run: String,
}

/// Sums a job up; where its summary is there, that is the answer.
pub fn summarise(bulk: &Bulk, request: &SummariseRequest) -> Result<Summary, Failure> {
    let asked = JobInput::parse(&request.input)?;
    let (places, bucket) = (Places::of(&request.output), request.output.bucket.clone());
    if let Some(summary) = plan::find::<Summary>(bulk, &bucket, &places.success())? {
        return Ok(summary);
    }
    let job = Job::read(bulk, &places)?;
    if job.job != request.job {
        return Err(Failure::OtherJob(format!("{} has the output of another job, {}", places.output, job.job)));
    }
    let plan: Plan = plan::read(bulk, &bucket, &places.plan())?;
    let slices: Vec<Slice> = plan::read(bulk, &bucket, &plan.slices_key)?;
    let reports = reports(bulk, &places, &plan, &slices, &request.run)?;
    let summary = sum_up(bulk, &asked, &job, &plan, &places, &reports)?;
    if bulk.objects.put_new(&bucket, &places.success(), plan::text(&summary)?)? {
        return Ok(summary);
    }
    plan::read(bulk, &bucket, &places.success())
}

/// Reads what is told of each slice; names those whose parts are missing or are not whole.
fn reports(
    bulk: &Bulk,
    places: &Places,
    plan: &Plan,
    slices: &[Slice],
    run: &str,
) -> Result<Vec<SliceReport>, Failure> {
    let extension = format(&plan.output_format).unwrap_or(Format::Csv).extension();
    let parts: BTreeSet<String> = bulk.objects.list(&places.parts())?.into_iter().map(|part| part.key).collect();
    let found = side_by_side::each(slices, LOOKS_AT_ONCE, |slice| {
        let key = places.part(slice.index, extension);
        if parts.contains(&key) { report_of(bulk, places, slice.index, &key) } else { Ok(None) }
    });
    let (mut reports, mut missing, mut faults) = (Vec::with_capacity(slices.len()), Vec::new(), Vec::new());
    for (slice, report) in slices.iter().zip(found) {
        match report? {
            None => missing.push(slice),
            Some(report) => {
                let rows = report.rows + report.invalid;
                if let Some(expected) = slice.rows().filter(|expected| *expected != rows) {
                    faults.push(format!(
                        "slice {} has {}, but {expected} were counted",
                        slice.index,
                        counted(rows, "row")
                    ));
                }
                reports.push(report);
            }
        }
    }
    if !missing.is_empty() {
        let failed = failed(bulk, places, run)?;
        faults.extend(missing.into_iter().map(|slice| {
            let why = failed.get(&slice.index).map(|why| format!(": {why}")).unwrap_or_default();
            format!("slice {} ({}) has no part{why}", slice.index, of_files(plan, slice))
        }));
    }
    let expected: BTreeSet<String> = slices.iter().map(|slice| places.part(slice.index, extension)).collect();
    faults.extend(
        parts
            .difference(&expected)
            .map(|key| format!("{} is no part of this job: delete it", source::name(&places.output.bucket, key))),
    );
    if faults.is_empty() {
        return Ok(reports);
    }
    let count = faults.len();
    faults.truncate(NAMED_SLICES);
    let more = if count > NAMED_SLICES { format!("\nand {} more", count - NAMED_SLICES) } else { String::new() };
    Err(Failure::Incomplete(format!(
        "{} of {} slices are done. Start the job again with the same input: it does what is missing.\n{}{more}",
        reports.len(),
        slices.len(),
        faults.join("\n")
    )))
}

/// An execution of a slice that failed, as Step Functions writes it down.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct FailedExecution {
    input: String,
    error: Option<String>,
    cause: Option<String>,
}

/// What is read of the input of such an execution.
#[derive(Deserialize)]
struct FailedInput {
    slice: FailedSlice,
}

#[derive(Deserialize)]
struct FailedSlice {
    index: u64,
}

/// What a function says that failed, as Lambda hands it on.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct FailedCall {
    error_message: String,
}

/// Reads by what the slices of an execution failed, where Step Functions has written that down; what it has not, is not told.
fn failed(bulk: &Bulk, places: &Places, run: &str) -> Result<BTreeMap<u64, String>, Failure> {
    let bucket = &places.output.bucket;
    let written = bulk.objects.list(&Location::new(bucket, format!("{}/", places.run(run))))?;
    let mut failed = BTreeMap::new();
    for file in written.iter().filter(|file| file.key.contains("/FAILED_") && file.size <= MOST_FAILED_BYTES) {
        let Some(text) = bulk.objects.get(bucket, &file.key, MOST_FAILED_BYTES)? else { continue };
        let executions: Vec<FailedExecution> = serde_json::from_slice(&text).unwrap_or_default();
        for FailedExecution { input, error, cause } in executions {
            let Ok(FailedInput { slice }) = serde_json::from_str(&input) else { continue };
            let cause = cause.unwrap_or_default();
            let said = serde_json::from_str(&cause).map_or(cause, |FailedCall { error_message }| error_message);
            let said: String = said.chars().take(MOST_SAID_CHARS).collect();
            failed.insert(slice.index, format!("{}: {said}", error.unwrap_or_default()));
        }
    }
    Ok(failed)
}

/// Names the files that a slice is of.
fn of_files(plan: &Plan, slice: &Slice) -> String {
    let name = slice.pieces.first().map(|piece| source::name(&plan.bucket, &piece.key)).unwrap_or_default();
    match slice.pieces.len() {
        0 | 1 => name,
        count => format!("{name} and {} more", count - 1),
    }
}

fn sum_up(
    bulk: &Bulk,
    asked: &JobInput,
    job: &Job,
    plan: &Plan,
    places: &Places,
    reports: &[SliceReport],
) -> Result<Summary, Failure> {
    let mut counter = Counter::new(&bulk.package, plan.one_in)?;
    let mut stored = job.options.store.then(StoredRows::default);
    let (mut rows, mut invalid, mut gb_seconds) = (0, 0, 0.0);
    for report in reports {
        counter.merge(&report.counts)?;
        rows += report.rows;
        invalid += report.invalid;
        if let (Some(all), Some(one)) = (&mut stored, report.stored) {
            all.add(one);
        }
        gb_seconds += report.seconds * to_float(report.memory_mb.unwrap_or(USUAL_MEMORY_MB)) / 1024.0;
    }
    let tolerated = asked.tolerated_invalid_rows;
    if invalid > tolerated {
        let places = source::name(&places.output.bucket, &format!("{}_invalid/", places.output.key));
        return Err(Failure::InvalidRows(format!(
            "rows that are no records: {invalid}, and the job tolerates {tolerated}: {places} names each"
        )));
    }
    Ok(Summary {
        job: job.job.clone(),
        input: job.input.clone(),
        output: places.output.to_string(),
        model_version: job.model_version.clone(),
        snapshot: job.snapshot.clone(),
        files: plan.files,
        slices: plan.slices,
        rows,
        invalid,
        mean: counter.mean(),
        drift: counter.drift(),
        stored,
        seconds: Timestamp::now().duration_since(job.created_at).as_secs_f64(),
        billed_gb_seconds: gb_seconds,
        cost_usd: cost::of_job(plan.slices, gb_seconds, stored),
    })
}
