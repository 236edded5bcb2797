//! The client: how long it waits, and how often it tries again.

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Config, Credentials, IdentityCache, Region, StalledStreamProtectionConfig,
};

use super::DynamoDbConfig;
use crate::aws::{self, ClientError};

/// A connection within a region takes milliseconds; a packet that was lost is sent again after one second.
const CONNECT_TIMEOUT: Duration = Duration::from_millis(1500);

/// A put takes milliseconds too. This leaves a slow table its time, and one that hangs is tried again well before a function
/// times out.
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(2500);

/// With all its attempts and the pauses between them, a call ends before `REQUEST_TIMEOUT_SECONDS` does.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(8);

/// The first attempt and three more; the client's retry quota stops them sooner when nothing succeeds any more.
const ATTEMPTS: u32 = 4;

const FIRST_BACKOFF: Duration = Duration::from_millis(50);
const LONGEST_BACKOFF: Duration = Duration::from_secs(1);

/// Makes a client for a table's region.
pub(super) fn client(config: &DynamoDbConfig) -> Result<Client, ClientError> {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT);
    let retries = RetryConfig::standard()
        .with_max_attempts(ATTEMPTS)
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(LONGEST_BACKOFF);
    let mut client = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(config.region.clone()))
        .credentials_provider(Credentials::from(config.credentials.clone()))
        .identity_cache(IdentityCache::no_cache())
        .http_client(aws::http_client(config.ca_bundle.as_deref())?)
        .timeout_config(timeouts.build())
        .retry_config(retries)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    client.set_endpoint_url(config.endpoint.clone());
    Ok(Client::from_conf(client.build()))
}
