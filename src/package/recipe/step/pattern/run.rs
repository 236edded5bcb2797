//! The characters of one class at the end of a text: the pattern `[0-9]+$`, with or without a group.
//!
//! An engine that keeps groups tries every start of the text; from the end, each character is looked at once.

use std::ops::Range;

use regex_syntax::hir::{Hir, HirKind, Look};

use super::set::Set;

/// Characters of one class at the end of a text, one at least.
#[derive(Debug)]
pub(in crate::package::recipe) struct Run(Set);

impl Run {
    /// Takes a pattern that is no more than such a run.
    pub(super) fn of(hir: &Hir) -> Option<Self> {
        let HirKind::Concat(parts) = hir.kind() else { return None };
        match &parts[..] {
            [run, end] if matches!(end.kind(), HirKind::Look(Look::End)) => Self::of_repetition(run),
            _ => None,
        }
    }

    fn of_repetition(hir: &Hir) -> Option<Self> {
        let repetition = match hir.kind() {
            HirKind::Capture(capture) => return Self::of_repetition(&capture.sub),
            HirKind::Repetition(repetition) => repetition,
            _ => return None,
        };
        let is_run = repetition.min == 1 && repetition.max.is_none() && repetition.greedy;
        Set::of(&repetition.sub).filter(|_| is_run).map(Self)
    }

    /// Returns where the run stands in a text.
    pub(super) fn find(&self, text: &str) -> Option<Range<usize>> {
        let start = text.trim_end_matches(|character| self.0.has(character)).len();
        (start < text.len()).then_some(start..text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex::Regex;

    fn of_pattern(pattern: &str) -> Option<Run> {
        Run::of(&regex_syntax::parse(pattern).unwrap())
    }

    #[test]
    fn only_runs_at_the_end_are_runs() {
        for pattern in [r"(\S+)$", "([0-9]+)$", "[a-c]+$", r"(?:(\w+))$"] {
            assert!(of_pattern(pattern).is_some(), "{pattern}");
        }
        for pattern in
            ["^[0-9]+$", "[0-9]+", "[0-9]*$", "[0-9]+?$", "[0-9]{1,3}$", "(?m)[0-9]+$", "x[0-9]+$", "([0-9])+$"]
        {
            assert!(of_pattern(pattern).is_none(), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn a_run_is_what_the_engine_finds(text in r"[\PC\s]{0,12}[0-9a-z ]{0,6}") {
            for pattern in [r"\S+$", "[0-9]+$", r"\w+$", "[^a-z]+$"] {
                let found = Regex::new(pattern).unwrap().find(&text).map(|found| found.range());
                prop_assert_eq!(of_pattern(pattern).unwrap().find(&text), found, "{}", pattern);
            }
        }
    }
}
