//! What stands in arrays: numbers, booleans or texts.

use std::sync::Arc;

use super::fault::Fault;

/// A text that many values share.
pub(in crate::package::graph) type Text = Arc<str>;

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
