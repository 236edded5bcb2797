//! What all operators of trees tell alike: numbers, features, targets, and where missing values go.

use std::borrow::Cow;

use super::super::super::data::Data;
use super::super::super::fault::Fault;
use super::super::super::fault::check_length;
use super::super::super::node::Node;
use super::forest::MAX_FEATURES;
use super::source::Numbers;

/// Reads numbers that stand in a list of floats, or in an array.
pub(super) fn numbers<'a>(node: &Node<'a>, name: &str) -> Result<Numbers<'a>, Fault> {
    let of_array = node.tensor(&format!("{name}_as_tensor"))?;
    array(of_array.map(|array| array.data).as_ref(), name)?
        .map_or_else(|| Ok(Numbers::Float(Cow::Borrowed(node.floats(name)?))), Ok)
}

pub(super) fn array<'a>(data: Option<&Data>, name: &str) -> Result<Option<Numbers<'a>>, Fault> {
    match data {
        None => Ok(None),
        Some(Data::Float(numbers)) => Ok(Some(Numbers::Float(numbers.clone().into()))),
        Some(Data::Double(numbers)) => Ok(Some(Numbers::Double(numbers.clone()))),
        Some(other) => Err(Fault::new(format!("{name} of float or double"), other.element().name())),
    }
}

pub(super) fn feature(number: i64) -> Result<u32, Fault> {
    let found = u32::try_from(number).ok().filter(|&feature| feature < MAX_FEATURES);
    found.ok_or_else(|| Fault::new(format!("a feature from 0 to {}", MAX_FEATURES - 1), number.to_string()))
}

/// Reads what missing values do: nothing is told where they go the way of no.
pub(super) fn missing(node: &Node<'_>, nodes: usize) -> Result<impl Fn(usize) -> bool, Fault> {
    let tracks = node.integers("nodes_missing_value_tracks_true")?;
    if !tracks.is_empty() {
        check_length("nodes_missing_value_tracks_true", nodes, tracks.len())?;
    }
    Ok(move |place: usize| tracks.get(place).is_some_and(|&track| track == 1))
}

pub(super) fn target(number: i64, targets: usize) -> Result<u32, Fault> {
    let found = u32::try_from(number).ok().filter(|&target| (target as usize) < targets);
    found.ok_or_else(|| Fault::new(format!("a class or target below {targets}"), number.to_string()))
}
