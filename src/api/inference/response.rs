//! The answer to an inference request.

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::JSON_LENGTH;
use super::MODEL;
use super::request::Requested;
use super::tensor::{Datatype, Output};
use crate::api::answer::Json;
use crate::api::error::ApiError;
use crate::prediction::Prediction;

const OCTET_STREAM: HeaderValue = HeaderValue::from_static("application/octet-stream");

/// The answer to an inference request.
#[derive(Serialize, ToSchema)]
#[schema(as = InferenceResponse)]
pub(in crate::api) struct Body<'a> {
    model_name: &'static str,
    model_version: &'a str,
    /// The client's own name for the request.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    id: Option<&'a str>,
    outputs: Vec<OutputTensor>,
}

/// What the model gives of each row.
#[derive(Serialize, ToSchema)]
struct OutputTensor {
    name: &'static str,
    datatype: Datatype,
    #[schema(value_type = Vec<u64>)]
    shape: [usize; 1],
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

#[derive(Serialize)]
#[serde(untagged)]
enum Data {
    Integers(Vec<i64>),
    Floats(Vec<f32>),
    Texts(Vec<String>),
}

impl Data {
    fn of(output: Output, predictions: &[&Prediction]) -> Self {
        let each = predictions.iter();
        match output {
            Output::Survived => Self::Integers(each.map(|prediction| prediction.survived.into()).collect()),
            Output::Probability => Self::Floats(each.map(|prediction| prediction.probability).collect()),
            Output::Id => Self::Texts(each.map(|prediction| prediction.id.to_string()).collect()),
        }
    }

    fn into_bytes(self) -> Vec<u8> {
        match self {
            Self::Integers(integers) => integers.into_iter().flat_map(i64::to_le_bytes).collect(),
            Self::Floats(floats) => floats.into_iter().flat_map(f32::to_le_bytes).collect(),
            Self::Texts(texts) => texts
                .into_iter()
                .flat_map(|text| {
                    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
                    [&length.to_le_bytes(), text.as_bytes()].concat()
                })
                .collect(),
        }
    }
}

/// Answers with the outputs that were asked for: as JSON, and those that were asked for so as binary data behind it.
pub(super) fn response(
    id: Option<&str>,
    model_version: &str,
    requested: &[Requested],
    predictions: &[&Prediction],
) -> Response {
    let mut binary = Vec::new();
    let outputs = requested.iter().map(|requested| {
        let data = Data::of(requested.output, predictions);
        let (parameters, data) = if requested.is_binary {
            let bytes = data.into_bytes();
            binary.extend_from_slice(&bytes);
            (Some(Parameters { binary_data_size: bytes.len() }), None)
        } else {
            (None, Some(data))
        };
        let (name, datatype) = (requested.output.name(), requested.output.datatype());
        OutputTensor { name, datatype, shape: [predictions.len()], parameters, data }
    });
    let body = Body { model_name: MODEL, model_version, id, outputs: outputs.collect() };
    if binary.is_empty() {
        return Json(body).into_response();
    }
    let Ok(mut json) = serde_json::to_vec(&body) else { return ApiError::Panicked.into_response() };
    let length = HeaderValue::from(json.len());
    json.extend(binary);
    ([(header::CONTENT_TYPE, OCTET_STREAM), (JSON_LENGTH, length)], json).into_response()
}
