//! A pattern from the start of a text whose every choice the next character decides: `^([^,]*),` is one, `^(.*),` is none.
//!
//! Nothing is ever tried twice, so that a match costs a few steps a character.

use std::ops::Range;

use regex_syntax::hir::{Hir, HirKind, Look};

use super::set::Set;

/// A pattern without a second thought.
#[derive(Debug)]
pub(in crate::package::recipe) struct Sequence {
    parts: Box<[Part]>,
    groups: usize,
}

#[derive(Debug)]
enum Part {
    /// As many characters of a set as there are.
    Run {
        set: Set,
        least: usize,
        most: usize,
    },
    /// A group of one character, if there is one of a set.
    Optional {
        set: Set,
        group: usize,
    },
    Open(usize),
    Close(usize),
    /// The one alternative that can begin with the next character.
    Choice(Box<[(Set, Box<[Part]>)]>),
    End,
}

impl Sequence {
    /// Takes a pattern of this kind.
    pub(super) fn of(hir: &Hir) -> Option<Self> {
        let HirKind::Concat(hirs) = hir.kind() else { return None };
        let (start, rest) = hirs.split_first()?;
        if !matches!(start.kind(), HirKind::Look(Look::Start)) {
            return None;
        }
        let mut parts = Vec::new();
        rest.iter().try_for_each(|hir| push(hir, &mut parts))?;
        first(&mut parts, Set::none())?;
        Some(Self { parts: parts.into(), groups: hir.properties().explicit_captures_len() })
    }

    /// Finds the pattern: the whole, then each group; nothing where it does not stand there.
    pub(super) fn find(&self, text: &str, groups: &mut Vec<Option<Range<usize>>>) {
        groups.resize(self.groups + 1, None);
        match run(&self.parts, text, 0, groups) {
            Some(end) => groups[0] = Some(0..end),
            None => groups.clear(),
        }
    }
}

/// Adds the parts of a pattern, if they are of the kinds that are known here.
fn push(hir: &Hir, parts: &mut Vec<Part>) -> Option<()> {
    match hir.kind() {
        HirKind::Empty => {}
        HirKind::Look(Look::End) => parts.push(Part::End),
        HirKind::Class(_) => parts.push(Part::Run { set: Set::of(hir)?, least: 1, most: 1 }),
        HirKind::Literal(literal) => {
            for character in std::str::from_utf8(&literal.0).ok()?.chars() {
                parts.push(Part::Run { set: Set::one(character), least: 1, most: 1 });
            }
        }
        HirKind::Repetition(repetition) if repetition.greedy => {
            let most = repetition.max.map_or(usize::MAX, |most| most as usize);
            parts.push(match repetition.sub.kind() {
                HirKind::Capture(capture) if (repetition.min, most) == (0, 1) => {
                    Part::Optional { set: Set::of(&capture.sub)?, group: capture.index as usize }
                }
                _ => Part::Run { set: Set::of(&repetition.sub)?, least: repetition.min as usize, most },
            });
        }
        HirKind::Capture(capture) => {
            let group = capture.index as usize;
            parts.push(Part::Open(group));
            push(&capture.sub, parts)?;
            parts.push(Part::Close(group));
        }
        HirKind::Concat(hirs) => hirs.iter().try_for_each(|hir| push(hir, parts))?,
        HirKind::Alternation(hirs) => {
            let alternative = |hir| {
                let mut parts = Vec::new();
                push(hir, &mut parts)?;
                Some((Set::none(), parts.into_boxed_slice()))
            };
            parts.push(Part::Choice(hirs.iter().map(alternative).collect::<Option<_>>()?));
        }
        HirKind::Repetition(_) | HirKind::Look(_) => return None,
    }
    Some(())
}

/// Returns the characters that parts can begin with, of which others follow; none where the next character does not decide what to do.
fn first(parts: &mut [Part], follow: Set) -> Option<Set> {
    let mut next = follow;
    for part in parts.iter_mut().rev() {
        match part {
            Part::Run { set, least, most } => {
                if least != most && !set.is_apart_from(&next) {
                    return None;
                }
                let behind = std::mem::replace(&mut next, set.clone());
                if *least == 0 {
                    next.join(&behind);
                }
            }
            Part::Optional { set, .. } => {
                if !set.is_apart_from(&next) {
                    return None;
                }
                next.join(set);
            }
            Part::Open(_) | Part::Close(_) => {}
            Part::Choice(alternatives) => {
                let mut all = Set::none();
                for (set, parts) in alternatives {
                    // One that can be nothing would do for any character.
                    if !parts.iter().any(|part| matches!(part, Part::Run { least: 1.., .. })) {
                        return None;
                    }
                    *set = first(parts, next.clone())?;
                    if !set.is_apart_from(&all) {
                        return None;
                    }
                    all.join(set);
                }
                next = all;
            }
            Part::End => next = Set::none(),
        }
    }
    Some(next)
}

