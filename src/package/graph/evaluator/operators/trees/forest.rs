//! Nodes of trees in a row, and the walk over them.
//!
//! All that a node can ask is made one question: is the value no greater than the threshold? So a step is one comparison. A leaf is a node
//! whose answers lead to itself: a walk that is there goes on without moving, which is faster than to ask whether it is. Rows go through one
//! tree after another, some at once, so that a tree stays in the cache while it is walked.

use super::super::super::fault::Fault;
use super::super::super::tensor::size;
use super::value::Value;

/// Rows that go through a tree before the next tree.
const BLOCK: usize = 64;

/// Walks at a time: of rows through one tree, or of a row through trees.
const LANES: usize = 8;

/// The bit of a feature whose missing value goes the way of yes.
pub(super) const MISSING_IS_YES: u32 = 1 << 31;

/// The bit of a feature whose threshold is the next lower number: the question was whether a value is less.
pub(super) const LOWERED: u32 = 1 << 30;

/// Features that there may be.
pub(super) const MAX_FEATURES: u32 = LOWERED;

/// A question, and where its answers lead.
#[derive(Debug, Clone, Copy)]
pub(super) struct Question<T> {
    pub(super) threshold: T,
    /// The column, and bits above it.
    pub(super) feature: u32,
    pub(super) yes: u32,
    pub(super) no: u32,
}

/// What leaves say.
#[derive(Debug)]
pub(super) enum Leaves<T> {
    /// Each has one weight, all of the same target: it stands in the place of a threshold.
    One { target: usize },
    /// Each has any number: those from its start to the start of the next one.
    Many { starts: Box<[u32]>, weights: Box<[(u32, T)]> },
}

/// Trees whose nodes stand in a row.
#[derive(Debug)]
pub(super) struct Forest<T> {
    /// The questions, and behind them the leaves.
    pub(super) nodes: Box<[Question<T>]>,
    /// How many are questions.
    pub(super) questions: u32,
    pub(super) roots: Box<[u32]>,
    pub(super) leaves: Leaves<T>,
    /// How many columns a row must have.
    pub(super) columns: usize,
}

/// The score of each target for each row.
#[derive(Debug)]
pub(super) struct Scores<T> {
    pub(super) values: Vec<T>,
    /// Whether a tree said something of a target.
    pub(super) has: Vec<bool>,
}

/// Some rows, and their scores.
struct Block<'a, T> {
    rows: &'a [T],
    columns: usize,
    targets: usize,
    aggregate: Aggregate,
    values: &'a mut [T],
    has: &'a mut [bool],
}

impl<T: Value> Forest<T> {
    /// Computes the scores of rows that stand one after another.
    pub(super) fn scores(
        &self,
        rows: &[T],
        columns: usize,
        targets: usize,
        aggregate: Aggregate,
    ) -> Result<Scores<T>, Fault> {
        if columns < self.columns {
            return Err(Fault::new(format!("{} columns at least", self.columns), columns.to_string()));
        }
        let count = rows.len() / columns.max(1);
        let all = size(&[count, targets])?;
        let mut scores = Scores { values: vec![T::ZERO; all], has: vec![false; all] };
        let blocks = scores.values.chunks_mut(BLOCK * targets).zip(scores.has.chunks_mut(BLOCK * targets));
        for (rows, (values, has)) in rows.chunks(BLOCK * columns.max(1)).zip(blocks) {
            let block = Block { rows, columns, targets, aggregate, values, has };
            match &self.leaves {
                Leaves::One { target } => self.add_one(block, *target),
                Leaves::Many { starts, weights } => self.add_many(block, starts, weights),
            }
        }
        if aggregate == Aggregate::Average {
            scores.values.iter_mut().for_each(|value| *value = value.divided(self.roots.len().max(1)));
        }
        Ok(scores)
    }

    fn add_one(&self, block: Block<'_, T>, target: usize) {
        let Block { rows, columns, targets, aggregate, values, has } = block;
        self.each_leaf(rows, columns, |row, tree, leaf| {
            let (value, weight) = (&mut values[row * targets + target], self.nodes[leaf as usize].threshold);
            *value = if tree == 0 { weight } else { aggregate.join(*value, weight) };
        });
        if !self.roots.is_empty() {
            has.chunks_exact_mut(targets).for_each(|has| has[target] = true);
        }
    }

    fn add_many(&self, block: Block<'_, T>, starts: &[u32], weights: &[(u32, T)]) {
        let Block { rows, columns, targets, aggregate, values, has } = block;
        self.each_leaf(rows, columns, |row, _, leaf| {
            let leaf = (leaf - self.questions) as usize;
            for &(target, weight) in &weights[starts[leaf] as usize..starts[leaf + 1] as usize] {
                let place = row * targets + target as usize;
                values[place] = if has[place] { aggregate.join(values[place], weight) } else { weight };
                has[place] = true;
            }
        });
    }

