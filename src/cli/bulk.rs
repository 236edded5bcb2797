//! `lifeboat bulk`: starts, watches and waits for a job that scores a data set in S3 by the state machine of the stack.
//!
//! The state machine does the work, wherever this program is: who stops it stops no job, and whoever gives the same two places finds it again.

mod asked;
mod execution;
mod held;
mod machine;
mod shown;
mod told;

use std::io::{self, Write};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, anyhow};
use clap::builder::{NonEmptyStringValueParser, PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};
use tokio::runtime::Runtime;

use super::failure::{Advised, FOUND, UsageError};
use super::format::{self, ExtraColumnsOption};
use super::output::Output;
use crate::bulk::summary::Summary;
use crate::config::texts;
use crate::objects::Location;
use crate::table::format::Format;
use asked::Asked;
use execution::{Execution, State};
use machine::{Machine, Started};
use shown::Progress;

/// Pauses between two looks at a job: the first, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// So many slices are shown that failed.
const SHOWN_FAILURES: i32 = 5;

/// So often a name is tried that another program took meanwhile.
const MOST_NAMES: u64 = 10;

/// As of a program that was stopped by SIGINT.
const INTERRUPTED: u8 = 130;

/// Scores a data set in S3 on many functions at a time: starts a job of the stack's state machine, shows how far it is, waits for it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat bulk start s3://bucket/in/ s3://bucket/scored/ --wait
  lifeboat bulk status s3://bucket/in/ s3://bucket/scored/
  lifeboat bulk wait s3://bucket/in/ s3://bucket/scored/ --json | jq .summary.rows

A job is known by its output: the same two places find it again. Of a job that was started twice there is one, and one that failed does what is \
missing when it is started again. An output has one job: a start that asks it for another one is refused, and status and wait tell of the job before.

Keys come from the environment alone: AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN.")]
pub(super) struct BulkArgs {
    #[command(subcommand)]
    command: BulkCommand,
}

const ENDS: &str = "\
Exit status:
  0    done
  1    the job failed or was stopped, or AWS cannot be asked
  2    the command line, a setting or the job's input cannot be used
  3    done, and the records or the answers have drifted far from the training data
  130  interrupted by Ctrl-C: the job goes on";

const STARTS: &str = "\
Exit status, without --wait:
  0    the job was started, or runs already
  1    the output has another job, or AWS cannot be asked
  2    the command line or a setting cannot be used

With --wait, it is that of `lifeboat bulk wait`.";

const TELLS: &str = "\
Exit status:
  0    the job runs or is done
  1    it failed or was stopped, was never started, or AWS cannot be asked
  2    the command line, a setting or the job's input cannot be used
  3    done, and the records or the answers have drifted far from the training data";

#[derive(Debug, Subcommand)]
enum BulkCommand {
    /// Starts a job, unless it runs already
    #[command(after_help = STARTS)]
    Start(Box<StartArgs>),
    /// Tells how far a job is, or what it came to
    #[command(after_help = TELLS)]
    Status(PlacesArgs),
    /// Waits for a job, and tells what it came to
    #[command(after_help = ENDS)]
    Wait(PlacesArgs),
}

/// Which job.
#[derive(Debug, Args)]
struct PlacesArgs {
    /// Object or prefix with the records: `s3://BUCKET/KEY`
    input: Location,
    /// Prefix for the predictions, which belongs to the job alone: `s3://BUCKET/PREFIX/`
    output: Location,
    /// ARN of the state machine [env: `LIFEBOAT_BULK_STATE_MACHINE`]
    #[arg(long, value_name = "ARN", value_parser = NonEmptyStringValueParser::new())]
    state_machine: Option<String>,
    /// Writes JSON instead of a table
    #[arg(long)]
    json: bool,
}

