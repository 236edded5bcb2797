//! A list of numbers as the text of `history.json` has it.

use std::borrow::Cow;
use std::fmt::Write;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, Error};
use serde::ser::{Serialize, Serializer};

use crate::package::recipe::slots::MISSING;
use crate::table::Decimal;

/// Numbers, NaN where one is missing: in JSON one text, as in `"3 1 - 2.5"`.
///
/// A history is most of what a program reads at its start, and these lists are most of a history: one text is read for a tenth of what a
/// list of JSON takes.
#[derive(Debug, Clone, Default)]
pub(in crate::package::recipe) struct Numbers(pub(in crate::package::recipe) Arc<[f64]>);

impl Numbers {
    pub(in crate::package::recipe) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl<'de> Deserialize<'de> for Numbers {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text: Text<'_> = Text::deserialize(deserializer)?;
        read(&text.0).map(|numbers| Self(numbers.into())).map_err(Error::custom)
    }
}

/// A text that is borrowed where it stands in JSON as it is.
#[derive(serde::Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

fn read(text: &str) -> Result<Vec<f64>, String> {
    let mut numbers = Vec::with_capacity(text.len() / 2 + 1);
    let mut rest = text.as_bytes();
    while !rest.is_empty() {
        // Most lists are of flags, lengths and codes of few digits, and many have gaps.
        let (number, others) = match rest {
            [one @ b'0'..=b'9', b' ', others @ ..] => (whole([*one]), others),
            [ten @ b'0'..=b'9', one @ b'0'..=b'9', b' ', others @ ..] => (whole([*ten, *one]), others),
            [hundred @ b'0'..=b'9', ten @ b'0'..=b'9', one @ b'0'..=b'9', b' ', others @ ..] => {
                (whole([*hundred, *ten, *one]), others)
            }
            [b'-', b' ', others @ ..] => (MISSING, others),
            _ => {
                let (number, length) = match Decimal::read(rest) {
                    Some((decimal, length)) => (decimal.number(), length),
                    None => other(rest).map_err(|found| format!("number {} is {found:?}", numbers.len()))?,
                };
                (number, rest.get(length + 1..).unwrap_or_default())
            }
        };
        numbers.push(number);
        rest = others;
    }
    Ok(numbers)
}

/// Returns the number that a few digits are.
fn whole<const COUNT: usize>(digits: [u8; COUNT]) -> f64 {
    digits.iter().fold(0, |number: u16, digit| number * 10 + u16::from(digit - b'0')).into()
}

/// Reads any other number, up to the next space, or returns what stands there.
fn other(text: &[u8]) -> Result<(f64, usize), Cow<'_, str>> {
    let length = text.iter().position(|byte| *byte == b' ').unwrap_or(text.len());
    let text = String::from_utf8_lossy(&text[..length]);
    if text == "-" {
        return Ok((MISSING, length));
    }
    let number = text.parse().ok().filter(|number: &f64| number.is_finite());
    // Negative zero is zero, or two equal numbers would not be the same key.
    number.map(|number| (number + 0.0, length)).ok_or(text)
}

impl Serialize for Numbers {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut text = String::with_capacity(self.0.len() * 4);
        for (place, number) in self.0.iter().enumerate() {
            if place > 0 {
                text.push(' ');
            }
            match number {
                number if number.is_nan() => text.push('-'),
                number if number.fract() == 0.0 && number.abs() < 1e15 => {
                    // Writing to a text cannot fail.
                    let _ = write!(text, "{number}");
                }
                number => text.push_str(ryu::Buffer::new().format_finite(*number)),
            }
        }
        serializer.serialize_str(&text)
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
    fn only_a_text_of_numbers_is_a_list() {
        assert_eq!(parsed(r#""1 - -2.5e3 0 7""#).unwrap(), [Some(1.0), None, Some(-2500.0), Some(0.0), Some(7.0)]);
        assert_eq!(parsed(r#""""#).unwrap(), []);
        assert_eq!(parsed(r#""12.50 0.007 4294967296 1.0""#).unwrap(), [12.5, 0.007, 4_294_967_296.0, 1.0].map(Some));
        for text in [
            "[1]",
            "1",
            r#""1  2""#,
            r#"".""#,
            r#""1.2.3""#,
            r#"" 1""#,
            r#""1,2""#,
            r#""x""#,
            r#""inf""#,
            r#""NaN""#,
            r#""--""#,
        ] {
            assert!(parsed(text).is_err(), "{text}");
        }
        assert_eq!(parsed(r#""1 x""#).unwrap_err(), r#"number 1 is "x""#);
    }

    proptest! {
        #[test]
        fn numbers_are_read_as_they_were_written(numbers: Vec<Option<f64>>, small: Vec<i64>, cents: Vec<u32>) {
            let finite = numbers.into_iter().map(|number| number.filter(|number| number.is_finite()));
            #[expect(clippy::cast_precision_loss, reason = "any number will do")]
            let small = small.into_iter().map(|number| (number >> (number & 31)) as f64);
            let cents = cents.into_iter().map(|cents| f64::from(cents >> (cents & 31)) / 100.0);
            let numbers: Vec<f64> = finite.map(|number| number.unwrap_or(MISSING)).chain(small).chain(cents).collect();
            let text = serde_json::to_string(&Numbers(numbers.clone().into())).unwrap();
            let expected: Vec<Option<f64>> = numbers.into_iter().map(|number| (!number.is_nan()).then_some(number)).collect();
            prop_assert_eq!(parsed(&text).unwrap(), expected);
        }
    }
}
