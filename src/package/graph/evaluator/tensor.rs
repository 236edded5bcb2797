//! Values of a graph: arrays of numbers, booleans or texts.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::fault::Fault;

/// A text that many values share.
pub(in crate::package::graph) type Text = Arc<str>;

/// Elements that one value may have: 128 MB of doubles.
pub(super) const MAX_ELEMENTS: usize = 1 << 24;

/// An array of any number of dimensions, row by row.
#[derive(Debug, Clone)]
pub(in crate::package::graph) struct Tensor {
    pub(super) shape: Vec<usize>,
    pub(super) data: Data,
}

/// What stands in an array.
#[derive(Debug, Clone)]
pub(in crate::package::graph) enum Data {
    /// `float`.
    Float(Vec<f32>),
    /// `double`.
    Double(Vec<f64>),
    /// `int64`.
    Integer(Vec<i64>),
    /// `int32`.
    Short(Vec<i32>),
    /// `bool`.
    Boolean(Vec<bool>),
    /// `string`.
    Text(Vec<Text>),
}

/// The type of what stands in an array.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::package::graph) enum Element {
    Float,
    Double,
    Integer,
    Short,
    Boolean,
    Text,
}

/// Evaluates an expression for the elements of an array, whatever they are.
macro_rules! for_each_type {
    ($data:expr, $values:ident => $result:expr) => {
        match $data {
            Data::Float($values) => $result,
            Data::Double($values) => $result,
            Data::Integer($values) => $result,
            Data::Short($values) => $result,
            Data::Boolean($values) => $result,
            Data::Text($values) => $result,
        }
    };
}
pub(super) use for_each_type;

/// What can stand in an array.
pub(in crate::package::graph) trait Item: Clone {
    /// Its type.
    const ELEMENT: Element;
    /// Wraps elements.
    fn wrap(values: Vec<Self>) -> Data;
    /// Returns the elements, where they are of this type.
    fn of(data: &Data) -> Option<&[Self]>;
}

macro_rules! item {
    ($item:ty, $variant:ident) => {
        impl Item for $item {
            const ELEMENT: Element = Element::$variant;

            fn wrap(values: Vec<Self>) -> Data {
                Data::$variant(values)
            }

            fn of(data: &Data) -> Option<&[Self]> {
                match data {
                    Data::$variant(values) => Some(values),
                    _ => None,
                }
            }
        }
    };
}

item!(f32, Float);
item!(f64, Double);
item!(i64, Integer);
item!(i32, Short);
item!(bool, Boolean);
item!(Text, Text);

impl Element {
    /// Returns the name that ONNX gives it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Float => "float",
            Self::Double => "double",
            Self::Integer => "int64",
            Self::Short => "int32",
            Self::Boolean => "bool",
            Self::Text => "string",
        }
    }
}

impl Data {
    pub(super) fn len(&self) -> usize {
        for_each_type!(self, values => values.len())
    }

    pub(in crate::package::graph) fn element(&self) -> Element {
        match self {
            Self::Float(_) => Element::Float,
            Self::Double(_) => Element::Double,
            Self::Integer(_) => Element::Integer,
            Self::Short(_) => Element::Short,
            Self::Boolean(_) => Element::Boolean,
            Self::Text(_) => Element::Text,
        }
    }

    /// Returns the elements at these places.
    pub(super) fn pick(&self, places: &[usize]) -> Result<Self, Fault> {
        fn pick<T: Item>(values: &[T], places: &[usize]) -> Option<Data> {
            let picked: Option<Vec<T>> = places.iter().map(|&place| values.get(place).cloned()).collect();
            Some(T::wrap(picked?))
        }
        for_each_type!(self, values => pick(values, places))
            .ok_or_else(|| Fault::new("elements within the array", "one beyond its end"))
    }

    /// Adds the elements of another array of the same type.
    pub(super) fn append(&mut self, other: &Self) -> Result<(), Fault> {
        match (self, other) {
            (Self::Float(all), Self::Float(more)) => all.extend_from_slice(more),
            (Self::Double(all), Self::Double(more)) => all.extend_from_slice(more),
            (Self::Integer(all), Self::Integer(more)) => all.extend_from_slice(more),
            (Self::Short(all), Self::Short(more)) => all.extend_from_slice(more),
            (Self::Boolean(all), Self::Boolean(more)) => all.extend_from_slice(more),
            (Self::Text(all), Self::Text(more)) => all.extend_from_slice(more),
            (all, more) => {
                return Err(Fault::new(format!("all of type {}", all.element().name()), more.element().name()));
            }
        }
        Ok(())
    }

    /// Returns an array of one type without elements.
    pub(super) fn empty(element: Element) -> Self {
        match element {
            Element::Float => Self::Float(Vec::new()),
            Element::Double => Self::Double(Vec::new()),
            Element::Integer => Self::Integer(Vec::new()),
            Element::Short => Self::Short(Vec::new()),
            Element::Boolean => Self::Boolean(Vec::new()),
            Element::Text => Self::Text(Vec::new()),
        }
    }
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
