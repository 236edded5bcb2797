//! The earlier records by the slots of a recipe: numbers all, so that comparing two records compares no texts.

use std::sync::Arc;

use super::texts::Texts;
use crate::package::recipe::slots::{MISSING, View};

/// As many places are worth a list of where the members of each begin.
const MOST_PLACES: f64 = 4096.0;

/// The earlier records.
#[derive(Debug, Default)]
pub(in crate::package::recipe) struct Members {
    pub(in crate::package::recipe) count: u32,
    columns: Vec<Option<Column>>,
    /// The slots that hold texts.
    coded: Vec<usize>,
}

/// What the members have in one slot.
#[derive(Debug, Clone)]
pub(in crate::package::recipe) struct Column {
    /// A number for each member, NaN where it is missing.
    pub(in crate::package::recipe) numbers: Arc<[f64]>,
    pub(in crate::package::recipe) meaning: Meaning,
}

/// What the numbers of a slot are.
#[derive(Debug, Clone)]
pub(in crate::package::recipe) enum Meaning {
    Numbers,
    /// Whole numbers below this one.
    Places(usize),
    /// The codes of texts.
    Codes(Arc<Texts>),
}

impl Column {
    /// Makes a column of numbers.
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a small whole number")]
    pub(in crate::package::recipe) fn of_numbers(numbers: Arc<[f64]>) -> Self {
        let is_place = |number: &f64| number.is_nan() || (0.0..MOST_PLACES).contains(number) && number.fract() == 0.0;
        let meaning = if numbers.iter().all(is_place) {
            Meaning::Places(numbers.iter().fold(0, |most, number| most.max(*number as usize + 1)))
        } else {
            Meaning::Numbers
        };
        Self { numbers, meaning }
    }
}

/// One of the members.
#[derive(Debug, Clone, Copy)]
pub(in crate::package::recipe) struct Member<'a> {
    columns: &'a [Option<Column>],
    index: usize,
}

impl Members {
    /// Returns whether the members have something in a slot.
    pub(in crate::package::recipe) fn have(&self, slot: usize) -> bool {
        self.column(slot).is_some()
    }

    pub(in crate::package::recipe) fn set(&mut self, slot: usize, column: Column) {
        if let Meaning::Codes(_) = column.meaning {
            self.coded.push(slot);
        }
        if self.columns.len() <= slot {
            self.columns.resize(slot + 1, None);
        }
        self.columns[slot] = Some(column);
    }

    /// Returns the member of this number.
    pub(in crate::package::recipe) fn get(&self, index: u32) -> Member<'_> {
        Member { columns: &self.columns, index: index as usize }
    }

    pub(super) fn column(&self, slot: usize) -> Option<&Column> {
        self.columns.get(slot).and_then(Option::as_ref)
    }

    /// Returns the number of each member in a slot.
    pub(super) fn numbers(&self, slot: usize) -> &[f64] {
        self.column(slot).map_or(&[], |column| &column.numbers)
    }

    /// Returns the slots that hold texts, each with the texts that members have there.
    pub(in crate::package::recipe) fn coded(&self) -> impl Iterator<Item = (usize, &Texts)> {
        self.coded.iter().filter_map(|slot| match &self.column(*slot)?.meaning {
            Meaning::Codes(texts) => Some((*slot, &**texts)),
            _ => None,
        })
    }
}

impl View for Member<'_> {
    fn number(&self, slot: usize) -> f64 {
        let column = self.columns.get(slot).and_then(Option::as_ref);
        column.and_then(|column| column.numbers.get(self.index)).copied().unwrap_or(MISSING)
    }

    fn text(&self, slot: usize) -> Option<&str> {
        match self.columns.get(slot) {
            Some(Some(Column { numbers, meaning: Meaning::Codes(texts) })) => texts.get(*numbers.get(self.index)?),
            _ => None,
        }
    }
}