/// Which job, and how it is done. The order of its members is that of `--help`.
#[derive(Debug, Args)]
struct StartArgs {
    #[command(flatten)]
    places: PlacesArgs,
    /// Format of the input, whatever its names and its first bytes say
    #[arg(long, value_name = "FORMAT", value_parser = format::parser(), ignore_case = true)]
    input_format: Option<Format>,
    /// Format of the output [default: that of the first file; ndjson where it is a JSON array]
    #[arg(long, value_name = "FORMAT", value_parser = of_parts(), ignore_case = true)]
    output_format: Option<Format>,
    #[command(flatten)]
    extra_columns: ExtraColumnsOption,
    /// Adds how far each group of fields moved the answer from that of the average record
    #[arg(long)]
    explain: bool,
    /// Stores each prediction that is new in the table of the stack
    #[arg(long)]
    store: bool,
    /// Predictions that are stored in a second, by all slices together [default: 500]
    #[arg(long, value_name = "N", requires = "store", value_parser = |text: &str| count(text, 1_000_000))]
    writes_per_second: Option<u64>,
    /// Rows that may be no records; with more of them the job fails [default: 0]
    #[arg(long, value_name = "N")]
    tolerate_invalid: Option<u64>,
    /// Percentage of slices that may fail before the others are stopped [default: 0]
    #[arg(long, value_name = "PERCENT", value_parser = percentage)]
    tolerate_failed_slices: Option<f64>,
    /// About how many slices there are [default: such that one takes 10 to 60 s]
    #[arg(long, value_name = "N", value_parser = |text: &str| count(text, 100_000))]
    slices: Option<u64>,
    /// So many slices are scored at a time, at the most [default: 64]
    #[arg(long, value_name = "N", value_parser = |text: &str| count(text, 10_000))]
    max_concurrency: Option<u64>,
    /// Waits for the job, as `lifeboat bulk wait` does
    #[arg(long)]
    wait: bool,
}

/// Reads the name of a format of which a part can be: an array of JSON is one whole.
fn of_parts() -> impl TypedValueParser<Value = Format> {
    let formats = [Format::Csv, Format::Ndjson, Format::Parquet];
    PossibleValuesParser::new(formats.map(Format::extension)).try_map(move |name| {
        let named = formats.into_iter().find(|format| format.extension().eq_ignore_ascii_case(&name));
        named.ok_or("no format has this name")
    })
}

fn count(text: &str, most: u64) -> Result<u64, String> {
    let count = text.parse().ok().filter(|count| (1..=most).contains(count));
    count.ok_or_else(|| format!("expected a whole number of 1 to {most}"))
}

fn percentage(text: &str) -> Result<f64, &'static str> {
    let share = text.parse().ok().filter(|share| (0.0..=100.0).contains(share));
    share.ok_or("expected a number of 0 to 100")
}

/// Does what was asked of a job.
pub(super) fn bulk(args: &BulkArgs, quiet: bool) -> anyhow::Result<ExitCode> {
    match &args.command {
        BulkCommand::Start(args) => start(args, quiet),
        BulkCommand::Status(places) => {
            let job = Job::open(Asked::from_places(places)?, places, quiet)?;
            job.status(&job.started()?)
        }
        BulkCommand::Wait(places) => {
            let job = Job::open(Asked::from_places(places)?, places, quiet)?;
            job.wait(job.started()?)
        }
    }
}

fn start(args: &StartArgs, quiet: bool) -> anyhow::Result<ExitCode> {
    let job = Job::open(Asked::from_args(args)?, &args.places, quiet)?;
    let Begun { execution, is_new, was_done } = job.start()?;
    let name = &execution.name;
    let told = match (is_new, was_done) {
        (false, _) => format!("runs already: {name}"),
        (true, false) => format!("started {name}"),
        (true, true) => {
            format!("started {name}: the job was done before, all of its output is there, and nothing is scored again")
        }
    };
    if args.wait {
        if !quiet {
            writeln!(io::stderr(), "{told}")?;
        }
        return job.wait(execution);
    }
    let mut output = Output::stdout();
    if args.places.json {
        serde_json::to_writer_pretty(&mut output, &serde_json::json!({"execution": name, "started": is_new}))?;
        writeln!(output)?;
    } else if !quiet {
        writeln!(output, "{told}\nwait for it: {}", job.asked.command("wait"))?;
    }
    output.finish()?;
    Ok(ExitCode::SUCCESS)
}

/// A job, whether it was started or not.
struct Job {
    asked: Asked,
    machine: Machine,
    runtime: Runtime,
    as_json: bool,
    is_quiet: bool,
}

