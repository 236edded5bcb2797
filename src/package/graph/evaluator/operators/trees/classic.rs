//! Trees as the operators have them up to version 3: lists of nodes with the number of their tree.

use rustc_hash::FxHashMap;

use super::super::super::fault::Fault;
use super::super::super::fault::check_length;
use super::super::super::node::Node;
use super::attributes::{feature, missing, numbers, target};
use super::source::{Ensemble, Link, Mode, Numbers, Split, check_count};
use crate::package::graph::wire::{MODES, NODES_MODES};

/// The nodes of one tree, which stand together.
struct Run<'a> {
    first: usize,
    ids: &'a [i64],
    /// None where the nodes are numbered in their order.
    places: Option<FxHashMap<i64, usize>>,
}

impl<'a> Run<'a> {
    fn new(first: usize, ids: &'a [i64]) -> Result<Self, Fault> {
        if (0..).zip(ids).all(|(place, id): (i64, _)| *id == place) {
            return Ok(Self { first, ids, places: None });
        }
        let places: FxHashMap<i64, usize> = ids.iter().copied().zip(0..).collect();
        check_length("nodes of numbers of their own in a tree", ids.len(), places.len())?;
        Ok(Self { first, ids, places: Some(places) })
    }

    /// Returns the place of a node among all.
    fn find(&self, id: i64) -> Result<usize, Fault> {
        let place = match &self.places {
            None => usize::try_from(id).ok().filter(|&place| place < self.ids.len()),
            Some(places) => places.get(&id).copied(),
        };
        place.map(|place| self.first + place).ok_or_else(|| Fault::new("a node of the same tree", format!("node {id}")))
    }
}

/// Reads the trees of a classifier or regressor, whose weights are those of so many classes or targets.
pub(super) fn read<'a>(node: &Node<'a>, prefix: &str, targets: usize) -> Result<Ensemble<'a>, Fault> {
    let trees = node.integers("nodes_treeids")?;
    let count = trees.len();
    check_count("nodes", count)?;
    let lists = |name: &str| {
        let list = node.integers(name)?;
        check_length(name, count, list.len()).map(|()| list)
    };
    let ids = lists("nodes_nodeids")?;
    let features = lists("nodes_featureids")?;
    let (yes, no) = (lists("nodes_truenodeids")?, lists("nodes_falsenodeids")?);
    let modes = modes(node)?;
    check_length("nodes_modes", count, modes.len())?;
    let thresholds = numbers(node, "nodes_values")?.checked("nodes_values")?;
    check_length("nodes_values", count, thresholds.len())?;
    let missing = missing(node, count)?;
    let (mut runs, mut roots, mut of_trees) = (Vec::new(), Vec::new(), FxHashMap::default());
    let mut splits = Vec::with_capacity(count);
    for tree in trees.chunk_by(|one, other| one == other) {
        let first = splits.len();
        let run = Run::new(first, &ids[first..first + tree.len()])?;
        if of_trees.insert(tree[0], runs.len()).is_some() {
            return Err(Fault::new("the nodes of a tree together", format!("those of tree {} apart", tree[0])));
        }
        for place in first..first + tree.len() {
            splits.push(match modes[place] {
                None => None,
                Some(mode) => Some(Split {
                    feature: feature(features[place])?,
                    mode,
                    missing_is_yes: missing(place),
                    yes: Link::Node(number(run.find(yes[place])?)),
                    no: Link::Node(number(run.find(no[place])?)),
                    members: (0, 0),
                }),
            });
        }
        runs.push(run);
        roots.push(Link::Node(number(first)));
    }
    let leaves = |of_tree: i64, id: i64| {
        let run = of_trees.get(&of_tree).and_then(|&run| runs.get(run));
        run.ok_or_else(|| Fault::new("a tree with nodes", format!("tree {of_tree}")))?.find(id)
    };
    let (starts, targets, weights) = weights(node, prefix, targets, count, leaves)?;
    let base_values = numbers(node, "base_values")?;
    Ok(Ensemble {
        splits,
        thresholds,
        members: Vec::new(),
        roots,
        starts,
        targets,
        weights,
        base_values,
        keeps_doubles: false,
    })
}

