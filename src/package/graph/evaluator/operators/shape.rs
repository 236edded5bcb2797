//! The same values in another shape or order.

use super::super::broadcast::{common_shape, repeated, strides, walk};
use super::super::data::Data;
use super::super::fault::Fault;
use super::super::node::{Node, Told};
use super::super::steps::{Inputs, Kernel};
use super::super::tensor::{Shape, Tensor, size};
use super::kernel::{around, axis, one};

pub(super) fn identity(_: &Node<'_>) -> Result<Kernel, Fault> {
    one(|inputs| Ok(inputs.need(0)?.clone()))
}

pub(super) fn reshape(node: &Node<'_>) -> Result<Kernel, Fault> {
    let keeps_zeros = node.is_set("allowzero", false)?;
    let told = node.told_integers("shape", 1)?;
    one(move |inputs| {
        let input = inputs.need(0)?;
        let told = told.get(inputs)?.ok_or_else(|| Fault::new("a shape", "nothing"))?;
        let shape = completed(&told, input, keeps_zeros)?;
        input.reshaped(shape)
    })
}

/// Finds what 0, the dimension of the input, and -1, what is left, stand for.
fn completed(told: &[i64], input: &Tensor, keeps_zeros: bool) -> Result<Vec<usize>, Fault> {
    let misfit = || Fault::new(format!("a shape of {} elements", input.len()), format!("{told:?}"));
    let mut shape = Vec::with_capacity(told.len());
    let mut open = None;
    for (place, &dimension) in told.iter().enumerate() {
        shape.push(match dimension {
            0 if !keeps_zeros => input.shape().get(place).copied().ok_or_else(misfit)?,
            -1 if open.is_none() => {
                open = Some(place);
                1
            }
            dimension => usize::try_from(dimension).map_err(|_| misfit())?,
        });
    }
    if let Some(open) = open {
        // Without any element, all that is left is none.
        shape[open] = input.len().checked_div(size(&shape)?).unwrap_or(0);
    }
    Ok(shape)
}

pub(super) fn flatten(node: &Node<'_>) -> Result<Kernel, Fault> {
    let at = node.integer("axis")?.unwrap_or(1);
    one(move |inputs| {
        let input = inputs.need(0)?;
        // The axis may stand behind the last one.
        let at = axis(
            if at < 0 { at.saturating_add(i64::try_from(input.rank()).unwrap_or(0)) } else { at },
            input.rank() + 1,
        )?;
        let (before, behind) = input.shape().split_at(at);
        input.reshaped(vec![before.iter().product(), behind.iter().product()])
    })
}

pub(super) fn squeeze(node: &Node<'_>) -> Result<Kernel, Fault> {
    let axes = node.told_integers("axes", 1)?;
    one(move |inputs| {
        let input = inputs.need(0)?;
        let gone = match axes.get(inputs)? {
            Some(axes) => axes.into_iter().map(|at| axis(at, input.rank())).collect::<Result<Vec<_>, _>>()?,
            None => (0..input.rank()).filter(|&axis| input.shape()[axis] == 1).collect(),
        };
        let stays = (0..input.rank()).filter(|axis| !gone.contains(axis));
        input.reshaped(stays.map(|axis| input.shape()[axis]).collect())
    })
}

pub(super) fn unsqueeze(node: &Node<'_>) -> Result<Kernel, Fault> {
    let axes = node.told_integers("axes", 1)?;
    one(move |inputs| {
        let input = inputs.need(0)?;
        let axes = axes.get(inputs)?.ok_or_else(|| Fault::new("axes", "nothing"))?;
        let rank = input.rank() + axes.len();
        let new = axes.iter().map(|&at| axis(at, rank)).collect::<Result<Vec<_>, _>>()?;
        let mut old = input.shape().iter().copied();
        let shape = (0..rank).map(|axis| if new.contains(&axis) { 1 } else { old.next().unwrap_or(1) });
        input.reshaped(shape.collect())
    })
}

