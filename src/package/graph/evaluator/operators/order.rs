//! Which values are the largest.

use std::cmp::Ordering;

use super::super::data::Data;
use super::super::fault::Fault;
use super::super::node::Node;
use super::super::steps::Kernel;
use super::super::tensor::Tensor;
use super::kernel::{around, axis, one};

pub(super) fn arg_max(node: &Node<'_>) -> Result<Kernel, Fault> {
    arg(node, Ordering::Greater)
}

pub(super) fn arg_min(node: &Node<'_>) -> Result<Kernel, Fault> {
    arg(node, Ordering::Less)
}

/// Compares two elements of an array.
fn compare(data: &Data, one: usize, other: usize) -> Ordering {
    match data {
        Data::Float(values) => values[one].total_cmp(&values[other]),
        Data::Double(values) => values[one].total_cmp(&values[other]),
        Data::Integer(values) => values[one].cmp(&values[other]),
        Data::Short(values) => values[one].cmp(&values[other]),
        Data::Boolean(values) => values[one].cmp(&values[other]),
        Data::Text(values) => values[one].cmp(&values[other]),
    }
}

fn arg(node: &Node<'_>, wins: Ordering) -> Result<Kernel, Fault> {
    let at = node.integer("axis")?.unwrap_or(0);
    let (keeps, takes_last) = (node.is_set("keepdims", true)?, node.is_set("select_last_index", false)?);
    one(move |inputs| {
        let input = inputs.need(0)?;
        let at = axis(at, input.rank())?;
        let (before, along, behind) = around(input.shape(), at);
        if along == 0 {
            return Err(Fault::new("a value at least", "none"));
        }
        let mut found = Vec::with_capacity(before * behind);
        for outer in 0..before {
            for inner in 0..behind {
                let place = |step: usize| (outer * along + step) * behind + inner;
                let better = |best: usize, step: usize| {
                    let order = compare(input.data(), place(step), place(best));
                    if order == wins || (takes_last && order == Ordering::Equal) { step } else { best }
                };
                found.push(i64::try_from((1..along).fold(0, better)).unwrap_or(i64::MAX));
            }
        }
        let mut shape = input.shape().to_vec();
        if keeps {
            shape[at] = 1;
        } else {
            shape.remove(at);
        }
        Tensor::from(shape, found)
    })
}

pub(super) fn top_k(node: &Node<'_>) -> Result<Kernel, Fault> {
    let at = node.integer("axis")?.unwrap_or(-1);
    let takes_largest = node.is_set("largest", true)?;
    let told = node.integer("k")?;
    Ok(Box::new(move |inputs| {
        let input = inputs.need(0)?;
        let at = axis(at, input.rank())?;
        let (before, along, behind) = around(input.shape(), at);
        let count = told.map_or_else(|| inputs.need(1)?.one_integer(), Ok)?;
        let count = usize::try_from(count).ok().filter(|&count| count <= along);
        let count = count.ok_or_else(|| Fault::new(format!("{along} values at most"), "more"))?;
        let (mut places, mut indices) = (vec![0; before * count * behind], vec![0; before * count * behind]);
        let mut order: Vec<usize> = Vec::with_capacity(along);
        for outer in 0..before {
            for inner in 0..behind {
                let place = |step: usize| (outer * along + step) * behind + inner;
                order.clear();
                order.extend(0..along);
                // Of equal values, the first one comes first.
                let by_value = |one: &usize, other: &usize| {
                    let order = compare(input.data(), place(*one), place(*other));
                    (if takes_largest { order.reverse() } else { order }).then(one.cmp(other))
                };
                if count > 0 && count < along {
                    order.select_nth_unstable_by(count - 1, by_value);
                    order.truncate(count);
                }
                order.sort_unstable_by(by_value);
                for (rank, &step) in order.iter().take(count).enumerate() {
                    let target = (outer * count + rank) * behind + inner;
                    places[target] = place(step);
                    indices[target] = i64::try_from(step).unwrap_or(i64::MAX);
                }
            }
        }
        let mut shape = input.shape().to_vec();
        shape[at] = count;
        Ok(vec![Tensor::new(shape.clone(), input.data().pick(&places)?)?, Tensor::from(shape, indices)?])
    }))
}
