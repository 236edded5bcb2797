//! Trees as the operators have them: lists of nodes with the number of their tree, or, since version 5, of nodes and leaves.

use std::borrow::Cow;

use rustc_hash::FxHashMap;

use super::super::super::Fault;
use super::super::super::node::{Node, check_length};
use super::super::super::proto;
use super::super::super::tensor::Data;
use super::forest::MAX_FEATURES;
use super::source::{Ensemble, Link, Mode, Numbers, Split, check_count};

/// Reads numbers that stand in a list of floats, or in an array.
fn numbers<'a>(node: &Node<'a>, name: &str) -> Result<Numbers<'a>, Fault> {
    let of_array = node.tensor(&format!("{name}_as_tensor"))?;
    array(of_array.map(|array| array.data).as_ref(), name)?
        .map_or_else(|| Ok(Numbers::Float(Cow::Borrowed(node.floats(name)?))), Ok)
}

fn array<'a>(data: Option<&Data>, name: &str) -> Result<Option<Numbers<'a>>, Fault> {
    match data {
        None => Ok(None),
        Some(Data::Float(numbers)) => Ok(Some(Numbers::Float(numbers.clone().into()))),
        Some(Data::Double(numbers)) => Ok(Some(Numbers::Double(numbers.clone()))),
        Some(other) => Err(Fault::new(format!("{name} of float or double"), other.element().name())),
    }
}

fn feature(number: i64) -> Result<u32, Fault> {
    let found = u32::try_from(number).ok().filter(|&feature| feature < MAX_FEATURES);
    found.ok_or_else(|| Fault::new(format!("a feature from 0 to {}", MAX_FEATURES - 1), number.to_string()))
}

/// Reads what missing values do: nothing is told where they go the way of no.
fn missing(node: &Node<'_>, nodes: usize) -> Result<impl Fn(usize) -> bool, Fault> {
    let tracks = node.integers("nodes_missing_value_tracks_true")?;
    if !tracks.is_empty() {
        check_length("nodes_missing_value_tracks_true", nodes, tracks.len())?;
    }
    Ok(move |place: usize| tracks.get(place).is_some_and(|&track| track == 1))
}

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
pub(super) fn classic<'a>(node: &Node<'a>, prefix: &str, targets: usize) -> Result<Ensemble<'a>, Fault> {
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
    let modes = node.byte_texts("nodes_modes")?;
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
            splits.push(match mode(&modes[place])? {
                None => None,
                Some(mode) => Some(Split {
                    feature: feature(features[place])?,
                    mode,
                    missing_is_yes: missing(place),
                    yes: Link::Node(run.find(yes[place])?),
                    no: Link::Node(run.find(no[place])?),
                    members: (0, 0),
                }),
            });
        }
        runs.push(run);
        roots.push(first);
    }
    for place in 0..count {
        if let Some(split) = splits[place] {
            let link = |link| match link {
                Link::Node(node) if splits[node].is_none() => Link::Leaf(node),
                link => link,
            };
            splits[place] = Some(Split { yes: link(split.yes), no: link(split.no), ..split });
        }
    }
    let roots = roots.into_iter().map(|root| if splits[root].is_none() { Link::Leaf(root) } else { Link::Node(root) });
    let roots = roots.collect();
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