/// Returns the number of a node, of which there are fewer than 2^32.
fn number(place: usize) -> u32 {
    u32::try_from(place).unwrap_or(u32::MAX)
}

/// What leaves say: where the weights of each begin, and the target and number of each weight.
type Weights<'a> = (Vec<u32>, Vec<u32>, Numbers<'a>);

/// Reads the weights of leaves, and sorts them by leaf.
fn weights<'a>(
    node: &Node<'a>,
    prefix: &str,
    targets: usize,
    nodes: usize,
    find: impl Fn(i64, i64) -> Result<usize, Fault>,
) -> Result<Weights<'a>, Fault> {
    let list = |name: &str| node.integers(&format!("{prefix}_{name}"));
    let (trees, ids, of_targets) = (list("treeids")?, list("nodeids")?, list("ids")?);
    let name = format!("{prefix}_weights");
    let weights = numbers(node, &name)?.checked(&name)?;
    for (what, count) in [("treeids", trees.len()), ("nodeids", ids.len()), ("ids", of_targets.len())] {
        check_length(&format!("{prefix}_{what}, as many as weights"), weights.len(), count)?;
    }
    check_count("weights", weights.len())?;
    let of_nodes = trees.iter().zip(ids).map(|(&tree, &id)| find(tree, id)).collect::<Result<Vec<_>, _>>()?;
    let mut starts = vec![0_u32; nodes + 1];
    for &node in &of_nodes {
        starts[node + 1] += 1;
    }
    for node in 0..nodes {
        starts[node + 1] += starts[node];
    }
    let (mut next, mut order) = (starts.clone(), vec![0_usize; of_nodes.len()]);
    for (weight, &node) in of_nodes.iter().enumerate() {
        order[next[node] as usize] = weight;
        next[node] += 1;
    }
    let target = |&weight: &usize| target(of_targets[weight], targets);
    let sorted = order.iter().map(target).collect::<Result<_, _>>()?;
    let weights = match &weights {
        Numbers::Float(numbers) => Numbers::Float(order.iter().map(|&weight| numbers[weight]).collect()),
        Numbers::Double(numbers) => Numbers::Double(order.iter().map(|&weight| numbers[weight]).collect()),
    };
    Ok((starts, sorted, weights))
}

/// Reads what nodes ask; none where one is a leaf.
fn modes(node: &Node<'_>) -> Result<Vec<Option<Mode>>, Fault> {
    let Some(places) = node.packed_modes()? else {
        return node.byte_texts(NODES_MODES)?.iter().map(|text| mode(text)).collect();
    };
    let of_all = MODES.map(|text| mode(text).unwrap_or_default());
    let unknown = |place: u8| Fault::new("nodes_modes of ONNX", place.to_string());
    places.iter().map(|&place| of_all.get(usize::from(place)).copied().ok_or_else(|| unknown(place))).collect()
}

/// Reads what a node asks; none where it is a leaf.
fn mode(name: &[u8]) -> Result<Option<Mode>, Fault> {
    Ok(Some(match name {
        b"LEAF" => return Ok(None),
        b"BRANCH_LEQ" => Mode::NoGreater,
        b"BRANCH_LT" => Mode::Less,
        b"BRANCH_GTE" => Mode::NoLess,
        b"BRANCH_GT" => Mode::Greater,
        b"BRANCH_EQ" => Mode::Equal,
        b"BRANCH_NEQ" => Mode::Unequal,
        other => {
            return Err(Fault::new("nodes_modes of ONNX", format!("{:?}", String::from_utf8_lossy(other))));
        }
    }))
}