pub(super) fn transpose(node: &Node<'_>) -> Result<Kernel, Fault> {
    let order = node.integers("perm")?.to_vec();
    one(move |inputs| {
        let input = inputs.need(0)?;
        let reversed = || (0..input.rank()).rev().collect();
        let order: Vec<usize> = if order.is_empty() {
            reversed()
        } else {
            order.iter().map(|&at| axis(at, input.rank())).collect::<Result<_, _>>()?
        };
        if order.len() != input.rank() || (0..input.rank()).any(|axis| !order.contains(&axis)) {
            return Err(Fault::new(format!("an order of {} axes", input.rank()), format!("{order:?}")));
        }
        let from = strides(input.shape());
        let shape: Vec<usize> = order.iter().map(|&axis| input.shape()[axis]).collect();
        let steps: Vec<usize> = order.iter().map(|&axis| from[axis]).collect();
        let data = input.data().pick(&walk(&shape, &steps, 0)?)?;
        Tensor::new(shape, data)
    })
}

pub(super) fn expand(_: &Node<'_>) -> Result<Kernel, Fault> {
    one(|inputs| {
        let input = inputs.need(0)?;
        let told = dimensions(&inputs.need(1)?.integers()?)?;
        let shape = common_shape([input.shape(), &told])?;
        let data = input.data().pick(&repeated(input.shape(), &shape)?)?;
        Tensor::new(shape, data)
    })
}

pub(super) fn shape(node: &Node<'_>) -> Result<Kernel, Fault> {
    let (start, end) = (node.integer("start")?.unwrap_or(0), node.integer("end")?);
    one(move |inputs| {
        let shape = inputs.need(0)?.shape();
        let rank = i64::try_from(shape.len()).unwrap_or(i64::MAX);
        let counted = |at: i64| {
            let at = if at < 0 { at.saturating_add(rank) } else { at };
            usize::try_from(at.clamp(0, rank)).unwrap_or(0)
        };
        let (start, end) = (counted(start), counted(end.unwrap_or(rank)));
        let part = shape.get(start..end).unwrap_or(&[]);
        let part: Vec<i64> = part.iter().map(|&size| i64::try_from(size).unwrap_or(i64::MAX)).collect();
        Tensor::from([part.len()], part)
    })
}

pub(super) fn concat(node: &Node<'_>) -> Result<Kernel, Fault> {
    // The first version of the operator took the second axis where none was told.
    let at = node.integer("axis")?.unwrap_or(1);
    one(move |inputs| {
        let all = inputs.all()?;
        let first = *all.first().ok_or_else(|| Fault::new("an input", "none"))?;
        joined(&all, axis(at, first.rank())?)
    })
}

/// Puts arrays one behind the other along an axis.
fn joined(all: &[&Tensor], axis: usize) -> Result<Tensor, Fault> {
    let first = all[0];
    let mut shape = first.shape().to_vec();
    shape[axis] = 0;
    for one in all {
        let fits = one.rank() == shape.len() && (0..shape.len()).all(|at| at == axis || one.shape()[at] == shape[at]);
        if !fits {
            let expected = format!("inputs that differ along axis {axis} only, as {}", Shape(first.shape()));
            return Err(Fault::new(expected, Shape(one.shape()).to_string()));
        }
        shape[axis] = shape[axis].saturating_add(one.shape()[axis]);
    }
    size(&shape)?;
    let before: usize = shape[..axis].iter().product();
    let mut data = Data::empty(first.element());
    if before == 1 {
        for one in all {
            data.append(one.data())?;
        }
        return Tensor::new(shape, data);
    }
    // Where a row of the result comes from: first all of one input behind another, then each row picks its parts.
    let (mut starts, mut end) = (Vec::with_capacity(all.len()), 0);
    for one in all {
        let (_, along, behind) = around(one.shape(), axis);
        starts.push((end, along * behind));
        end += one.len();
        data.append(one.data())?;
    }
    let mut places = Vec::with_capacity(end);
    for row in 0..before {
        for &(start, length) in &starts {
            places.extend(start + row * length..start + (row + 1) * length);
        }
    }
    Tensor::new(shape, data.pick(&places)?)
}

/// Reads a shape.
pub(super) fn dimensions(told: &[i64]) -> Result<Vec<usize>, Fault> {
    let negative = |_| Fault::new("dimensions of 0 or more", format!("{told:?}"));
    told.iter().map(|&dimension| usize::try_from(dimension).map_err(negative)).collect()
}

/// Returns the axes that a node is told, none where it is told nothing.
pub(super) fn axes(told: &Told, inputs: &Inputs<'_>, rank: usize) -> Result<Option<Vec<usize>>, Fault> {
    let Some(axes) = told.get(inputs)? else { return Ok(None) };
    axes.into_iter().map(|at| axis(at, rank)).collect::<Result<_, _>>().map(Some)
}
