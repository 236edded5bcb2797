//! The steps of a recipe in order, on numbered slots.

use std::ops::Range;

use super::history::lookup::{Findings, Histories, HistoryStep};
use super::key::Key;
use super::recent::plan::Plan;
use super::recent::table::Table;
use super::slots::{Asked, Load, Slots, text};
use super::step::pattern::Room;
use super::step::{DatePartStep, ExtractStep, ImputeStep, NumberStep, OneHotStep, WhenStep};
use crate::table::Record;

/// What is done with each record. The first slots are those of the fields.
#[derive(Debug, Default)]
pub(super) struct Program {
    pub(super) loads: Vec<Load>,
    pub(super) steps: Vec<Step>,
    /// What each step reads and makes.
    pub(super) uses: Vec<Use>,
    /// All texts that steps may give.
    pub(super) constants: String,
    /// How many slots there are.
    pub(super) slots: usize,
    pub(super) histories: Histories,
    /// What the steps that look up the last days are made of.
    pub(super) plan: Plan,
}

/// The slots that a step reads, and those that it fills.
#[derive(Debug)]
pub(super) struct Use {
    pub(super) reads: Box<[usize]>,
    pub(super) makes: Range<usize>,
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
    Recent(RecentStep),
}

/// A `history` step with days, compiled.
#[derive(Debug)]
pub(super) struct RecentStep {
    /// Its place in the plan, which is that of its table.
    pub(super) place: usize,
    pub(super) key: Key,
    pub(super) to: usize,
}

/// The room in which one record is computed.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) slots: Slots,
    rooms: Vec<Room>,
    findings: Findings,
    /// Where a key is written.
    key: Vec<u8>,
}

impl Program {
    /// Returns room for a record.
    pub(super) fn scratch(&self) -> Scratch {
        let rooms = self.steps.iter().filter_map(|step| match step {
            Step::Extract(step) => Some(step.pattern.room()),
            _ => None,
        });
        Scratch {
            slots: Slots::new(self.slots),
            rooms: rooms.collect(),
            findings: Findings::new(&self.histories),
            key: Vec::new(),
        }
    }

    /// Fills all slots; the steps of the plan look up in these tables.
    pub(super) fn run(&self, record: &Record, recent: &[Table], scratch: &mut Scratch) {
        self.run_steps(record, recent, scratch, self.steps.iter());
    }

    /// Fills the slots that only some steps fill, as [`Self::needed`] found them.
    pub(super) fn run_needed(&self, record: &Record, recent: &[Table], scratch: &mut Scratch, needed: &[usize]) {
        self.run_steps(record, recent, scratch, needed.iter().map(|place| &self.steps[*place]));
    }

    /// Returns the places of the steps without which some slots are not filled, in order.
    pub(super) fn needed(&self, slots: impl IntoIterator<Item = usize>) -> Vec<usize> {
        let mut is_wanted = vec![false; self.slots];
        slots.into_iter().for_each(|slot| is_wanted[slot] = true);
        let mut needed = Vec::new();
        for (place, Use { reads, makes }) in self.uses.iter().enumerate().rev() {
            if is_wanted[makes.clone()].contains(&true) {
                reads.iter().for_each(|slot| is_wanted[*slot] = true);
                needed.push(place);
            }
        }
        needed.reverse();
        needed
    }

    fn run_steps<'s>(
        &self,
        record: &Record,
        recent: &[Table],
        scratch: &mut Scratch,
        steps: impl Iterator<Item = &'s Step>,
    ) {
        let Scratch { slots, rooms, findings, key } = scratch;
        slots.load(&self.loads, record);
        findings.reset();
        for step in steps {
            match step {
                Step::Extract(step) => step.run(record, &self.constants, slots, rooms),
                Step::When(step) => step.run(record, &self.constants, slots),
                Step::Impute(step) => step.run(record, &self.constants, slots),
                Step::OneHot(step) => step.run(record, &self.constants, slots),
                Step::Number(step) => step.run(slots),
                Step::DatePart(step) => step.run(record, slots),
                Step::History(step) => {
                    if !std::mem::replace(&mut findings.is_coded, true) {
                        self.code(record, slots, self.slots);
                    }
                    let asked = Asked { record, constants: &self.constants, slots };
                    let value = self.histories.value(step, &asked, findings);
                    slots.set_number(step.to, value);
                }
                Step::Recent(step) => {
                    let asked = Asked { record, constants: &self.constants, slots };
                    let value = recent.get(step.place).map_or(0.0, |table| table.value(&step.key, &asked, key));
                    slots.set_number(step.to, value);
                }
            }
        }
    }

    /// Puts the codes of texts, below a slot, where a history compares them.
    pub(super) fn code(&self, record: &Record, slots: &mut Slots, below: usize) {
        for (slot, texts) in self.histories.members.coded().filter(|(slot, _)| *slot < below) {
            let text = text(slots.texts[slot], &slots.made, &self.constants, record);
            slots.numbers[slot] = texts.code(text);
        }
    }

    /// Returns what can be asked for the content of a record's slots.
    pub(super) fn asked<'a>(&'a self, record: &'a Record, scratch: &'a Scratch) -> Asked<'a> {
        Asked { record, constants: &self.constants, slots: &scratch.slots }
    }
}
