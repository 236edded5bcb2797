//! Rows as text: CSV, the elements of a JSON array, or an object a line.

use std::io::{self, Write};
use std::sync::Arc;

use serde_json::value::RawValue;

use super::{Layout, WriteError};
use crate::table::format::Format;
use crate::table::output_cell::{OutputCell, written_time};

/// Rows as text.
#[derive(Debug)]
pub(super) enum TextBatch {
    Csv(Box<::csv::Writer<Vec<u8>>>),
    Json(Vec<u8>),
}

impl TextBatch {
    pub(super) fn new(format: Format) -> Self {
        if format == Format::Csv {
            Self::Csv(Box::new(::csv::Writer::from_writer(Vec::new())))
        } else {
            Self::Json(Vec::new())
        }
    }

    pub(super) fn push(&mut self, layout: &Layout, cells: &[OutputCell<'_>]) -> Result<(), WriteError> {
        let missing = layout.columns.len().saturating_sub(cells.len());
        let cells = cells.iter().copied().chain(std::iter::repeat_n(OutputCell::Missing, missing));
        match self {
            Self::Csv(writer) => push_csv(writer, cells).map_err(io::Error::from)?,
            Self::Json(text) => push_json(text, layout, cells).map_err(io::Error::from)?,
        }
        Ok(())
    }

    /// Hands the text on, and forgets it.
    fn drain(&mut self, write: impl FnOnce(&[u8]) -> io::Result<()>) -> io::Result<()> {
        match self {
            Self::Csv(writer) => {
                let empty = ::csv::Writer::from_writer(Vec::new());
                let mut text =
                    std::mem::replace(&mut **writer, empty).into_inner().map_err(::csv::IntoInnerError::into_error)?;
                write(&text)?;
                text.clear();
                **writer = ::csv::Writer::from_writer(text);
                Ok(())
            }
            Self::Json(text) => {
                write(text)?;
                text.clear();
                Ok(())
            }
        }
    }
}

fn push_csv<'a>(writer: &mut ::csv::Writer<Vec<u8>>, cells: impl Iterator<Item = OutputCell<'a>>) -> ::csv::Result<()> {
    for cell in cells {
        match cell.finite() {
            OutputCell::Missing => writer.write_field(""),
            OutputCell::Text(text) => writer.write_field(text),
            OutputCell::Integer(number) => writer.write_field(itoa::Buffer::new().format(number)),
            OutputCell::Number(number) => writer.write_field(ryu::Buffer::new().format_finite(number)),
            OutputCell::Single(number) => writer.write_field(ryu::Buffer::new().format_finite(number)),
            OutputCell::Boolean(value) => writer.write_field(if value { "true" } else { "false" }),
            OutputCell::Date(date) => writer.write_field(date.to_string()),
            OutputCell::Time(moment) => writer.write_field(written_time(moment)),
            OutputCell::LocalTime(time) => writer.write_field(time.to_string()),
            OutputCell::Json(value) => writer.write_field(&*plain(value)),
        }?;
    }
    writer.write_record(None::<&[u8]>)
}

/// Returns what a value of JSON is as a cell: a text without its quotation marks, anything else as it is written.
pub(super) fn plain(value: &RawValue) -> std::borrow::Cow<'_, str> {
    serde_json::from_str::<String>(value.get()).map_or_else(|_| value.get().into(), Into::into)
}

/// Appends an object on a line of its own.
fn push_json<'a>(
    text: &mut Vec<u8>,
    layout: &Layout,
    cells: impl Iterator<Item = OutputCell<'a>>,
) -> serde_json::Result<()> {
    let is_array = layout.format == Format::Json;
    if is_array {
        text.extend_from_slice(SEPARATOR);
    }
    for (index, (name, cell)) in layout.json_names.iter().zip(cells).enumerate() {
        text.push(if index == 0 { b'{' } else { b',' });
        text.extend_from_slice(name.as_bytes());
        serde_json::to_writer(&mut *text, &cell)?;
    }
    text.extend_from_slice(match (layout.columns.is_empty(), is_array) {
        (true, true) => b"{}",
        (true, false) => b"{}\n",
        (false, true) => b"}",
        (false, false) => b"}\n",
    });
    Ok(())
}

/// Stands before each element of an array but the first, of which the comma is left out.
const SEPARATOR: &[u8] = b",\n  ";

/// Writes text.
#[derive(Debug)]
pub(super) struct TextSink<W> {
    output: W,
    format: Format,
    is_begun: bool,
}

impl<W: Write> TextSink<W> {
    pub(super) fn new(layout: &Arc<Layout>, mut output: W) -> Result<Self, WriteError> {
        let format = layout.format;
        match format {
            Format::Csv => {
                let mut header = TextBatch::new(format);
                let names: Vec<_> = layout.columns.iter().map(|column| OutputCell::Text(&column.name)).collect();
                header.push(layout, &names)?;
                header.drain(|text| output.write_all(text))?;
            }
            Format::Json => output.write_all(b"[")?,
            Format::Ndjson | Format::Parquet => {}
        }
        Ok(Self { output, format, is_begun: false })
    }

    /// Writes the rows of a batch, and empties it.
    pub(super) fn write(&mut self, batch: &mut TextBatch) -> io::Result<()> {
        let is_first = !self.is_begun && self.format == Format::Json;
        batch.drain(|text| {
            self.is_begun |= !text.is_empty();
            self.output.write_all(if is_first { text.get(1..).unwrap_or_default() } else { text })
        })
    }

    pub(super) fn finish(mut self) -> Result<W, WriteError> {
        if self.format == Format::Json {
            self.output.write_all(if self.is_begun { b"\n]\n" } else { b"]\n" })?;
        }
        self.output.flush()?;
        Ok(self.output)
    }
}