fn target(number: i64, targets: usize) -> Result<u32, Fault> {
    let found = u32::try_from(number).ok().filter(|&target| (target as usize) < targets);
    found.ok_or_else(|| Fault::new(format!("a class or target below {targets}"), number.to_string()))
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

/// The modes of version 5, by their numbers.
const MODES: [Mode; 7] =
    [Mode::NoGreater, Mode::Less, Mode::NoLess, Mode::Greater, Mode::Equal, Mode::Unequal, Mode::Member];

/// Reads the trees of version 5.
pub(super) fn modern<'a>(node: &Node<'a>, targets: usize) -> Result<Ensemble<'a>, Fault> {
    let features = node.integers("nodes_featureids")?;
    let count = features.len();
    check_count("nodes", count)?;
    let lists = |name: &str| {
        let list = node.integers(name)?;
        check_length(name, count, list.len()).map(|()| list)
    };
    let (yes, yes_leaf) = (lists("nodes_truenodeids")?, lists("nodes_trueleafs")?);
    let (no, no_leaf) = (lists("nodes_falsenodeids")?, lists("nodes_falseleafs")?);
    let missing = missing(node, count)?;
    let required = |name: &str| node.tensor(name)?.ok_or_else(|| Fault::new(format!("attribute {name}"), "nothing"));
    let thresholds = array(Some(&required("nodes_splits")?.data), "nodes_splits")?;
    let thresholds = thresholds.ok_or_else(|| Fault::new("nodes_splits", "nothing"))?;
    check_length("nodes_splits", count, thresholds.len())?;
    let modes =
        proto::bytes(node.array("nodes_modes")?.ok_or_else(|| Fault::new("attribute nodes_modes", "nothing"))?)?;
    check_length("nodes_modes", count, modes.len())?;
    let weights = array(Some(&required("leaf_weights")?.data), "leaf_weights")?;
    let weights = weights.ok_or_else(|| Fault::new("leaf_weights", "nothing"))?.checked("leaf_weights")?;
    let of_targets = node.integers("leaf_targetids")?;
    check_length("leaf_weights", of_targets.len(), weights.len())?;
    check_count("leaves", weights.len())?;
    let of_targets = of_targets.iter().map(|&number| target(number, targets)).collect::<Result<Vec<_>, _>>()?;
    let link = |number: i64, is_leaf: bool| {
        let limit = if is_leaf { weights.len() } else { count };
        let found = usize::try_from(number).ok().filter(|&place| place < limit);
        let found = found.ok_or_else(|| Fault::new(format!("a node below {limit}"), number.to_string()))?;
        Ok(if is_leaf { Link::Leaf(found) } else { Link::Node(found) })
    };
    let (members, mut sets) = sets(node)?;
    let mut splits = Vec::with_capacity(count);
    for place in 0..count {
        let mode = MODES.get(usize::from(modes[place])).copied();
        let mode = mode.ok_or_else(|| Fault::new("nodes_modes from 0 to 6", modes[place].to_string()))?;
        let members = match mode {
            Mode::Member => sets.next().ok_or_else(|| Fault::new("a set for each BRANCH_MEMBER", "too few"))?,
            _ => (0, 0),
        };
        splits.push(Some(Split {
            feature: feature(features[place])?,
            mode,
            missing_is_yes: missing(place),
            yes: link(yes[place], yes_leaf[place] != 0)?,
            no: link(no[place], no_leaf[place] != 0)?,
            members,
        }));
    }
    check_thresholds(&thresholds, &splits)?;
    let roots = node.integers("tree_roots")?;
    // A tree that is a leaf alone is written as a node with that leaf on both sides.
    let roots = roots.iter().map(|&root| link(root, false)).collect::<Result<_, Fault>>()?;
    let starts = (0..=u32::try_from(weights.len()).unwrap_or(u32::MAX)).collect();
    let keeps_doubles = matches!(weights, Numbers::Double(_));
    let base_values = Numbers::Float(Cow::Borrowed(&[]));
    Ok(Ensemble {
        splits,
        thresholds,
        members,
        roots,
        starts,
        targets: of_targets,
        weights,
        base_values,
        keeps_doubles,
    })
}

/// Refuses thresholds that are no numbers, where these count.
fn check_thresholds(thresholds: &Numbers<'_>, splits: &[Option<Split>]) -> Result<(), Fault> {
    let wide = thresholds.wide();
    let counts = |split: &Option<Split>| split.is_some_and(|split| split.mode != Mode::Member);
    match wide.iter().zip(splits).position(|(threshold, split)| threshold.is_nan() && counts(split)) {
        Some(place) => Err(Fault::new("numbers in nodes_splits", format!("NaN at {place}"))),
        None => Ok(()),
    }
}

/// Where a set begins and ends among the members of all.
type Set = (u32, u32);

/// Reads the sets of members: NaN stands behind each.
fn sets(node: &Node<'_>) -> Result<(Vec<f64>, std::vec::IntoIter<Set>), Fault> {
    let Some(values) = node.tensor("membership_values")? else { return Ok((Vec::new(), Vec::new().into_iter())) };
    let values = array(Some(&values.data), "membership_values")?.map(|values| values.wide().into_owned());
    let (mut members, mut sets, mut start) = (Vec::new(), Vec::new(), 0);
    for value in values.unwrap_or_default().into_iter().chain([f64::NAN]) {
        if !value.is_nan() {
            members.push(value);
            continue;
        }
        let end = u32::try_from(members.len()).unwrap_or(u32::MAX);
        if end > start {
            sets.push((start, end));
        }
        start = end;
    }
    Ok((members, sets.into_iter()))
}
