//! Every way in which each operation can fail.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::json;
use utoipa::openapi::content::ContentBuilder;
use utoipa::openapi::example::ExampleBuilder;
use utoipa::openapi::header::HeaderBuilder;
use utoipa::openapi::path::{Operation, Parameter, ParameterIn};
use utoipa::openapi::response::{Response, ResponseBuilder};
use utoipa::openapi::schema::{ObjectBuilder, Ref, Type};
use utoipa::openapi::{ComponentsBuilder, OpenApi, RefOr};
use utoipa::{Modify, ToSchema};

use crate::api::error::{ApiError, Kind, Pointed, Problem};
use crate::api::inference;
use crate::prediction::Outcome;
use crate::store::StoreError;
use crate::table::Fault;
use crate::table::descriptor::Scalar;

/// What can go wrong with anything.
const ANYWHERE: [Kind; 5] =
    [Kind::Unauthenticated, Kind::MisdirectedRequest, Kind::Internal, Kind::Overloaded, Kind::Unavailable];

/// What can go wrong with a body, beside its values.
const BODY: [Kind; 6] = [
    Kind::Malformed,
    Kind::CrossSite,
    Kind::BodyTimedOut,
    Kind::TooLarge,
    Kind::AnswerTooLarge,
    Kind::UnsupportedEncoding,
];

/// Adds to each operation the responses of its failures, and to each response the headers that all have.
pub(super) struct Problems;

impl Modify for Problems {
    fn modify(&self, document: &mut OpenApi) {
        let components = document.components.take().map_or_else(ComponentsBuilder::new, ComponentsBuilder::from);
        let mut parts = Vec::new();
        Problem::schemas(&mut parts);
        let components = components.schema_from::<Problem<'_>>().schema_from::<inference::Error>();
        document.components = Some(components.schemas_from_iter(parts).build());
        for (path, item) in &mut document.paths.paths {
            for operation in [&mut item.get, &mut item.post, &mut item.put].into_iter().flatten() {
                add(operation, &kinds(path, operation), inference::owns(path));
                operation.responses.responses.values_mut().for_each(add_headers);
            }
        }
    }
}

/// Returns what can go wrong with an operation.
fn kinds(path: &str, operation: &Operation) -> Vec<Kind> {
    let mut kinds: Vec<_> = match path {
        // Whether the process is alive is told whatever happens.
        "/health" | inference::LIVE => return vec![Kind::MisdirectedRequest, Kind::Internal],
        _ => ANYWHERE.into(),
    };
    if path.contains('{') || path == "/metrics" {
        kinds.push(Kind::NotFound);
    }
    if operation.request_body.is_some() {
        kinds.extend(BODY);
        kinds.extend_from_slice(match path {
            "/outcomes" => &[Kind::UnsupportedMediaType, Kind::InvalidOutcome],
            "/predictions/{id}/outcome" => &[Kind::UnsupportedMediaType, Kind::InvalidOutcome, Kind::OutcomeConflict],
            _ if inference::owns(path) => &[Kind::InvalidRecord],
            _ => &[Kind::UnsupportedMediaType, Kind::InvalidRecord],
        });
    } else if operation.parameters.iter().flatten().any(is_query) {
        kinds.push(Kind::Malformed);
    }
    kinds
}

fn is_query(parameter: &RefOr<Parameter>) -> bool {
    matches!(parameter, RefOr::T(parameter) if parameter.parameter_in == ParameterIn::Query)
}

/// Adds a response for each status among some kinds of problems.
fn add(operation: &mut Operation, kinds: &[Kind], is_inference: bool) {
    let mut by_status: BTreeMap<String, Vec<Kind>> = BTreeMap::new();
    for &kind in kinds {
        let status = match kind {
            Kind::InvalidRecord if is_inference => Kind::Malformed.status(),
            _ => kind.status(),
        };
        by_status.entry(status.as_str().to_owned()).or_default().push(kind);
    }
    for (status, kinds) in by_status {
        let response = if is_inference { inference_error(&kinds) } else { problem(&kinds) };
        operation.responses.responses.insert(status, response.into());
    }
}

