//! Objects of the input, and pieces of them, as tables.

use std::io::{Cursor, Read};
use std::path::Path;
use std::sync::Arc;

use super::Bulk;
use super::failure::Failure;
use super::input::JobOptions;
use super::slice::{Piece, PieceSpan};
use crate::objects::{Location, Object};
use crate::table::columns::{ExtraColumns, Selection};
use crate::table::format::Format;
use crate::table::output_cell::OutputColumn;
use crate::table::reader::{Options, Reader, Span};
use crate::table::source::Source;

/// Names an object in messages.
pub(super) fn name(bucket: &str, key: &str) -> String {
    Location::new(bucket, key).to_string()
}

/// Returns how the files of a job are read; the columns to keep are those that the plan found, once there is one.
pub(super) fn options(asked: &JobOptions, kept: Option<&[OutputColumn]>) -> Options {
    let extra_columns = asked.extra_columns();
    let members = kept.filter(|_| extra_columns == ExtraColumns::Keep);
    Options {
        format: asked.input_format(),
        selection: Selection { extra_columns, ..Selection::default() },
        members: members.map(|kept| kept.iter().map(|column| column.name.clone()).collect()),
        ..Options::default()
    }
}

/// Opens a whole object.
pub(super) fn whole(bulk: &Bulk, bucket: &str, object: &Object) -> Source {
    let stream = bulk.objects.read(bucket, object, 0..object.size);
    let access = Arc::new(bulk.objects.file(bucket, object));
    Source::of_object(Box::new(stream), Some(access), Path::new(&object.key))
}

/// Opens the header of a text, and behind it some of its bytes.
pub(super) fn text(
    bulk: &Bulk,
    bucket: &str,
    object: &Object,
    header: u64,
    bytes: std::ops::Range<u64>,
) -> Result<Source, Failure> {
    let mut start = Vec::new();
    bulk.objects.read(bucket, object, 0..header).read_to_end(&mut start)?;
    let stream = Cursor::new(start).chain(bulk.objects.read(bucket, object, bytes));
    Ok(Source::of_object(Box::new(stream), None, Path::new(&object.key)))
}

/// Opens a piece.
pub(super) fn open(bulk: &Bulk, bucket: &str, piece: &Piece, options: Options) -> Result<Reader, Failure> {
    let object = Object { key: piece.key.clone(), size: piece.size, etag: piece.etag.clone() };
    let (source, options) = match &piece.span {
        PieceSpan::Whole => (whole(bulk, bucket, &object), options),
        PieceSpan::Lines { header, from, to, first_line, format } => {
            let span = Span::Lines { first_line: *first_line };
            let source = text(bulk, bucket, &object, *header, *from..*to)?;
            (source, Options { span, format: super::input::format(format), ..options })
        }
        PieceSpan::Rows { from, to } => {
            let span = Span::Rows(*from..*to);
            (whole(bulk, bucket, &object), Options { span, format: Some(Format::Parquet), ..options })
        }
    };
    Ok(Reader::open(source, bulk.package.schema(), &options)?)
}
