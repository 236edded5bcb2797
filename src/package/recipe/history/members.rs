//! The earlier records by the slots of a recipe.

use std::sync::Arc;

use super::records::Texts;
use crate::package::recipe::slots::{MISSING, View};

/// The earlier records.
#[derive(Debug, Default)]
pub(in crate::package::recipe) struct Members {
    pub(in crate::package::recipe) count: u32,
    columns: Vec<Option<Column>>,
}

/// What the members have in one slot.
#[derive(Debug, Clone)]
pub(in crate::package::recipe) enum Column {
    Numbers(Arc<[f64]>),
    Texts(Arc<Texts>),
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
        self.columns.get(slot).is_some_and(Option::is_some)
    }

    pub(in crate::package::recipe) fn set(&mut self, slot: usize, column: Column) {
        if self.columns.len() <= slot {
            self.columns.resize(slot + 1, None);
        }
        self.columns[slot] = Some(column);
    }

    /// Returns the member of this number.
    pub(in crate::package::recipe) fn get(&self, index: u32) -> Member<'_> {
        Member { columns: &self.columns, index: index as usize }
    }
}

impl View for Member<'_> {
    fn number(&self, slot: usize) -> f64 {
        match self.columns.get(slot) {
            Some(Some(Column::Numbers(numbers))) => numbers.get(self.index).copied().unwrap_or(MISSING),
            _ => MISSING,
        }
    }

    fn text(&self, slot: usize) -> Option<&str> {
        match self.columns.get(slot) {
            Some(Some(Column::Texts(texts))) => texts.get(self.index),
            _ => None,
        }
    }
}
