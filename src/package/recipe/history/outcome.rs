//! Sums of outcomes that are exact, so that neither an order of members nor one that is taken out again shows in them.

/// The bits of the largest outcome in a sum. An outcome has 53 bits and a history fewer than 2^31 members, which leaves room for outcomes
/// that are smaller by a factor of 2^43; the least bits of smaller ones are rounded away.
const LARGEST_BITS: i32 = 96;

/// How each member fared.
#[derive(Debug, Default)]
pub(in crate::package::recipe) struct Outcomes {
    /// Whole numbers: each outcome by a power of two.
    whole: Vec<i128>,
    shift: i32,
    /// Over all members.
    pub(super) all: Tally,
}

/// A number of members, and the sum of their outcomes.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) count: u32,
    pub(super) sum: i128,
}

impl Tally {
    pub(super) fn add(&mut self, outcome: i128) {
        self.count += 1;
        self.sum += outcome;
    }

    pub(super) fn take_out(&mut self, outcome: i128) {
        self.count = self.count.saturating_sub(1);
        self.sum -= outcome;
    }
}

impl Outcomes {
    /// Takes outcomes, which are finite.
    #[expect(clippy::cast_possible_truncation, reason = "it is below 2^96")]
    pub(in crate::package::recipe) fn new(outcomes: &[f64]) -> Self {
        let largest = outcomes.iter().fold(0.0_f64, |largest, one| largest.max(one.abs()));
        #[expect(clippy::cast_precision_loss, reason = "fewer than 2^31")]
        let are_small_and_whole =
            largest * (outcomes.len() as f64) < 2f64.powi(53) && outcomes.iter().all(|one| one.fract() == 0.0);
        let shift = if are_small_and_whole { 0 } else { LARGEST_BITS - 1 - libm::ilogb(largest) };
        let whole =
            |one: &f64| if shift == 0 { i128::from(*one as i64) } else { libm::ldexp(*one, shift).round() as i128 };
        let whole: Vec<i128> = outcomes.iter().map(whole).collect();
        let mut all = Tally::default();
        for outcome in &whole {
            all.add(*outcome);
        }
        Self { whole, shift, all }
    }

    pub(super) fn of(&self, member: u32) -> i128 {
        self.whole[member as usize]
    }

    /// Returns a sum as the number that it is.
    #[expect(clippy::cast_precision_loss, reason = "the one rounding of a sum")]
    #[expect(clippy::cast_possible_truncation, reason = "sums of small whole numbers are below 2^53")]
    pub(super) fn number(&self, sum: i128) -> f64 {
        // One that fits is converted by one instruction, any other by some thirty.
        if self.shift == 0 { sum as i64 as f64 } else { libm::ldexp(sum as f64, -self.shift) }
    }
}
