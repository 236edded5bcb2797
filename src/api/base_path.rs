//! The path below which a service stands for its clients, as in `/prod` or `/churn`: links that begin with `/` begin with it.

use std::convert::Infallible;
use std::fmt;
use std::str::FromStr;

use axum::extract::FromRequestParts;
use axum::http::Extensions;
use axum::http::request::Parts;
use thiserror::Error;

/// What stands before each path of this service in the addresses that its clients know; nothing by default. The host takes it off a
/// request's path, and leaves it as an extension of the request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct BasePath(String);

/// A text that is no base path.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("expected names behind slashes, as in /churn or /models/churn, of letters, digits and -._~")]
pub struct InvalidBasePath;

impl FromStr for BasePath {
    type Err = InvalidBasePath;

    fn from_str(text: &str) -> Result<Self, InvalidBasePath> {
        let names = text.trim_matches('/');
        if names.is_empty() {
            return Ok(Self::default());
        }
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~".contains(&byte);
        // A browser takes `.` and `..` out of a path.
        let is_name = |name: &str| !matches!(name, "" | "." | "..") && name.bytes().all(is_plain);
        if names.split('/').all(is_name) { Ok(Self(format!("/{names}"))) } else { Err(InvalidBasePath) }
    }
}

impl fmt::Display for BasePath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl BasePath {
    /// Returns the path of a request to a service that stands at the root.
    pub(super) fn of(extensions: &Extensions) -> Self {
        extensions.get().cloned().unwrap_or_default()
    }

    /// Tells whether the service stands at the root.
    pub fn is_root(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns what is left of a path without this in front of it; nothing where it is not there.
    pub fn strip<'a>(&self, path: &'a str) -> Option<&'a str> {
        let rest = path.strip_prefix(self.0.as_str()).filter(|_| !self.is_root())?;
        match rest {
            "" => Some("/"),
            _ => rest.starts_with('/').then_some(rest),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for BasePath {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Infallible> {
        Ok(Self::of(&parts.extensions))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn base(text: &str) -> BasePath {
        text.parse().unwrap()
    }

    #[test]
    fn slashes_around_a_base_path_do_not_matter() {
        for same in ["/models/churn", "models/churn", "/models/churn/"] {
            assert_eq!(base(same).to_string(), "/models/churn");
        }
        assert!(base("/").is_root() && base("").is_root());
    }

    #[test]
    fn what_a_path_cannot_hold_as_it_is_is_refused() {
        for bad in ["/a//b", "/..", "/a/./b", "/a b", "/a?b", "/ä", "/a%20b", "https://example.org"] {
            assert_eq!(bad.parse::<BasePath>(), Err(InvalidBasePath), "{bad}");
        }
    }

    #[test]
    fn only_whole_names_are_taken_off() {
        for (path, rest) in [
            ("/prod", Some("/")),
            ("/prod/", Some("/")),
            ("/prod/predict", Some("/predict")),
            ("/prod/prod", Some("/prod")),
            ("/product", None),
            ("/predict", None),
        ] {
            assert_eq!(base("prod").strip(path), rest, "{path}");
        }
        assert_eq!(base("").strip("/predict"), None);
    }
}
