//! The format of a file: what an option says of it, else its name, else, of an input, what it begins with.
//!
//! One rule for all commands: an option goes before the name, and a name that names a format which the command does not know is
//! refused, before any work. A name that names none leaves the choice to the command.

use std::fs;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context, anyhow};
use clap::builder::{PossibleValue, PossibleValuesParser, TypedValueParser};
use clap::{Args, ValueEnum};

use super::failure::{Advised, IGNORING, UsageError};
use crate::table::Schema;
use crate::table::columns::ExtraColumns;
use crate::table::format::Format;
use crate::table::source::Source;

/// The formats that a command writes, each with the extensions that name it, the usual one first.
pub(super) type Known<F> = [(F, &'static [&'static str])];

/// Extensions that name a format, whether a command knows it or not. Others, as in `out.txt`, name none.
const EXTENSIONS: [&str; 44] = [
    "7z", "arrow", "avro", "br", "bz2", "csv", "dta", "duckdb", "feather", "gz", "gzip", "h5", "hdf5", "htm", "html",
    "ipc", "json", "jsonl", "lz4", "ndjson", "npy", "npz", "ods", "orc", "parquet", "pdf", "pickle", "pkl", "rds",
    "sas7bdat", "sqlite", "tab", "tar", "tgz", "toml", "tsv", "xls", "xlsb", "xlsm", "xlsx", "xml", "xz", "zip", "zst",
];

/// How tables are named.
const TABLES: &Known<Format> = &[
    (Format::Csv, &["csv"]),
    (Format::Json, &["json"]),
    (Format::Ndjson, &["ndjson", "jsonl"]),
    (Format::Parquet, &["parquet"]),
];

/// What helps where columns are refused that are no fields, and a line is written for each record.
pub(super) const IGNORING_OR_KEEPING: &str =
    "--extra-columns ignore leaves columns out that are no fields, and keep writes them beside the predictions";

/// What becomes of columns that are no fields, where a line is written for each record.
#[derive(Debug, Args)]
pub(super) struct ExtraColumnsOption {
    /// What becomes of columns that are no fields of the table
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Extra::Refuse)]
    extra_columns: Extra,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Extra {
    /// They are faults: a misspelt field is not lost without a word.
    Refuse,
    /// They are not read.
    Ignore,
    /// They are written beside what is made of a record.
    Keep,
}

impl ExtraColumnsOption {
    /// Returns the name of what was chosen.
    pub(super) fn name(&self) -> &'static str {
        self.get().name()
    }

    pub(super) fn get(&self) -> ExtraColumns {
        match self.extra_columns {
            Extra::Refuse => ExtraColumns::Refuse,
            Extra::Ignore => ExtraColumns::Ignore,
            Extra::Keep => ExtraColumns::Keep,
        }
    }
}

/// What becomes of columns that are no fields, where nothing is written beside which they could stand.
#[derive(Debug, Args)]
pub(super) struct OtherColumnsOption {
    /// What becomes of columns that are no fields of the table
    #[arg(long, value_enum, value_name = "WHAT", default_value_t = Other::Refuse)]
    extra_columns: Other,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Other {
    /// They are faults: a misspelt field is not lost without a word.
    Refuse,
    /// They are not read.
    Ignore,
}

impl OtherColumnsOption {
    pub(super) fn get(&self) -> ExtraColumns {
        match self.extra_columns {
            Other::Refuse => ExtraColumns::Refuse,
            Other::Ignore => ExtraColumns::Ignore,
        }
    }
}

/// Makes an error of what is wrong with rows, with what helps where one has a member that is no field.
pub(super) fn of_rows(problem: String, schema: &Schema) -> anyhow::Error {
    if schema.is_unknown_in(&problem) {
        return Advised { problem, advice: IGNORING.to_owned() }.into();
    }
    anyhow!(problem)
}

/// Reads the name of a format, and lists them all in the help.
pub(super) fn parser() -> impl TypedValueParser<Value = Format> {
    let values = Format::ALL.map(|format| PossibleValue::new(format.extension()).help(in_words(format)));
    PossibleValuesParser::new(values).try_map(|name| {
        let named = Format::ALL.into_iter().find(|format| format.extension().eq_ignore_ascii_case(&name));
        named.ok_or("no format has this name")
    })
}

fn in_words(format: Format) -> &'static str {
    match format {
        Format::Csv => "Cells separated by commas, with a header; semicolons, tabs and bars are read as well",
        Format::Json => "One JSON array",
        Format::Ndjson => "One JSON object a line",
        Format::Parquet => "Apache Parquet",
    }
}

/// Returns the format of a table that is written: CSV unless an option or its name tells another.
pub(super) fn of_table(given: Option<Format>, output: &Path) -> Result<Format, UsageError> {
    Ok(of_table_or_none(given, output)?.unwrap_or(Format::Csv))
}

/// Returns the format of a table that is written, unless neither an option nor its name tells.
pub(super) fn of_table_or_none(given: Option<Format>, output: &Path) -> Result<Option<Format>, UsageError> {
    of_output(given, TABLES, output)
}

/// Returns the format of an output, unless neither an option nor its name tells.
pub(super) fn of_output<F: Copy>(given: Option<F>, known: &Known<F>, output: &Path) -> Result<Option<F>, UsageError> {
    let extension = output.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    let Some(extension) = extension.filter(|_| given.is_none()) else { return Ok(given) };
    let named = known.iter().find(|(_, extensions)| extensions.contains(&&*extension));
    if named.is_none() && EXTENSIONS.contains(&&*extension) {
        let written: Vec<String> = known.iter().map(|(_, extensions)| format!(".{}", extensions[0])).collect();
        let written = written.join(" or ");
        let advice = match &*extension {
            "gz" | "gzip" | "zst" | "bz2" | "xz" | "br" | "lz4" => {
                format!("name it {written}, and compress it afterwards")
            }
            _ => format!("name it {written}"),
        };
        let problem = format!("{}: this command writes no .{extension} files", output.display());
        return Err(UsageError(Advised { problem, advice }.into()));
    }
    Ok(named.map(|(format, _)| *format))
}

/// Returns what an input is called in messages.
pub(super) fn name(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { path.display().to_string() }
}

/// Opens a table to read, or standard input for `-`.
pub(super) fn source(path: &Path) -> anyhow::Result<Source> {
    if path == Path::new("-") {
        return Ok(Source::new(io::stdin()));
    }
    Source::from_path(path).with_context(|| format!("cannot open {}", path.display()))
}

/// Reads a table to its end, as it is.
pub(super) fn read_input(path: &Path) -> anyhow::Result<Vec<u8>> {
    let cannot = || format!("cannot read {}", name(path));
    if path == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).with_context(cannot)?;
        return Ok(bytes);
    }
    fs::read(path).with_context(cannot)
}
