//! The labelled rows of a file, which training and comparing need without a single fault.

use anyhow::bail;

use crate::table::chunk::{Chunk, Row};
use crate::table::columns::{ExtraColumns, Purpose, Selection};
use crate::table::fault::in_words;
use crate::table::reader::{Options, Reader};
use crate::table::record::Labelled;
use crate::table::source::Source;
use crate::table::{Fault, Schema};

/// So many bad rows are shown before the rest is only counted.
const SHOWN_ROWS: usize = 20;

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
    let (mut chunk, mut read, mut bad) = (Chunk::default(), 0, Bad::default());
    while reader.next_chunk(&mut chunk)? {
        read += chunk.len();
        let rows = chunk.rows().filter_map(|row| labelled(row, schema).map_err(|faults| bad.add(row, &faults)).ok());
        let rows: Vec<Labelled> = rows.collect();
        if bad.rows == 0 {
            take(rows)?;
        }
    }
    if bad.rows > 0 {
        bail!("{} of {read} rows are not labelled {}:{}", bad.rows, schema.noun().many, bad.shown);
    }
    Ok(())
}

fn labelled(row: Row<'_>, schema: &Schema) -> Result<Labelled, Vec<Fault>> {
    let labelled = row.labelled(schema)?;
    if labelled.label.is_none() {
        return Err(vec![Fault::of_field(&*schema.label_field().name, "must have a value")]);
    }
    Ok(labelled)
}

#[derive(Default)]
struct Bad {
    rows: usize,
    shown: String,
}

impl Bad {
    fn add(&mut self, row: Row<'_>, faults: &[Fault]) {
        self.rows += 1;
        if self.rows <= SHOWN_ROWS {
            self.shown.extend(["\n  ", &row.place().to_string(), ": ", &in_words(faults)]);
        }
    }
}
