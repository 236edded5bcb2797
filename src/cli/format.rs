//! The format of a file: what an option says of it, else its name, and what it begins with.
//!
//! One rule for all commands: an option goes before the name, and a name that names a format which the command does not know is
//! refused, before any work. A name that names none leaves the choice to the command.

use std::fs::File;
use std::io::{self, Cursor, Read};
use std::path::Path;

use anyhow::Context;

use super::failure::{Advised, UsageError};
use crate::passenger::signature::Signature;

/// The formats that a command reads or writes, each with the extensions that name it, the usual one first.
pub(super) type Known<F> = [(F, &'static [&'static str])];

/// Extensions that name a format, whether a command knows it or not. Others, as in `out.txt`, name none.
const EXTENSIONS: [&str; 44] = [
    "7z", "arrow", "avro", "br", "bz2", "csv", "dta", "duckdb", "feather", "gz", "gzip", "h5", "hdf5", "htm", "html",
    "ipc", "json", "jsonl", "lz4", "ndjson", "npy", "npz", "ods", "orc", "parquet", "pdf", "pickle", "pkl", "rds",
    "sas7bdat", "sqlite", "tab", "tar", "tgz", "toml", "tsv", "xls", "xlsb", "xlsm", "xlsx", "xml", "xz", "zip", "zst",
];

/// The format of commands that know one only.
pub(super) const CSV: &Known<()> = &[((), &["csv"])];

/// Returns the format of an output, unless neither an option nor its name tells.
pub(super) fn of_output<F: Copy>(given: Option<F>, known: &Known<F>, output: &Path) -> Result<Option<F>, UsageError> {
    let names: Vec<String> = known.iter().map(|(_, extensions)| format!(".{}", extensions[0])).collect();
    let names = names.join(" or ");
    of(given, known, output, |extension| match extension {
        "gz" | "gzip" | "zst" | "bz2" | "xz" | "br" | "lz4" => format!("name it {names}, and compress it afterwards"),
        "parquet" => format!("name it {names}, and convert it afterwards: {}", in_pandas("csv", "parquet", output)),
        _ => format!("name it {names}"),
    })
}

/// Returns the format of an input, unless neither an option nor its name tells.
pub(super) fn of_input<F: Copy>(given: Option<F>, known: &Known<F>, input: &Path) -> Result<Option<F>, UsageError> {
    of(given, known, input, |extension| to_read(extension, input, known.len() > 1))
}

fn of<F: Copy>(
    given: Option<F>,
    known: &Known<F>,
    path: &Path,
    advice: impl Fn(&str) -> String,
) -> Result<Option<F>, UsageError> {
    let extension = path.extension().and_then(|extension| extension.to_str()).map(str::to_ascii_lowercase);
    let Some(extension) = extension.filter(|_| given.is_none()) else { return Ok(given) };
    let named = known.iter().find(|(_, extensions)| extensions.contains(&&*extension));
    if named.is_none() && EXTENSIONS.contains(&&*extension) {
        let problem = format!("{}: this command knows no .{extension} files", path.display());
        return Err(UsageError(Advised { problem, advice: advice(&extension) }.into()));
    }
    Ok(named.map(|(format, _)| *format))
}

/// Opens a file to read, or standard input for `-`. What begins as no text does is refused.
pub(super) fn open(path: &Path) -> anyhow::Result<Box<dyn Read + Send>> {
    open_text(path, true)
}

/// Opens a CSV file to read, or standard input for `-`. What is named or begins as no CSV file does is refused.
pub(super) fn open_csv(path: &Path) -> anyhow::Result<Box<dyn Read + Send>> {
    of_input(None, CSV, path)?;
    open_text(path, false)
}

/// Reads a CSV file to its end.
pub(super) fn read_csv(path: &Path) -> anyhow::Result<Vec<u8>> {
    let mut table = Vec::new();
    open_csv(path)?.read_to_end(&mut table).with_context(|| format!("cannot read {}", path.display()))?;
    Ok(table)
}

fn open_text(path: &Path, is_predicted: bool) -> anyhow::Result<Box<dyn Read + Send>> {
    let name = path.display();
    let mut input: Box<dyn Read + Send> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(File::open(path).with_context(|| format!("cannot open {name}"))?)
    };
    let mut start = Vec::new();
    let read = input.by_ref().take(Signature::BYTES as u64).read_to_end(&mut start);
    read.with_context(|| format!("cannot read {name}"))?;
    let Some(signature) = Signature::of(&start) else { return Ok(Box::new(Cursor::new(start).chain(input))) };
    let extension = match signature {
        Signature::Utf16 => "utf16",
        Signature::Gzip => "gz",
        Signature::Zstandard => "zst",
        Signature::Zip => "xlsx",
        Signature::Parquet => "parquet",
    };
    let problem = format!("cannot read {name}: {signature}");
    Err(UsageError(Advised { problem, advice: to_read(extension, path, is_predicted) }.into()).into())
}

/// Says how what is in a file of this extension can be read after all.
fn to_read(extension: &str, path: &Path, is_predicted: bool) -> String {
    let decompress = |tool: &str| {
        let whole = path.with_extension("");
        if !is_predicted {
            return format!("{tool} -dc {} > {}", argument(path), argument(&whole));
        }
        let format = whole.extension().and_then(|inner| inner.to_str()).unwrap_or("csv");
        format!("{tool} -dc {} | lifeboat predict - --format {format}", argument(path))
    };
    match extension {
        "gz" | "gzip" => decompress("gzip"),
        "zst" => decompress("zstd"),
        "bz2" => decompress("bzip2"),
        "xz" => decompress("xz"),
        "zip" | "tar" | "tgz" | "7z" => "unpack it first".to_owned(),
        "parquet" => in_pandas("parquet", "csv", path),
        "tab" | "tsv" => "save the table with commas between its cells, as .csv".to_owned(),
        "utf16" => format!("iconv -f UTF-16 -t UTF-8 {} > utf8.csv", argument(path)),
        "ods" | "xls" | "xlsb" | "xlsm" | "xlsx" => {
            "save its table as \"CSV UTF-8\" in the spreadsheet program".to_owned()
        }
        _ => "convert it to CSV first".to_owned(),
    }
}

/// Returns the line of Python that converts a table.
fn in_pandas(from: &str, to: &str, path: &Path) -> String {
    let stem = path.with_extension("");
    let stem = stem.to_str().filter(|stem| is_plain(stem) && *stem != "-").unwrap_or("FILE");
    let index = ", index=False";
    format!("python3 -c \"import pandas; pandas.read_{from}('{stem}.{from}').to_{to}('{stem}.{to}'{index})\"")
}

/// Returns a path as an argument of a shell, where it needs no quotes.
fn argument(path: &Path) -> &str {
    path.to_str().filter(|path| is_plain(path) && *path != "-").unwrap_or("FILE")
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/._-".contains(&byte))
}
