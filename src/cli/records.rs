//! Streams records out of a file, in chunks that several threads can work on.

use std::fmt;
use std::io::{BufRead, BufReader, Read};
use std::sync::OnceLock;

use anyhow::{Context, anyhow, bail};
use clap::ValueEnum;
use csv::{ByteRecord, ReaderBuilder};
use serde::de::value::MapAccessDeserializer;
use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::format::Known;
use crate::passenger::csv::{Header, Lines};
use crate::passenger::json::{self, Parsed};
use crate::passenger::{Fault, Passenger};

/// How many records make a chunk.
const CHUNK_RECORDS: usize = 1024;

/// How passengers or predictions are written down.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// Comma-separated values with a header.
    Csv,
    /// One JSON array.
    Json,
    /// One JSON object a line.
    Ndjson,
}

/// How their files are named.
pub(super) const FORMATS: &Known<Format> =
    &[(Format::Csv, &["csv"]), (Format::Json, &["json"]), (Format::Ndjson, &["ndjson", "jsonl"])];

/// One record as it stands in the input, and where.
#[derive(Debug)]
pub(super) struct Record {
    place: Place,
    raw: Raw,
}

/// Where a record stands.
#[derive(Debug, Clone, Copy)]
pub(super) enum Place {
    Line(u64),
    Element(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(line) => write!(f, "line {line}"),
            Self::Element(index) => write!(f, "element {index}"),
        }
    }
}

#[derive(Debug)]
enum Raw {
    Row(ByteRecord),
    Json(Box<[u8]>),
    Parsed(Result<Passenger, Vec<Fault>>),
}

/// The header of an input, once it has been read.
#[derive(Debug, Default)]
pub(super) struct Columns(OnceLock<Header>);

impl Record {
    /// Returns where the record stands.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Returns the passenger, or every fault of the record.
    pub(super) fn passenger(&self, columns: &Columns) -> Result<Passenger, Vec<Fault>> {
        match &self.raw {
            Raw::Row(row) => match columns.0.get() {
                Some(header) => header.passenger(row),
                None => Err(vec![Fault::of_record("comes before the header")]),
            },
            Raw::Parsed(result) => result.clone(),
            Raw::Json(text) => match serde_json::from_slice::<Parsed>(text) {
                Ok(Parsed(result)) => result,
                Err(error) => Err(vec![Fault::of_record(format!("is not JSON: {}", json::fault(&error, text)))]),
            },
        }
    }
}

/// Takes chunks of records, and gives back the memory of those that are done with.
pub(super) trait Taker {
    /// Takes a chunk; tells whether more are wanted.
    fn take(&mut self, chunk: Vec<Record>) -> bool;

    /// Returns a chunk to fill: an old one, whose records are written over, or an empty one.
    fn spare(&mut self) -> Vec<Record>;
}

/// Reads every record and hands them on in chunks, until the taker wants no more.
pub(super) fn read(
    input: Box<dyn Read + Send>,
    format: Format,
    columns: &Columns,
    taker: impl Taker,
) -> anyhow::Result<()> {
    let mut chunks = Chunks { chunk: Vec::new(), filled: 0, taker, wanted: true };
    match format {
        Format::Csv => read_csv(input, columns, &mut chunks)?,
        Format::Json => read_json(BufReader::with_capacity(1 << 16, input), &mut chunks)?,
        Format::Ndjson => read_lines(BufReader::with_capacity(1 << 16, input), &mut chunks)?,
    }
    chunks.flush();
    Ok(())
}

/// Gathers records into chunks.
struct Chunks<T> {
    chunk: Vec<Record>,
    /// So many records of the chunk are new; behind them may stand old ones.
    filled: usize,
    taker: T,
    wanted: bool,
}

impl<T: Taker> Chunks<T> {
    /// Adds a record; tells whether more are wanted.
    fn push(&mut self, place: Place, raw: Raw) -> bool {
        self.chunk.truncate(self.filled);
        self.chunk.push(Record { place, raw });
        self.count_one()
    }

    /// Reads the next row of a CSV file into the memory of an old one; tells whether there was one.
    fn read_row(&mut self, reader: &mut csv::Reader<Box<dyn Read + Send>>, lines: Lines) -> csv::Result<bool> {
        if self.filled == self.chunk.len() {
            self.chunk.push(Record { place: Place::Line(0), raw: Raw::Row(ByteRecord::new()) });
        }
        let record = &mut self.chunk[self.filled];
        let Raw::Row(row) = &mut record.raw else { return Ok(false) };
        let is_there = reader.read_byte_record(row)?;
        record.place = Place::Line(lines.line(row));
        Ok(is_there)
    }

    /// Counts the record that was added; tells whether more are wanted.
    fn count_one(&mut self) -> bool {
        self.filled += 1;
        if self.filled == CHUNK_RECORDS {
            self.flush();
        }
        self.wanted
    }

    fn flush(&mut self) {
        self.chunk.truncate(self.filled);
        self.filled = 0;
        if self.wanted && !self.chunk.is_empty() {
            let next = self.taker.spare();
            self.wanted = self.taker.take(std::mem::replace(&mut self.chunk, next));
        }
    }
}

fn read_csv(input: Box<dyn Read + Send>, columns: &Columns, chunks: &mut Chunks<impl Taker>) -> anyhow::Result<()> {
    let mut reader = ReaderBuilder::new().flexible(true).buffer_capacity(1 << 16).from_reader(input);
    let header = reader.byte_headers().context("the input is not CSV")?;
    if header.is_empty() {
        bail!("the input is empty: expected a header of columns");
    }
    let header = Header::parse(header).context("the header does not fit")?;
    let _ = columns.0.set(header);
    let lines = Lines::after_header(&reader);
    while chunks.read_row(&mut reader, lines).context("the input is not CSV")? && chunks.count_one() {}
    Ok(())
}

fn read_json(mut input: impl BufRead, chunks: &mut Chunks<impl Taker>) -> anyhow::Result<()> {
    let mut json = serde_json::Deserializer::from_reader(&mut input);
    let read = json.deserialize_any(Elements { chunks });
    if !chunks.wanted {
        return Ok(());
    }
    if read.is_ok() {
        return json.end().context("the input goes on after its JSON");
    }
    drop(json);
    read.map_err(|error| {
        let rest = input.fill_buf().unwrap_or(&[]);
        anyhow!("the input is not JSON: {}", json::fault_before(&error, rest))
    })
}

fn read_lines(mut input: impl BufRead, chunks: &mut Chunks<impl Taker>) -> anyhow::Result<()> {
    let mut line = Vec::new();
    for number in 1.. {
        line.clear();
        if input.read_until(b'\n', &mut line).context("cannot read the input")? == 0 {
            break;
        }
        let text = line.trim_ascii();
        if !text.is_empty() && !chunks.push(Place::Line(number), Raw::Json(text.into())) {
            break;
        }
    }
    Ok(())
}

/// Takes an array apart as it is read; a single object is an array of one.
struct Elements<'a, T> {
    chunks: &'a mut Chunks<T>,
}

impl<'de, T: Taker> Visitor<'de> for Elements<'_, T> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array of passengers, or one passenger")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(element) = seq.next_element::<Box<RawValue>>()?
            && self.chunks.push(Place::Element(index), Raw::Json(element.get().as_bytes().into()))
        {
            index += 1;
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<(), A::Error> {
        let Parsed(result) = Parsed::deserialize(MapAccessDeserializer::new(map))?;
        self.chunks.push(Place::Element(0), Raw::Parsed(result));
        Ok(())
    }
}
