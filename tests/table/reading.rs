//! What the tests of readers share.

use std::path::PathBuf;

use lifeboat::table::{
    Chunk, ExtraColumns, Format, Options, Purpose, ReadError, Reader, Record, Schema, Selection, Source, load,
};

/// The schema of most files.
pub(crate) fn titanic() -> Schema {
    load::schema(include_bytes!("../../model/titanic/schema.json")).unwrap()
}

/// A file that another program wrote.
pub(crate) fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/table/files").join(name)
}

pub(crate) fn bytes(name: &str) -> Vec<u8> {
    std::fs::read(path(name)).unwrap()
}

pub(crate) fn extra(extra_columns: ExtraColumns) -> Options {
    Options { selection: Selection { extra_columns, purpose: Purpose::Records }, ..Options::default() }
}

pub(crate) fn of_format(format: Format) -> Options {
    Options { format: Some(format), ..Options::default() }
}

/// A place, and the record that stands there or its faults in words.
type Placed = (String, Result<Record, String>);

/// Reads all records, each with its place; what is no record is told in words.
pub(crate) fn read(source: Source, schema: &Schema, options: &Options) -> Result<Vec<Placed>, ReadError> {
    let mut reader = Reader::open(source, schema, options)?;
    let (mut chunk, mut all) = (Chunk::default(), Vec::new());
    while reader.next_chunk(&mut chunk)? {
        for row in chunk.rows() {
            let record = row.record(schema).map_err(|faults| lifeboat::table::fault::in_words(&faults));
            all.push((row.place().to_string(), record));
        }
    }
    Ok(all)
}

/// Reads all records of a file of the Titanic.
pub(crate) fn records(source: Source) -> Vec<Record> {
    let all = read(source, &titanic(), &Options::default()).unwrap();
    all.into_iter().map(|(place, record)| record.unwrap_or_else(|fault| panic!("{place}: {fault}"))).collect()
}

/// The records that all files of the Titanic hold.
pub(crate) fn plain() -> Vec<Record> {
    let records = records(Source::from_path(&path("plain.csv")).unwrap());
    assert_eq!(records.len(), 40);
    records
}

/// Says why a text is no table of the Titanic.
pub(crate) fn refusal(bytes: impl Into<Vec<u8>>) -> String {
    read(Source::from_bytes(bytes), &titanic(), &Options::default()).unwrap_err().to_string()
}
