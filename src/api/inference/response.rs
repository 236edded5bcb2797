//! The answer to an inference request.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::output::Data;
use super::protocol::JSON_LENGTH;
use super::request::Requested;
use super::tensor::Datatype;
use crate::api::answer::Json;
use crate::api::error::ApiError;
use crate::package::Package;
use crate::prediction::Prediction;

const OCTET_STREAM: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// The answer to an inference request.
#[derive(Serialize, ToSchema)]
#[schema(as = InferenceResponse)]
pub(in crate::api) struct Body<'a> {
    model_name: &'a str,
    model_version: &'a str,
    /// The client's own name for the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<&'a str>,
    outputs: Vec<OutputTensor<'a>>,
}

/// What the model gives of each row.
#[derive(Serialize, ToSchema)]
struct OutputTensor<'a> {
    name: &'a str,
    datatype: Datatype,
    shape: Vec<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    parameters: Option<Parameters>,
    /// The elements, one a row.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<Vec<Value>>)]
    data: Option<Data>,
}

/// How a tensor comes.
#[derive(Serialize, ToSchema)]
#[schema(as = OutputTensorParameters)]
struct Parameters {
    binary_data_size: usize,
}

/// Answers with the outputs that were asked for: as JSON, and those that were asked for so as binary data behind it.
pub(super) fn response(
    id: Option<&str>,
    package: &Package,
    requested: &[Requested],
    predictions: &[&Prediction],
) -> Response {
    let schema = package.schema();
    let rows = i64::try_from(predictions.len()).unwrap_or(i64::MAX);
    let mut binary = Vec::new();
    let outputs = requested.iter().map(|requested| {
        let data = Data::new(requested.output, schema, predictions);
        let (parameters, data) = if requested.is_binary {
            let bytes = data.into_bytes();
            binary.extend_from_slice(&bytes);
            (Some(Parameters { binary_data_size: bytes.len() }), None)
        } else {
            (None, Some(data))
        };
        let output = requested.output;
        let (name, datatype) = (output.name(schema), output.datatype(schema));
        OutputTensor { name, datatype, shape: output.shape(schema, rows), parameters, data }
    });
    let body = Body { model_name: package.name(), model_version: package.version(), id, outputs: outputs.collect() };
    if binary.is_empty() {
        return Json(body).into_response();
    }
    let Ok(mut json) = serde_json::to_vec(&body) else { return ApiError::Panicked.into_response() };
    let length = HeaderValue::from(json.len());
    json.extend(binary);
    ([(header::CONTENT_TYPE, OCTET_STREAM), (JSON_LENGTH, length)], json).into_response()
}
