//! Tensors of one row a record, out of JSON or out of bytes.

use serde::Serialize;
use serde_json::Value as Json;
use utoipa::ToSchema;

use crate::table::descriptor::FieldType;
use crate::table::{Cell, Field};

/// The element types that are read and written here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "UPPERCASE")]
pub(super) enum Datatype {
    Bool,
    Int32,
    Int64,
    Fp32,
    Fp64,
    Bytes,
}

impl Datatype {
    const ALL: [Self; 6] = [Self::Bool, Self::Int32, Self::Int64, Self::Fp32, Self::Fp64, Self::Bytes];

    pub(super) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|datatype| datatype.name() == name)
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Bool => "BOOL",
            Self::Int32 => "INT32",
            Self::Int64 => "INT64",
            Self::Fp32 => "FP32",
            Self::Fp64 => "FP64",
            Self::Bytes => "BYTES",
        }
    }

    /// Returns the type that holds every value of a field.
    pub(super) fn of(field: &Field) -> Self {
        match field.kind {
            FieldType::Integer => Self::Int64,
            FieldType::Number => Self::Fp64,
            FieldType::Boolean => Self::Bool,
            FieldType::String | FieldType::Date | FieldType::Datetime => Self::Bytes,
        }
    }

    /// Returns the types that a field may come in: any number for a number.
    pub(super) fn taken_for(field: &Field) -> &'static [Self] {
        match Self::of(field) {
            Self::Bytes => &[Self::Bytes],
            Self::Bool => &[Self::Bool],
            _ => &[Self::Int32, Self::Int64, Self::Fp32, Self::Fp64],
        }
    }

    /// Returns how many bytes an element takes; none where it says so itself.
    fn size(self) -> Option<usize> {
        match self {
            Self::Bool => Some(1),
            Self::Int32 | Self::Fp32 => Some(4),
            Self::Int64 | Self::Fp64 => Some(8),
            Self::Bytes => None,
        }
    }
}

/// One element.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Element {
    Missing,
    Integer(i64),
    Float(f64),
    Text(String),
    Flag(bool),
}

impl Element {
    /// Returns what it says of a field.
    pub(super) fn cell(&self) -> Cell<'_> {
        match self {
            Self::Missing => Cell::Missing,
            Self::Integer(number) => Cell::Integer(*number),
            Self::Float(number) if number.is_nan() => Cell::Missing,
            Self::Float(number) => Cell::Float(*number),
            Self::Text(text) if text.is_empty() => Cell::Missing,
            Self::Text(text) => Cell::Text(text),
            Self::Flag(flag) => Cell::Boolean(*flag),
        }
    }
}

/// Reads the elements of a JSON tensor, which may be nested as its shape is; the message says which element is at fault.
pub(super) fn of_json(datatype: Datatype, data: &[Json]) -> Result<Vec<Element>, String> {
    let mut elements = Vec::with_capacity(data.len());
    for value in data {
        match value {
            Json::Array(nested) => elements.extend(of_json(datatype, nested)?),
            _ => match element(datatype, value) {
                Some(element) => elements.push(element),
                None => return Err(not_of(datatype, elements.len())),
            },
        }
    }
    Ok(elements)
}

fn element(datatype: Datatype, value: &Json) -> Option<Element> {
    match (datatype, value) {
        (_, Json::Null) => Some(Element::Missing),
        (Datatype::Bool, Json::Bool(flag)) => Some(Element::Flag(*flag)),
        (Datatype::Int32, value) => {
            value.as_i64().and_then(|n| i32::try_from(n).ok()).map(|n| Element::Integer(n.into()))
        }
        (Datatype::Int64, value) => value.as_i64().map(Element::Integer),
        #[expect(clippy::cast_possible_truncation, reason = "the client says that the number is an FP32")]
        (Datatype::Fp32, value) => value.as_f64().map(|number| Element::Float(widen(number as f32))),
        (Datatype::Fp64, value) => value.as_f64().map(Element::Float),
        (Datatype::Bytes, Json::String(text)) => Some(Element::Text(text.clone())),
        _ => None,
    }
}

