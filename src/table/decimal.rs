//! Numbers of few digits, which most numbers of a file are, read without a reader of floats.

/// Digits, with a point among them or without: `7`, `7.25`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    /// The digits as one number.
    digits: u32,
    /// How many of them stand behind the point.
    decimals: usize,
}

const POWERS_OF_TEN: [f64; 10] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9];

impl Decimal {
    /// Reads what stands before the first space, or all of a text, and tells how long that is; nothing comes of more digits than a `u32` has,
    /// nor of a sign, an exponent or a point without digits on both sides.
    pub(crate) fn read(text: &[u8]) -> Option<(Self, usize)> {
        let (mut digits, mut point) = (0_u32, None);
        let mut length = 0;
        for byte in text {
            match byte {
                b'0'..=b'9' => digits = digits.checked_mul(10)?.checked_add(u32::from(byte - b'0'))?,
                b'.' if point.is_none() && length > 0 => point = Some(length),
                b' ' => break,
                _ => return None,
            }
            length += 1;
        }
        let decimals = point.map_or(0, |point| length - point - 1);
        let is_number = length > 0 && (point.is_none() || decimals > 0) && decimals < POWERS_OF_TEN.len();
        is_number.then_some((Self { digits, decimals }, length))
    }

    /// Reads all of a text.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::read(text.as_bytes()).filter(|(_, length)| *length == text.len()).map(|(decimal, _)| decimal)
    }

    /// Returns the number if it has no point.
    pub(crate) fn whole(self) -> Option<u32> {
        (self.decimals == 0).then_some(self.digits)
    }

    /// Returns the number. A quotient of two numbers that are exact is rounded once, to what any other way of reading gives.
    pub(crate) fn number(self) -> f64 {
        f64::from(self.digits) / POWERS_OF_TEN[self.decimals]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_digits_with_a_point_among_them_are_read() {
        let parsed =
            ["7", "007", "7.25", "12.50", "4294967295", "0.000000001"].map(|text| Decimal::parse(text).unwrap());
        assert_eq!(parsed.map(Decimal::number), [7.0, 7.0, 7.25, 12.5, 4_294_967_295.0, 1e-9]);
        assert_eq!((parsed[1].whole(), parsed[2].whole()), (Some(7), None));
        for text in ["", ".", "1.", ".5", "1.2.3", "-1", "+1", "1e3", "4294967296", "1 2", "0.0000000001", "x"] {
            assert_eq!(Decimal::parse(text), None, "{text}");
        }
        assert_eq!(Decimal::read(b"12 7").map(|(decimal, length)| (decimal.number(), length)), Some((12.0, 2)));
    }

    proptest! {
        #[test]
        fn a_decimal_is_the_number_that_a_reader_of_floats_gives(text in "[0-9]{1,10}(\\.[0-9]{1,10})?") {
            if let Some(decimal) = Decimal::parse(&text) {
                prop_assert_eq!(decimal.number().to_bits(), text.parse::<f64>().unwrap().to_bits());
            }
        }
    }
}
