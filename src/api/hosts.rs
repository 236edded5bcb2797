//! Under which names the service may be asked for.
//!
//! A page of a stranger can give its own host name the address 127.0.0.1 (DNS rebinding), and is then of the same origin as a server
//! there. The header `Host` still says the stranger's name, so that a server which only this machine can reach answers to names of this
//! machine alone.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use axum::extract::Request;
use axum::http::header;
use axum::http::uri::Authority;
use thiserror::Error;

use super::error::ApiError;

/// `ALLOWED_HOSTS`: host names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedHosts {
    /// Every one.
    Any,
    /// Those of the loopback, and these, in lower case.
    LoopbackAnd(Vec<String>),
}

/// A text that names no hosts.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error(
    "expected * or host names without port such as lifeboat.example.org, with commas between them, and found {0:?}"
)]
pub struct InvalidHost(String);

impl FromStr for AllowedHosts {
    type Err = InvalidHost;

    fn from_str(text: &str) -> Result<Self, InvalidHost> {
        if text.trim() == "*" {
            return Ok(Self::Any);
        }
        text.split(',').map(str::trim).map(name).collect::<Result<_, _>>().map(Self::LoopbackAnd)
    }
}

/// Reads a host name or address.
fn name(text: &str) -> Result<String, InvalidHost> {
    let authority = text.parse::<Authority>().ok().filter(|authority| authority.host() == text && text != "*");
    authority.map(|_| text.to_ascii_lowercase()).ok_or_else(|| InvalidHost(text.to_owned()))
}

impl AllowedHosts {
    /// Names of the loopback alone.
    pub const fn loopback() -> Self {
        Self::LoopbackAnd(Vec::new())
    }

    /// Refuses a request for a host of another name. A request without `Host` is no browser's.
    pub(super) fn check(&self, request: &Request) -> Result<(), ApiError> {
        let Self::LoopbackAnd(names) = self else { return Ok(()) };
        let mut hosts = request.headers().get_all(header::HOST).iter();
        let is_header_allowed = hosts.all(|host| host.to_str().is_ok_and(|host| is_allowed(without_port(host), names)));
        let is_uri_allowed = request.uri().host().is_none_or(|host| is_allowed(host, names));
        if is_header_allowed && is_uri_allowed { Ok(()) } else { Err(ApiError::MisdirectedRequest) }
    }
}

/// Returns what stands before the port of a `Host`; whatever else a text may hold, it is no name that is allowed then.
fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

fn is_allowed(host: &str, names: &[String]) -> bool {
    is_loopback(host) || names.iter().any(|name| name.eq_ignore_ascii_case(host))
}

/// Returns whether a name or address is this machine's own: browsers never ask the network for `localhost` and what ends with it.
fn is_loopback(host: &str) -> bool {
    let bare = host.strip_suffix('.').unwrap_or(host);
    let is_name = bare.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_'));
    let ends_with_localhost = is_name
        && bare.len() > ".localhost".len()
        && bare.get(bare.len() - ".localhost".len()..).is_some_and(|end| end.eq_ignore_ascii_case(".localhost"));
    if bare.eq_ignore_ascii_case("localhost") || ends_with_localhost {
        return true;
    }
    let address = match host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        Some(address) => address.parse::<Ipv6Addr>().map(IpAddr::V6),
        None => host.parse::<Ipv4Addr>().map(IpAddr::V4),
    };
    address.is_ok_and(|address| address.to_canonical().is_loopback())
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    #[test]
    fn names_and_addresses_of_the_loopback_are_known() {
        for host in [
            "localhost",
            "LocalHost",
            "localhost.",
            "app.localhost",
            "127.0.0.1",
            "127.1.2.3",
            "[::1]",
            "[::ffff:127.0.0.1]",
        ] {
            assert!(is_loopback(host), "{host}");
        }
        for host in [
            "",
            "localhost.example",
            "mylocalhost",
            ".localhost",
            "127.0.0.1.nip.io",
            "0.0.0.0",
            "[::]",
            "10.0.0.1",
            "::1",
            "é.localhos",
        ] {
            assert!(!is_loopback(host), "{host}");
        }
    }

    #[test]
    fn names_are_read_as_a_host_header_has_them() {
        assert_eq!("*".parse(), Ok(AllowedHosts::Any));
        let two = vec!["lifeboat.example.org".to_owned(), "10.0.0.7".to_owned()];
        assert_eq!("Lifeboat.example.org, 10.0.0.7".parse(), Ok(AllowedHosts::LoopbackAnd(two)));
        for bad in ["", "a,", "https://a", "a:80", "a/b", "a@b", "*, a", "*.a b"] {
            assert!(bad.parse::<AllowedHosts>().is_err(), "{bad}");
        }
    }

    #[test]
    fn each_name_that_a_request_has_must_be_allowed() {
        let hosts: AllowedHosts = "lifeboat.example.org".parse().unwrap();
        let check = |uri: &str, names: &[&str]| {
            let request = names.iter().fold(Request::get(uri), |request, name| request.header(header::HOST, *name));
            hosts.check(&request.body(Body::empty()).unwrap()).is_ok()
        };
        assert!(check("/", &[]) && check("/", &["localhost:8080"]) && check("/", &["LIFEBOAT.example.org:1"]));
        for evil in [
            "evil.example",
            "evil.example:8080",
            "",
            "localhost@evil.example",
            "evil@a.localhost",
            "[",
            "localhost:x:y",
            "localhost:1:2",
        ] {
            assert!(!check("/", &[evil]), "{evil}");
            assert!(!check("/", &["localhost", evil]), "{evil}");
        }
        assert!(!check("http://evil.example/", &["localhost"]) && check("http://localhost/", &["localhost"]));
    }
}