/// Reads the elements of a binary tensor: numbers as they stand in memory, least byte first, and each text behind its length.
pub(super) fn of_bytes(datatype: Datatype, mut bytes: &[u8]) -> Result<Vec<Element>, String> {
    let mut elements = Vec::new();
    while !bytes.is_empty() {
        let broken = || format!("its binary data ends within element {}", elements.len());
        let length = match datatype.size() {
            Some(size) => size,
            None => take(&mut bytes, 4)
                .and_then(|length| Some(u32::from_le_bytes(length.try_into().ok()?) as usize))
                .ok_or_else(broken)?,
        };
        let element = take(&mut bytes, length).ok_or_else(broken)?;
        let element = binary_element(datatype, element);
        elements.push(element.ok_or_else(|| not_of(datatype, elements.len()))?);
    }
    Ok(elements)
}

fn take<'a>(bytes: &mut &'a [u8], length: usize) -> Option<&'a [u8]> {
    let (taken, rest) = bytes.split_at_checked(length)?;
    *bytes = rest;
    Some(taken)
}

fn binary_element(datatype: Datatype, bytes: &[u8]) -> Option<Element> {
    Some(match datatype {
        Datatype::Bool => match bytes {
            [0] => Element::Flag(false),
            [1] => Element::Flag(true),
            _ => return None,
        },
        Datatype::Int32 => Element::Integer(i32::from_le_bytes(bytes.try_into().ok()?).into()),
        Datatype::Int64 => Element::Integer(i64::from_le_bytes(bytes.try_into().ok()?)),
        Datatype::Fp32 => Element::Float(widen(f32::from_le_bytes(bytes.try_into().ok()?))),
        Datatype::Fp64 => Element::Float(f64::from_le_bytes(bytes.try_into().ok()?)),
        Datatype::Bytes => Element::Text(std::str::from_utf8(bytes).ok()?.to_owned()),
    })
}

fn not_of(datatype: Datatype, element: usize) -> String {
    let hint = if datatype == Datatype::Bytes { ", a text in UTF-8" } else { "" };
    format!("element {element} is no {}{hint}", datatype.name())
}

/// Returns the number that the shortest decimal for an `FP32` stands for: 0.42 is 0.42 then, and the record the same as in JSON.
fn widen(number: f32) -> f64 {
    number.to_string().parse().unwrap_or(f64::NAN)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn json_may_be_nested_as_the_shape_is() {
        let flat = of_json(Datatype::Int64, json!([1, null, 3]).as_array().unwrap()).unwrap();
        let nested = of_json(Datatype::Int64, json!([[1], [null], [3]]).as_array().unwrap()).unwrap();
        assert_eq!(flat, [Element::Integer(1), Element::Missing, Element::Integer(3)]);
        assert_eq!(nested, flat);
    }

    #[test]
    fn elements_that_are_not_of_their_type_are_refused() {
        for (datatype, element) in [
            (Datatype::Int64, json!(1.5)),
            (Datatype::Int32, json!(1_u64 << 40)),
            (Datatype::Int64, json!(u64::MAX)),
            (Datatype::Bytes, json!(1)),
            (Datatype::Bool, json!(1)),
            (Datatype::Fp64, json!("1")),
            (Datatype::Fp64, json!({})),
        ] {
            assert!(of_json(datatype, &[element]).is_err());
        }
    }

    #[test]
    fn an_fp32_is_the_decimal_that_it_was_made_of() {
        let in_bytes = of_bytes(Datatype::Fp32, &0.42_f32.to_le_bytes()).unwrap();
        assert_eq!(in_bytes, [Element::Float(0.42)]);
        assert_eq!(of_json(Datatype::Fp32, &[json!(0.42)]).unwrap(), in_bytes);
    }

    #[test]
    fn binary_data_that_ends_early_is_refused() {
        for (datatype, bytes) in [
            (Datatype::Int64, &[0; 7][..]),
            (Datatype::Fp32, &[0; 9]),
            (Datatype::Bytes, &[1, 0, 0]),
            (Datatype::Bytes, &[2, 0, 0, 0, b'x']),
            (Datatype::Bytes, &[255, 255, 255, 255]),
            (Datatype::Bytes, &[1, 0, 0, 0, 0xff]),
            (Datatype::Bool, &[2]),
        ] {
            assert!(of_bytes(datatype, bytes).is_err(), "{datatype:?} {bytes:?}");
        }
        assert_eq!(of_bytes(Datatype::Bytes, &[1, 0, 0, 0, b'x', 0, 0, 0, 0]).unwrap().len(), 2);
    }
}
