//! The steps that look up the last days, and the columns that they look at.

use super::calendar::{Calendar, Day};
use crate::package::recipe::compile::Column;

/// What the steps with `days` of a recipe are made of.
#[derive(Debug, Clone, Default)]
pub(in crate::package::recipe) struct Plan {
    /// The columns that any step looks at, each once.
    pub(in crate::package::recipe) columns: Vec<PlannedColumn>,
    pub(in crate::package::recipe) steps: Vec<PlannedStep>,
    /// The place of the field that tells when an event is, and the moments of snapshots; there where there is a step.
    pub(in crate::package::recipe) times: Option<Times>,
}

/// When events and snapshots are.
#[derive(Debug, Clone)]
pub(in crate::package::recipe) struct Times {
    /// The place of the field that is the event's time.
    pub(in crate::package::recipe) field: usize,
    pub(in crate::package::recipe) calendar: Calendar,
}

/// A column that steps look at.
#[derive(Debug, Clone)]
pub(in crate::package::recipe) struct PlannedColumn {
    pub(in crate::package::recipe) name: Box<str>,
    pub(in crate::package::recipe) column: Column,
}

/// A `history` step with `days`.
#[derive(Debug, Clone)]
pub(in crate::package::recipe) struct PlannedStep {
    pub(in crate::package::recipe) name: Box<str>,
    /// The columns of the key, as places in the plan.
    pub(in crate::package::recipe) key: Box<[usize]>,
    pub(in crate::package::recipe) days: Day,
    pub(in crate::package::recipe) prior: f64,
    pub(in crate::package::recipe) expected: Expected,
}

/// What is expected of an event.
#[derive(Debug, Clone)]
pub(in crate::package::recipe) struct Expected {
    /// What the mean of all is drawn to, and by how many events.
    pub(in crate::package::recipe) rate: f64,
    pub(in crate::package::recipe) rate_prior: f64,
    /// The cell of the event; without one, the mean of all events of the same days is expected.
    pub(in crate::package::recipe) cell: Option<ExpectedCell>,
}

/// The cell of an event, whose mean over the days before it is expected of it, drawn to the mean of all.
#[derive(Debug, Clone)]
pub(in crate::package::recipe) struct ExpectedCell {
    /// The columns, as places in the plan.
    pub(in crate::package::recipe) by: Box<[usize]>,
    pub(in crate::package::recipe) days: Day,
    pub(in crate::package::recipe) prior: f64,
}

impl Plan {
    /// Returns how many days before a snapshot the oldest event can be that has any part in it.
    pub(in crate::package::recipe) fn reach(&self) -> Day {
        self.steps.iter().map(PlannedStep::reach).max().unwrap_or_default()
    }

    /// Returns the place of a column, which is added unless it is there.
    pub(in crate::package::recipe) fn place(&mut self, name: &str, column: &Column) -> usize {
        let known = self.columns.iter().position(|planned| *planned.name == *name);
        known.unwrap_or_else(|| {
            self.columns.push(PlannedColumn { name: name.into(), column: column.clone() });
            self.columns.len() - 1
        })
    }
}

impl PlannedStep {
    fn reach(&self) -> Day {
        self.days + self.expected.cell.as_ref().map_or(0, |cell| cell.days)
    }
}
