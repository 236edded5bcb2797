//! `/` and `/docs`: pages to try the model and to read the contract, embedded, and without a request to any other host.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use serde_json::{Value, json};

use super::base_path::BasePath;
use super::error::ApiError;
use super::example_records;
use super::finish::Revalidated;
use crate::package::{Agreement, Package};
use crate::prediction::scalar;
use crate::service::PredictionService;
use crate::table::Field;
use crate::table::field::Domain;

const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// What a page may do: run and show what comes from here, and ask here.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

/// The place in a page where the table is told.
const TABLE: &str = "{{table}}";

/// Of more categories, the form has no list.
const MAX_LISTED_CATEGORIES: usize = 100;

/// Returns the page on which the model can be tried.
#[utoipa::path(get, path = "/", tag = "pages", responses((status = 200, body = String, content_type = "text/html", description = "The page.")))]
pub(super) async fn index(State(service): State<PredictionService>, base: BasePath) -> Response {
    // Inside a script, `</` could end it.
    let table = table(service.package()).to_string().replace('<', "\\u003c");
    page(&include_str!("pages/index.html").replace(TABLE, &table), &base)
}

/// Tells the page what the table is.
fn table(package: &Package) -> Value {
    let schema = package.schema();
    let noun = schema.noun();
    let label = schema.label_field();
    let title =
        schema.title().map_or_else(|| format!("{} of {}", label.title(), noun.one_with_article()), str::to_owned);
    let description = schema.description().map_or_else(
        || {
            format!(
                "Describe {}, and the model {} predicts {} and says what moved it.",
                noun.one_with_article(),
                package.name(),
                label.title()
            )
        },
        str::to_owned,
    );
    let positive = match schema.classes() {
        Some([_, positive]) => Some(scalar(schema, positive)),
        _ => None,
    };
    let examples: Vec<Value> = example_records::of(package)
        .into_iter()
        .map(|(title, record)| json!({"title": title, "record": record}))
        .collect();
    json!({
        "name": package.name(), "title": title, "description": description, "noun": noun.one, "nouns": noun.many,
        "fields": schema.inputs().map(|(_, field)| described(field)).collect::<Vec<_>>(),
        "label": described(label), "positive": positive, "examples": examples,
        "compared": Agreement::in_words(package.manifest().agreement.as_ref()),
    })
}

fn described(field: &Field) -> Value {
    json!({
        "name": field.name, "title": field.title(), "description": field.description, "type": field.kind.name(),
        "required": field.is_required, "categories": choices(field), "example": field.example,
    })
}

/// Returns the values of a field that has few, each with what it is called.
fn choices(field: &Field) -> Option<Vec<Value>> {
    if matches!(field.domain, Domain::Boolean) {
        return Some(
            [(true, "yes"), (false, "no")].map(|(value, label)| json!({"value": value, "label": label})).into(),
        );
    }
    let categories = field.categories().filter(|categories| categories.values().len() <= MAX_LISTED_CATEGORIES)?;
    let values = categories.values().iter().zip(0..);
    let named = values.map(|(value, place)| {
        let label = categories.label(place).map_or_else(|| value.text(), str::to_owned);
        json!({"value": value, "label": label})
    });
    Some(named.collect())
}

/// Returns the page on which this contract can be read and tried.
#[utoipa::path(get, path = "/docs", tag = "pages", responses((status = 200, body = String, content_type = "text/html", description = "The page.")))]
pub(super) async fn docs(base: BasePath) -> Response {
    page(include_str!("pages/docs.html"), &base)
}

/// Returns a part of the pages.
#[utoipa::path(
    get,
    path = "/assets/{name}",
    tag = "pages",
    params(("name" = String, Path, example = "style.css")),
    responses((status = 200, description = "The part.", content((String = "text/css"), (String = "text/javascript"), (String = "image/svg+xml"))))
)]
pub(super) async fn asset(name: Result<Path<String>, PathRejection>) -> Result<Response, ApiError> {
    let nothing = ApiError::NotFound("there is nothing at this path");
    let Ok(Path(name)) = name else { return Err(nothing) };
    let (content_type, text) = match name.as_str() {
        "client.js" => (JAVASCRIPT, include_str!("pages/client.js")),
        "docs.js" => (JAVASCRIPT, include_str!("pages/docs.js")),
        "icon.svg" => ("image/svg+xml", include_str!("pages/icon.svg")),
        "index.js" => (JAVASCRIPT, include_str!("pages/index.js")),
        "style.css" => ("text/css; charset=utf-8", include_str!("pages/style.css")),
        _ => return Err(nothing),
    };
    Ok(file(content_type, text))
}

/// Returns a page. Its links are relative, so that they work behind a proxy that leaves out a part of the path; below a base path they
/// are written out, since `/prod` may come without the slash at its end.
fn page(text: &str, base: &BasePath) -> Response {
    if base.is_root() {
        return file(HTML, text.to_owned());
    }
    file(HTML, text.replace("=\"./", &format!("=\"{base}/")))
}

fn file(content_type: &'static str, text: impl IntoResponse) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
        (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY),
    ];
    Revalidated((headers, text)).into_response()
}
