//! The client: how long it waits, how often it tries again, and whom it trusts.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    BehaviorVersion, Config, Credentials, IdentityCache, Region, StalledStreamProtectionConfig,
};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use thiserror::Error;

use super::DynamoDbConfig;

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

/// The roots of Amazon Trust Services (<https://www.amazontrust.com/repository/>), which every public AWS endpoint is
/// certified by. Parsing these five takes microseconds where all of a machine's take milliseconds of each cold start.
const AMAZON_ROOTS: &[u8] = include_bytes!("amazon_roots.pem");

/// Why no client could be made.
#[derive(Debug, Error)]
pub enum ClientError {
    /// `AWS_CA_BUNDLE` names a file that cannot be read.
    #[error("cannot read the root certificates in {path}")]
    UnreadableBundle {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// `AWS_CA_BUNDLE` names a file without any certificate that could be trusted.
    #[error("there is no root certificate in {0}")]
    EmptyBundle(PathBuf),
    /// The certificates cannot be trusted in the way that was asked for.
    #[error("cannot set up TLS")]
    Tls(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// Makes a client for a table's region. Credentials and region are given: nothing is probed for, neither files nor the
/// network, which is most of what the default provider chain costs a cold start.
pub(super) fn client(config: &DynamoDbConfig) -> Result<Client, ClientError> {
    let keys = config.credentials.clone();
    let credentials =
        Credentials::new(keys.access_key_id, keys.secret_access_key, keys.session_token, None, "environment");
    let tls = TlsContext::builder().with_trust_store(trust_store(config.ca_bundle.as_deref())?).build();
    let tls = tls.map_err(|error| ClientError::Tls(error.into()))?;
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .build_https();
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
        .credentials_provider(credentials)
        .identity_cache(IdentityCache::no_cache())
        .http_client(http)
        .timeout_config(timeouts.build())
        .retry_config(retries)
        .stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    client.set_endpoint_url(config.endpoint.clone());
    Ok(Client::from_conf(client.build()))
}

fn trust_store(bundle: Option<&Path>) -> Result<TrustStore, ClientError> {
    match bundle {
        None => Ok(TrustStore::empty().with_pem_certificate(AMAZON_ROOTS)),
        Some(path) => bundled_roots(path),
    }
}

/// Reads a bundle and leaves out what cannot be trusted, as every other program does: a machine's bundle may hold oddities.
fn bundled_roots(path: &Path) -> Result<TrustStore, ClientError> {
    const END: &str = "-----END CERTIFICATE-----";
    let unreadable = |source| ClientError::UnreadableBundle { path: path.to_owned(), source };
    let bundle = fs::read_to_string(path).map_err(unreadable)?;
    let roots: Vec<&str> = bundle.split_inclusive(END).filter(|certificate| is_root(certificate)).collect();
    if roots.is_empty() {
        return Err(ClientError::EmptyBundle(path.to_owned()));
    }
    Ok(roots.into_iter().fold(TrustStore::empty(), TrustStore::with_pem_certificate))
}

fn is_root(certificate: &str) -> bool {
    CertificateDer::from_pem_slice(certificate.as_bytes()).is_ok_and(|root| RootCertStore::empty().add(root).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::SampleRate;
    use crate::store::dynamodb::AwsCredentials;

    fn config(ca_bundle: Option<PathBuf>) -> DynamoDbConfig {
        DynamoDbConfig {
            table: "predictions".to_owned(),
            region: "eu-central-1".to_owned(),
            credentials: AwsCredentials {
                access_key_id: "id".to_owned(),
                secret_access_key: "secret".to_owned(),
                session_token: None,
            },
            endpoint: None,
            ca_bundle,
            sample_rate: SampleRate::ALL,
            retention: None,
        }
    }

    /// Makes a client of a bundle of this text, and says how that failed.
    fn failure(bundle: &str) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bundle).unwrap();
        client(&config(Some(file.path().to_owned()))).unwrap_err().to_string()
    }

    #[test]
    fn amazons_roots_are_five_and_can_be_trusted() {
        let roots: Vec<_> = CertificateDer::pem_slice_iter(AMAZON_ROOTS).map(Result::unwrap).collect();
        assert_eq!(roots.len(), 5);
        assert_eq!(RootCertStore::empty().add_parsable_certificates(roots), (5, 0));
        client(&config(None)).unwrap();
    }

    #[test]
    fn a_bundle_without_a_root_is_refused() {
        assert!(failure("").contains("no root certificate"));
        assert!(failure("not a certificate").contains("no root certificate"));
        let missing = client(&config(Some("/missing/roots.pem".into()))).unwrap_err();
        assert_eq!(missing.to_string(), "cannot read the root certificates in /missing/roots.pem");
    }

    #[test]
    fn what_is_no_certificate_in_a_bundle_is_left_out() {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let mixed = format!("# a comment\n{broken}{}", String::from_utf8_lossy(AMAZON_ROOTS));
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), mixed).unwrap();
        client(&config(Some(file.path().to_owned()))).unwrap();
        assert!(failure(broken).contains("no root certificate"));
    }
}
