//! How the members around a record fared, beyond what was expected of them.

use super::group::Group;
use super::identity::Identity;
use super::index::sort;
use super::members::Members;
use super::outcome::{Outcomes, Tally};
use crate::package::recipe::slots::View;

/// All that the `history` steps of a recipe look up.
#[derive(Debug, Default)]
pub(in crate::package::recipe) struct Histories {
    pub(in crate::package::recipe) members: Members,
    pub(in crate::package::recipe) outcomes: Outcomes,
    pub(in crate::package::recipe) identities: Vec<Identity>,
    pub(in crate::package::recipe) lookups: Vec<Lookup>,
}

/// What several steps look up together.
#[derive(Debug)]
pub(in crate::package::recipe) struct Lookup {
    pub(in crate::package::recipe) identity: usize,
    pub(in crate::package::recipe) groups: Box<[Group]>,
    pub(in crate::package::recipe) cells: Option<Cells>,
}

/// A `history` step, compiled.
#[derive(Debug)]
pub(in crate::package::recipe) struct HistoryStep {
    pub(in crate::package::recipe) lookup: usize,
    /// Which members count; all where there is none.
    pub(in crate::package::recipe) only: Option<Box<[bool]>>,
    pub(in crate::package::recipe) prior: f64,
    pub(in crate::package::recipe) to: usize,
}

/// What is expected of a member: the mean of its cell, drawn to the mean of all.
#[derive(Debug)]
pub(in crate::package::recipe) struct Cells {
    of_member: Vec<u32>,
    tallies: Vec<Tally>,
    prior: f64,
}

impl Cells {
    /// Makes a cell of each value of a key, a missing one among them; their order is that of the values, whatever the order of members.
    pub(in crate::package::recipe) fn new(key: &[usize], prior: f64, members: &Members, outcomes: &Outcomes) -> Self {
        let mut sorted: Vec<u32> = (0..members.count).collect();
        for column in key.iter().rev().filter_map(|slot| members.column(*slot)) {
            let _ = sort(&mut sorted, column);
        }
        let columns: Vec<&[f64]> = key.iter().map(|slot| members.numbers(*slot)).collect();
        let value = |numbers: &[f64], member: u32| numbers[member as usize].to_bits();
        let (mut of_member, mut tallies) = (vec![0; sorted.len()], vec![Tally::default()]);
        for (place, member) in sorted.iter().enumerate() {
            let before = place.checked_sub(1).map_or(*member, |before| sorted[before]);
            if columns.iter().any(|numbers| value(numbers, before) != value(numbers, *member)) {
                tallies.push(Tally::default());
            }
            let cell = tallies.len() - 1;
            of_member[*member as usize] = u32::try_from(cell).unwrap_or(u32::MAX);
            tallies[cell].add(outcomes.of(*member));
        }
        Self { of_member, tallies, prior }
    }
}

/// What was found for one record.
#[derive(Debug, Default)]
pub(in crate::package::recipe) struct Findings {
    /// By identity.
    own: Vec<Found>,
    /// By look-up, those who may be the record left out.
    around: Vec<Found>,
}

/// Where members are counted.
#[derive(Debug, Default)]
pub(in crate::package::recipe) struct Counting {
    /// How many members of each cell count; zeros between two steps.
    counts: Vec<u32>,
    /// The cells that have some.
    cells: Vec<u32>,
}

#[derive(Debug, Default, Clone)]
struct Found {
    is_ready: bool,
    members: Vec<u32>,
}

impl Found {
    fn reset(&mut self) {
        self.is_ready = false;
        self.members.clear();
    }
}

impl Findings {
    pub(in crate::package::recipe) fn new(histories: &Histories) -> Self {
        Self {
            own: vec![Found::default(); histories.identities.len()],
            around: vec![Found::default(); histories.lookups.len()],
        }
    }

    /// Forgets the record before.
    pub(in crate::package::recipe) fn reset(&mut self) {
        self.own.iter_mut().chain(&mut self.around).for_each(Found::reset);
    }
}

