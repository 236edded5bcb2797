//! `GET /openapi.json`: the contract, generated from the handlers and from the rules that a passenger is read by.

pub(super) mod examples;
mod problems;
mod schema;

use std::sync::LazyLock;

use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, OpenApi, Server};
use utoipa::{Modify, OpenApi as _};

use super::base_path::BasePath;
use super::finish::Revalidated;
use super::{inference, keys, metrics, monitor, outcome, pages, predict, predictions, status};
use problems::Problems;
pub(super) use schema::{
    AnswersSchema, ModelNameSchema, NewOutcomeSchema, PassengersSchema, PredictionIdSchema, TableSchema,
};

const API_KEY: &str = "api_key";

const OPENAPI_JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The contract as JSON, made when it is asked for first: a function that starts has better things to do.
static JSON: LazyLock<Vec<u8>> = LazyLock::new(|| serde_json::to_vec(&document()).expect("it is made of texts"));

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "lifeboat",
        description = "Predicts who survived the Titanic, and stores every prediction with its features exactly once.\n\n\
            Errors are RFC 9457 problem details with every fault at once; under `/v2` they have the form of the Open Inference Protocol. \
            A method that a path does not answer is `405`, `urn:lifeboat:problem:method-not-allowed`, with the header `Allow`. \
            A request that was answered `503` may be sent again as it was: what was stored is not stored twice.",
    ),
    paths(
        predict::predict,
        predictions::prediction,
        outcome::record_outcome,
        predictions::history,
        status::model,
        monitor::monitor,
        metrics::metrics,
        status::health,
        status::ready,
        openapi,
        inference::server,
        inference::live,
        inference::ready,
        inference::model,
        inference::model_ready,
        inference::infer,
        pages::index,
        pages::docs,
        pages::asset,
    ),
    tags(
        (name = "predictions", description = "Passengers in, predictions out, each stored once."),
        (name = "model", description = "What predicts."),
        (name = "monitoring", description = "What passed through the model."),
        (name = "inference", description = "The Open Inference Protocol, version 2, for clients of model servers."),
        (name = "health", description = "For those who watch over the service."),
        (name = "pages", description = "For people with a browser."),
    ),
    components(schemas(ModelNameSchema, PredictionIdSchema)),
    modifiers(&Security, &Problems),
)]
struct Document;

/// Returns the contract.
pub(super) fn document() -> OpenApi {
    Document::openapi()
}

/// Returns this contract.
#[utoipa::path(get, path = "/openapi.json", tag = "model", responses((status = 200, body = Object, description = "This document.")))]
pub(super) async fn openapi(base: BasePath) -> Response {
    let headers = [(header::CONTENT_TYPE, OPENAPI_JSON)];
    if base.is_root() {
        return Revalidated((headers, JSON.as_slice())).into_response();
    }
    let mut document = document();
    document.servers = Some(vec![Server::new(base.to_string())]);
    Revalidated((headers, serde_json::to_vec(&document).unwrap_or_default())).into_response()
}

/// Says which operations ask for an API key, where the operator set one.
struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut OpenApi) {
        let key = ApiKeyValue::with_description(keys::API_KEY, "Asked for where the operator set `LIFEBOAT_API_KEY`.");
        let components = document.components.take().map_or_else(ComponentsBuilder::new, ComponentsBuilder::from);
        let scheme = SecurityScheme::ApiKey(ApiKey::Header(key));
        document.components = Some(components.security_scheme(API_KEY, scheme).build());
        for (path, item) in &mut document.paths.paths {
            if keys::is_open(path) {
                continue;
            }
            for operation in [&mut item.get, &mut item.post, &mut item.put].into_iter().flatten() {
                let (key, none) = (SecurityRequirement::new::<_, _, &str>(API_KEY, []), SecurityRequirement::default());
                operation.security = Some(vec![key, none]);
            }
        }
    }
}
