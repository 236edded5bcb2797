//! `GET /monitor`: what passed through the model, against what it was trained on.

use std::time::Duration;

use axum::Extension;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use tokio::time::timeout;
use utoipa::IntoParams;

use super::answer::Json;
use super::deadline::Deadline;
use super::error::ApiError;
use super::negotiation::choices;
use crate::lifecycle::html;
use crate::lifecycle::report::Report;
use crate::lifecycle::reports::Reports;
use crate::lifecycle::window::Wanted;
use crate::service::PredictionService;

/// What the page may do: show itself, by the sheet that is in it.
const CONTENT_SECURITY_POLICY: HeaderValue =
    HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");

const HTML: &str = "text/html";

/// How long a request may take: a report that is not ready by then is given up, and the client is told what to do.
#[derive(Debug, Clone, Copy)]
pub(super) struct Patience(pub(super) Duration);

impl Patience {
    /// Returns how long a report may take, so that there is time left to say that it took too long.
    fn left(self, deadline: Option<Deadline>) -> Duration {
        deadline.map_or(self.0, |deadline| deadline.left().min(self.0)).mul_f64(0.95)
    }
}

/// Which window.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(super) struct WindowQuery {
    /// A span of time before now, as in `24h`, `90m` or `7d`.
    #[param(nullable = false, pattern = "^[1-9][0-9]{0,3}[mhd]$", example = "24h")]
    since: Option<String>,
    /// The first moment, as in `2026-11-23` or `2026-11-23T10:15:00Z`, instead of `since`.
    #[param(nullable = false, format = DateTime)]
    from: Option<String>,
    /// The moment after the last; now, unless it is given.
    #[param(nullable = false, format = DateTime)]
    to: Option<String>,
}

/// Compares the predictions of a window with the training data.
///
/// The report tells drift by field and feature, missing values, what was predicted, and how good it was. It is made while the client waits,
/// from every prediction that the sample holds: one that is not ready in the time of a request is answered 503, and `lifeboat monitor --keep`
/// makes it instead. Without a window it is the report that was kept last, as the schedule on AWS and `lifeboat monitor --keep` do, or that of
/// the last 24 hours where none was kept. `Accept: text/html` has it as a page.
#[utoipa::path(
    get,
    path = "/monitor",
    tag = "monitoring",
    params(WindowQuery),
    responses((status = 200, description = "The report.", content((Report = "application/json"), (String = "text/html"))))
)]
pub(super) async fn monitor(
    State(service): State<PredictionService>,
    Extension(reports): Extension<Reports>,
    Extension(patience): Extension<Patience>,
    deadline: Option<Extension<Deadline>>,
    headers: HeaderMap,
    query: Result<Query<WindowQuery>, QueryRejection>,
) -> Result<Response, ApiError> {
    let unknown = |_| ApiError::Malformed("the query may hold since, from and to, each once".to_owned());
    let Query(query) = query.map_err(unknown)?;
    let report = match query {
        WindowQuery { since: None, from: None, to: None } => reports.latest().await?,
        _ => None,
    };
    let report = if let Some(kept) = report {
        kept
    } else {
        let left = patience.left(deadline.map(|Extension(deadline)| deadline));
        timeout(left, computed(&service, &reports, &query)).await.map_err(|_| ApiError::ReportTimedOut)??
    };
    let vary = (header::VARY, HeaderValue::from_static("accept"));
    if !wants_a_page(&headers) {
        return Ok(([vary], Json(report)).into_response());
    }
    let content_type = HeaderValue::from_static("text/html; charset=utf-8");
    let headers =
        [vary, (header::CONTENT_TYPE, content_type), (header::CONTENT_SECURITY_POLICY, CONTENT_SECURITY_POLICY)];
    Ok((headers, html::page(&report)).into_response())
}

/// Computes the report that is asked for from what is stored.
async fn computed(service: &PredictionService, reports: &Reports, query: &WindowQuery) -> Result<Report, ApiError> {
    let wanted = Wanted { since: query.since.as_deref(), from: query.from.as_deref(), to: query.to.as_deref() };
    let window = wanted.window(service.now()).map_err(|error| ApiError::Malformed(error.to_string()))?;
    Ok(reports.report(window).await?)
}

/// Tells whether the client would rather have a page than JSON.
fn wants_a_page(headers: &HeaderMap) -> bool {
    let weight = |names: &[&str]| {
        let chosen = choices(headers.get_all(header::ACCEPT)).filter(|(name, _)| names.contains(name));
        chosen.map(|(_, weight)| weight).fold(0.0, f32::max)
    };
    weight(&[HTML]) > weight(&["application/json"])
}
