//! Which members may be the record itself: these tell it nothing, or it would be told its own label.

use super::index::Index;
use super::members::{Member, Members};
use crate::package::recipe::key::{Key, Part, PartValue};
use crate::package::recipe::slots::View;

/// By what a member is known to be a record.
#[derive(Debug)]
pub(in crate::package::recipe) struct Identity {
    fields: Box<[ByField]>,
    /// What else of both is compared.
    compared: Box<[Part]>,
}

/// The members by one field of the identity.
#[derive(Debug)]
struct ByField {
    part: Part,
    index: Index,
    /// Those that lack the field.
    without: Vec<u32>,
}

impl Identity {
    pub(in crate::package::recipe) fn new(fields: &[Part], compared: Box<[Part]>, members: &Members) -> Self {
        let by_field = |part: &Part| {
            let index = Index::new(Key([*part].into()), members, |_| true, None::<fn(u32) -> f64>);
            let lacks = |index: &u32| part.of(&members.get(*index)) == PartValue::Missing;
            ByField { part: *part, index, without: (0..members.count).filter(lacks).collect() }
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
        let given = self.fields.iter().filter(|field| field.part.of(view) != PartValue::Missing);
        let candidates = given.map(|field| (field, field.index.look_up(view, members)));
        let fewest = candidates.min_by_key(|(field, range)| range.len() + field.without.len());
        let may_be = |index: &u32| self.may_be(view, &members.get(*index));
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
    fn may_be(&self, view: &impl View, member: &Member<'_>) -> bool {
        let is_equal = |field: &ByField| {
            let value = field.part.of(view);
            value != PartValue::Missing && value == field.part.of(member)
        };
        self.fields.iter().all(is_equal) || !self.compared.iter().any(|part| differ(part.of(view), part.of(member)))
    }
}

fn differ(one: PartValue<'_>, other: PartValue<'_>) -> bool {
    one != PartValue::Missing && other != PartValue::Missing && one != other
}
