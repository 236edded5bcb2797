//! What training calls: the fitted state and the feature matrix.

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context, bail};
use clap::Args;
use csv::{ByteRecord, ReaderBuilder, Writer};
use sha2::{Digest, Sha256};

use super::check::in_lines;
use super::format::{self, open_csv, read_csv};
use super::output::Output;
use crate::features::{FEATURE_NAMES, FeatureState, hex};
use crate::passenger::csv::{Header, Lines};
use crate::passenger::{Fault, Passenger, in_words};
use crate::quality::Quality;

/// So many bad rows are shown before the rest is only counted.
const SHOWN_ROWS: usize = 20;

/// Fits the feature state (medians, history) to labelled passengers and writes it as DIR/features.json.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat fit model/train.csv -o candidate")]
pub(super) struct FitArgs {
    /// CSV file with Kaggle's columns, `Survived` among them; `-` is standard input
    train: PathBuf,
    /// Folder for features.json; made where it does not exist
    #[arg(short, long, value_name = "DIR")]
    output: PathBuf,
}

/// Writes the feature matrix of a CSV file: `PassengerId`, then one column a feature.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  lifeboat features test.csv --model-dir model -o matrix.csv")]
pub(super) struct FeaturesArgs {
    /// CSV file with Kaggle's columns; `-` is standard input
    input: PathBuf,
    /// Folder with the features.json of `lifeboat fit`
    #[arg(long, value_name = "DIR")]
    model_dir: PathBuf,
    /// CSV file for the matrix; `-` is standard output
    #[arg(short, long, value_name = "FILE", default_value = "-")]
    output: PathBuf,
}

/// Fits the state to a training file and writes it into a folder.
pub(super) fn fit(args: &FitArgs) -> anyhow::Result<()> {
    let FitArgs { train, output: folder } = args;
    let bytes = read_csv(train)?;
    let passengers = labelled_passengers(&bytes).with_context(|| format!("cannot fit to {}", train.display()))?;
    refuse_bad_data(&bytes).with_context(|| format!("cannot fit to {}", train.display()))?;
    let state = FeatureState::fit(&passengers, hex(&Sha256::digest(&bytes)))?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    let mut output = Output::create(&folder.join("features.json"))?;
    serde_json::to_writer(&mut output, &state)?;
    output.write_all(b"\n")?;
    output.finish()
}

/// Writes the feature matrix of a file.
pub(super) fn features(args: &FeaturesArgs) -> anyhow::Result<()> {
    format::of_output(None, format::CSV, &args.output)?;
    let path = args.model_dir.join("features.json");
    let state = fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
    let state: FeatureState =
        serde_json::from_slice(&state).with_context(|| format!("{} is not a fitted state", path.display()))?;
    if !state.fits_this_code() {
        bail!("{} was fitted for other features than this program's: fit it again", path.display());
    }
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(open_csv(&args.input)?);
    let header = Header::parse(reader.byte_headers()?)?;
    let lines = Lines::after_header(&reader);
    let mut writer = Writer::from_writer(Output::create(&args.output)?);
    writer.write_record(["PassengerId"].into_iter().chain(FEATURE_NAMES))?;
    let mut row = ByteRecord::new();
    while reader.read_byte_record(&mut row)? {
        let line = lines.line(&row);
        match header.passenger(&row) {
            Ok(passenger) => write_features(&mut writer, &passenger, &state)?,
            Err(faults) => bail!("line {line}: {}", in_words(&faults)),
        }
    }
    writer.into_inner().map_err(csv::IntoInnerError::into_error).context("cannot write the matrix")?.finish()
}

/// Refuses what `lifeboat check` finds errors in.
fn refuse_bad_data(table: &[u8]) -> anyhow::Result<()> {
    let quality = Quality::of(table, None)?;
    match quality.errors.len() {
        0 => Ok(()),
        errors => bail!("{errors} errors, as `lifeboat check` tells:\n{}", in_lines(&quality.errors)),
    }
}

fn write_features(writer: &mut Writer<Output>, passenger: &Passenger, state: &FeatureState) -> anyhow::Result<()> {
    writer.write_field(passenger.passenger_id().map(|id| id.to_string()).unwrap_or_default())?;
    let mut buffer = ryu::Buffer::new();
    for value in state.features(passenger).0 {
        writer.write_field(buffer.format_finite(value))?;
    }
    writer.write_record(None::<&[u8]>)?;
    Ok(())
}

/// Reads every labelled row, or tells of every row that is not one.
pub(super) fn labelled_passengers(bytes: &[u8]) -> anyhow::Result<Vec<(Passenger, bool)>> {
    let mut reader = ReaderBuilder::new().flexible(true).from_reader(bytes);
    let header = Header::parse(reader.byte_headers()?)?;
    let lines = Lines::after_header(&reader);
    let (mut passengers, mut bad, mut shown) = (Vec::new(), 0_usize, String::new());
    for row in reader.byte_records() {
        let row = row?;
        let label = header.label(&row);
        match (header.passenger(&row), label) {
            (Ok(passenger), Some(survived)) => passengers.push((passenger, survived)),
            (parsed, _) => {
                let mut faults = parsed.err().unwrap_or_default();
                if label.is_none() {
                    faults.push(Fault { field: Some("Survived".to_owned()), detail: "must be 0 or 1".to_owned() });
                }
                bad += 1;
                if bad <= SHOWN_ROWS {
                    let line = lines.line(&row);
                    let _ = write!(shown, "\n  line {line}: {}", in_words(&faults));
                }
            }
        }
    }
    if bad > 0 {
        bail!("{bad} of {} rows are not labelled passengers:{shown}", bad + passengers.len());
    }
    Ok(passengers)
}