/// Runs through parts from a place of a text, and returns where they end; none where they do not stand there.
fn run(parts: &[Part], text: &str, start: usize, groups: &mut [Option<Range<usize>>]) -> Option<usize> {
    let mut at = start;
    for part in parts {
        match part {
            Part::Run { set, least, most } => {
                let mut count = 0;
                while count < *most {
                    // Most characters are of ASCII, and need no more than this one look.
                    match text.as_bytes().get(at) {
                        Some(byte) if set.has_byte(*byte) => at += 1,
                        Some(byte) if !byte.is_ascii() => match step(set, text, at) {
                            Some(end) => at = end,
                            None => break,
                        },
                        _ => break,
                    }
                    count += 1;
                }
                if count < *least {
                    return None;
                }
            }
            Part::Optional { set, group } => {
                if let Some(end) = step(set, text, at) {
                    groups[*group] = Some(at..end);
                    at = end;
                }
            }
            Part::Open(group) => groups[*group] = Some(at..at),
            Part::Close(group) => groups[*group] = groups[*group].take().map(|begun| begun.start..at),
            Part::Choice(alternatives) => {
                let (_, parts) = alternatives.iter().find(|(set, _)| step(set, text, at).is_some())?;
                at = run(parts, text, at, groups)?;
            }
            Part::End => {
                if at != text.len() {
                    return None;
                }
            }
        }
    }
    Some(at)
}

/// Returns where the character at a place ends, if it is of a set.
fn step(set: &Set, text: &str, at: usize) -> Option<usize> {
    let byte = *text.as_bytes().get(at)?;
    if set.has_byte(byte) {
        return Some(at + 1);
    }
    if byte.is_ascii() {
        return None;
    }
    let character = text.get(at..)?.chars().next()?;
    set.has(character).then_some(at + character.len_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use regex::Regex;

    const DECIDED: [&str; 10] = [
        r"^([^,]*),",
        r"^[^,]*,([^.]*)\.",
        "(?s)^(.)",
        "^[^0-9A-Za-z]*(?:([0-9])|([A-Za-z])[^0-9A-Za-z]*([0-9A-Za-z])?)",
        "^([a-c]+)([0-9]{2,3})$",
        "^(?:ab|ca|b)[0-9]?",
        "^ab?c*$",
        r"^(\p{Lu})[^\p{Lu}]*",
        "^(?:([a-b])([0-9])?|c)+?x|^$",
        "^(?:a1|b([0-9]))?,",
    ];

    fn sequence(pattern: &str) -> Option<Sequence> {
        Sequence::of(&regex_syntax::parse(pattern).unwrap())
    }

    #[test]
    fn patterns_whose_choices_the_next_character_decides_need_no_engine() {
        let taken: Vec<bool> = DECIDED.iter().map(|pattern| sequence(pattern).is_some()).collect();
        assert_eq!(taken, [true, true, true, true, true, true, true, true, false, false]);
        for pattern in
            ["^(.*),", "[0-9]+", "^a*a", "^(?:a|ab)c", "^a?ab", "^[a-z]+?x", r"^\w+\b", "^(?:a[0-9]?)*b", "^(?i)(a)?A"]
        {
            assert!(sequence(pattern).is_none(), "{pattern}");
        }
    }

    proptest! {
        #[test]
        fn a_sequence_finds_what_an_engine_finds(text in r"[a-cA-Z0-9,. \n]{0,6}\PC{0,2}[a-c0-9,.]{0,4}") {
            for pattern in DECIDED {
                let Some(sequence) = sequence(pattern) else { continue };
                let mut found = Vec::new();
                sequence.find(&text, &mut found);
                let captures = Regex::new(pattern).unwrap().captures(&text);
                let expected = captures.iter().flat_map(|captures| captures.iter().map(|group| group.map(|group| group.range())));
                prop_assert_eq!(found, expected.collect::<Vec<_>>(), "{}", pattern);
            }
        }
    }
}
