//! `GET /model`

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use serde::Serialize;

use super::answer::JsonText;
use super::finish::Revalidated;
use crate::prediction::format_time;
use crate::service::{LiveService, ServingSnapshot, SnapshotSource};

/// Returns what the model says of itself: version, features, cross-validation, training data in numbers, hashes; and by which snapshot it
/// answers, where its history changes.
#[utoipa::path(get, path = "/model", tag = "model", responses((status = 200, body = Object, description = "The manifest of the model.")))]
pub(super) async fn model(State(service): State<LiveService>) -> Response {
    let pinned = service.pinned();
    let manifest = pinned.package().manifest_json();
    match service.snapshot() {
        None => Revalidated(JsonText(manifest)).into_response(),
        Some(snapshot) => Revalidated(JsonText(&told(manifest, &Snapshot::from(&snapshot)))).into_response(),
    }
}

/// The snapshot by which requests are answered.
#[derive(Debug, Serialize)]
struct Snapshot<'a> {
    hash: &'a str,
    as_of: Option<String>,
    age_seconds: Option<i64>,
    source: &'static str,
    looked_at: Option<String>,
    refused: Option<Refused<'a>>,
}

/// A newer snapshot that cannot serve.
#[derive(Debug, Serialize)]
struct Refused<'a> {
    hash: &'a str,
    as_of: String,
    reason: &'a str,
}

impl<'a> From<&'a ServingSnapshot> for Snapshot<'a> {
    fn from(snapshot: &'a ServingSnapshot) -> Self {
        Self {
            hash: &snapshot.hash,
            as_of: snapshot.as_of.map(format_time),
            age_seconds: snapshot.age.map(|age| age.as_secs()),
            source: match snapshot.source {
                SnapshotSource::Package => "package",
                SnapshotSource::Store => "store",
            },
            looked_at: snapshot.looked_at.map(format_time),
            refused: snapshot.refused.as_ref().map(|refused| Refused {
                hash: &refused.hash,
                as_of: format_time(refused.as_of),
                reason: &refused.reason,
            }),
        }
    }
}

/// Adds the snapshot as the last member of a manifest, which is an object and not an empty one.
fn told(manifest: &str, snapshot: &Snapshot<'_>) -> String {
    // A snapshot is made of texts and numbers.
    let snapshot = serde_json::to_string(snapshot).unwrap_or_default();
    let members = manifest.strip_suffix('}').unwrap_or(manifest).trim_ascii_end();
    format!("{members},\n  \"snapshot\": {snapshot}\n}}")
}
