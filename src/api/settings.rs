//! What the operator decides of the interface.

use std::time::Duration;

use super::cors::CorsOrigins;
use super::hosts::AllowedHosts;
use super::keys::ApiKeys;

/// What the operator decides of the interface.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiConfig {
    /// `REQUEST_TIMEOUT_SECONDS`: a request that takes longer is answered 503. Default: 10.
    pub request_timeout: Duration,
    /// `BODY_TIMEOUT_SECONDS`: a body that takes longer to come is answered 408. Default: 10.
    pub body_timeout: Duration,
    /// `LIFEBOAT_API_KEY`: keys, one of which each request must show as `x-api-key`. Default: none is asked for.
    pub keys: Option<ApiKeys>,
    /// `MAX_REQUESTS_IN_FLIGHT`: so many requests are worked on at a time; one more is answered 503. Default: 512.
    pub max_requests_in_flight: usize,
    /// `CORS_ORIGINS`: whose web pages may call. Default: nobody's.
    pub cors: Option<CorsOrigins>,
    /// `ALLOWED_HOSTS`: for which hosts a request may be. Default: any; `lifeboat serve` takes those of the loopback where it listens there
    /// and asks for no key.
    pub hosts: AllowedHosts,
}

impl Default for ApiConfig {
    fn default() -> Self {
        Self {
            request_timeout: Duration::from_secs(10),
            body_timeout: Duration::from_secs(10),
            keys: None,
            max_requests_in_flight: 512,
            cors: None,
            hosts: AllowedHosts::Any,
        }
    }
}
