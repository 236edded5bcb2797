//! The labelled rows of a file, which training and comparing need without a single fault.

use jiff::Timestamp;

use super::counted::Listed;
use super::format::of_rows;

use crate::table::chunk::{Chunk, Row};
use crate::table::columns::{ExtraColumns, KNOWN_AT, Purpose, Selection};
use crate::table::fault::in_words;
use crate::table::output_cell::OutputCell;
use crate::table::reader::{Options, Reader};
use crate::table::record::Labelled;
use crate::table::source::Source;
use crate::table::{Fault, Schema};

/// Reads every labelled row, or tells of every row that is not one.
pub(super) fn read_all(schema: &Schema, source: Source, extra_columns: ExtraColumns) -> anyhow::Result<Vec<Labelled>> {
    let mut all = Vec::new();
    for_each_chunk(schema, source, extra_columns, |rows| {
        all.extend(rows);
        Ok(())
    })?;
    Ok(all)
}

/// Hands labelled rows on as they are read, some at a time; at the end tells of every row that is not one.
pub(super) fn for_each_chunk(
    schema: &Schema,
    source: Source,
    extra_columns: ExtraColumns,
    mut take: impl FnMut(Vec<Labelled>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let selection = Selection { purpose: Purpose::Labels, extra_columns };
    let mut reader = Reader::open(source, schema, &Options { selection, ..Options::default() })?;
    let known_at = place_of_known_at(&reader);
    let (mut chunk, mut read, mut bad) = (Chunk::default(), 0, Listed::default());
    while reader.next_chunk(&mut chunk)? {
        read += chunk.len();
        let rows = chunk.rows();
        let rows = rows
            .filter_map(|row| labelled(row, schema, known_at).map_err(|faults| bad.push(|| told(row, &faults))).ok());
        let rows: Vec<Labelled> = rows.collect();
        if bad.count() == 0 {
            take(rows)?;
        }
    }
    if bad.count() > 0 {
        let many = &schema.noun().many;
        let problem = format!("rows that are not labelled {many}: {} of {read}:\n{bad}", bad.count());
        return Err(of_rows(problem, schema));
    }
    Ok(())
}

fn told(row: Row<'_>, faults: &[Fault]) -> String {
    format!("  {}: {}", row.place(), in_words(faults))
}

fn labelled(row: Row<'_>, schema: &Schema, known_at: Option<usize>) -> Result<Labelled, Vec<Fault>> {
    let labelled = read(row, schema, known_at)?;
    if labelled.label.is_none() {
        return Err(vec![Fault::of_field(&*schema.label_field().name, "must have a value")]);
    }
    Ok(labelled)
}

/// Returns where among the columns that are kept the one stands that tells when a label became known.
pub(super) fn place_of_known_at(reader: &Reader) -> Option<usize> {
    reader.extra_columns().iter().position(|column| *column.name == *KNOWN_AT)
}

/// Reads a row whose label may be missing, with when it became known.
pub(super) fn read(row: Row<'_>, schema: &Schema, known_at: Option<usize>) -> Result<Labelled, Vec<Fault>> {
    let mut labelled = row.labelled(schema)?;
    if let Some(place) = known_at {
        let told = row.extras().get(place).map(moment).transpose();
        labelled.known_at = told.map_err(|detail| vec![Fault::of_field(KNOWN_AT, detail)])?.flatten();
    }
    Ok(labelled)
}

/// Reads when a label became known; a cell that is missing does not say so.
fn moment(cell: &OutputCell<'_>) -> Result<Option<Timestamp>, &'static str> {
    let text = match cell {
        OutputCell::Missing => return Ok(None),
        OutputCell::Time(moment) => return Ok(Some(*moment)),
        OutputCell::Text(text) => text.trim().to_owned(),
        OutputCell::Json(raw) => serde_json::from_str(raw.get()).map_err(|_| MUST_BE_A_MOMENT)?,
        _ => return Err(MUST_BE_A_MOMENT),
    };
    if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| MUST_BE_A_MOMENT) }
}

const MUST_BE_A_MOMENT: &str = "must be a moment with its offset from UTC, as in 2013-11-04T06:00:00-05:00";
