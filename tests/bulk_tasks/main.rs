//! The tasks of bulk scoring, called as the function calls them, on MiniStack's S3. `tests/bulk` has the whole of it: the state machine, the
//! template and the function, with faults.

mod cutting;
mod jobs;
mod kept;
mod rights;

#[path = "../fixtures"]
mod fixtures {
    pub(crate) mod s3;
}

use std::time::{Duration, Instant};

use lifeboat::bulk::failure::Failure;
use lifeboat::bulk::reach::Reach;
use lifeboat::bulk::report::SliceDone;
use lifeboat::bulk::score::{self, ScoreRequest};
use lifeboat::bulk::slice::Slice;
use lifeboat::bulk::split::{self, CutJob, SplitRequest};
use lifeboat::bulk::summarise::{self, SummariseRequest};
use lifeboat::bulk::summary::Summary;
use lifeboat::bulk::{Bulk, Call};
use lifeboat::objects::Location;
use lifeboat::package;
use serde_json::{Value, json};

use fixtures::s3;

/// A bucket with tables, and the built-in model.
struct Job {
    bulk: Bulk,
    bucket: String,
    asked: Value,
    reach: Reach,
}

impl Job {
    /// Asks for all tables below `in/` to be scored into `out/`.
    fn new(options: &Value) -> Self {
        let objects = s3::objects(&s3::settings(&s3::url()));
        let package = package::open(None).unwrap().into();
        let bucket = s3::new_bucket();
        let mut asked = json!({"input": format!("s3://{bucket}/in/"), "output": format!("s3://{bucket}/out/")});
        asked.as_object_mut().unwrap().extend(options.as_object().unwrap().clone());
        Self { bulk: Bulk { package, objects, store: None }, bucket, asked, reach: Reach::default() }
    }

    fn put(&self, key: &str, body: impl AsRef<[u8]>) {
        self.bulk.objects.put(&self.bucket, key, body.as_ref().to_vec()).unwrap();
    }

    fn get(&self, key: &str) -> Option<Vec<u8>> {
        self.bulk.objects.get(&self.bucket, key, 64 << 20).unwrap()
    }

    /// Returns the keys that begin so.
    fn keys(&self, prefix: &str) -> Vec<String> {
        let listed = self.bulk.objects.list(&Location::new(&self.bucket, prefix)).unwrap();
        listed.into_iter().map(|object| object.key).collect()
    }

    fn text(&self, key: &str) -> String {
        String::from_utf8(self.get(key).unwrap_or_else(|| panic!("{key} is not there"))).unwrap()
    }

    /// Splits once, with so much time.
    fn split(&self, time: Duration) -> Result<Option<CutJob>, Failure> {
        let request = SplitRequest { input: self.asked.clone(), run: "run-1".to_owned(), reach: self.reach.clone() };
        split::split(&self.bulk, call(time), &request).map(|answer| answer.job)
    }

    /// Splits in one call.
    fn cut(&self) -> Result<CutJob, Failure> {
        self.split(Duration::from_mins(15)).map(|job| job.expect("time enough"))
    }

    fn slices(&self, job: &CutJob) -> Vec<Slice> {
        serde_json::from_str(&self.text(&job.plan.key)).unwrap()
    }

    fn score(&self, job: &CutJob, slice: Slice) -> Result<SliceDone, Failure> {
        let request =
            ScoreRequest { input: self.asked.clone(), output: job.output.clone(), job: job.job.clone(), slice };
        score::score(&self.bulk, call(Duration::from_mins(15)), &request)
    }

    fn summarise(&self, job: &CutJob) -> Result<Summary, Failure> {
        let (output, run) = (job.output.clone(), "run-1".to_owned());
        summarise::summarise(
            &self.bulk,
            &SummariseRequest { input: self.asked.clone(), output, job: job.job.clone(), run },
        )
    }

    /// Does the whole job, and returns its summary and the rows of its parts of CSV, without their headers.
    fn run(&self) -> Result<(Summary, Vec<String>), Failure> {
        let job = self.cut()?;
        let slices = self.slices(&job);
        let mut rows = Vec::new();
        for slice in slices {
            let done = self.score(&job, slice)?;
            rows.extend(self.text(&done.part).lines().skip(1).map(str::to_owned));
        }
        Ok((self.summarise(&job)?, rows))
    }
}

fn call(time: Duration) -> Call {
    let began = Instant::now();
    Call { began, ends: began + time }
}

const HEADER: &str = "PassengerId,Pclass,Name,Sex\n";

/// Returns a table of passengers whose names hold what a careless cut would stumble over.
fn table(ids: std::ops::Range<u32>) -> String {
    let rows = ids.map(|id| format!("{id},{},\"Doe, Mr. \"\"J\"\"\nof line {id}\",male\n", id % 3 + 1));
    HEADER.to_owned() + &rows.collect::<String>()
}

/// Returns the ids of rows.
fn ids(rows: &[String]) -> Vec<u32> {
    rows.iter().map(|row| row.split(',').next().unwrap().parse().unwrap()).collect()
}
