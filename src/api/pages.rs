//! `/` and `/docs`: pages to try the model and to read the contract, embedded, and without a request to any other host.

use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};

use super::base_path::BasePath;
use super::error::ApiError;
use super::finish::Revalidated;

const HTML: &str = "text/html; charset=utf-8";
const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

/// What a page may do: run and show what comes from here, and ask here.
const CONTENT_SECURITY_POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; \
     form-action 'none'; frame-ancestors 'none'",
);

/// Returns the page on which the model can be tried.
#[utoipa::path(get, path = "/", tag = "pages", responses((status = 200, body = String, content_type = "text/html", description = "The page.")))]
pub(super) async fn index(base: BasePath) -> Response {
    page(include_str!("pages/index.html"), &base)
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
fn page(text: &'static str, base: &BasePath) -> Response {
    if base.is_root() {
        return file(HTML, text);
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
