//! The steps of a recipe in order, on numbered slots.

use regex::CaptureLocations;

use super::history::lookup::{Findings, Histories, HistoryStep};
use super::slots::{Asked, Load, Slots};
use super::step::extract::Pattern;
use super::step::{DatePartStep, ExtractStep, ImputeStep, NumberStep, OneHotStep, WhenStep};
use crate::table::Record;

/// What is done with each record. The first slots are those of the fields.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub(super) loads: Vec<Load>,
    pub(super) steps: Vec<Step>,
    /// All texts that steps may give.
    pub(super) constants: String,
    /// How many slots there are.
    pub(super) slots: usize,
    pub(super) histories: Histories,
}

/// A step, compiled.
#[derive(Debug)]
pub(super) enum Step {
    Extract(ExtractStep),
    When(WhenStep),
    Impute(ImputeStep),
    OneHot(OneHotStep),
    Number(NumberStep),
    DatePart(DatePartStep),
    History(HistoryStep),
}

/// The room in which one record is computed.
#[derive(Debug)]
pub(super) struct Scratch {
    pub(super) slots: Slots,
    locations: Vec<CaptureLocations>,
    findings: Findings,
}

impl Program {
    /// Returns room for a record.
    pub(super) fn scratch(&self) -> Scratch {
        let locations = self.steps.iter().filter_map(|step| match step {
            Step::Extract(ExtractStep { pattern: Pattern::Regex { regex, .. }, .. }) => Some(regex.capture_locations()),
            _ => None,
        });
        Scratch {
            slots: Slots::new(self.slots),
            locations: locations.collect(),
            findings: Findings::new(&self.histories),
        }
    }

    /// Fills all slots.
    pub(super) fn run(&self, record: &Record, scratch: &mut Scratch) {
        let Scratch { slots, locations, findings } = scratch;
        slots.load(&self.loads, record);
        findings.reset();
        for step in &self.steps {
            match step {
                Step::Extract(step) => step.run(record, &self.constants, slots, locations),
                Step::When(step) => step.run(record, &self.constants, slots),
                Step::Impute(step) => step.run(record, &self.constants, slots),
                Step::OneHot(step) => step.run(record, &self.constants, slots),
                Step::Number(step) => step.run(slots),
                Step::DatePart(step) => step.run(record, slots),
                Step::History(step) => {
                    let asked = Asked { record, constants: &self.constants, slots };
                    let value = self.histories.value(step, &asked, findings);
                    slots.set_number(step.to, value);
                }
            }
        }
    }

    /// Returns what can be asked for the content of a record's slots.
    pub(super) fn asked<'a>(&'a self, record: &'a Record, scratch: &'a Scratch) -> Asked<'a> {
        Asked { record, constants: &self.constants, slots: &scratch.slots }
    }
}
