//! `lifeboat bulk`: starts, watches and waits for a job that scores a data set in S3 by the state machine of the stack.
//!
//! The state machine does the work, wherever this program is: who stops it stops no job, and whoever gives the same two places finds it again.

mod asked;
mod execution;
mod machine;
mod told;

use std::io::{self, IsTerminal, Write};
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use anyhow::anyhow;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, Subcommand};
use indicatif::{ProgressBar, ProgressStyle};
use tokio::runtime::Runtime;

use super::failure::{Advised, FOUND, UsageError};
use super::format::{self, ExtraColumnsOption};
use super::output::Output;
use crate::bulk::summary::Summary;
use crate::config::texts;
use crate::objects::Location;
use crate::table::format::Format;
use asked::Asked;
use execution::{Execution, Slices, State};
use machine::{Machine, Started};

/// Pauses between two looks at a job: the first, and the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// So many slices are shown that failed.
const SHOWN_FAILURES: i32 = 5;

/// So often a name is tried that another program took meanwhile.
const MOST_NAMES: u64 = 10;

/// Scores a data set in S3 on many functions at a time: starts a job of the stack's state machine, shows how far it is, waits for it.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat bulk start s3://bucket/in/ s3://bucket/scored/ --wait
  lifeboat bulk status s3://bucket/in/ s3://bucket/scored/
  lifeboat bulk wait s3://bucket/in/ s3://bucket/scored/ --json | jq .rows

A job is known by its output: the same two places find it again. Of a job that was started twice there is one, and one that failed does what is
missing when it is started again. It ends with 3 where the records or the answers have drifted far from the training data.")]
pub(super) struct BulkArgs {
    #[command(subcommand)]
    command: BulkCommand,
}

#[derive(Debug, Subcommand)]
enum BulkCommand {
    /// Starts a job, unless it runs already
    Start(Box<StartArgs>),
    /// Tells how far a job is, or what it came to
    Status(PlacesArgs),
    /// Waits for a job, and tells what it came to
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
    /// Format of the output [default: parquet where the input is Parquet, else that of the input]
    #[arg(long, value_name = "FORMAT", value_parser = format::parser(), ignore_case = true)]
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
    #[arg(long, value_name = "N", requires = "store", value_parser = clap::value_parser!(u64).range(1..))]
    writes_per_second: Option<u64>,
    /// Rows that may be no records; with more of them the job fails [default: 0]
    #[arg(long, value_name = "N")]
    tolerate_invalid: Option<u64>,
    /// Percentage of slices that may fail before the others are stopped [default: 0]
    #[arg(long, value_name = "PERCENT")]
    tolerate_failed_slices: Option<f64>,
    /// About how many slices there are [default: such that one takes 10 to 60 s]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    slices: Option<u64>,
    /// So many slices are scored at a time, at the most [default: 64]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..=10_000))]
    max_concurrency: Option<u64>,
    /// Waits for the job, as `lifeboat bulk wait` does
    #[arg(long)]
    wait: bool,
}

/// Does what was asked of a job.
pub(super) fn bulk(args: &BulkArgs, quiet: bool) -> anyhow::Result<ExitCode> {
    match &args.command {
        BulkCommand::Start(args) => start(args, quiet),
        BulkCommand::Status(places) => Job::open(Asked::from_places(&places.input, &places.output)?, places)?.status(),
        BulkCommand::Wait(places) => Job::open(Asked::from_places(&places.input, &places.output)?, places)?.wait(quiet),
    }
}

