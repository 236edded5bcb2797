//! What is wrong with a node, or with what it was given.

use std::borrow::Cow;
use std::fmt;

/// What a node should have or be given, and what was found.
#[derive(Debug)]
pub(in crate::package::graph) struct Fault {
    expected: Cow<'static, str>,
    found: Cow<'static, str>,
    mend: Option<Cow<'static, str>>,
}

impl Fault {
    pub(super) fn new(expected: impl Into<Cow<'static, str>>, found: impl Into<Cow<'static, str>>) -> Self {
        Self { expected: expected.into(), found: found.into(), mend: None }
    }

    /// Says what to do.
    pub(super) fn mended_by(self, mend: impl Into<Cow<'static, str>>) -> Self {
        Self { mend: Some(mend.into()), ..self }
    }

    /// Names the attribute or input that it is about.
    pub(super) fn of(self, what: &str) -> Self {
        Self { expected: format!("{what}: {}", self.expected).into(), ..self }
    }

    pub(in crate::package::graph) fn expected(&self) -> &str {
        &self.expected
    }

    pub(in crate::package::graph) fn found(&self) -> &str {
        &self.found
    }

    pub(in crate::package::graph) fn mend(&self) -> &str {
        self.mend.as_deref().unwrap_or("export the model again")
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} should be there, found {}", self.expected, self.found)
    }
}

/// Checks how many there are of something.
pub(super) fn check_length(what: &str, expected: usize, found: usize) -> Result<(), Fault> {
    if expected == found { Ok(()) } else { Err(Fault::new(format!("{expected} of {what}"), found.to_string())) }
}
