//! An inference request: named tensors become records.

use axum::http::HeaderValue;
use serde::Deserialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

use super::output::Output;
use super::protocol::JSON_LENGTH;
use super::tensor::{self, Datatype, Element};
use crate::api::error::{ApiError, Pointed};
use crate::api::size::MAX_RECORDS;
use crate::table::{Cell, Column, Draft, Fault, Record, Schema, json_fault};

/// What stands behind a column's name in the name of the tensor that says where the column has a value.
const VALIDITY: &str = ".valid";

/// What a client asks for.
#[derive(Debug)]
pub(super) struct InferRequest {
    /// The client's own name for the request.
    pub(super) id: Option<String>,
    pub(super) records: Vec<Record>,
    pub(super) outputs: Vec<Requested>,
}

/// An output that is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Requested {
    pub(super) output: Output,
    pub(super) is_binary: bool,
}

/// An inference request.
#[derive(Deserialize, ToSchema)]
#[schema(as = InferenceRequest)]
pub(in crate::api) struct Body {
    /// The client's own name for the request; the answer repeats it.
    id: Option<String>,
    #[serde(default)]
    parameters: RequestParameters,
    /// A tensor a field.
    inputs: Vec<Input>,
    /// The outputs that are wanted; all, where none is named.
    #[serde(default)]
    outputs: Vec<RequestedOutput>,
}

/// How a request would have its answer.
#[derive(Default, Deserialize, ToSchema)]
#[schema(as = InferenceParameters)]
struct RequestParameters {
    /// Whether outputs are to be binary, behind the JSON.
    #[serde(default)]
    binary_data_output: bool,
}

/// A field of all records.
#[derive(Deserialize, ToSchema)]
#[schema(as = InputTensor)]
struct Input {
    /// A field of the table, or `NAME.valid` for where the field `NAME` has values.
    name: String,
    /// `[n]` or `[n, 1]`.
    #[schema(min_items = 1, max_items = 2)]
    shape: Vec<i64>,
    /// `BOOL`, `INT32`, `INT64`, `FP32`, `FP64` or `BYTES`.
    datatype: String,
    #[serde(default)]
    parameters: InputParameters,
    /// The elements, flat or nested as the shape is; null where a value is missing.
    data: Option<Vec<Json>>,
}

/// How a tensor comes.
#[derive(Default, Deserialize, ToSchema)]
struct InputParameters {
    /// How many bytes of the binary data behind the JSON are this tensor's.
    binary_data_size: Option<usize>,
}

/// An output that is wanted.
#[derive(Deserialize, ToSchema)]
struct RequestedOutput {
    /// One of the outputs of the model.
    name: String,
    #[serde(default)]
    parameters: OutputParameters,
}

/// How an output is to come.
#[derive(Default, Deserialize, ToSchema)]
struct OutputParameters {
    /// Whether it is to be binary, behind the JSON.
    binary_data: Option<bool>,
}

impl InferRequest {
    /// Reads a request's body, or names every fault of it.
    pub(super) fn parse(body: &[u8], json_length: Option<&HeaderValue>, schema: &Schema) -> Result<Self, ApiError> {
        let (json, binary) = split(body, json_length)?;
        let request: Body = serde_json::from_slice(json).map_err(|error| {
            ApiError::Malformed(format!("the body is no inference request: {}", json_fault::in_words(&error, json)))
        })?;
        let mut faults = Faults::default();
        let outputs = requested(&request, schema, &mut faults);
        let table = Table::read(&request.inputs, binary, schema, &mut faults);
        let records = if faults.0.is_empty() { table.records(schema, &mut faults) } else { vec![] };
        if !faults.0.is_empty() {
            return Err(ApiError::Invalid(faults.0));
        }
        Ok(Self { id: request.id, records, outputs })
    }
}

/// Parts the JSON from the binary data behind it.
fn split<'a>(body: &'a [u8], json_length: Option<&HeaderValue>) -> Result<(&'a [u8], &'a [u8]), ApiError> {
    let Some(length) = json_length else { return Ok((body, &[])) };
    let length = length.to_str().ok().and_then(|length| length.parse().ok());
    length.and_then(|length| body.split_at_checked(length)).ok_or_else(|| {
        ApiError::Malformed(format!("the header {JSON_LENGTH} must be a length within that of the body"))
    })
}

/// What is wrong with a request.
#[derive(Default)]
struct Faults(Vec<Pointed>);

impl Faults {
    fn push(&mut self, pointer: &str, detail: impl Into<String>) {
        self.0.push(Pointed::new(pointer, Fault::of_record(detail)));
    }
}

/// Returns the outputs that a request names, or all of them where it names none.
fn requested(request: &Body, schema: &Schema, faults: &mut Faults) -> Vec<Requested> {
    let is_binary = request.parameters.binary_data_output;
    if request.outputs.is_empty() {
        return Output::all(schema).map(|output| Requested { output, is_binary }).collect();
    }
    let mut requested = Vec::new();
    for (index, wanted) in request.outputs.iter().enumerate() {
        if let Some(output) = Output::from_name(schema, &wanted.name) {
            if requested.iter().any(|other: &Requested| other.output == output) {
                faults.push(&format!("/outputs/{index}/name"), "stands more than once");
                continue;
            }
            requested.push(Requested { output, is_binary: wanted.parameters.binary_data.unwrap_or(is_binary) });
        } else {
            let known: Vec<_> = Output::all(schema).map(|output| output.name(schema)).collect();
            let known = known.join(", ");
            faults.push(&format!("/outputs/{index}/name"), format!("is no output: expected one of {known}"));
        }
    }
    requested
}

