//! Trees of a file made a forest: checked, and in the order in which they are walked.

use super::super::super::fault::Fault;
use super::forest::{Forest, LOWERED, Leaves, MISSING_IS_YES, Question};
use super::source::{Ensemble, Link, MAX_NODES, Mode, Split, check_count};
use super::value::Value;

/// The bit of a link that has the number of a leaf: where the leaves stand is known when all questions do.
const LEAF: u32 = 1 << 31;

/// Builds a forest of trees with these thresholds and weights.
pub(super) fn forest<T: Value>(ensemble: &Ensemble<'_>, thresholds: &[T], weights: &[T]) -> Result<Forest<T>, Fault> {
    let mut builder = Builder {
        ensemble,
        thresholds,
        weights,
        nodes: Vec::with_capacity(ensemble.splits.len() / 2),
        starts: vec![0],
        of_leaves: Vec::with_capacity(weights.len()),
        seen: vec![false; ensemble.splits.len()],
        targets: Vec::new(),
        columns: 0,
    };
    let mut roots: Vec<u32> = ensemble.roots.iter().map(|&root| builder.tree(root)).collect::<Result<_, _>>()?;
    let Builder { mut nodes, starts, of_leaves, columns, .. } = builder;
    let questions = u32::try_from(nodes.len()).unwrap_or(u32::MAX);
    let place = |link: u32| if link & LEAF == 0 { link } else { questions + (link & !LEAF) };
    for node in &mut nodes {
        (node.yes, node.no) = (place(node.yes), place(node.no));
    }
    for root in &mut roots {
        *root = place(*root);
    }
    let target = only_target(&starts, &of_leaves);
    for (leaf, at) in (0..starts.len() - 1).zip(questions..) {
        let threshold = if target.is_some() { of_leaves[leaf].1 } else { T::ZERO };
        nodes.push(Question { threshold, feature: 0, yes: at, no: at });
    }
    let leaves = match target {
        Some(target) => Leaves::One { target: target as usize },
        None => Leaves::Many { starts: starts.into(), weights: of_leaves.into() },
    };
    // A walk looks at a value even of trees that are leaves alone.
    Ok(Forest { nodes: nodes.into(), questions, roots: roots.into(), leaves, columns: columns.max(1) })
}

/// Returns the target of all leaves, where each has one weight.
fn only_target<T>(starts: &[u32], weights: &[(u32, T)]) -> Option<u32> {
    let has_one_each = starts.windows(2).all(|ends| ends[1] - ends[0] == 1);
    let (target, _) = weights.first()?;
    (has_one_each && weights.iter().all(|(other, _)| other == target)).then_some(*target)
}

struct Builder<'a, T> {
    ensemble: &'a Ensemble<'a>,
    thresholds: &'a [T],
    weights: &'a [T],
    nodes: Vec<Question<T>>,
    starts: Vec<u32>,
    of_leaves: Vec<(u32, T)>,
    /// The nodes of the file that stand in the forest.
    seen: Vec<bool>,
    /// The links of the current tree's nodes. A node that is not complete has places in this list in their stead.
    targets: Vec<u32>,
    columns: usize,
}