fn problem(kinds: &[Kind]) -> Response {
    let types: Vec<_> = kinds.iter().map(|kind| format!("`{}`", kind.urn())).collect();
    let schema = Ref::from_schema_name(Problem::name());
    let content = kinds.iter().fold(ContentBuilder::new().schema(Some(schema)), |content, &kind| {
        let name = kind.name();
        let example = ExampleBuilder::new().summary(kind.title()).value(Some(example(kind)));
        content.examples_from_iter([(name, example.build())])
    });
    let titles: Vec<_> = kinds.iter().map(|kind| kind.title()).collect();
    let description = format!("{}: {}.", titles.join(", or "), types.join(", "));
    ResponseBuilder::new().description(description).content("application/problem+json", content.build()).build()
}

fn inference_error(kinds: &[Kind]) -> Response {
    let schema = Ref::from_schema_name(inference::Error::name());
    let titles: Vec<_> = kinds.iter().map(|kind| kind.title()).collect();
    let content = ContentBuilder::new().schema(Some(schema)).build();
    ResponseBuilder::new()
        .description(format!("{}.", titles.join(", or ")))
        .content("application/json", content)
        .build()
}

/// Returns a problem of a kind as a client would see it.
fn example(kind: Kind) -> serde_json::Value {
    let error = match kind {
        Kind::Malformed => {
            ApiError::Malformed("the body is not JSON: EOF while parsing a value at line 1 column 0".to_owned())
        }
        Kind::Unauthenticated => ApiError::Unauthenticated,
        Kind::CrossSite => ApiError::CrossSite,
        Kind::MisdirectedRequest => ApiError::MisdirectedRequest,
        Kind::BodyTimedOut => ApiError::BodyTimedOut,
        Kind::NotFound => ApiError::NotFound("there is no prediction with this id"),
        Kind::MethodNotAllowed => ApiError::MethodNotAllowed,
        Kind::TooLarge => ApiError::TooLarge,
        Kind::AnswerTooLarge => ApiError::AnswerTooLarge { most: 6 << 20, is_done: true },
        Kind::UnsupportedMediaType => ApiError::UnsupportedMediaType,
        Kind::UnsupportedEncoding => ApiError::UnsupportedEncoding,
        Kind::InvalidRecord => {
            let fault = Fault::of_field("size", "must be 1, 2 or 3, found 4");
            ApiError::Invalid(vec![Pointed::new("/0", fault)])
        }
        Kind::InvalidOutcome => {
            let fault = Fault::of_field("label", "must be 0 or 1, found 2");
            ApiError::InvalidOutcome(vec![Pointed::new("", fault)])
        }
        Kind::OutcomeConflict => ApiError::OutcomeConflict(Outcome {
            label: Scalar::Integer(1),
            known_at: Timestamp::constant(1_795_428_904, 0),
        }),
        Kind::Internal => ApiError::Panicked,
        Kind::Overloaded => ApiError::Overloaded,
        Kind::Unavailable => ApiError::Service(StoreError::Unavailable("".into()).into()),
    };
    let errors = error.faults();
    let detail = error.detail();
    json!(Problem { r#type: &kind.urn(), title: kind.title(), status: kind.status().as_u16(), detail: &detail, errors })
}

/// Adds what every response says of itself.
fn add_headers(response: &mut RefOr<Response>) {
    let RefOr::T(response) = response else { return };
    let text = |description: &str| {
        let schema = ObjectBuilder::new().schema_type(Type::String);
        HeaderBuilder::new().schema(Some(schema)).description(Some(description)).build()
    };
    response
        .headers
        .insert("x-request-id".to_owned(), text("Names the request: the client's own id, or a new one.").into());
    let content = response.content.keys().any(|media_type| media_type.contains("problem"));
    if content && response.description.contains(&Kind::Unavailable.urn()) {
        response.headers.insert("retry-after".to_owned(), text("When to send the request again, in seconds.").into());
    }
}
