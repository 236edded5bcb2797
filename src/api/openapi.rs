//! `GET /openapi.json`: the contract, generated from the handlers and from the schema of the table.

mod examples;
mod field;
mod outcomes;
mod problems;
mod snapshot;
mod table;

use std::sync::{Arc, OnceLock};

use axum::Extension;
use axum::extract::State;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Map, Value, json};
use utoipa::openapi::security::{ApiKey, ApiKeyValue, SecurityRequirement, SecurityScheme};
use utoipa::openapi::{ComponentsBuilder, OpenApi};
use utoipa::{Modify, OpenApi as _};

use super::base_path::BasePath;
use super::finish::Revalidated;
use super::schema_names::{
    AnswerSchema, FullAnswerSchema, HistorySchema, ModelNameSchema, PredictionIdSchema, RecordSchema,
};
use super::{inference, keys, metrics, model, monitor, outcome, outcomes as many, pages, predict, predictions, status};
use crate::package::Package;
use crate::service::PredictionService;
use problems::Problems;

const API_KEY: &str = "api_key";

const OPENAPI_JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The contract as JSON, made when it is asked for first: a function that starts has better things to do.
#[derive(Debug, Default)]
pub(super) struct Contract(OnceLock<Vec<u8>>);

#[derive(utoipa::OpenApi)]
#[openapi(
    info(
        title = "lifeboat",
        description = "stores every prediction with its features exactly once.\n\n\
            Errors are RFC 9457 problem details with every fault at once; under `/v2` they have the form of the Open Inference Protocol. \
            A method that a path does not answer is `405`, `urn:lifeboat:problem:method-not-allowed`, with the header `Allow`. \
            A request that was answered `503` may be sent again as it was: what was stored is not stored twice.",
    ),
    paths(
        predict::predict,
        predictions::prediction,
        outcome::record_outcome,
        many::record_outcomes,
        predictions::history,
        model::model,
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
        (name = "predictions", description = "Records in, predictions out, each stored once."),
        (name = "model", description = "What predicts."),
        (name = "monitoring", description = "What passed through the model."),
        (name = "inference", description = "The Open Inference Protocol, version 2, for clients of model servers."),
        (name = "health", description = "For those who watch over the service."),
        (name = "pages", description = "For people with a browser."),
    ),
    components(schemas(
        AnswerSchema,
        FullAnswerSchema,
        HistorySchema,
        ModelNameSchema,
        PredictionIdSchema,
        RecordSchema
    )),
    modifiers(&Security, &Problems),
)]
struct Document;

/// Returns the contract of a package.
pub(super) fn document(package: &Package) -> Value {
    let mut document = serde_json::to_value(Document::openapi()).unwrap_or_default();
    let schema = package.schema();
    let told = document["info"]["description"].as_str().unwrap_or_default();
    let title = schema.title().map(|title| format!("{title}\n\n")).unwrap_or_default();
    let (label, noun) = (&schema.label_field().name, schema.noun().one_with_article());
    document["info"]["description"] = json!(format!("{title}Predicts `{label}` of {noun}, and {told}"));
    for (name, component) in table::components(package).into_iter().chain(outcomes::components(schema)) {
        document["components"]["schemas"][name] = component;
    }
    examples::add(&mut document, package);
    snapshot::add(&mut document, package);
    add_key(&mut document, package);
    document
}

/// Adds the fields of the key: to ask for an entity's predictions, and to go there from an answer. Without a key there is nothing to ask for.
fn add_key(document: &mut Value, package: &Package) {
    let schema = package.schema();
    if schema.key().is_empty() {
        if let Some(paths) = document["paths"].as_object_mut() {
            paths.remove("/predictions");
        }
        return;
    }
    if let Some(parameters) = document["paths"]["/predictions"]["get"]["parameters"].as_array_mut() {
        for option in parameters.iter_mut() {
            option["name"] = json!(predictions::option_name(schema, option["name"].as_str().unwrap_or_default()));
        }
        parameters.splice(0..0, table::key_parameters(schema));
    }
    let names = schema.key().iter().map(|&place| &*schema.fields()[place].name);
    let parameters: Map<String, Value> = names
        .map(|name| (name.to_owned(), json!(format!("$response.body#/key/{}", table::in_pointer(name)))))
        .collect();
    if !parameters.is_empty() {
        let links = &mut document["paths"]["/predict"]["post"]["responses"]["201"]["links"];
        links["history"] = json!({"operationId": "history", "parameters": parameters});
    }
}

/// Returns this contract.
#[utoipa::path(get, path = "/openapi.json", tag = "model", responses((status = 200, body = Object, description = "This document.")))]
pub(super) async fn openapi(
    State(service): State<PredictionService>,
    Extension(contract): Extension<Arc<Contract>>,
    base: BasePath,
) -> Response {
    let headers = [(header::CONTENT_TYPE, OPENAPI_JSON)];
    let written = |document: &Value| serde_json::to_vec(document).unwrap_or_default();
    if base.is_root() {
        let text = contract.0.get_or_init(|| written(&document(service.package()))).clone();
        return Revalidated((headers, text)).into_response();
    }
    let mut document = document(service.package());
    document["servers"] = json!([{"url": base.to_string()}]);
    Revalidated((headers, written(&document))).into_response()
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
