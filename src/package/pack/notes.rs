//! What is gathered on the way: decisions, doubts and faults, in words.

use std::fmt;

use thiserror::Error;

/// Why data and graph do not fit together: everything that was found, each with its mend.
#[derive(Debug, Error, PartialEq, Eq)]
pub struct Misfits(pub Vec<String>);

impl fmt::Display for Misfits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [one] => f.write_str(one),
            several => {
                write!(f, "{} faults:", several.len())?;
                several.iter().try_for_each(|fault| write!(f, "\n  {fault}"))
            }
        }
    }
}

/// What is gathered on the way.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) decisions: Vec<String>,
    pub(super) doubts: Vec<String>,
    pub(super) unproven: Vec<String>,
    faults: Vec<String>,
}

impl Notes {
    pub(super) fn decide(&mut self, decision: impl Into<String>) {
        self.decisions.push(decision.into());
    }

    pub(super) fn doubt(&mut self, doubt: impl Into<String>) {
        self.doubts.push(doubt.into());
    }

    pub(super) fn doubt_unless_proven(&mut self, doubt: impl Into<String>) {
        self.unproven.push(doubt.into());
    }

    pub(super) fn fault(&mut self, fault: impl Into<String>) {
        self.faults.push(fault.into());
    }

    pub(super) fn check(&mut self) -> Result<(), Misfits> {
        if self.faults.is_empty() { Ok(()) } else { Err(Misfits(std::mem::take(&mut self.faults))) }
    }
}

/// Lists names in a message, the first of many.
pub(super) fn in_words<'a>(names: impl IntoIterator<Item = &'a str>) -> String {
    const MOST: usize = 12;
    let names: Vec<&str> = names.into_iter().collect();
    match names.as_slice() {
        all if all.len() <= MOST => all.join(", "),
        [first @ .., last] => format!("{}, … {last} ({} in all)", first[..MOST / 2].join(", "), names.len()),
        [] => String::new(),
    }
}
