//! The earlier records by the slots of a recipe: numbers all, so that comparing two records compares no texts.

use std::sync::Arc;

use super::places::{Places, place};
use super::texts::Texts;
use crate::package::recipe::slots::{MISSING, View};

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
    /// The same as places, where all of them are.
    pub(super) places: Option<Places>,
    /// The texts of which the numbers are the codes.
    texts: Option<Arc<Texts>>,
}

impl Column {
    /// Makes a column of numbers.
    pub(in crate::package::recipe) fn of_numbers(numbers: Arc<[f64]>) -> Self {
        Self { places: Places::of_numbers(&numbers), numbers, texts: None }
    }

    /// Makes a column of texts.
    pub(in crate::package::recipe) fn of_texts(texts: Arc<Texts>, codes: Arc<[f64]>, places: Places) -> Self {
        Self { numbers: codes, places: Some(places), texts: Some(texts) }
    }

    /// Returns a place of the least number, and one of the greatest.
    pub(in crate::package::recipe) fn extremes(&self) -> Vec<usize> {
        let known = || self.numbers.iter().enumerate().filter(|(_, number)| !number.is_nan());
        let least = known().min_by(|(_, one), (_, other)| one.total_cmp(other));
        let greatest = known().max_by(|(_, one), (_, other)| one.total_cmp(other));
        least.into_iter().chain(greatest).map(|(place, _)| place).collect()
    }

    /// Returns one place of each number that the column has, or all where these are many.
    pub(in crate::package::recipe) fn samples(&self) -> Vec<usize> {
        let Some(places) = &self.places else { return (0..self.numbers.len()).collect() };
        let mut samples = vec![None; places.count()];
        for (member, number) in self.numbers.iter().enumerate() {
            if let Some(sample) = place(*number).and_then(|place| samples.get_mut(place as usize)) {
                sample.get_or_insert(member);
            }
        }
        samples.into_iter().flatten().collect()
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
        if column.texts.is_some() {
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
        self.coded.iter().filter_map(|slot| Some((*slot, self.column(*slot)?.texts.as_deref()?)))
    }
}

impl View for Member<'_> {
    fn number(&self, slot: usize) -> f64 {
        let column = self.columns.get(slot).and_then(Option::as_ref);
        column.and_then(|column| column.numbers.get(self.index)).copied().unwrap_or(MISSING)
    }

    fn text(&self, slot: usize) -> Option<&str> {
        let Column { numbers, texts, .. } = self.columns.get(slot)?.as_ref()?;
        texts.as_ref()?.get(*numbers.get(self.index)?)
    }
}
