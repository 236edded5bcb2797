//! What all operators need: how a kernel is made, and what axes are.

use super::super::fault::Fault;
use super::super::node::Node;
use super::super::steps::{Inputs, Kernel};
use super::super::tensor::Tensor;

/// Looks at a node, and makes its kernel.
pub(super) type Prepare = fn(&Node<'_>) -> Result<Kernel, Fault>;

/// Makes a kernel of one output.
#[expect(clippy::unnecessary_wraps, reason = "it is the last thing that each operator does")]
pub(super) fn one(
    kernel: impl Fn(&Inputs<'_>) -> Result<Tensor, Fault> + Send + Sync + 'static,
) -> Result<Kernel, Fault> {
    Ok(Box::new(move |inputs| Ok(vec![kernel(inputs)?])))
}

/// Returns the axis that a number means, which counts from the end where it is negative.
pub(super) fn axis(axis: i64, rank: usize) -> Result<usize, Fault> {
    let signed = i64::try_from(rank).unwrap_or(i64::MAX);
    let counted = if axis < 0 { axis.checked_add(signed) } else { Some(axis) };
    let found = counted.and_then(|axis| usize::try_from(axis).ok()).filter(|&axis| axis < rank);
    found.ok_or_else(|| Fault::new(format!("an axis of {rank}"), axis.to_string()))
}

/// Splits a shape at an axis: how many elements stand before it, along it and behind it.
pub(super) fn around(shape: &[usize], axis: usize) -> (usize, usize, usize) {
    (shape[..axis].iter().product(), shape[axis], shape[axis + 1..].iter().product())
}
