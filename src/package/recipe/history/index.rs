//! Finds members by a key of theirs, of which it holds no copy.

use hashbrown::HashTable;

use super::members::{Member, Members};
use crate::package::recipe::key::{Key, hash};
use crate::package::recipe::slots::View;

/// Stands for a member that belongs nowhere.
pub(super) const NONE: u32 = u32::MAX;

/// The members by the value of a key: those of one value are a class, numbered as they come.
#[derive(Debug)]
pub(super) struct Classes {
    key: Key,
    table: HashTable<u32>,
    /// The first member of each class.
    pub(super) firsts: Vec<u32>,
    /// The class of each member.
    pub(super) of_member: Vec<u32>,
}

impl Classes {
    /// Makes classes of the members that are admitted.
    pub(super) fn new(key: Key, members: &Members, is_admitted: impl Fn(&Member<'_>) -> bool) -> Self {
        let count = members.count as usize;
        let (mut table, mut firsts, mut of_member) =
            (HashTable::with_capacity(count), Vec::new(), Vec::with_capacity(count));
        for index in 0..members.count {
            let member = members.get(index);
            if !is_admitted(&member) {
                of_member.push(NONE);
                continue;
            }
            let first_is_equal = |class: &u32| {
                let first: u32 = firsts[*class as usize];
                key.of(&members.get(first)).eq(key.of(&member))
            };
            let hash_of = |class: &u32| hash(key.of(&members.get(firsts[*class as usize])));
            let own_hash = hash(key.of(&member));
            let class = if let Some(class) = table.find(own_hash, first_is_equal) {
                *class
            } else {
                let class = of_number(firsts.len());
                table.insert_unique(own_hash, class, hash_of);
                firsts.push(index);
                class
            };
            of_member.push(class);
        }
        Self { key, table, firsts, of_member }
    }

    fn look_up(&self, view: &impl View, members: &Members) -> Option<u32> {
        let is_equal = |class: &u32| {
            let first = members.get(self.firsts[*class as usize]);
            self.key.of(&first).eq(self.key.of(view))
        };
        self.table.find(hash(self.key.of(view)), is_equal).copied()
    }
}

/// Members by a key whose every part is known.
#[derive(Debug)]
pub(super) struct Index {
    classes: Classes,
    /// Where the members of each class begin, and where the last one's end.
    starts: Vec<u32>,
    /// The members by class.
    pub(super) members: Vec<u32>,
}

impl Index {
    /// Makes an index of the members that are admitted, those of one key in the order of a number.
    pub(super) fn new(
        key: Key,
        members: &Members,
        is_admitted: impl Fn(&Member<'_>) -> bool,
        order: Option<impl Fn(u32) -> f64>,
    ) -> Self {
        let whole = key.clone();
        let mut classes = Classes::new(key, members, |member| whole.is_whole(member) && is_admitted(member));
        let mut starts = vec![0; classes.firsts.len() + 1];
        for class in classes.of_member.iter().filter(|class| **class != NONE) {
            starts[*class as usize + 1] += 1;
        }
        for class in 1..starts.len() {
            starts[class] += starts[class - 1];
        }
        let mut next = starts.clone();
        let total = starts.last().copied().unwrap_or_default();
        let mut by_class = vec![0; total as usize];
        for (class, member) in std::mem::take(&mut classes.of_member).into_iter().zip(0..) {
            if class != NONE {
                by_class[next[class as usize] as usize] = member;
                next[class as usize] += 1;
            }
        }
        if let Some(order) = order {
            for bounds in starts.windows(2) {
                let class = &mut by_class[bounds[0] as usize..bounds[1] as usize];
                class.sort_by(|one, other| order(*one).total_cmp(&order(*other)));
            }
        }
        Self { classes, starts, members: by_class }
    }

    /// Returns where in `members` those stand that have the key of a record.
    pub(super) fn look_up(&self, view: &impl View, members: &Members) -> std::ops::Range<usize> {
        if !self.classes.key.is_whole(view) {
            return 0..0;
        }
        let class = self.classes.look_up(view, members).map(|class| class as usize);
        class.map_or(0..0, |class| self.starts[class] as usize..self.starts[class + 1] as usize)
    }
}

/// Returns a number of members or classes, of which a history has fewer than 2^32.
pub(super) fn of_number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(NONE)
}
