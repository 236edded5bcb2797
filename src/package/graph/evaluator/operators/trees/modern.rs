//! Trees as the operator has them since version 5: nodes, and leaves apart.

use std::borrow::Cow;

use super::super::super::fault::Fault;
use super::super::super::fault::check_length;
use super::super::super::node::Node;
use super::super::super::proto;
use super::attributes::{array, feature, missing, target};
use super::source::{Ensemble, Link, Mode, Numbers, Split, check_count};

/// The modes of version 5, by their numbers.
const MODES: [Mode; 7] =
    [Mode::NoGreater, Mode::Less, Mode::NoLess, Mode::Greater, Mode::Equal, Mode::Unequal, Mode::Member];

/// Reads the trees of version 5.
pub(super) fn read<'a>(node: &Node<'a>, targets: usize) -> Result<Ensemble<'a>, Fault> {
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
        let found = u32::try_from(number).ok().filter(|&place| (place as usize) < limit);
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