/// The tensors of a request, each a column of as many rows.
#[derive(Default)]
struct Table {
    rows: usize,
    columns: Vec<Tensor>,
    /// Where other columns have values.
    validity: Vec<Tensor>,
}

/// A column, and which of the inputs it is.
struct Tensor {
    input: usize,
    column: Column,
    elements: Vec<Element>,
}

impl Table {
    fn read(inputs: &[Input], mut binary: &[u8], schema: &Schema, faults: &mut Faults) -> Self {
        let mut table = Self::default();
        for (index, input) in inputs.iter().enumerate() {
            let place = format!("/inputs/{index}");
            let elements = input.elements(&place, &mut binary, faults);
            let (name, is_validity) = match input.name.strip_suffix(VALIDITY) {
                Some(name) => (name, true),
                None => (input.name.as_str(), false),
            };
            let Some(column) = schema.column(name) else {
                faults.push(&format!("{place}/name"), schema.unknown(name));
                continue;
            };
            let field = &schema.fields()[column.field()];
            let taken = if is_validity { &[Datatype::Bool] } else { Datatype::taken_for(field) };
            if Datatype::from_name(&input.datatype).is_none_or(|datatype| !taken.contains(&datatype)) {
                let names: Vec<_> = taken.iter().map(|datatype| datatype.name()).collect();
                faults.push(&format!("{place}/datatype"), format!("must be {}", names.join(" or ")));
            }
            let tensors = if is_validity { &mut table.validity } else { &mut table.columns };
            if tensors.iter().any(|other| other.column.field() == column.field()) {
                faults.push(&format!("{place}/name"), "stands more than once");
            }
            let Some(elements) = elements else { continue };
            if table.rows == 0 {
                table.rows = elements.len();
            } else if elements.len() != table.rows {
                let detail = format!("must have as many rows as the inputs before, {}", table.rows);
                faults.push(&format!("{place}/shape"), detail);
            }
            tensors.push(Tensor { input: index, column, elements });
        }
        if !binary.is_empty() {
            faults.push("", format!("has {} bytes of binary data more than its inputs say", binary.len()));
        }
        for (place, field) in schema.inputs().filter(|(_, field)| field.is_required) {
            let is_there = |input: &Input| schema.column(&input.name).is_some_and(|column| column.field() == place);
            if !inputs.iter().any(is_there) {
                faults.push("/inputs", format!("{} is required", field.name));
            }
        }
        table
    }

    /// Returns the record of each row, or every fault of each.
    fn records(&self, schema: &Schema, faults: &mut Faults) -> Vec<Record> {
        let mut records = Vec::with_capacity(self.rows);
        for row in 0..self.rows {
            let mut draft = Draft::new(schema);
            for tensor in &self.columns {
                let is_valid = self.validity.iter().find(|validity| validity.column.field() == tensor.column.field());
                let is_missing = is_valid.is_some_and(|validity| validity.elements[row] != Element::Flag(true));
                let cell = if is_missing { Cell::Missing } else { tensor.elements[row].cell() };
                draft.set(tensor.column, cell);
            }
            match draft.finish() {
                Ok(record) => records.push(record),
                Err(found) => {
                    for fault in found {
                        faults.push(&self.pointer(schema, &fault, row), fault.detail);
                    }
                }
            }
        }
        records
    }

    /// Returns where a fault of a row stands.
    fn pointer(&self, schema: &Schema, fault: &Fault, row: usize) -> String {
        let is_of = |tensor: &&Tensor| fault.field.as_deref() == Some(schema.spelling(tensor.column));
        let at_fault = self.columns.iter().find(is_of);
        at_fault.map_or_else(|| "/inputs".to_owned(), |tensor| format!("/inputs/{}/data/{row}", tensor.input))
    }
}

impl Input {
    /// Reads the elements of a tensor, and takes its part of the binary data.
    fn elements(&self, place: &str, binary: &mut &[u8], faults: &mut Faults) -> Option<Vec<Element>> {
        let bytes = match self.parameters.binary_data_size {
            Some(size) => {
                let Some((mine, rest)) = binary.split_at_checked(size) else {
                    faults.push(&format!("{place}/parameters/binary_data_size"), "is more than the body has");
                    return None;
                };
                *binary = rest;
                Some(mine)
            }
            None => None,
        };
        let rows = self.rows(place, faults);
        // Which types there are is said with the column.
        let datatype = Datatype::from_name(&self.datatype)?;
        let elements = match (bytes, &self.data) {
            (Some(bytes), None) => tensor::of_bytes(datatype, bytes),
            (None, Some(data)) => tensor::of_json(datatype, data),
            _ => Err("must hold either data or parameters.binary_data_size".to_owned()),
        };
        let elements = elements.map_err(|detail| faults.push(place, detail)).ok()?;
        let rows = rows?;
        if elements.len() != rows {
            faults.push(place, format!("has {} elements, but its shape says {rows}", elements.len()));
            return None;
        }
        Some(elements)
    }

    /// Returns how many rows the shape says there are.
    fn rows(&self, place: &str, faults: &mut Faults) -> Option<usize> {
        let rows = match self.shape[..] {
            [rows] | [rows, 1] => usize::try_from(rows).ok().filter(|rows| (1..=MAX_RECORDS).contains(rows)),
            _ => None,
        };
        if rows.is_none() {
            let detail = format!("must be [n] or [n, 1], with n from 1 to {MAX_RECORDS}");
            faults.push(&format!("{place}/shape"), detail);
        }
        rows
    }
}