/// What came of a start.
struct Begun {
    execution: Execution,
    /// Whether it did not run before.
    is_new: bool,
    /// Whether all of the job was done before.
    was_done: bool,
}

impl Job {
    fn open(asked: Asked, places: &PlacesArgs, is_quiet: bool) -> anyhow::Result<Self> {
        let variable = "LIFEBOAT_BULK_STATE_MACHINE";
        let from_env = || texts(|name| std::env::var_os(name), |texts| Ok(texts(variable))).map_err(UsageError);
        let arn = match &places.state_machine {
            Some(arn) => Some(arn.clone()),
            None => from_env()?,
        };
        let arn = arn.ok_or_else(|| {
            let problem = format!("no state machine is named: give --state-machine ARN, or set {variable}");
            let advice = "the stack tells its ARN: aws cloudformation describe-stacks --stack-name NAME --query \
                          \"Stacks[0].Outputs[?OutputKey=='BulkStateMachine'].OutputValue\" --output text";
            UsageError(Advised { problem, advice: advice.to_owned() }.into())
        })?;
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
        Ok(Self { asked, machine: Machine::open(&arn)?, runtime, as_json: places.json, is_quiet })
    }

    /// Starts the job, or finds it running.
    fn start(&self) -> anyhow::Result<Begun> {
        let mut attempt = 1;
        if let Some(latest) = self.latest()? {
            if latest.state == State::Running {
                self.same(&latest)?;
                return Ok(Begun { execution: latest, is_new: false, was_done: false });
            }
            attempt = self.asked.attempt(&latest.name).unwrap_or_default() + 1;
        }
        let was_done = self.own()?;
        // Who starts the same job at the same time finds the same name, of which Step Functions makes one execution.
        for attempt in attempt..attempt + MOST_NAMES {
            let name = self.asked.name(attempt);
            if let Started::Execution(arn) = self.runtime.block_on(self.machine.start(&name, self.asked.text()))? {
                let execution = self.runtime.block_on(self.machine.describe(&arn))?;
                return Ok(Begun { execution, is_new: true, was_done });
            }
        }
        Err(anyhow!("others start jobs for {} at the same time", self.asked.output()))
    }

    /// Refuses a job that writes to the same place, and is another.
    fn same(&self, execution: &Execution) -> anyhow::Result<()> {
        let Some(difference) = self.asked.difference(&execution.input) else { return Ok(()) };
        let problem = format!("{} writes to {} now, {difference}", execution.name, self.asked.output());
        let advice = format!(
            "choose another output, or stop it: aws stepfunctions stop-execution --execution-arn {}",
            execution.arn
        );
        Err(Advised { problem, advice }.into())
    }

    /// Refuses an output that has another job, and returns whether all of this one is done.
    fn own(&self) -> anyhow::Result<bool> {
        let output = self.asked.output();
        let Some(held) = held::find(output, &self.machine, self.runtime.handle()) else { return Ok(false) };
        let Some(difference) = self.asked.difference_to(&held.job) else { return Ok(held.is_done) };
        let problem = format!("{output} has the output of another job, begun at {}: {difference}", held.job.created_at);
        let advice = "choose another output, ask for that job, or delete what is below this one".to_owned();
        Err(Advised { problem, advice }.into())
    }

    /// Returns the execution that was started last for the output.
    fn latest(&self) -> anyhow::Result<Option<Execution>> {
        self.runtime.block_on(async {
            match self.machine.latest(&self.asked.prefix()).await? {
                Some(arn) => Ok(Some(self.machine.describe(&arn).await?)),
                None => Ok(None),
            }
        })
    }

    /// Returns the execution that was started last for the two places. One that the output refused, as it has another job, counts only where
    /// there is no other.
    fn started(&self) -> anyhow::Result<Execution> {
        let (input, output) = (self.asked.input(), self.asked.output());
        let (mut next, mut refused, mut other) = (self.latest()?, None, None);
        if next.is_none() {
            let problem = format!("no job was started for {output}");
            return Err(Advised { problem, advice: format!("start it: {}", self.asked.start()) }.into());
        }
        while let Some(execution) = next {
            next = self.before(&execution)?;
            match self.asked.other_input(&execution.input) {
                None if execution.was_refused() => refused = refused.or(Some(execution)),
                None => return Ok(execution),
                Some(_) if execution.was_refused() => {}
                Some(input) => other = other.or(Some(input)),
            }
        }
        refused.ok_or_else(|| match other {
            Some(other) => anyhow!("the job of {output} is of {other}, and not of {input}"),
            None => anyhow!("no job of {input} was started for {output}"),
        })
    }

