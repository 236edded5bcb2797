//! A group of members around a record.

use super::index::Index;
use super::members::Members;
use crate::package::recipe::slots::View;
use crate::package::recipe::test::{Test, all_hold};

/// What members of a group have in common with a record.
#[derive(Debug)]
pub(in crate::package::recipe) struct GroupRule {
    /// The slots in which they have the same.
    pub(in crate::package::recipe) same: Box<[usize]>,
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
}

impl Group {
    pub(in crate::package::recipe) fn new(rule: GroupRule, members: &Members) -> Self {
        let mut admitted: Vec<u32> = (0..members.count).collect();
        for slot in rule.same.iter().chain(rule.within.iter().map(|(slot, _)| slot)) {
            let numbers = members.numbers(*slot);
            admitted.retain(|member| !numbers[*member as usize].is_nan());
        }
        admitted.retain(|member| all_hold(&rule.tests, &members.get(*member)));
        let near = rule.within.first().map(|(slot, _)| *slot);
        let index = Index::new(&rule.same, near, members, admitted);
        Self { rule, index }
    }

    /// Adds the members that are in the group of a record, the record itself among them if it is one.
    pub(in crate::package::recipe) fn collect(&self, view: &impl View, members: &Members, found: &mut Vec<u32>) {
        if !all_hold(&self.rule.tests, view) {
            return;
        }
        let range = self.index.look_up(view, members);
        let Some(((slot, tolerance), others)) = self.rule.within.split_first() else {
            found.extend_from_slice(&self.index.members[range]);
            return;
        };
        let number = view.number(*slot);
        if number.is_nan() {
            return;
        }
        let near = self.index.near(range, number, *tolerance);
        if others.is_empty() {
            found.extend_from_slice(near);
            return;
        }
        let is_near = |index: &u32| {
            let member = members.get(*index);
            others.iter().all(|(slot, tolerance)| (member.number(*slot) - view.number(*slot)).abs() <= *tolerance)
        };
        found.extend(near.iter().copied().filter(is_near));
    }
}
