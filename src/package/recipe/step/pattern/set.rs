//! A set of characters.

use regex_syntax::hir::{Class, ClassUnicode, ClassUnicodeRange, Hir, HirKind};

/// Characters, of which those of ASCII are found by one look.
#[derive(Debug, Clone)]
pub(super) struct Set {
    /// Whether a byte is one of its characters; none beyond ASCII is.
    bytes: Box<[bool; 256]>,
    all: ClassUnicode,
}

impl Set {
    pub(super) fn new(all: ClassUnicode) -> Self {
        let mut bytes = Box::new([false; 256]);
        for range in all.ranges() {
            for character in range.start()..=range.end().min('\x7f') {
                bytes[character as usize] = true;
            }
        }
        Self { bytes, all }
    }

    /// Takes a part of a pattern that is one character of a set.
    pub(super) fn of(hir: &Hir) -> Option<Self> {
        match hir.kind() {
            HirKind::Class(Class::Unicode(class)) => Some(Self::new(class.clone())),
            HirKind::Literal(literal) => {
                let mut characters = std::str::from_utf8(&literal.0).ok()?.chars();
                let one = characters.next().filter(|_| characters.next().is_none())?;
                Some(Self::one(one))
            }
            _ => None,
        }
    }

    pub(super) fn none() -> Self {
        Self::new(ClassUnicode::empty())
    }

    pub(super) fn one(character: char) -> Self {
        Self::new(ClassUnicode::new([ClassUnicodeRange::new(character, character)]))
    }

    pub(super) fn has(&self, character: char) -> bool {
        if character.is_ascii() {
            return self.bytes[character as usize];
        }
        let ranges = self.all.ranges();
        let behind = ranges.partition_point(|range| range.start() <= character);
        behind.checked_sub(1).is_some_and(|place| character <= ranges[place].end())
    }

    /// Returns whether a byte is a character of ASCII that it has.
    pub(super) fn has_byte(&self, byte: u8) -> bool {
        self.bytes[usize::from(byte)]
    }

    pub(super) fn is_apart_from(&self, other: &Self) -> bool {
        let mut both = self.all.clone();
        both.intersect(&other.all);
        both.ranges().is_empty()
    }

    pub(super) fn join(&mut self, other: &Self) {
        let mut all = self.all.clone();
        all.union(&other.all);
        *self = Self::new(all);
    }
}
