//! How AWS is reached, whichever of its services: who asks, over what, and whom a client trusts.

use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use aws_sdk_dynamodb::config::{Credentials, SharedHttpClient};
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use thiserror::Error;

/// The roots of Amazon Trust Services (<https://www.amazontrust.com/repository/>), which every public AWS endpoint is
/// certified by. Parsing these five takes microseconds where all of a machine's take milliseconds of each cold start.
const AMAZON_ROOTS: &[u8] = include_bytes!("aws/amazon_roots.pem");

/// Keys that sign requests, as the environment of a Lambda function holds them.
#[derive(Clone, PartialEq, Eq)]
pub struct AwsCredentials {
    /// Names the keys.
    pub access_key_id: String,
    /// Signs.
    pub secret_access_key: String,
    /// Proves that the keys are temporary ones.
    pub session_token: Option<String>,
}

impl fmt::Debug for AwsCredentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AwsCredentials").field("access_key_id", &self.access_key_id).finish_non_exhaustive()
    }
}

/// Credentials are given: nothing is probed for, neither files nor the network, which is most of what the default provider chain costs a
/// cold start.
impl From<AwsCredentials> for Credentials {
    fn from(keys: AwsCredentials) -> Self {
        Self::new(keys.access_key_id, keys.secret_access_key, keys.session_token, None, "environment")
    }
}

/// How a service is reached whose region follows from what is asked of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServiceSettings {
    /// Who asks.
    pub credentials: AwsCredentials,
    /// Another endpoint than the region's own.
    pub endpoint: Option<String>,
    /// A PEM file of root certificates to trust instead of Amazon's.
    pub ca_bundle: Option<PathBuf>,
}

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

/// Makes what sends the requests of a client, and trusts the certificates of a bundle, or else Amazon's alone.
pub(crate) fn http_client(ca_bundle: Option<&Path>) -> Result<SharedHttpClient, ClientError> {
    let tls = TlsContext::builder().with_trust_store(trust_store(ca_bundle)?).build();
    let tls = tls.map_err(|error| ClientError::Tls(error.into()))?;
    Ok(aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(tls)
        .build_https())
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

    /// Makes a client of a bundle of this text, and says how that failed.
    fn failure(bundle: &str) -> String {
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), bundle).unwrap();
        http_client(Some(file.path())).unwrap_err().to_string()
    }

    #[test]
    fn amazons_roots_are_five_and_can_be_trusted() {
        let roots: Vec<_> = CertificateDer::pem_slice_iter(AMAZON_ROOTS).map(Result::unwrap).collect();
        assert_eq!(roots.len(), 5);
        assert_eq!(RootCertStore::empty().add_parsable_certificates(roots), (5, 0));
        http_client(None).unwrap();
    }

    #[test]
    fn a_bundle_without_a_root_is_refused() {
        assert!(failure("").contains("no root certificate"));
        assert!(failure("not a certificate").contains("no root certificate"));
        let missing = http_client(Some("/missing/roots.pem".as_ref())).unwrap_err();
        assert_eq!(missing.to_string(), "cannot read the root certificates in /missing/roots.pem");
    }

    #[test]
    fn what_is_no_certificate_in_a_bundle_is_left_out() {
        let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let mixed = format!("# a comment\n{broken}{}", String::from_utf8_lossy(AMAZON_ROOTS));
        let file = tempfile::NamedTempFile::new().unwrap();
        fs::write(file.path(), mixed).unwrap();
        http_client(Some(file.path())).unwrap();
        assert!(failure(broken).contains("no root certificate"));
    }
}
