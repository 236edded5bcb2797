//! Features as a text: a JSON list of numbers, each the shortest that names its `f32`, `null` for one that is missing.

/// Whole numbers below this are written without a point.
const SMALL: i32 = 1_000_000;

/// Writes features.
pub fn write(values: &[f32]) -> String {
    let mut text = String::with_capacity(4 * values.len() + 2);
    text.push('[');
    for (place, &value) in values.iter().enumerate() {
        if place > 0 {
            text.push(',');
        }
        push(&mut text, value);
    }
    text.push(']');
    text
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    clippy::cast_sign_loss,
    reason = "what is not whole and small differs then"
)]
fn push(text: &mut String, value: f32) {
    let whole = value as i32;
    let is_whole = (whole as f32).to_bits() == value.to_bits();
    match whole {
        // Most features are flags: 0 and 1 go one way, which the processor guesses right.
        0..=9 if is_whole => text.push(char::from(b'0' + whole as u8)),
        _ if is_whole && whole.abs() < SMALL => text.push_str(itoa::Buffer::new().format(whole)),
        _ if value.is_finite() => text.push_str(ryu::Buffer::new().format_finite(value)),
        _ => text.push_str("null"),
    }
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
