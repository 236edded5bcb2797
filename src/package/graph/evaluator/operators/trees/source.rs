//! Trees as a file has them, whatever the operator.

use std::borrow::Cow;

use super::super::super::fault::Fault;

/// Nodes and leaves that an ensemble may have: 160 MB of a file.
pub(super) const MAX_NODES: usize = 1 << 22;

/// Targets or classes that an ensemble may have.
const MAX_TARGETS: i64 = 1 << 16;

/// What a node asks of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mode {
    NoGreater,
    Less,
    NoLess,
    Greater,
    Equal,
    Unequal,
    /// Whether it is one of several.
    Member,
}

/// Where a node leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Link {
    /// To a node, which is a leaf if it does not ask.
    Node(u32),
    /// To one of the leaves that stand apart.
    Leaf(u32),
}

/// A node that asks.
#[derive(Debug, Clone, Copy)]
pub(super) struct Split {
    pub(super) feature: u32,
    pub(super) mode: Mode,
    pub(super) missing_is_yes: bool,
    pub(super) yes: Link,
    pub(super) no: Link,
    /// The members of its set, by their place among all.
    pub(super) members: (u32, u32),
}

/// Numbers of a file.
#[derive(Debug)]
pub(super) enum Numbers<'a> {
    Float(Cow<'a, [f32]>),
    Double(Vec<f64>),
}

/// Trees of a file. Links are within their bounds, but may lead in circles.
#[derive(Debug)]
pub(super) struct Ensemble<'a> {
    /// None stands for the leaves among the nodes of some operators.
    pub(super) splits: Vec<Option<Split>>,
    /// The threshold of each split.
    pub(super) thresholds: Numbers<'a>,
    /// The values of sets.
    pub(super) members: Vec<f64>,
    pub(super) roots: Vec<Link>,
    /// Where the weights of each leaf begin, by its number or that of its node, and where those of the last one end.
    pub(super) starts: Vec<u32>,
    pub(super) targets: Vec<u32>,
    pub(super) weights: Numbers<'a>,
    pub(super) base_values: Numbers<'a>,
    /// Whether rows of doubles have answers of doubles.
    pub(super) keeps_doubles: bool,
}

impl Numbers<'_> {
    pub(super) fn len(&self) -> usize {
        match self {
            Self::Float(numbers) => numbers.len(),
            Self::Double(numbers) => numbers.len(),
        }
    }

    pub(super) fn wide(&self) -> Cow<'_, [f64]> {
        match self {
            Self::Float(numbers) => numbers.iter().map(|&number| number.into()).collect(),
            Self::Double(numbers) => numbers.into(),
        }
    }

    /// Refuses numbers that are none.
    pub(super) fn checked(self, what: &str) -> Result<Self, Fault> {
        let place = match &self {
            Self::Float(numbers) => numbers.iter().position(|number| number.is_nan()),
            Self::Double(numbers) => numbers.iter().position(|number| number.is_nan()),
        };
        match place {
            Some(place) => Err(Fault::new(format!("numbers in {what}"), format!("NaN at {place}"))),
            None => Ok(self),
        }
    }
}

/// Reads the number of targets.
pub(super) fn count(what: &str, number: i64) -> Result<usize, Fault> {
    let found = usize::try_from(number).ok().filter(|_| (1..=MAX_TARGETS).contains(&number));
    found.ok_or_else(|| Fault::new(format!("{what} from 1 to {MAX_TARGETS}"), number.to_string()))
}

/// Refuses more nodes than there may be.
pub(super) fn check_count(what: &str, count: usize) -> Result<(), Fault> {
    if count <= MAX_NODES { Ok(()) } else { Err(Fault::new(format!("{MAX_NODES} {what} at most"), count.to_string())) }
}
