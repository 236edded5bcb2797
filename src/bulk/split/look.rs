//! What kind of table each file is, by its header or its end. All files are looked at before any is scored: a file that is no table of this
//! model is said so at once, with all others that are none.

use crate::bulk::failure::Failure;
use crate::bulk::input::JobInput;
use crate::bulk::sizing::Sizing;
use crate::bulk::{Bulk, side_by_side, source};
use crate::lifecycle::statistics::to_float;
use crate::objects::Object;
use crate::table::columns::ExtraColumns;
use crate::table::cutting::{self, Cutting};
use crate::table::format::Format;
use crate::table::output_cell::OutputColumn;
use crate::table::reader::Reader;

/// So many files are looked at side by side: each look is a wait for S3.
const LOOKS_AT_ONCE: usize = 16;

/// So many files that are no tables are named.
const NAMED_FAULTS: usize = 20;

/// As much of a text is read to tell how long its rows are.
const SAMPLE_BYTES: u64 = 1 << 18;

/// What kind of table a file is.
#[derive(Debug)]
pub(super) enum Look {
    /// A text that can be cut.
    Text { format: Format, bytes_a_row: Option<f64> },
    /// A Parquet file, by the rows of its groups.
    Rows { groups: Vec<u64> },
    /// What has to be read from its beginning to its end.
    Whole { format: Format, is_compressed: bool },
}

impl Look {
    /// Returns the format.
    pub(super) fn format(&self) -> Format {
        match self {
            Self::Text { format, .. } | Self::Whole { format, .. } => *format,
            Self::Rows { .. } => Format::Parquet,
        }
    }

    /// Returns about how many rows the file has.
    pub(super) fn rows(&self, file: &Object, sizing: &Sizing) -> f64 {
        match self {
            Self::Rows { groups } => to_float(groups.iter().sum()),
            Self::Text { .. } => to_float(file.size) / sizing.bytes_a_row,
            Self::Whole { .. } => sizing.of_compressed(file.size) / sizing.seconds_a_row,
        }
    }
}

/// What is seen of a file: its kind, and the columns that are kept of it.
struct Seen {
    look: Look,
    kept: Vec<OutputColumn>,
}

/// Looks at each file, or names all that are no tables of this model; returns the columns that are kept of all as well.
pub(super) fn at_all(
    bulk: &Bulk,
    asked: &JobInput,
    files: &[Object],
) -> Result<(Vec<Look>, Vec<OutputColumn>), Failure> {
    let seen = side_by_side::each(files, LOOKS_AT_ONCE, |file| at(bulk, asked, file));
    let mut faults = Faults { files: files.len(), faults: Vec::new(), are_of_columns: true };
    let (mut looks, mut first): (Vec<Look>, Option<(usize, Vec<OutputColumn>)>) =
        (Vec::with_capacity(files.len()), None);
    for (place, seen) in seen.into_iter().enumerate() {
        let name = source::name(&asked.input.bucket, &files[place].key);
        match seen {
            Ok(Seen { look, kept }) => {
                let (other, expected) = first.get_or_insert_with(|| (place, kept.clone()));
                // JSON has members of its own in each record: those of the first file are kept of all.
                let are_json = is_json(&look) && looks.first().is_none_or(is_json);
                if *expected != kept && !are_json {
                    let other = source::name(&asked.input.bucket, &files[*other].key);
                    let (found, wanted) = (listed(&kept), listed(expected));
                    faults.push(format!("{name}: the columns to keep are {found}, but those of {other} are {wanted}"));
                }
                looks.push(look);
            }
            Err(Failure::OtherColumns(said)) => faults.push(format!("{name}: {said}")),
            Err(Failure::NotReadable(said)) => {
                faults.push(format!("{name}: {said}"));
                faults.are_of_columns = false;
            }
            Err(other) => return Err(other),
        }
    }
    faults.none()?;
    Ok((looks, first.map(|(_, kept)| kept).unwrap_or_default()))
}

fn is_json(look: &Look) -> bool {
    matches!(look.format(), Format::Json | Format::Ndjson)
}

fn listed(columns: &[OutputColumn]) -> String {
    if columns.is_empty() {
        return "none".to_owned();
    }
    columns
        .iter()
        .map(|column| format!("{} ({:?})", column.name, column.kind).to_lowercase())
        .collect::<Vec<_>>()
        .join(", ")
}

/// Looks at one file.
fn at(bulk: &Bulk, asked: &JobInput, file: &Object) -> Result<Seen, Failure> {
    let (schema, bucket) = (bulk.package.schema(), &asked.input.bucket);
    let options = source::options(&asked.options, None);
    let kept = || -> Result<Reader, Failure> { Ok(Reader::open(source::whole(bulk, bucket, file), schema, &options)?) };
    let look = match cutting::open(source::whole(bulk, bucket, file), schema, &options)? {
        Cutting::Rows { groups } => Look::Rows { groups },
        Cutting::Text(mut cutter) => {
            let sample = cutter.next(SAMPLE_BYTES)?;
            let bytes_a_row =
                sample.map(|piece| to_float(piece.bytes.end - piece.bytes.start) / to_float(piece.rows.max(1)));
            Look::Text { format: cutter.format(), bytes_a_row }
        }
        // Whether it is a table of this model, only its first records tell.
        Cutting::Whole(_) => {
            let reader = kept()?;
            let is_compressed = reader.format() != Format::Json;
            let look = Look::Whole { format: reader.format(), is_compressed };
            return Ok(Seen { look, kept: reader.extra_columns().to_vec() });
        }
    };
    let keeps = asked.options.extra_columns() == ExtraColumns::Keep;
    let kept = if keeps { kept()?.extra_columns().to_vec() } else { Vec::new() };
    Ok(Seen { look, kept })
}

/// Files that are no tables of this model.
struct Faults {
    files: usize,
    faults: Vec<String>,
    /// Whether each has rows that could be read, if it had other columns.
    are_of_columns: bool,
}

impl Faults {
    fn push(&mut self, fault: String) {
        self.faults.push(fault);
    }

    fn none(mut self) -> Result<(), Failure> {
        let count = self.faults.len();
        if count == 0 {
            return Ok(());
        }
        self.faults.truncate(NAMED_FAULTS);
        let more = if count > NAMED_FAULTS { format!("\nand {} more", count - NAMED_FAULTS) } else { String::new() };
        let said = self.faults.join("\n");
        let all = if self.files == 1 {
            String::new()
        } else {
            format!("{count} of {} files cannot be scored:\n", self.files)
        };
        let said = format!("{all}{said}{more}");
        Err(if self.are_of_columns { Failure::OtherColumns(said) } else { Failure::NotReadable(said) })
    }
}
