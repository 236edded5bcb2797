//! Values that no input holds.

use super::super::broadcast::strides;
use super::super::data::{Data, Item};
use super::super::fault::Fault;
use super::super::node::Node;
use super::super::steps::{Inputs, Kernel};
use super::super::tensor::{MAX_ELEMENTS, Tensor, size};
use super::kernel::{axis, one};
use super::shape::dimensions;

pub(super) fn constant(node: &Node<'_>) -> Result<Kernel, Fault> {
    let value = told(node)?.ok_or_else(|| Fault::new("a value", "none that is known"))?;
    one(move |_| Ok(value.clone()))
}

fn told(node: &Node<'_>) -> Result<Option<Tensor>, Fault> {
    if let Some(value) = node.tensor("value")? {
        return Ok(Some(value));
    }
    let told = |name: &str| node.proto.attribute.iter().any(|attribute| attribute.name == name);
    let scalar = if let Some(number) = node.float("value_float")? {
        Data::Float(vec![number])
    } else if let Some(number) = node.integer("value_int")? {
        Data::Integer(vec![number])
    } else if let Some(text) = node.text("value_string")? {
        Data::Text(vec![text])
    } else {
        let list = if told("value_floats") {
            Data::Float(node.floats("value_floats")?.to_vec())
        } else if told("value_ints") {
            Data::Integer(node.integers("value_ints")?.to_vec())
        } else if told("value_strings") {
            Data::Text(node.texts("value_strings")?)
        } else {
            return Ok(None);
        };
        return Tensor::new([list.len()], list).map(Some);
    };
    Tensor::new([], scalar).map(Some)
}

pub(super) fn constant_of_shape(node: &Node<'_>) -> Result<Kernel, Fault> {
    let value = node.tensor("value")?;
    let value = value.map_or_else(|| Data::Float(vec![0.0]), |value| value.data().clone());
    if value.len() != 1 {
        return Err(Fault::new("one value", value.len().to_string()));
    }
    one(move |inputs| {
        let shape = dimensions(&inputs.need(0)?.integers()?)?;
        let data = value.pick(&vec![0; size(&shape)?])?;
        Tensor::new(shape, data)
    })
}

pub(super) fn range(_: &Node<'_>) -> Result<Kernel, Fault> {
    one(|inputs| match inputs.need(0)?.data() {
        Data::Float(_) => counted(
            inputs,
            |start: f32, limit, step| f64::from(limit - start) / f64::from(step),
            |start, step, n| start + step * n as f32,
        ),
        Data::Double(_) => {
            counted(inputs, |start: f64, limit, step| (limit - start) / step, |start, step, n| start + step * n as f64)
        }
        Data::Integer(_) => counted(
            inputs,
            |start: i64, limit, step| (i128::from(limit) - i128::from(start)) as f64 / step as f64,
            |start, step, n| start.wrapping_add(step.wrapping_mul(i64::try_from(n).unwrap_or(0))),
        ),
        Data::Short(_) => counted(
            inputs,
            |start: i32, limit, step| (i64::from(limit) - i64::from(start)) as f64 / f64::from(step),
            |start, step, n| start.wrapping_add(step.wrapping_mul(i32::try_from(n).unwrap_or(0))),
        ),
        data => Err(Fault::new("numbers", data.element().name())),
    })
}

fn counted<T: Item + Copy>(
    inputs: &Inputs<'_>,
    steps: fn(T, T, T) -> f64,
    number: fn(T, T, usize) -> T,
) -> Result<Tensor, Fault> {
    let scalar = |place| -> Result<T, Fault> {
        match inputs.need(place)?.values::<T>()? {
            [number] => Ok(*number),
            numbers => Err(Fault::new("one number", numbers.len().to_string())),
        }
    };
    let (start, limit, step) = (scalar(0)?, scalar(1)?, scalar(2)?);
    let count = steps(start, limit, step).ceil().max(0.0);
    if count.is_nan() || count > MAX_ELEMENTS as f64 {
        return Err(Fault::new(format!("{MAX_ELEMENTS} numbers at most"), count.to_string()));
    }
    let count = count as usize;
    Tensor::from([count], (0..count).map(|place| number(start, step, place)).collect())
}

pub(super) fn one_hot(node: &Node<'_>) -> Result<Kernel, Fault> {
    let at = node.integer("axis")?.unwrap_or(-1);
    one(move |inputs| {
        let indices = inputs.need(0)?;
        let depth = inputs.need(1)?;
        let depth = depth.floats()?.first().copied().unwrap_or(0.0) as i64;
        let depth = usize::try_from(depth).map_err(|_| Fault::new("a depth of 0 or more", depth.to_string()))?;
        let values = inputs.need(2)?;
        if values.len() != 2 {
            return Err(Fault::new("a value for off and one for on", values.len().to_string()));
        }
        let at = axis(at, indices.rank() + 1)?;
        let mut shape = indices.shape().to_vec();
        shape.insert(at, depth);
        let mut places = vec![0; size(&shape)?];
        let step = strides(&shape)[at];
        for (index, &number) in indices.floats()?.iter().enumerate() {
            let number = if number < 0.0 { number + depth as f32 } else { number };
            if number >= 0.0 && (number as usize) < depth {
                let start = index / step * step * depth + index % step;
                places[start + number as usize * step] = 1;
            }
        }
        Tensor::new(shape, values.data().pick(&places)?)
    })
}