fn start(args: &StartArgs, quiet: bool) -> anyhow::Result<ExitCode> {
    let job = Job::open(Asked::from_args(args)?, &args.places)?;
    let (name, is_new) = job.start()?;
    if args.wait {
        if !quiet {
            writeln!(io::stderr(), "{} {name}", if is_new { "started" } else { "runs already:" })?;
        }
        return job.wait(quiet);
    }
    let mut output = Output::stdout();
    if args.places.json {
        serde_json::to_writer_pretty(&mut output, &serde_json::json!({"execution": name, "started": is_new}))?;
        writeln!(output)?;
    } else if !quiet {
        let (input, place) = (job.asked.input(), job.asked.output());
        writeln!(output, "{} {name}", if is_new { "started" } else { "runs already:" })?;
        writeln!(output, "lifeboat bulk wait {input} {place} waits for it")?;
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
}

impl Job {
    fn open(asked: Asked, places: &PlacesArgs) -> anyhow::Result<Self> {
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
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        Ok(Self { asked, machine: Machine::open(&arn)?, runtime, as_json: places.json })
    }

    /// Starts the job, or finds it running; returns the name of the execution, and whether it is new.
    fn start(&self) -> anyhow::Result<(String, bool)> {
        let mut attempt = 1;
        if let Some(latest) = self.latest()? {
            if latest.state == State::Running {
                self.same(&latest)?;
                return Ok((latest.name, false));
            }
            attempt = self.asked.attempt(&latest.name).unwrap_or_default() + 1;
        }
        // Who starts the same job at the same time finds the same name, of which Step Functions makes one execution.
        for attempt in attempt..attempt + MOST_NAMES {
            let name = self.asked.name(attempt);
            match self.runtime.block_on(self.machine.start(&name, self.asked.text()))? {
                Started::Execution => return Ok((name, true)),
                Started::NameIsTaken => {}
            }
        }
        Err(anyhow!("others start jobs for {} at the same time", self.asked.output()))
    }

    /// Refuses a job that writes to the same place, and is another.
    fn same(&self, execution: &Execution) -> anyhow::Result<()> {
        let Some(difference) = self.asked.difference(&execution.input) else { return Ok(()) };
        let problem = format!("{} writes to {} now, with {difference}", execution.name, self.asked.output());
        let advice = format!(
            "choose another output, or stop it: aws stepfunctions stop-execution --execution-arn {}",
            execution.arn
        );
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

    /// Returns the execution that was started last for the two places.
    fn started(&self) -> anyhow::Result<Execution> {
        let (input, output) = (self.asked.input(), self.asked.output());
        let Some(latest) = self.latest()? else {
            let problem = format!("no job was started for {output}");
            let advice = format!("start it: lifeboat bulk start {input} {output}");
            return Err(Advised { problem, advice }.into());
        };
        match self.asked.other_input(&latest.input) {
            Some(other) => Err(anyhow!("the job of {output} is of {other}, and not of {input}")),
            None => Ok(latest),
        }
    }

    /// Tells how far the job is.
    fn status(&self) -> anyhow::Result<ExitCode> {
        let execution = self.started()?;
        let slices = self.runtime.block_on(self.machine.slices(&execution.arn))?;
        if execution.state == State::Running {
            let mut output = Output::stdout();
            if self.as_json {
                serde_json::to_writer_pretty(&mut output, &told::as_json(&execution, slices))?;
                writeln!(output)?;
            } else {
                writeln!(output, "{}", told::status(&execution, slices))?;
            }
            output.finish()?;
            return Ok(ExitCode::SUCCESS);
        }
        self.end(&execution)
    }

    /// Waits until the job has ended.
    fn wait(&self, quiet: bool) -> anyhow::Result<ExitCode> {
        let mut execution = self.started()?;
        let progress = if quiet || !io::stderr().is_terminal() { ProgressBar::hidden() } else { progress() };
        let mut pause = FIRST_PAUSE;
        while execution.state == State::Running {
            if !progress.is_hidden() {
                show(&progress, self.runtime.block_on(self.machine.slices(&execution.arn))?);
            }
            thread::sleep(pause);
            pause = (pause * 3 / 2).min(LONGEST_PAUSE);
            execution = self.runtime.block_on(self.machine.describe(&execution.arn))?;
        }
        progress.finish_and_clear();
        self.end(&execution)
    }

    /// Tells what the job came to.
    fn end(&self, execution: &Execution) -> anyhow::Result<ExitCode> {
        if execution.state != State::Succeeded {
            let slices = self.runtime.block_on(self.machine.failed_slices(&execution.arn, SHOWN_FAILURES))?;
            return Err(told::failure(execution, &slices, &self.asked));
        }
        let text = execution.output.as_deref().unwrap_or("null");
        let summary: Summary =
            serde_json::from_str(text).map_err(|error| anyhow!("{} tells no summary: {error}", execution.name))?;
        let mut output = Output::stdout();
        if self.as_json {
            let value: serde_json::Value = serde_json::from_str(text)?;
            serde_json::to_writer_pretty(&mut output, &value)?;
            writeln!(output)?;
        } else {
            writeln!(output, "{}", told::summary(&summary))?;
        }
        output.finish()?;
        let has_drifted_far = summary.drift.is_some_and(|drift| drift.verdict.is_alarm());
        Ok(if has_drifted_far { ExitCode::from(FOUND) } else { ExitCode::SUCCESS })
    }
}

fn progress() -> ProgressBar {
    let style = ProgressStyle::with_template("{bar:40} {pos} of {len} slices  {msg}  {elapsed}");
    let bar = ProgressBar::no_length().with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar.with_message("the input is cut")
}

fn show(progress: &ProgressBar, slices: Option<Slices>) {
    let Some(slices) = slices else { return progress.tick() };
    progress.set_length(slices.total);
    progress.set_position(slices.succeeded + slices.failed);
    let failed = if slices.failed > 0 { format!(", {} failed", slices.failed) } else { String::new() };
    progress.set_message(format!("{} under way{failed}", slices.running));
}
