//! Numbers of few digits, which most numbers of a file are, read without a reader of floats.

/// Digits, with a point among them or without: `7`, `7.25`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Decimal {
    /// The digits as one number.
    digits: u32,
    /// How many of them stand behind the point.
    decimals: usize,
}

const POWERS_OF_TEN: [f64; 9] = [1.0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8];

/// As many digits are read: a `u32` has them all.
const MOST_DIGITS: usize = 9;

impl Decimal {
    /// Reads what stands before the first space, or all of a text, and tells how long that is; nothing comes of many digits, nor of a sign, an
    /// exponent or a point without digits on both sides.
    pub(crate) fn read(text: &[u8]) -> Option<(Self, usize)> {
        let (whole, length) = digits(text, 0);
        match text.get(length) {
            None | Some(b' ') => {
                (1..=MOST_DIGITS).contains(&length).then_some((Self { digits: whole, decimals: 0 }, length))
            }
            Some(b'.') => {
                let (digits, decimals) = digits(&text[length + 1..], whole);
                let all = length + 1 + decimals;
                let is_number = length > 0 && decimals > 0 && all <= MOST_DIGITS + 1;
                let ends = matches!(text.get(all), None | Some(b' '));
                (is_number && ends).then_some((Self { digits, decimals }, all))
            }
            Some(_) => None,
        }
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

/// Appends the digits that a text begins with to a number, and tells how many there are. Of too many, the number means nothing.
fn digits(text: &[u8], mut number: u32) -> (u32, usize) {
    for (place, byte) in text.iter().enumerate() {
        let digit = byte.wrapping_sub(b'0');
        if digit > 9 {
            return (number, place);
        }
        number = number.wrapping_mul(10).wrapping_add(digit.into());
    }
    (number, text.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn only_digits_with_a_point_among_them_are_read() {
        let parsed = ["7", "007", "7.25", "12.50", "999999999", "0.00000001"].map(|text| Decimal::parse(text).unwrap());
        let bits = |number: f64| number.to_bits();
        let expected = [7.0, 7.0, 7.25, 12.5, 999_999_999.0, 1e-8];
        assert_eq!(parsed.map(Decimal::number).map(bits), expected.map(bits));
        assert_eq!((parsed[1].whole(), parsed[2].whole()), (Some(7), None));
        for text in ["", ".", "1.", ".5", "1.2.3", "-1", "+1", "1e3", "1000000000", "1 2", "0.000000001", "1.2 3", "x"]
        {
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
