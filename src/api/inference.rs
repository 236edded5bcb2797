//! `/v2`: the Open Inference Protocol, version 2, which clients of `KServe`, Triton and others speak.
//!
//! The table's fields are named tensors of one row a record. A value is missing where its tensor is left out, where JSON has
//! `null`, where a number is not a number or a text is empty, and where a tensor `NAME.valid` of `BOOL` says `false`. Tensors may
//! come and go as binary data behind the JSON. What is inferred is stored like any other prediction.

mod example;
mod output;
mod protocol;
mod request;
mod response;
mod tensor;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, Request, State};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

use super::answer::Json;
use super::body::whole;
use super::error::{ApiError, Pointed};
use super::schema_names::ModelNameSchema;
use crate::metrics::Measurement;
use crate::package::Package;
use crate::service::PredictionService;
use crate::store::Put;
use crate::table::{self, Field};
pub(super) use example::example;
use output::Output;
pub(super) use protocol::{Error, JSON_LENGTH, LIVE, in_protocol, owns};
use request::InferRequest;
use tensor::Datatype;

/// Tensors may be binary, behind the JSON.
const EXTENSIONS: [&str; 1] = ["binary_tensor_data"];

/// What a server is.
#[derive(Serialize, ToSchema)]
#[schema(as = InferenceServer)]
pub(super) struct Server {
    name: &'static str,
    version: &'static str,
    /// What it understands beyond the protocol.
    #[schema(value_type = Vec<String>)]
    extensions: [&'static str; 1],
}

/// Returns what this server is.
#[utoipa::path(get, path = "/v2", tag = "inference", operation_id = "inference_server",
    responses((status = 200, body = Server, description = "The server.")))]
pub(super) async fn server() -> Response {
    Json(Server { name: "lifeboat", version: env!("CARGO_PKG_VERSION"), extensions: EXTENSIONS }).into_response()
}

/// Whether the process is alive.
#[derive(Serialize, ToSchema)]
pub(super) struct Live {
    live: bool,
}

/// Whether predictions can be made and stored.
#[derive(Serialize, ToSchema)]
pub(super) struct Ready {
    ready: bool,
}

/// Answers as long as the process does.
#[utoipa::path(get, path = "/v2/health/live", tag = "inference", operation_id = "inference_live",
    responses((status = 200, body = Live, description = "The process is alive.")))]
pub(super) async fn live() -> Response {
    Json(Live { live: true }).into_response()
}

/// Answers whether predictions can be made and stored.
#[utoipa::path(get, path = "/v2/health/ready", tag = "inference", operation_id = "inference_ready",
    responses((status = 200, body = Ready, description = "Predictions can be made and stored.")))]
pub(super) async fn ready(State(service): State<PredictionService>) -> Result<Response, ApiError> {
    service.ready().await?;
    Ok(Json(Ready { ready: true }).into_response())
}

/// A tensor that the model reads or gives, of any number of rows.
#[derive(Serialize, ToSchema)]
struct TensorMetadata<'a> {
    name: &'a str,
    datatype: Datatype,
    shape: Vec<i64>,
}

impl<'a> TensorMetadata<'a> {
    fn of_field(field: &'a Field) -> Self {
        Self { name: &field.name, datatype: Datatype::of(field), shape: vec![-1] }
    }
}

/// What the model reads and gives.
#[derive(Serialize, ToSchema)]
pub(super) struct ModelMetadata<'a> {
    name: &'a str,
    #[schema(value_type = Vec<String>)]
    versions: [&'a str; 1],
    platform: &'static str,
    inputs: Vec<TensorMetadata<'a>>,
    outputs: Vec<TensorMetadata<'a>>,
}

/// Returns what the model reads and gives.
#[utoipa::path(get, path = "/v2/models/{model}", tag = "inference", operation_id = "inference_model",
    params(("model" = ModelNameSchema, Path, description = "The model's name.")),
    responses((status = 200, body = ModelMetadata, description = "The model's inputs and outputs.")))]
pub(super) async fn model(
    State(service): State<PredictionService>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    let package = service.package();
    known(name, package)?;
    let schema = package.schema();
    let outputs = Output::all(schema).map(|output| TensorMetadata {
        name: output.name(schema),
        datatype: output.datatype(schema),
        shape: output.shape(schema, -1),
    });
    Ok(Json(ModelMetadata {
        name: package.name(),
        versions: [package.version()],
        platform: "onnx_tract",
        inputs: schema.inputs().map(|(_, field)| TensorMetadata::of_field(field)).collect(),
        outputs: outputs.collect(),
    })
    .into_response())
}

/// Answers whether the model can infer, and store what it inferred.
#[utoipa::path(get, path = "/v2/models/{model}/ready", tag = "inference", operation_id = "inference_model_ready",
    params(("model" = ModelNameSchema, Path, description = "The model's name.")),
    responses((status = 200, body = Ready, description = "The model can infer.")))]
pub(super) async fn model_ready(
    State(service): State<PredictionService>,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, ApiError> {
    known(name, service.package())?;
    ready(State(service)).await
}

/// Predicts every row, and stores each prediction that is new.
///
/// Inputs are the table's fields, each of shape `[n]` or `[n, 1]`. A value is missing where its tensor
/// is left out, where JSON has `null`, where a number is not a number or a text is empty, and where a `BOOL` tensor `NAME.valid` says
/// `false`. Tensors may be binary, behind the JSON, whose length `Inference-Header-Content-Length` says then.
#[utoipa::path(post, path = "/v2/models/{model}/infer", tag = "inference", operation_id = "infer",
    params(("model" = ModelNameSchema, Path, description = "The model's name.")),
    request_body(content = request::Body),
    responses((status = 200, description = "The outputs.", content(
        (response::Body = "application/json"), ("application/octet-stream")
    ))))]
pub(super) async fn infer(
    State(service): State<PredictionService>,
    name: Result<Path<String>, PathRejection>,
    request: Request,
) -> Result<Response, ApiError> {
    known(name, service.package())?;
    let json_length = request.headers().get(JSON_LENGTH).cloned();
    let body = whole(request).await?;
    let package = service.package();
    let InferRequest { id, records, outputs } = InferRequest::parse(&body, json_length.as_ref(), package.schema())?;
    let predicted = service.predict(&records).await;
    let predicted = predicted.map_err(|error| ApiError::unanswered(error, in_tensors))?;
    let predictions: Vec<_> = predicted.puts.iter().map(Put::prediction).collect();
    let mut response = response::response(id.as_deref(), package, &outputs, &predictions);
    response.extensions_mut().insert(Measurement::new(package.schema(), &records, &predicted));
    Ok(response)
}

/// Points at a row of the tensors.
#[expect(clippy::needless_pass_by_value, reason = "as the places of a body take it")]
fn in_tensors(row: usize, fault: table::Fault) -> Pointed {
    Pointed::new("/inputs", table::Fault::of_record(format!("row {row} {}", fault.detail)))
}

fn known(name: Result<Path<String>, PathRejection>, package: &Package) -> Result<(), ApiError> {
    match name {
        Ok(Path(name)) if name == package.name() => Ok(()),
        _ => Err(ApiError::NotFound("there is no such model: GET /model tells the name of the only one")),
    }
}
