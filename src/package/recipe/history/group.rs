//! A group of members around a record.

use super::index::Index;
use super::members::{Member, Members};
use crate::package::recipe::key::Key;
use crate::package::recipe::slots::View;
use crate::package::recipe::test::{Test, all_hold};

/// What members of a group have in common with a record.
#[derive(Debug)]
pub(in crate::package::recipe) struct GroupRule {
    /// What is the same.
    pub(in crate::package::recipe) same: Key,
    /// The slots whose numbers are near, and how near.
    pub(in crate::package::recipe) within: Box<[(usize, f64)]>,
    /// What holds for both.
    pub(in crate::package::recipe) tests: Box<[Test]>,
}

/// The members that can be in a group, indexed for look-up.
#[derive(Debug)]
pub(in crate::package::recipe) struct Group {
    rule: GroupRule,
    index: Index,
    /// The first near number of each member of the index.
    numbers: Vec<f64>,
}

impl Group {
    pub(in crate::package::recipe) fn new(rule: GroupRule, members: &Members) -> Self {
        let is_admitted = |member: &Member<'_>| {
            all_hold(&rule.tests, member) && rule.within.iter().all(|(slot, _)| !member.number(*slot).is_nan())
        };
        let order = rule.within.first().map(|(slot, _)| |index: u32| members.get(index).number(*slot));
        let index = Index::new(rule.same.clone(), members, is_admitted, order);
        let first = rule.within.first();
        let numbers = first.map(|(slot, _)| index.members.iter().map(|one| members.get(*one).number(*slot)).collect());
        Self { rule, index, numbers: numbers.unwrap_or_default() }
    }

    /// Adds the members that are in the group of a record, the record itself among them if it is one.
    pub(in crate::package::recipe) fn collect(&self, view: &impl View, members: &Members, found: &mut Vec<u32>) {
        if !all_hold(&self.rule.tests, view) {
            return;
        }
        let mut range = self.index.look_up(view, members);
        let Some(((slot, tolerance), others)) = self.rule.within.split_first() else {
            found.extend_from_slice(&self.index.members[range]);
            return;
        };
        let number = view.number(*slot);
        if number.is_nan() {
            return;
        }
        let numbers = &self.numbers[range.clone()];
        let start = numbers.partition_point(|one| number - one > *tolerance);
        let end = numbers.partition_point(|one| one - number <= *tolerance);
        range = range.start + start..range.start + end.max(start);
        let is_near = |index: &u32| {
            let member = members.get(*index);
            others.iter().all(|(slot, tolerance)| (member.number(*slot) - view.number(*slot)).abs() <= *tolerance)
        };
        found.extend(self.index.members[range].iter().copied().filter(is_near));
    }
}
