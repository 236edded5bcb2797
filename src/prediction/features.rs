//! Features as a text: a JSON list of numbers, each the shortest that names its `f32`, `null` for one that is missing.

use std::fmt::Write;

/// Whole numbers below this are written without a point.
const SMALL: f32 = 1e6;

/// Writes features.
pub fn write(values: &[f32]) -> String {
    let mut text = String::with_capacity(4 * values.len() + 2);
    text.push('[');
    for (place, &value) in values.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        let written = match value {
            _ if !value.is_finite() => write!(text, "null"),
            #[expect(clippy::cast_possible_truncation, reason = "whole and small")]
            _ if value.fract() == 0.0 && value.abs() < SMALL && (value != 0.0 || value.is_sign_positive()) => {
                write!(text, "{}", value as i32)
            }
            _ => write!(text, "{}", ryu::Buffer::new().format_finite(value)),
        };
        // A text takes whatever is written into it.
        debug_assert!(written.is_ok());
    }
    text.push(']');
    text
}

/// Reads features; nothing comes of a text that is none of [`write()`]'s.
pub fn read(text: &str) -> Option<Box<[f32]>> {
    let inner = text.strip_prefix('[')?.strip_suffix(']')?;
    if inner.is_empty() {
        return Some([].into());
    }
    inner.split(',').map(number).collect()
}

fn number(text: &str) -> Option<f32> {
    match text.as_bytes() {
        // Most features are flags.
        [digit @ b'0'..=b'9'] => Some(f32::from(digit - b'0')),
        b"null" => Some(f32::NAN),
        _ => text.parse().ok().filter(|value: &f32| value.is_finite()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn flags_are_short_and_what_is_missing_is_null() {
        assert_eq!(write(&[0.0, 1.0, f32::NAN, 3.218_876, -2.0]), "[0,1,null,3.218876,-2]");
        assert_eq!((write(&[]), read("[]")), ("[]".to_owned(), Some([].into())));
        for bad in ["", "[", "[x]", "1", "[1,]", "[inf]", "[NaN]"] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    proptest! {
        #[test]
        fn every_finite_feature_is_read_to_the_bit(values in proptest::collection::vec(any::<f32>(), 0..9)) {
            let values: Vec<f32> = values.into_iter().filter(|value| value.is_finite()).collect();
            let read = read(&write(&values)).unwrap();
            prop_assert_eq!(read.iter().map(|value| value.to_bits()).collect::<Vec<_>>(), values.iter().map(|value| value.to_bits()).collect::<Vec<_>>());
        }
    }
}
