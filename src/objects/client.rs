//! The client of S3: how it is reached, how long it waits and how often it tries again.

use std::path::PathBuf;
use std::time::Duration;

use aws_sdk_s3::Client;
use aws_sdk_s3::config::retry::RetryConfig;
use aws_sdk_s3::config::timeout::TimeoutConfig;
use aws_sdk_s3::config::{
    BehaviorVersion, Builder, Config, Credentials, IdentityCache, Region, ResponseChecksumValidation,
    StalledStreamProtectionConfig,
};

use crate::aws::{self, AwsCredentials, ClientError};

/// The slowest way of a part to S3 that is waited for, in bytes a second.
const SLOWEST_UPLOAD: u64 = 1 << 17;

/// How S3 is reached, and how patiently.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ObjectSettings {
    /// The region that the buckets are in.
    pub region: String,
    /// Who asks.
    pub credentials: AwsCredentials,
    /// Another endpoint than the region's own; buckets are then named in the path.
    pub endpoint: Option<String>,
    /// A PEM file of root certificates to trust instead of Amazon's.
    pub ca_bundle: Option<PathBuf>,
    /// How long is waited, and how often tried.
    pub patience: Patience,
}

/// How long an answer is waited for, and how often one is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Patience {
    /// How long a connection may take.
    pub connect: Duration,
    /// How long S3 may send nothing, or next to nothing: until an answer begins, and of one that has begun.
    pub silence: Duration,
    /// How long S3 may take to put the parts of an upload together.
    pub complete: Duration,
    /// How often a request is sent, the first time included; and how often in a row a body is taken up again where it was cut off.
    pub attempts: u32,
    /// The longest pause before the second attempt; each one after it is twice as long.
    pub first_pause: Duration,
    /// The longest of all pauses.
    pub longest_pause: Duration,
}

impl Default for Patience {
    /// All pauses together come to about 16 s at most.
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(3),
            silence: Duration::from_secs(20),
            complete: Duration::from_mins(5),
            attempts: 8,
            first_pause: Duration::from_millis(200),
            longest_pause: Duration::from_secs(5),
        }
    }
}

impl Patience {
    /// Returns how long to wait before another attempt, after so many: at random, so that many clients do not come back together.
    pub(super) fn pause(&self, attempts: u32) -> Duration {
        let longest = self.first_pause.saturating_mul(1 << attempts.saturating_sub(1).min(16)).min(self.longest_pause);
        longest.mul_f64(fastrand::f64())
    }

    /// Returns the settings of a request that sends so many bytes.
    pub(super) fn sending(&self, bytes: usize) -> Builder {
        self.waiting(self.silence + Duration::from_secs(bytes as u64 / SLOWEST_UPLOAD))
    }

    /// Returns the settings of a request that may take so long.
    pub(super) fn waiting(&self, most: Duration) -> Builder {
        let timeouts = TimeoutConfig::builder().connect_timeout(self.connect).operation_attempt_timeout(most);
        Config::builder().timeout_config(timeouts.build())
    }
}

/// Makes a client; nothing is sent before the first call.
pub(super) fn client(settings: &ObjectSettings) -> Result<Client, ClientError> {
    let patience = settings.patience;
    let retries = RetryConfig::standard()
        .with_max_attempts(patience.attempts)
        .with_initial_backoff(patience.first_pause)
        .with_max_backoff(patience.longest_pause);
    let mut client = patience
        .waiting(patience.silence)
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new(settings.region.clone()))
        .credentials_provider(Credentials::from(settings.credentials.clone()))
        .identity_cache(IdentityCache::no_cache())
        .http_client(aws::http_client(settings.ca_bundle.as_deref())?)
        .retry_config(retries)
        .force_path_style(settings.endpoint.is_some())
        // The checksum of an object says nothing of a piece of it; TLS keeps the bytes whole on their way.
        .response_checksum_validation(ResponseChecksumValidation::WhenRequired)
        // A body is watched where it is read, since a reader may pause as long as it likes.
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    client.set_endpoint_url(settings.endpoint.clone());
    Ok(Client::from_conf(client.build()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest() {
        let patience = Patience::default();
        for (attempts, longest) in [(1, 200), (2, 400), (5, 3200), (6, 5000), (u32::MAX, 5000)] {
            let pauses: Vec<_> = (0..100).map(|_| patience.pause(attempts)).collect();
            assert!(pauses.iter().all(|pause| *pause <= Duration::from_millis(longest)), "{attempts}");
            assert!(pauses.iter().any(|pause| *pause > Duration::from_millis(longest / 2)), "{attempts}");
        }
    }
}
