//! What a record of a table is, and how one is read: nothing here knows any table in particular.
//!
//! A [`Schema`] is loaded once, checked, and compiled. A [`Draft`] takes the cells of one record in any order and from any format,
//! collects **every** fault, and ends in a [`Record`] that is valid or in the list of what is wrong with it.
//!
//! - `scalar`: a single value of JSON, or something else in its place.
//! - `decimal`: numbers of few digits.
//! - `counted`: how many there are of a thing, in a message.
//! - [`descriptor`]: the text of `schema.json`, as Frictionless Table Schema v2 has it.
//! - [`schema`], [`field`]: the same, checked and compiled.
//! - [`value`]: what stands in an input, and what stands in a record.
//! - [`record`]: a valid record, and the draft of one.
//! - [`json`]: a record as a JSON object.
//! - [`load`]: a schema from its text; [`mod@computing_parts`], what of it decides answers.
//! - [`source`], [`mod@format`]: the bytes of a file, unpacked, and what they are.
//! - [`signature`]: what bytes are that are no text as they stand.
//! - [`columns`]: which of its columns are read.
//! - [`reader`], [`chunk`]: the records of a file, whatever its format, in constant memory.
//! - [`cutting`]: the parts of a file that can be read apart from each other.
//! - [`survey`]: what stands in the columns of a table that has no schema yet.
//! - [`csv_text`]: comma-separated values in memory, for programs that take no files.
//! - [`output_cell`], [`writer`]: tables that are written.

pub mod chunk;
pub mod columns;
mod compile;
pub mod computing_parts;
mod counted;
mod csv;
pub mod csv_text;
pub mod cutting;
mod decimal;
pub mod descriptor;
pub mod fault;
pub mod field;
pub mod format;
pub mod json;
pub mod json_fault;
mod json_rows;
pub mod load;
pub mod output_cell;
mod parquet;
pub mod place;
pub mod read_error;
pub mod reader;
pub mod record;
mod scalar;
pub mod schema;
pub mod signature;
pub mod source;
pub mod survey;
pub mod value;
pub mod writer;

pub use chunk::{Chunk, Row};
pub use columns::{ExtraColumns, Purpose, Selection};
pub(crate) use counted::counted;
pub(crate) use decimal::Decimal;
pub use fault::{Fault, SchemaError};
pub use field::Field;
pub use format::Format;
pub use output_cell::{ColumnType, OutputCell, OutputColumn};
pub use place::Place;
pub use read_error::ReadError;
pub use reader::{Options, Reader, Span};
pub use record::{Draft, Labelled, Record};
pub(crate) use scalar::{ScalarOr, scalar_or};
pub use schema::{Column, Noun, Schema, Task};
pub use source::{RandomAccess, Source};
pub use value::{Cell, Value};
pub use writer::{Batch, Layout, TableWriter, WriteError};
