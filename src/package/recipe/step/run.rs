//! The characters of one class at the end of a text: the pattern `[0-9]+$`, with or without a group.
//!
//! An engine that keeps groups tries every start of the text; from the end, each character is looked at once.

use std::ops::Range;

use regex_syntax::hir::{Class, ClassUnicode, Hir, HirKind, Look};

/// Characters of one class at the end of a text, one at least.
#[derive(Debug)]
pub(in crate::package::recipe) struct Run {
    ascii: [bool; 128],
    class: ClassUnicode,
}

impl Run {
    /// Takes a pattern that is no more than such a run.
    pub(in crate::package::recipe) fn of_pattern(pattern: &str) -> Option<Self> {
        let hir = regex_syntax::parse(pattern).ok()?;
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
        let HirKind::Class(Class::Unicode(class)) = repetition.sub.kind() else { return None };
        let is_run = repetition.min == 1 && repetition.max.is_none() && repetition.greedy;
        is_run.then(|| Self::new(class.clone()))
    }

    fn new(class: ClassUnicode) -> Self {
        let mut ascii = [false; 128];
        for (byte, is_one) in (0_u8..).zip(&mut ascii) {
            *is_one = contains(&class, byte.into());
        }
        Self { ascii, class }
    }

    /// Returns where the run stands in a text.
    pub(in crate::package::recipe) fn find(&self, text: &str) -> Option<Range<usize>> {
        let is_one = |character: char| match self.ascii.get(character as usize) {
            Some(is_one) => *is_one,
            None => contains(&self.class, character),
        };
        let start = text.trim_end_matches(is_one).len();
        (start < text.len()).then_some(start..text.len())
    }
}

fn contains(class: &ClassUnicode, character: char) -> bool {
    let ranges = class.ranges();
    let behind = ranges.partition_point(|range| range.start() <= character);
    behind.checked_sub(1).is_some_and(|place| character <= ranges[place].end())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex::Regex;

    #[test]
    fn only_runs_at_the_end_are_runs() {
        for pattern in [r"(\S+)$", "([0-9]+)$", "[a-c]+$", r"(?:(\w+))$"] {
            assert!(Run::of_pattern(pattern).is_some(), "{pattern}");
        }
        for pattern in
            ["^[0-9]+$", "[0-9]+", "[0-9]*$", "[0-9]+?$", "[0-9]{1,3}$", "(?m)[0-9]+$", "x[0-9]+$", "([0-9])+$"]
        {
            assert!(Run::of_pattern(pattern).is_none(), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn a_run_is_what_the_engine_finds(text in r"[\PC\s]{0,12}[0-9a-z ]{0,6}") {
            for pattern in [r"\S+$", "[0-9]+$", r"\w+$", "[^a-z]+$"] {
                let found = Regex::new(pattern).unwrap().find(&text).map(|found| found.range());
                prop_assert_eq!(Run::of_pattern(pattern).unwrap().find(&text), found, "{}", pattern);
            }
        }
    }
}