impl<T: Value> Builder<'_, T> {
    /// Adds a tree, and returns the link to its root.
    fn tree(&mut self, root: Link) -> Result<u32, Fault> {
        let first = self.nodes.len();
        self.targets.clear();
        let target = self.target();
        let mut waiting = vec![(root, target)];
        while let Some((link, target)) = waiting.pop() {
            let (Link::Node(place) | Link::Leaf(place)) = link;
            let place = place as usize;
            let split = if let Link::Node(_) = link { self.split(place)? } else { None };
            let Some(split) = split else {
                self.targets[target as usize] = self.leaf(place)? | LEAF;
                continue;
            };
            self.targets[target as usize] = self.next()?;
            let (yes, no) = (self.target(), self.target());
            self.ask(place, &split, yes, no)?;
            // What is put last comes next: a node stands before its answer of yes.
            waiting.push((split.no, no));
            waiting.push((split.yes, yes));
        }
        for node in &mut self.nodes[first..] {
            node.yes = self.targets[node.yes as usize];
            node.no = self.targets[node.no as usize];
        }
        Ok(self.targets[target as usize])
    }

    fn target(&mut self) -> u32 {
        self.targets.push(0);
        u32::try_from(self.targets.len() - 1).unwrap_or(u32::MAX)
    }

    /// Returns the number that the next node gets.
    fn next(&self) -> Result<u32, Fault> {
        check_count("questions", self.nodes.len())?;
        Ok(u32::try_from(self.nodes.len()).unwrap_or(u32::MAX))
    }

    /// Returns what a node asks, none where it is a leaf.
    fn split(&mut self, node: usize) -> Result<Option<Split>, Fault> {
        if std::mem::replace(&mut self.seen[node], true) {
            let mend = "the trees are damaged: export the model again";
            return Err(Fault::new("one way to each node of a tree", format!("several to node {node}")).mended_by(mend));
        }
        let split = self.ensemble.splits[node];
        self.columns = self.columns.max(split.map_or(0, |split| split.feature as usize + 1));
        Ok(split)
    }

    /// Adds the weights of a leaf, and returns its number.
    fn leaf(&mut self, leaf: usize) -> Result<u32, Fault> {
        let number = u32::try_from(self.starts.len() - 1).ok().filter(|number| *number < LEAF);
        let number = number.ok_or_else(|| Fault::new("fewer leaves", "too many"))?;
        let (start, end) = (self.ensemble.starts[leaf] as usize, self.ensemble.starts[leaf + 1] as usize);
        if self.of_leaves.len() + (end - start) > 4 * MAX_NODES {
            return Err(Fault::new("fewer weights", "too many"));
        }
        let weights = self.ensemble.targets[start..end].iter().zip(&self.weights[start..end]);
        self.of_leaves.extend(weights.map(|(&target, &weight)| (target, weight)));
        self.starts.push(u32::try_from(self.of_leaves.len()).unwrap_or(u32::MAX));
        Ok(number)
    }

    /// Adds what a node asks, in questions of one kind.
    fn ask(&mut self, node: usize, split: &Split, yes: u32, no: u32) -> Result<(), Fault> {
        let (feature, missing) = (split.feature, split.missing_is_yes);
        let threshold = self.thresholds.get(node).copied().unwrap_or(T::ZERO);
        let when = |is_set: bool| if is_set { MISSING_IS_YES } else { 0 };
        let lowered = threshold.lowered();
        match split.mode {
            Mode::NoGreater => self.question(threshold, feature | when(missing), yes, no),
            Mode::Less => self.question(lowered, feature | LOWERED | when(missing), yes, no),
            // The opposites: a missing value, which is neither, must go the other way.
            Mode::Greater => self.question(threshold, feature | when(!missing), no, yes),
            Mode::NoLess => self.question(lowered, feature | LOWERED | when(!missing), no, yes),
            Mode::Equal => self.equal(threshold, feature | when(missing), yes, no),
            // A missing value is unequal to all.
            Mode::Unequal => self.equal(threshold, feature, no, yes),
            Mode::Member => self.member(split, yes, no)?,
        }
        Ok(())
    }

    fn question(&mut self, threshold: T, feature: u32, yes: u32, no: u32) {
        self.nodes.push(Question { threshold, feature, yes, no });
    }

    /// Asks whether a value is equal: no greater, and not less. A missing value that passes the first question passes the second.
    fn equal(&mut self, threshold: T, feature: u32, yes: u32, no: u32) {
        let second = self.target();
        self.targets[second as usize] = u32::try_from(self.nodes.len() + 1).unwrap_or(u32::MAX);
        self.question(threshold, feature, second, no);
        self.question(threshold.lowered(), (feature & !MISSING_IS_YES) | LOWERED, no, yes);
    }

    /// Asks whether a value is equal to one of a set, one after another.
    fn member(&mut self, split: &Split, yes: u32, no: u32) -> Result<(), Fault> {
        let members = self.ensemble.members.get(split.members.0 as usize..split.members.1 as usize).unwrap_or(&[]);
        if members.is_empty() {
            return Err(Fault::new("members of a set", "none"));
        }
        for (place, &member) in members.iter().enumerate() {
            let other = if place + 1 == members.len() {
                no
            } else {
                let other = self.target();
                self.targets[other as usize] = u32::try_from(self.nodes.len() + 2).unwrap_or(u32::MAX);
                other
            };
            let is_first_and_missing = if place == 0 && split.missing_is_yes { MISSING_IS_YES } else { 0 };
            self.equal(T::from_wide(member), split.feature | is_first_and_missing, yes, other);
            self.next()?;
        }
        Ok(())
    }
}