    /// Calls a function with each row, each tree in its order, and the leaf that the row comes to.
    fn each_leaf(&self, rows: &[T], columns: usize, visit: impl FnMut(usize, usize, u32)) {
        // One look at all values spares each step of each walk its own.
        if rows.iter().any(|value| value.is_missing()) {
            self.walk::<true>(rows, columns, visit);
        } else {
            self.walk::<false>(rows, columns, visit);
        }
    }

    fn walk<const MAY_MISS: bool>(&self, rows: &[T], columns: usize, mut visit: impl FnMut(usize, usize, u32)) {
        let groups = rows.chunks_exact(LANES * columns);
        let (rest, first) = (groups.remainder(), rows.len() / (LANES * columns) * LANES);
        for (tree, &root) in self.roots.iter().enumerate() {
            for (group, rows) in groups.clone().enumerate() {
                for (lane, leaf) in self.leaves::<MAY_MISS>([root; LANES], rows, columns).into_iter().enumerate() {
                    visit(group * LANES + lane, tree, leaf);
                }
            }
        }
        for (row, values) in rest.chunks_exact(columns).enumerate() {
            for (group, roots) in self.roots.chunks(LANES).enumerate() {
                // Where there are fewer trees than walks, the others stand at a leaf.
                let starts = std::array::from_fn(|lane| roots.get(lane).copied().unwrap_or(self.questions));
                let leaves = self.leaves::<MAY_MISS>(starts, values, 0);
                for (lane, leaf) in leaves.into_iter().enumerate().take(roots.len()) {
                    visit(first + row, group * LANES + lane, leaf);
                }
            }
        }
    }

    /// Returns the leaves that some walks come to, in step: while one waits for memory, the others go on. The rows of the walks stand so far
    /// apart, and values may be missing or not. A tree has no circle, which was checked, so that all walks end.
    fn leaves<const MAY_MISS: bool>(&self, starts: [u32; LANES], values: &[T], apart: usize) -> [u32; LANES] {
        let mut at = starts;
        loop {
            let mut all_there = true;
            for (lane, at) in at.iter_mut().enumerate() {
                let node = &self.nodes[*at as usize];
                let value = values[lane * apart + (node.feature & (MAX_FEATURES - 1)) as usize];
                let is_missing = MAY_MISS && (node.feature & MISSING_IS_YES != 0) & value.is_missing();
                let is_yes = (value <= node.threshold) | is_missing;
                *at = if is_yes { node.yes } else { node.no };
                all_there &= *at >= self.questions;
            }
            if all_there {
                return at;
            }
        }
    }
}

impl Forest<f32> {
    /// Returns the same trees for rows of doubles. A threshold that was lowered is lowered by less.
    pub(super) fn widened(&self) -> Forest<f64> {
        let threshold = |node: &Question<f32>| {
            if node.feature & LOWERED == 0 || node.threshold.is_nan() {
                f64::from(node.threshold)
            } else {
                f64::from(node.threshold.next_up()).lowered()
            }
        };
        let nodes = self.nodes.iter().map(|node| Question {
            threshold: threshold(node),
            feature: node.feature,
            yes: node.yes,
            no: node.no,
        });
        let leaves = match &self.leaves {
            Leaves::One { target } => Leaves::One { target: *target },
            Leaves::Many { starts, weights } => Leaves::Many {
                starts: starts.clone(),
                weights: weights.iter().map(|&(target, weight)| (target, weight.into())).collect(),
            },
        };
        let (questions, roots) = (self.questions, self.roots.clone());
        Forest { nodes: nodes.collect(), questions, roots, leaves, columns: self.columns }
    }
}

/// How the weights of all trees become one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Aggregate {
    Sum,
    Average,
    Min,
    Max,
}

impl Aggregate {
    fn join<T: Value>(self, all: T, weight: T) -> T {
        match self {
            Self::Sum | Self::Average => all.plus(weight),
            Self::Min if weight < all => weight,
            Self::Max if weight > all => weight,
            Self::Min | Self::Max => all,
        }
    }
}

impl<T: Value> Scores<T> {
    /// Adds the base values: one of a target that stands alone, or one of each that a tree spoke of; as in onnxruntime, others stay 0.
    pub(super) fn add_base(&mut self, base: &[f64], targets: usize) {
        if base.len() != targets {
            return;
        }
        for (place, (value, has)) in self.values.iter_mut().zip(&self.has).enumerate() {
            if *has || targets == 1 {
                *value = value.plus(T::from_wide(base[place % targets]));
            }
        }
    }
}
