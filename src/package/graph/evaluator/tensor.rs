//! Values of a graph: arrays of any shape.

use std::borrow::Cow;
use std::fmt;

use super::data::{Data, Element, Item};
use super::fault::Fault;

/// Elements that one value may have: 128 MB of doubles.
pub(super) const MAX_ELEMENTS: usize = 1 << 24;

/// An array of any number of dimensions, row by row.
#[derive(Debug, Clone)]
pub(in crate::package::graph) struct Tensor {
    pub(super) shape: Vec<usize>,
    pub(super) data: Data,
}

impl Tensor {
    /// Makes an array, and checks that it has as many elements as its shape says.
    pub(in crate::package::graph) fn new(shape: impl Into<Vec<usize>>, data: Data) -> Result<Self, Fault> {
        let shape = shape.into();
        let (expected, found) = (size(&shape)?, data.len());
        if expected != found {
            return Err(Fault::new(format!("{expected} elements, as {} has", Shape(&shape)), found.to_string()));
        }
        Ok(Self { shape, data })
    }

    /// Makes an array of these elements.
    pub(super) fn from<T: Item>(shape: impl Into<Vec<usize>>, values: Vec<T>) -> Result<Self, Fault> {
        Self::new(shape, T::wrap(values))
    }

    /// Returns the same elements in another shape.
    pub(super) fn reshaped(&self, shape: Vec<usize>) -> Result<Self, Fault> {
        Self::new(shape, self.data.clone())
    }

    pub(in crate::package::graph) fn shape(&self) -> &[usize] {
        &self.shape
    }

    pub(in crate::package::graph) fn data(&self) -> &Data {
        &self.data
    }

    pub(super) fn len(&self) -> usize {
        self.data.len()
    }

    pub(super) fn rank(&self) -> usize {
        self.shape.len()
    }

    pub(super) fn element(&self) -> Element {
        self.data.element()
    }

    /// Returns the elements, where they are of this type.
    pub(super) fn values<T: Item>(&self) -> Result<&[T], Fault> {
        T::of(&self.data).ok_or_else(|| Fault::new(format!("values of {}", T::ELEMENT.name()), self.element().name()))
    }

    /// Returns the elements as integers, where they are some.
    pub(super) fn integers(&self) -> Result<Cow<'_, [i64]>, Fault> {
        match &self.data {
            Data::Integer(values) => Ok(values.into()),
            Data::Short(values) => Ok(values.iter().map(|&value| value.into()).collect()),
            _ => Err(Fault::new("values of int64 or int32", self.element().name())),
        }
    }

    /// Returns the elements as FP32, where they are numbers.
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "ONNX rounds here")]
    pub(super) fn floats(&self) -> Result<Cow<'_, [f32]>, Fault> {
        match &self.data {
            Data::Float(values) => Ok(values.into()),
            Data::Double(values) => Ok(values.iter().map(|&value| value as f32).collect()),
            Data::Integer(values) => Ok(values.iter().map(|&value| value as f32).collect()),
            Data::Short(values) => Ok(values.iter().map(|&value| value as f32).collect()),
            _ => Err(Fault::new("numbers", self.element().name())),
        }
    }

    /// Returns the size of a matrix, or of a row that stands alone.
    pub(super) fn rows_and_columns(&self) -> Result<(usize, usize), Fault> {
        match self.shape[..] {
            [columns] => Ok((1, columns)),
            [rows, columns] => Ok((rows, columns)),
            _ => Err(Fault::new("a matrix", Shape(&self.shape).to_string())),
        }
    }

    /// Returns the one integer that the array is.
    pub(super) fn one_integer(&self) -> Result<i64, Fault> {
        match *self.integers()? {
            [number] => Ok(number),
            ref numbers => Err(Fault::new("one integer", numbers.len().to_string())),
        }
    }
}

/// Returns how many elements an array of this shape has, and refuses what is too large.
pub(super) fn size(shape: &[usize]) -> Result<usize, Fault> {
    let size = shape.iter().try_fold(1_usize, |size, &dimension| size.checked_mul(dimension));
    size.filter(|&size| size <= MAX_ELEMENTS)
        .ok_or_else(|| Fault::new(format!("{MAX_ELEMENTS} elements at most"), Shape(shape).to_string()))
}

/// A shape, to be shown: `[3, 4]`.
pub(super) struct Shape<'a>(pub(super) &'a [usize]);

impl fmt::Display for Shape<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.0)
    }
}
