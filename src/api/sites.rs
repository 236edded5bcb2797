//! Which web pages may write: those of this service, and those of the origins that the operator names.
//!
//! A browser lets any page send a form, or a request without a preflight, to any server that it reaches, and says in `Sec-Fetch-Site`
//! and `Origin` where the request comes from. Other clients send neither.

use axum::extract::Request;
use axum::http::uri::Authority;
use axum::http::{HeaderValue, Method, Uri, header};

use super::cors::CorsOrigins;
use super::error::ApiError;

const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// Refuses what may write on behalf of a page of another site.
pub(super) fn check(request: &Request, allowed: Option<&CorsOrigins>) -> Result<(), ApiError> {
    let is_safe = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    if is_safe || allowed == Some(&CorsOrigins::Any) {
        return Ok(());
    }
    let is_named = |origin: &HeaderValue| allowed.is_some_and(|allowed| allowed.contains(origin));
    let is_foreign = request.headers().get_all(SEC_FETCH_SITE).iter().any(is_foreign);
    let mut origins = request.headers().get_all(header::ORIGIN).iter().peekable();
    // A page that hides its origin is none of those that are named.
    let is_hidden = is_foreign && origins.peek().is_none();
    let is_fine = origins.all(|origin| is_named(origin) || (!is_foreign && is_own(origin, request)));
    if is_fine && !is_hidden { Ok(()) } else { Err(ApiError::CrossSite) }
}

/// Returns whether `Sec-Fetch-Site` tells of a page of another origin.
fn is_foreign(site: &HeaderValue) -> bool {
    ["cross-site", "same-site"].iter().any(|foreign| site.as_bytes().eq_ignore_ascii_case(foreign.as_bytes()))
}

/// Returns whether an origin is the host that was asked, by whichever scheme: a proxy may speak TLS for this server.
fn is_own(origin: &HeaderValue, request: &Request) -> bool {
    let origin = Uri::try_from(origin.as_bytes()).ok();
    let origin = origin.as_ref().and_then(|origin| Some((origin.scheme_str()?, origin.authority()?)));
    let (Some((scheme, origin)), Some(host)) = (origin, host(request)) else { return false };
    let default_port = if scheme == "https" { 443 } else { 80 };
    let port = |authority: &Authority| authority.port_u16().unwrap_or(default_port);
    origin.host().eq_ignore_ascii_case(host.host()) && port(origin) == port(&host)
}

/// Returns the host and port that a request is for.
fn host(request: &Request) -> Option<Authority> {
    let named = || Authority::try_from(request.headers().get(header::HOST)?.as_bytes()).ok();
    request.uri().authority().cloned().or_else(named)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn is_let_in(method: &Method, headers: &[(&str, &str)], allowed: Option<&str>) -> bool {
        let allowed = allowed.map(|text| text.parse().unwrap());
        let request = Request::builder().method(method).uri("/predict");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        check(&request.body(Body::empty()).unwrap(), allowed.as_ref()).is_ok()
    }

    #[test]
    fn a_page_writes_only_to_its_own_host() {
        let posts = |host, origin| is_let_in(&Method::POST, &[("host", host), ("origin", origin)], None);
        for (host, origin) in [
            ("localhost:8080", "http://localhost:8080"),
            ("LOCALHOST:8080", "http://localhost:8080"),
            ("[::1]:8080", "http://[::1]:8080"),
            ("example.org", "http://example.org"),
            ("example.org", "https://example.org"),
            ("example.org:443", "https://example.org"),
            ("example.org:80", "http://example.org"),
        ] {
            assert!(posts(host, origin), "{origin} to {host}");
        }
        for (host, origin) in [
            ("localhost:8080", "http://localhost:3000"),
            ("localhost:8080", "http://127.0.0.1:8080"),
            ("localhost:8080", "http://localhost"),
            ("localhost:8080", "http://evil.example"),
            ("localhost:8080", "null"),
            ("localhost:8080", ""),
            ("localhost:8080", "localhost:8080"),
            ("example.org", "https://sub.example.org"),
            ("example.org", "https://example.org.evil.example"),
            ("example.org", "https://example.org@evil.example"),
        ] {
            assert!(!posts(host, origin), "{origin} to {host}");
        }
        assert!(!is_let_in(&Method::POST, &[("origin", "http://localhost:8080")], None), "no host to compare with");
    }

    #[test]
    fn what_a_browser_says_of_the_site_counts_unless_the_origin_is_named() {
        let origin = ("origin", "https://example.org");
        for method in [Method::POST, Method::PUT, Method::PATCH, Method::DELETE] {
            for site in ["cross-site", "same-site"] {
                let said = ("sec-fetch-site", site);
                assert!(
                    !is_let_in(&method, &[said], None) && !is_let_in(&method, &[said], Some("https://example.org"))
                );
                let own = [said, ("host", "localhost"), ("origin", "http://localhost")];
                assert!(!is_let_in(&method, &own, None), "{site}");
                assert!(is_let_in(&method, &[said, origin], Some("https://example.org")), "{site}");
                assert!(!is_let_in(&method, &[said, origin], Some("https://example.com")), "{site}");
                assert!(is_let_in(&method, &[said, ("origin", "null")], Some("*")), "{site}");
            }
            for site in ["same-origin", "none"] {
                assert!(is_let_in(&method, &[("sec-fetch-site", site)], None), "{site}");
            }
            assert!(is_let_in(&method, &[], None), "no browser");
        }
    }

    #[test]
    fn every_page_may_read_what_its_browser_lets_it_read() {
        for method in [Method::GET, Method::HEAD, Method::OPTIONS] {
            assert!(is_let_in(&method, &[("sec-fetch-site", "cross-site"), ("origin", "null")], None));
        }
    }
}
