//! The numbers that trees compute with: floats, or doubles where a file or its inputs have them.

use std::fmt::Debug;

/// A number that trees compute with.
pub(super) trait Value: Copy + PartialOrd + Debug + Send + Sync + 'static {
    const ZERO: Self;
    fn plus(self, other: Self) -> Self;
    fn divided(self, count: usize) -> Self;
    fn negated(self) -> Self;
    /// Returns the next lower number; nothing is below the lowest one, and NaN says so to every comparison.
    fn lowered(self) -> Self;
    fn is_missing(self) -> bool;
    fn narrow(self) -> f32;
    fn wide(self) -> f64;
    fn from_wide(number: f64) -> Self;
}

macro_rules! value {
    ($number:ty) => {
        impl Value for $number {
            const ZERO: Self = 0.0;

            fn plus(self, other: Self) -> Self {
                self + other
            }

            fn divided(self, count: usize) -> Self {
                self / count as Self
            }

            fn negated(self) -> Self {
                -self
            }

            fn lowered(self) -> Self {
                if self == Self::NEG_INFINITY { Self::NAN } else { self.next_down() }
            }

            fn is_missing(self) -> bool {
                self.is_nan()
            }

            fn narrow(self) -> f32 {
                self as f32
            }

            fn wide(self) -> f64 {
                self as f64
            }

            fn from_wide(number: f64) -> Self {
                number as Self
            }
        }
    };
}

value!(f32);
value!(f64);
