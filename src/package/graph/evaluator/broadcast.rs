//! Arrays of different shapes side by side, by ONNX's rules: dimensions of 1 are repeated.

use super::fault::Fault;
use super::tensor::{Shape, size};

/// Returns the shape that arrays have together.
pub(super) fn common_shape<'a>(shapes: impl IntoIterator<Item = &'a [usize]>) -> Result<Vec<usize>, Fault> {
    let mut all: Vec<usize> = Vec::new();
    for shape in shapes {
        if shape.len() > all.len() {
            all.splice(0..0, std::iter::repeat_n(1, shape.len() - all.len()));
        }
        let behind = all.len() - shape.len();
        for (one, &other) in all[behind..].iter_mut().zip(shape) {
            *one = match (*one, other) {
                (one, other) if one == other => one,
                (1, other) => other,
                (one, 1) => one,
                (one, other) => {
                    return Err(Fault::new(
                        format!("shapes that go together, {one} in a dimension"),
                        other.to_string(),
                    ));
                }
            };
        }
    }
    size(&all)?;
    Ok(all)
}

/// Which element of an array stands at each place of a larger one.
pub(super) enum Places {
    /// The same: both have one shape.
    Same,
    /// Always the first: the array has one element.
    First,
    /// Those of a row, again and again.
    Repeated(usize),
    /// Anything else.
    Listed(Vec<usize>),
}

impl Places {
    /// Finds them for an array that is repeated to a shape that it goes together with.
    pub(super) fn new(from: &[usize], to: &[usize]) -> Result<Self, Fault> {
        let count = size(from)?;
        if from == to {
            return Ok(Self::Same);
        }
        if count == 1 {
            return Ok(Self::First);
        }
        let significant = &from[from.iter().take_while(|&&dimension| dimension == 1).count()..];
        if to.ends_with(significant) && count > 0 {
            return Ok(Self::Repeated(count));
        }
        Ok(Self::Listed(repeated(from, to)?))
    }

    /// Returns the place in the array for one in the larger shape.
    pub(super) fn at(&self, place: usize) -> usize {
        match self {
            Self::Same => place,
            Self::First => 0,
            Self::Repeated(count) => place % count,
            Self::Listed(places) => places.get(place).copied().unwrap_or(usize::MAX),
        }
    }
}

/// Returns the places of an array's elements when it is repeated to a larger shape.
pub(super) fn repeated(from: &[usize], to: &[usize]) -> Result<Vec<usize>, Fault> {
    let misfit = || Fault::new(format!("a shape that goes with {}", Shape(to)), Shape(from).to_string());
    let before = to.len().checked_sub(from.len()).ok_or_else(misfit)?;
    let mut steps = vec![0; to.len()];
    for (axis, step) in strides(from).into_iter().enumerate() {
        if from[axis] == to[before + axis] {
            steps[before + axis] = step;
        } else if from[axis] != 1 {
            return Err(misfit());
        }
    }
    walk(to, &steps, 0)
}

/// Returns how far apart the neighbours along each axis are.
pub(super) fn strides(shape: &[usize]) -> Vec<usize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis];
    }
    strides
}

/// Returns the places that a walk over a shape comes to, with so wide steps along each axis.
pub(super) fn walk(shape: &[usize], steps: &[usize], start: usize) -> Result<Vec<usize>, Fault> {
    let count = size(shape)?;
    let mut places = Vec::with_capacity(count);
    let mut index = vec![0; shape.len()];
    let mut place = start;
    for _ in 0..count {
        places.push(place);
        for axis in (0..shape.len()).rev() {
            index[axis] += 1;
            place = place.wrapping_add(steps[axis]);
            if index[axis] < shape[axis] {
                break;
            }
            place = place.wrapping_sub(steps[axis].wrapping_mul(shape[axis]));
            index[axis] = 0;
        }
    }
    Ok(places)
}