    /// Returns the attempt before an execution.
    fn before(&self, execution: &Execution) -> anyhow::Result<Option<Execution>> {
        let Some(attempt) = self.asked.attempt(&execution.name).filter(|&attempt| attempt > 1) else { return Ok(None) };
        let arn = execution.arn_of(&self.asked.name(attempt - 1));
        self.runtime.block_on(self.machine.find(&arn))
    }

    /// Tells how far the job is.
    fn status(&self, execution: &Execution) -> anyhow::Result<ExitCode> {
        if execution.state != State::Running {
            return self.end(execution);
        }
        let slices = self.runtime.block_on(self.machine.slices(&execution.arn))?;
        self.tell(&told::as_json(execution, slices, None, None), !self.is_quiet, || told::status(execution, slices))?;
        Ok(ExitCode::SUCCESS)
    }

    /// Waits until the job has ended, or somebody interrupts that.
    fn wait(&self, execution: Execution) -> anyhow::Result<ExitCode> {
        let mut progress = Progress::new(&execution, self.is_quiet);
        let ended = self.runtime.block_on(async {
            tokio::select! {
                ended = self.follow(execution, &mut progress) => ended.map(Some),
                heard = tokio::signal::ctrl_c() => heard.map(|()| None).context("cannot be interrupted"),
            }
        });
        progress.clear();
        if let Some(execution) = ended? {
            return self.end(&execution);
        }
        if !self.is_quiet {
            writeln!(io::stderr(), "the job goes on; wait for it again: {}", self.asked.command("wait"))?;
        }
        Ok(ExitCode::from(INTERRUPTED))
    }

    async fn follow(&self, mut execution: Execution, progress: &mut Progress) -> anyhow::Result<Execution> {
        let mut pause = FIRST_PAUSE;
        while execution.state == State::Running {
            if !self.is_quiet {
                progress.show(&execution, self.machine.slices(&execution.arn).await?)?;
            }
            tokio::time::sleep(pause).await;
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
            execution = self.machine.describe(&execution.arn).await?;
        }
        Ok(execution)
    }

    /// Tells what the job came to.
    fn end(&self, execution: &Execution) -> anyhow::Result<ExitCode> {
        // A table does not tell of slices once the job is over.
        let slices = if self.as_json { self.runtime.block_on(self.machine.slices(&execution.arn))? } else { None };
        if execution.state != State::Succeeded {
            let failed = self.runtime.block_on(self.machine.failed_slices(&execution.arn, SHOWN_FAILURES))?;
            let failed = told::failure(execution, &failed, &self.asked);
            if !self.as_json {
                return Err(failed.into());
            }
            self.tell(&told::as_json(execution, slices, None, Some(&failed.advised.advice)), false, String::new)?;
            return Ok(failed.code());
        }
        let text = execution.output.as_deref().unwrap_or("null");
        let no_summary = || format!("{} tells no summary", execution.name);
        let value: serde_json::Value = serde_json::from_str(text).with_context(no_summary)?;
        let summary: Summary = serde_json::from_value(value.clone()).with_context(no_summary)?;
        let has_drifted_far = summary.drift.as_ref().is_some_and(|drift| drift.verdict.is_alarm());
        let is_told = !self.is_quiet || has_drifted_far;
        self.tell(&told::as_json(execution, slices, Some(&value), None), is_told, || {
            told::summary(execution, &summary)
        })?;
        Ok(if has_drifted_far { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
    }

    /// Prints JSON where that is wished, else a text if it is told.
    fn tell(&self, json: &serde_json::Value, is_told: bool, text: impl FnOnce() -> String) -> anyhow::Result<()> {
        let mut output = Output::stdout();
        if self.as_json {
            serde_json::to_writer_pretty(&mut output, json)?;
            writeln!(output)?;
        } else if is_told {
            writeln!(output, "{}", text())?;
        }
        output.finish()
    }
}
