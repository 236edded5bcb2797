//! Which members may be the record itself: these tell it nothing, or it would be told its own label.

use super::index::Index;
use super::members::Members;
use crate::package::recipe::slots::View;

/// By what a member is known to be a record.
#[derive(Debug)]
pub(in crate::package::recipe) struct Identity {
    fields: Box<[ByField]>,
    /// The slots that are compared as well.
    compared: Box<[usize]>,
}

/// The members by one field of the identity.
#[derive(Debug)]
struct ByField {
    slot: usize,
    index: Index,
    /// Those that lack the field.
    without: Vec<u32>,
}

impl Identity {
    pub(in crate::package::recipe) fn new(fields: &[usize], compared: Box<[usize]>, members: &Members) -> Self {
        let by_field = |slot: &usize| {
            let numbers = members.numbers(*slot);
            let (without, with) = (0..members.count).partition(|member| numbers[*member as usize].is_nan());
            ByField { slot: *slot, index: Index::new(&[*slot], None, members, with), without }
        };
        Self { fields: fields.iter().map(by_field).collect(), compared }
    }

    /// Finds the members that may be a record, in order. One without any field of the identity is compared with every member, or with
    /// none where that is not wanted.
    ///
    /// With one of these fields given, only those can be the record that have the same there, or nothing: by either rule.
    pub(in crate::package::recipe) fn find(
        &self,
        view: &impl View,
        members: &Members,
        compares_all: bool,
        own: &mut Vec<u32>,
    ) {
        let given = self.fields.iter().filter(|field| !view.number(field.slot).is_nan());
        let candidates = given.map(|field| (field, field.index.look_up(view, members)));
        let fewest = candidates.min_by_key(|(field, range)| range.len() + field.without.len());
        let may_be = |member: &u32| self.may_be(view, *member, members);
        match fewest {
            Some((field, range)) => {
                let candidates = field.index.members[range].iter().chain(&field.without);
                own.extend(candidates.copied().filter(may_be));
            }
            None if compares_all => own.extend((0..members.count).filter(may_be)),
            None => {}
        }
        own.sort_unstable();
    }

    /// Returns whether a member may be the record: all of the identity is given and equal, or nothing that both have differs.
    fn may_be(&self, view: &impl View, member: u32, members: &Members) -> bool {
        let member = members.get(member);
        #[expect(clippy::float_cmp, reason = "codes, and numbers as they were given")]
        let is_equal = |field: &ByField| view.number(field.slot) == member.number(field.slot);
        // Of two numbers that differ, one is below the other; one that is missing is not.
        let differ = |slot: &usize| {
            let (one, other) = (view.number(*slot), member.number(*slot));
            one < other || other < one
        };
        self.fields.iter().all(is_equal) || !self.compared.iter().any(differ)
    }
}
