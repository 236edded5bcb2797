//! Parts of values, by place.

use super::super::broadcast::{strides, walk};
use super::super::fault::Fault;
use super::super::node::{Node, Told};
use super::super::steps::{Inputs, Kernel};
use super::super::tensor::{Tensor, size};
use super::kernel::{around, axis, one};

/// Returns the place that an index means, which counts from the end where it is negative.
fn place(index: i64, count: usize) -> Result<usize, Fault> {
    let signed = i64::try_from(count).unwrap_or(i64::MAX);
    let counted = if index < 0 { index.saturating_add(signed) } else { index };
    let found = usize::try_from(counted).ok().filter(|&place| place < count);
    found.ok_or_else(|| Fault::new(format!("an index into {count}"), index.to_string()))
}

pub(super) fn gather(node: &Node<'_>) -> Result<Kernel, Fault> {
    let at = node.integer("axis")?.unwrap_or(0);
    one(move |inputs| {
        let (input, indices) = (inputs.need(0)?, inputs.need(1)?);
        let at = axis(at, input.rank())?;
        taken(input, &indices.integers()?, indices.shape(), at)
    })
}

/// Takes slices along an axis.
pub(super) fn taken(input: &Tensor, indices: &[i64], of_shape: &[usize], axis: usize) -> Result<Tensor, Fault> {
    let (before, along, behind) = around(input.shape(), axis);
    let shape = [&input.shape()[..axis], of_shape, &input.shape()[axis + 1..]].concat();
    let chosen = indices.iter().map(|&index| place(index, along)).collect::<Result<Vec<_>, _>>()?;
    let mut places = Vec::with_capacity(size(&shape)?);
    for outer in 0..before {
        for &one in &chosen {
            let start = (outer * along + one) * behind;
            places.extend(start..start + behind);
        }
    }
    Tensor::new(shape, input.data().pick(&places)?)
}

pub(super) fn gather_elements(node: &Node<'_>) -> Result<Kernel, Fault> {
    let at = node.integer("axis")?.unwrap_or(0);
    one(move |inputs| {
        let (input, indices) = (inputs.need(0)?, inputs.need(1)?);
        let at = axis(at, input.rank())?;
        if indices.rank() != input.rank() {
            return Err(Fault::new(format!("indices of {} dimensions", input.rank()), indices.rank().to_string()));
        }
        let (_, along, _) = around(input.shape(), at);
        let mut steps = strides(input.shape());
        let step = std::mem::replace(&mut steps[at], 0);
        let starts = walk(indices.shape(), &steps, 0)?;
        let numbers = indices.integers()?;
        let places = starts.iter().zip(numbers.iter());
        let places = places.map(|(start, &index)| Ok(start + place(index, along)? * step));
        let places = places.collect::<Result<Vec<_>, Fault>>()?;
        Tensor::new(indices.shape(), input.data().pick(&places)?)
    })
}

pub(super) fn slice(node: &Node<'_>) -> Result<Kernel, Fault> {
    let told = |attribute, place| node.told_integers(attribute, place);
    let (starts, ends, axes, steps) = (told("starts", 1)?, told("ends", 2)?, told("axes", 3)?, told("steps", 4)?);
    one(move |inputs| sliced(inputs, &starts, &ends, &axes, &steps))
}

fn sliced(inputs: &Inputs<'_>, starts: &Told, ends: &Told, axes: &Told, steps: &Told) -> Result<Tensor, Fault> {
    let input = inputs.need(0)?;
    let missing = || Fault::new("starts and ends", "nothing");
    let starts = starts.get(inputs)?.ok_or_else(missing)?;
    let ends = ends.get(inputs)?.ok_or_else(missing)?;
    let axes = axes.get(inputs)?.unwrap_or_else(|| (0..).take(starts.len()).collect());
    let steps = steps.get(inputs)?.unwrap_or_else(|| vec![1; starts.len()]);
    if [ends.len(), axes.len(), steps.len()].iter().any(|&length| length != starts.len()) {
        return Err(Fault::new("as many starts as ends, axes and steps", "other numbers"));
    }
    let from = strides(input.shape());
    let (mut shape, mut widths, mut first) = (input.shape().to_vec(), from.clone(), 0_usize);
    for (((start, end), at), step) in starts.into_iter().zip(ends).zip(axes).zip(steps) {
        let at = axis(at, input.rank())?;
        let (start, count) = range(start, end, step, input.shape()[at])?;
        shape[at] = count;
        let backwards = step < 0;
        let width = usize::try_from(step.unsigned_abs()).unwrap_or(usize::MAX).saturating_mul(from[at]);
        widths[at] = if backwards { 0_usize.wrapping_sub(width) } else { width };
        first += start * from[at];
    }
    Tensor::new(shape.clone(), input.data().pick(&walk(&shape, &widths, first)?)?)
}

/// Returns where a slice begins and how many it takes.
fn range(start: i64, end: i64, step: i64, size: usize) -> Result<(usize, usize), Fault> {
    if step == 0 {
        return Err(Fault::new("a step", "0"));
    }
    let size = i64::try_from(size).unwrap_or(i64::MAX);
    let counted = |at: i64| if at < 0 { at.saturating_add(size) } else { at };
    let (start, end) = (counted(start), counted(end));
    let (start, count) = if step > 0 {
        let (start, end) = (start.clamp(0, size), end.clamp(0, size));
        (start, (end - start).max(0).unsigned_abs().div_ceil(step.unsigned_abs()))
    } else {
        let (start, end) = (start.clamp(-1, size - 1), end.clamp(-1, size - 1));
        (start.max(0), (start - end).max(0).unsigned_abs().div_ceil(step.unsigned_abs()))
    };
    Ok((usize::try_from(start).unwrap_or(0), usize::try_from(count).unwrap_or(0)))
}

pub(super) fn split(node: &Node<'_>) -> Result<Kernel, Fault> {
    let at = node.integer("axis")?.unwrap_or(0);
    let told = node.told_integers("split", 1)?;
    let parts = node.proto.output.len();
    Ok(Box::new(move |inputs| {
        let input = inputs.need(0)?;
        let at = axis(at, input.rank())?;
        let (_, along, _) = around(input.shape(), at);
        let lengths = match told.get(inputs)? {
            Some(lengths) => super::shape::dimensions(&lengths)?,
            None => equal_parts(along, parts),
        };
        let sum = lengths.iter().fold(0_usize, |sum, &length| sum.saturating_add(length));
        if sum != along {
            return Err(Fault::new(format!("parts of {along} together"), format!("{lengths:?}")));
        }
        let mut start = 0;
        let parts = lengths.into_iter().map(|length| {
            let indices: Vec<i64> = (start..start + length).map(|index| i64::try_from(index).unwrap_or(-1)).collect();
            start += length;
            taken(input, &indices, &[length], at)
        });
        parts.collect()
    }))
}

/// Splits a length into parts, the last of which may be shorter.
fn equal_parts(length: usize, parts: usize) -> Vec<usize> {
    let each = length.div_ceil(parts.max(1));
    (0..parts).map(|part| length.saturating_sub(part * each).min(each)).collect()
}