impl Counting {
    pub(in crate::package::recipe) fn new(histories: &Histories) -> Self {
        let cells = |lookup: &Lookup| lookup.cells.as_ref().map_or(1, |cells| cells.tallies.len());
        let count = histories.lookups.iter().map(cells).max().unwrap_or_default();
        Self { counts: vec![0; count], cells: Vec::new() }
    }
}

impl Histories {
    /// Returns whether a record may be one of the members, as far as its identity is given.
    pub(in crate::package::recipe) fn may_know(&self, view: &impl View) -> bool {
        let mut own = Vec::new();
        for identity in &self.identities {
            identity.find(view, &self.members, false, &mut own);
        }
        !own.is_empty()
    }

    /// Returns the value of a step for a record.
    pub(in crate::package::recipe) fn value(
        &self,
        step: &HistoryStep,
        asked: &impl View,
        findings: &mut Findings,
        counting: &mut Counting,
    ) -> f64 {
        let lookup = &self.lookups[step.lookup];
        self.find(step.lookup, asked, findings);
        let Findings { own, around } = findings;
        let Counting { counts, cells } = counting;
        let (own, around) = (&own[lookup.identity].members, &around[step.lookup].members);
        let mut tally = Tally::default();
        let cell_of_member = lookup.cells.as_ref().map(|cells| &*cells.of_member);
        for member in around {
            if step.only.as_ref().is_some_and(|only| !only[*member as usize]) {
                continue;
            }
            tally.add(self.outcomes.of(*member));
            let cell = cell_of_member.map_or(0, |cells| cells[*member as usize]);
            if counts[cell as usize] == 0 {
                cells.push(cell);
            }
            counts[cell as usize] += 1;
        }
        if tally.count == 0 {
            return 0.0;
        }
        // What is expected is added up in the order of cells, so that the sum depends on no order of members.
        cells.sort_unstable();
        let mean = self.mean_without(own);
        let mut expected = 0.0;
        for cell in cells.drain(..) {
            let count = std::mem::take(&mut counts[cell as usize]);
            expected += f64::from(count) * self.expected(lookup.cells.as_ref(), cell, own, mean);
        }
        (self.outcomes.number(tally.sum) - expected) / (f64::from(tally.count) + step.prior)
    }

    /// Finds those around a record, and those who may be it, unless an earlier step did.
    fn find(&self, lookup: usize, asked: &impl View, findings: &mut Findings) {
        let Lookup { groups, identity, .. } = &self.lookups[lookup];
        let found = &mut findings.around[lookup];
        if std::mem::replace(&mut found.is_ready, true) {
            return;
        }
        for group in groups {
            group.collect(asked, &self.members, &mut found.members);
        }
        if found.members.is_empty() {
            return;
        }
        if groups.len() > 1 {
            found.members.sort_unstable();
            found.members.dedup();
        }
        let own = &mut findings.own[*identity];
        if !std::mem::replace(&mut own.is_ready, true) {
            self.identities[*identity].find(asked, &self.members, true, &mut own.members);
        }
        if !own.members.is_empty() {
            found.members.retain(|member| own.members.binary_search(member).is_err());
        }
    }

    /// Returns the mean of all members but some.
    fn mean_without(&self, own: &[u32]) -> f64 {
        let mut all = self.outcomes.all;
        for member in own {
            all.take_out(self.outcomes.of(*member));
        }
        self.outcomes.number(all.sum) / f64::from(all.count)
    }

    /// Returns what is expected of a member of a cell, had some members never been.
    fn expected(&self, cells: Option<&Cells>, cell: u32, own: &[u32], mean: f64) -> f64 {
        let Some(Cells { of_member, tallies, prior }) = cells else { return mean };
        let mut tally = tallies[cell as usize];
        for member in own.iter().filter(|member| of_member[**member as usize] == cell) {
            tally.take_out(self.outcomes.of(*member));
        }
        (self.outcomes.number(tally.sum) + prior * mean) / (f64::from(tally.count) + prior)
    }
}
