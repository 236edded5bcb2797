//! A list of numbers as the text of `history.json` has it.

use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};
use serde_json::value::RawValue;

use crate::package::recipe::slots::MISSING;

/// Numbers, NaN where one is missing.
///
/// A history is most of what a package makes a program read at its start, and this its longest part: a list is read from its text
/// in one go, for a fifth of what a reader of any JSON takes.
#[derive(Debug, Clone)]
pub(in crate::package::recipe) struct Numbers(pub(in crate::package::recipe) Arc<[f64]>);

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <&RawValue>::deserialize(deserializer)?.get();
        read(text).map(|numbers| Self(numbers.into())).map_err(Error::custom)
    }
}

/// Reads the text of a JSON value that should be a list of numbers and `null`.
fn read(text: &str) -> Result<Vec<f64>, String> {
    let list = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let mut rest = list.ok_or("must be a list of numbers and null")?.as_bytes();
    let mut numbers = Vec::with_capacity(rest.len() / 2);
    while !rest.trim_ascii_start().is_empty() {
        let end = rest.iter().position(|byte| *byte == b',');
        let (element, behind) = end.map_or((rest, &[][..]), |end| (&rest[..end], &rest[end + 1..]));
        let number = whole(element).or_else(|| any(element));
        numbers.push(number.ok_or_else(|| format!("element {} must be a number or null", numbers.len()))?);
        rest = behind;
    }
    Ok(numbers)
}

/// Reads a whole number of few digits, as most are.
fn whole(element: &[u8]) -> Option<f64> {
    if element.is_empty() || element.len() > 9 {
        return None;
    }
    let digit = |number: u32, byte: &u8| byte.is_ascii_digit().then(|| number * 10 + u32::from(byte - b'0'));
    element.iter().try_fold(0, digit).map(f64::from)
}

fn any(element: &[u8]) -> Option<f64> {
    match element.trim_ascii() {
        b"null" => Some(MISSING),
        // Negative zero is zero, or two equal numbers would not be the same key.
        number @ [b'-' | b'0'..=b'9', ..] => {
            std::str::from_utf8(number).ok()?.parse().ok().map(|number: f64| number + 0.0)
        }
        _ => None,
    }
}

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.iter().copied().map(Number))
    }
}

/// A number as it is written: shortly, and null where it is missing.
struct Number(f64);

impl Serialize for Number {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        #[expect(clippy::cast_possible_truncation, reason = "it has no fraction and is small")]
        match self.0 {
            number if number.is_nan() => serializer.serialize_unit(),
            number if number.fract() == 0.0 && number.abs() < 1e15 => serializer.serialize_i64(number as i64),
            number => serializer.serialize_f64(number),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn parsed(text: &str) -> Result<Vec<Option<f64>>, String> {
        let numbers: Numbers = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Ok(numbers.0.iter().map(|number| (!number.is_nan()).then_some(*number)).collect())
    }

    #[test]
    fn only_a_list_of_numbers_is_one() {
        assert_eq!(parsed(" [ 1 , null,-2.5e3, 0]").unwrap(), [Some(1.0), None, Some(-2500.0), Some(0.0)]);
        assert_eq!(parsed("[ ]").unwrap(), []);
        for text in ["{}", "1", "[true]", "[\"1\"]", "[[1]]", "[1,\"a,b\"]", "[1,]", "[1 2]", "[01]"] {
            assert!(parsed(text).is_err(), "{text}");
        }
        let error = parsed("[1,false]").unwrap_err();
        assert!(error.starts_with("element 1 must be a number or null"), "{error}");
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_they_were_written(numbers: Vec<Option<f64>>, small: Vec<i32>) {
            let finite = numbers.into_iter().map(|number| number.filter(|number| number.is_finite()));
            let numbers: Vec<f64> = finite.map(|number| number.unwrap_or(MISSING)).chain(small.into_iter().map(f64::from)).collect();
            let text = serde_json::to_string(&Numbers(numbers.clone().into())).unwrap();
            let read = parsed(&text).unwrap();
            let expected: Vec<Option<f64>> = numbers.into_iter().map(|number| (!number.is_nan()).then_some(number)).collect();
            prop_assert_eq!(read, expected);
        }
    }
}
