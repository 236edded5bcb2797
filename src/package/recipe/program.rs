//! The steps of a recipe in order, on numbered slots: each step is done for some records before the next one is.

use std::ops::Range;

use super::history::lookup::{Counting, Findings, Histories, HistoryStep};
use super::key::Key;
use super::recent::plan::Plan;
use super::recent::table::Table;
use super::slots::{Asked, Block, Load, Slots, View, kept};
use super::step::pattern::Room;
use super::step::when::Choosing;
use super::step::{DatePartStep, ExtractStep, ImputeStep, NumberStep, OneHotStep, WhenStep};
use crate::table::Record;

/// What is done with records. The first slots are those of the fields.
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

/// The room in which records are computed, side by side.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) slots: Slots,
    rooms: Vec<Room>,
    choosing: Choosing,
    /// What was found for each record.
    findings: Vec<Findings>,
    counting: Counting,
    /// Where a key is written.
    key: Vec<u8>,
}

impl Program {
    /// Returns room for so many records.
    pub(super) fn scratch(&self, rows: usize) -> Scratch {
        let rooms = self.steps.iter().filter_map(|step| match step {
            Step::Extract(step) => Some(step.pattern.room()),
            _ => None,
        });
        Scratch {
            slots: Slots::new(self.slots, rows),
            rooms: rooms.collect(),
            choosing: Choosing::default(),
            findings: (0..rows).map(|_| Findings::new(&self.histories)).collect(),
            counting: Counting::new(&self.histories),
            key: Vec::new(),
        }
    }

    /// Fills all slots of some records; the steps of the plan look up in the tables of each.
    pub(super) fn run<'t>(&self, records: &[&Record], recent: impl Fn(usize) -> &'t [Table], scratch: &mut Scratch) {
        self.run_steps(records, recent, scratch, self.steps.iter());
    }

    /// Fills the slots of a record that only some steps fill, as [`Self::needed`] found them.
    pub(super) fn run_needed(&self, record: &Record, recent: &[Table], scratch: &mut Scratch, needed: &[usize]) {
        self.run_steps(&[record], |_| recent, scratch, needed.iter().map(|place| &self.steps[*place]));
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

    fn run_steps<'s, 't>(
        &self,
        records: &[&Record],
        recent: impl Fn(usize) -> &'t [Table],
        scratch: &mut Scratch,
        steps: impl Iterator<Item = &'s Step>,
    ) {
        let Scratch { slots, rooms, choosing, findings, counting, key } = scratch;
        slots.load(&self.loads, records);
        findings.iter_mut().take(records.len()).for_each(Findings::reset);
        let block = &mut Block { records, constants: &self.constants, slots };
        let mut coded = 0;
        for step in steps {
            match step {
                Step::Extract(step) => step.run(block, rooms),
                Step::When(step) => step.run(block, choosing),
                Step::Impute(step) => step.run(block),
                Step::OneHot(step) => step.run(block),
                Step::Number(step) => step.run(block.slots),
                Step::DatePart(step) => step.run(block),
                Step::History(step) => {
                    self.code(block, std::mem::replace(&mut coded, step.to)..step.to);
                    for (row, findings) in findings.iter_mut().enumerate().take(records.len()) {
                        let value = self.histories.value(step, &block.asked(row), findings, counting);
                        block.slots.numbers_mut(step.to)[row] = kept(value);
                    }
                }
                Step::Recent(step) => {
                    for row in 0..block.rows() {
                        let table = recent(row).get(step.place);
                        let value = table.map_or(0.0, |table| table.value(&step.key, &block.asked(row), key));
                        block.slots.numbers_mut(step.to)[row] = kept(value);
                    }
                }
            }
        }
    }

    /// Fills the slots of a record's fields alone, with the codes of its texts.
    pub(super) fn load(&self, record: &Record, scratch: &mut Scratch) {
        let (records, slots) = (&[record][..], &mut scratch.slots);
        slots.load(&self.loads, records);
        self.code(&mut Block { records, constants: &self.constants, slots }, 0..self.loads.len());
    }

    /// Puts the codes of texts in some slots, where a history compares them.
    pub(super) fn code(&self, block: &mut Block<'_>, slots: Range<usize>) {
        for (slot, texts) in self.histories.members.coded().filter(|(slot, _)| slots.contains(slot)) {
            for row in 0..block.rows() {
                let code = texts.code(block.asked(row).text(slot));
                block.slots.numbers_mut(slot)[row] = code;
            }
        }
    }

    /// Returns what can be asked for the content of the slots of the one record that was computed.
    pub(super) fn asked<'a>(&'a self, record: &'a Record, scratch: &'a Scratch) -> Asked<'a> {
        Asked::new(record, &self.constants, &scratch.slots, 0)
    }
}
