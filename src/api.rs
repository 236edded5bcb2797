//! The HTTP interface: one router, whoever hosts it.

mod answer;
mod answer_limit;
mod answer_table;
mod base_path;
mod body;
mod cors;
mod deadline;
mod encoding;
mod error;
mod example_records;
mod explained;
mod finish;
mod hosts;
mod inference;
mod json_cell;
mod keys;
mod limits;
mod metrics;
mod model;
mod monitor;
mod negotiation;
mod observe;
mod openapi;
mod outcome;
mod outcomes;
mod pages;
mod predict;
mod predictions;
mod records;
mod request_id;
mod schema_names;
mod settings;
mod sites;
mod size;
mod status;
mod whole_key;

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use axum::extract::{FromRef, State};
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, get, post, put};
use axum::{Extension, Router};
use tower::ServiceBuilder;
use tower_http::catch_panic::CatchPanicLayer;

use crate::lifecycle::reports::Reports;
use crate::metrics::Metrics;
use crate::service::{LiveService, PredictionService};
pub use answer_limit::AnswerLimit;
pub use base_path::{BasePath, InvalidBasePath};
pub use cors::{CorsOrigins, InvalidOrigin};
pub use deadline::Deadline;
use error::ApiError;
pub use hosts::{AllowedHosts, InvalidHost};
pub use keys::{ApiKeys, InvalidKeys};
use limits::Limits;
use observe::Observer;
pub use settings::ApiConfig;
pub use size::{MAX_BODY_BYTES, MAX_RECORDS};

/// Returns every path, with what answers there.
fn routes(
    counts: Option<Arc<Metrics>>,
    request_timeout: Duration,
    reports: Reports,
) -> impl IntoIterator<Item = (&'static str, MethodRouter<LiveService>)> {
    [
        ("/", get(pages::index)),
        ("/docs", get(pages::docs)),
        ("/assets/{name}", get(pages::asset)),
        ("/predict", post(predict::predict)),
        ("/predictions", get(predictions::history)),
        ("/predictions/{id}", get(predictions::prediction)),
        ("/predictions/{id}/outcome", put(outcome::record_outcome)),
        ("/outcomes", post(outcomes::record_outcomes)),
        ("/model", get(model::model)),
        (
            "/monitor",
            get(monitor::monitor)
                .layer::<_, Infallible>((Extension(monitor::Patience(request_timeout)), Extension(reports))),
        ),
        ("/metrics", get(async move |State(service): State<_>| metrics::metrics(counts.as_deref(), &service))),
        (status::HEALTH, get(status::health)),
        ("/ready", get(status::ready)),
        ("/openapi.json", get(openapi::openapi).layer(Extension(Arc::new(openapi::Contract::default())))),
        ("/v2", get(inference::server)),
        (inference::LIVE, get(inference::live)),
        ("/v2/health/ready", get(inference::ready)),
        ("/v2/models/{model}", get(inference::model)),
        ("/v2/models/{model}/ready", get(inference::model_ready)),
        ("/v2/models/{model}/infer", post(inference::infer)),
    ]
}

/// Gives a request the service that answers it to its end, whatever is taken up meanwhile. A handler asks for it once.
impl FromRef<LiveService> for PredictionService {
    fn from_ref(service: &LiveService) -> Self {
        service.pinned()
    }
}

/// Makes the router; where metrics are given, answers are counted in them.
pub fn router(service: impl Into<LiveService>, config: &ApiConfig, metrics: Option<Metrics>) -> Router {
    let service = service.into();
    let metrics = metrics.map(Arc::new);
    // A layer boxes each request once more, and is there only where CORS or a key must be asked before a body is received.
    let limits = Limits::new(config);
    let is_asked_before = config.cors.is_some() || config.keys.is_some();
    let (in_layer, in_observer) = if is_asked_before { (Some(limits), None) } else { (None, Some(limits)) };
    let observer = Arc::new(Observer::new(config, metrics.clone(), in_observer));
    let router = routes(metrics, config.request_timeout, Reports::new(service.clone()))
        .into_iter()
        .fold(Router::new(), |router, (path, methods)| router.route(path, methods));
    let router =
        router.fallback(status::unknown_path).method_not_allowed_fallback(status::other_method).with_state(service);
    let authenticate = config.keys.clone().map(|keys| from_fn_with_state(keys, keys::authenticate));
    // One stack of layers is one service to call, where a layer at a time would be two. A request comes from above: nothing of it is
    // received before it is known who sends it.
    let layers = ServiceBuilder::new()
        .layer(from_fn_with_state(observer, observe::observe))
        .layer(CatchPanicLayer::custom(error::response::panic_response))
        .option_layer(config.cors.as_ref().map(CorsOrigins::layer))
        .option_layer(authenticate)
        .option_layer(in_layer.map(|limits| from_fn_with_state(Arc::new(limits), limits::limit)));
    router.layer(layers)
}

/// Answers for a host to what it cannot make a request of.
pub fn unreadable_request() -> Response {
    ApiError::Malformed("the request cannot be read".to_owned()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::sqlite::{SqliteConfig, SqliteStore};
    use crate::{package, start};

    #[test]
    fn every_route_is_in_the_contract() {
        let package = Arc::new(package::open(None).unwrap());
        let folder = tempfile::tempdir().unwrap();
        let database = SqliteConfig::new(folder.path().join("routes.db"));
        let store = Arc::new(SqliteStore::open(database, start::owner(&package)).unwrap());
        let document = openapi::document(&package);
        let documented = document["paths"].as_object().unwrap();
        let reports = Reports::new(PredictionService::new(package, store));
        let mut count = 0;
        for (path, _) in routes(None, Duration::ZERO, reports) {
            assert!(documented.contains_key(path), "{path} is not in /openapi.json");
            count += 1;
        }
        assert_eq!(documented.len(), count);
    }
}
