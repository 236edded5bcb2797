//! What is deleted: all of an entity, when somebody asks for it, and predictions of a certain age, where a setting says so.

use std::str::FromStr;

use jiff::{SignedDuration, Timestamp};
use thiserror::Error;

/// What was deleted of an entity.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Forgotten {
    /// The number of its predictions, each with its record and features.
    pub predictions: u64,
    /// The number of outcomes that were told of them, corrections among them.
    pub outcomes: u64,
}

impl Forgotten {
    /// Adds what else was deleted.
    pub fn add(&mut self, other: Self) {
        self.predictions += other.predictions;
        self.outcomes += other.outcomes;
    }
}

/// How long predictions are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    days: u32,
}

/// The longest time that can be set: a hundred years.
const MOST_DAYS: u32 = 36_500;

impl Retention {
    /// Returns when a prediction is to be deleted.
    pub(super) fn end(self, created_at: Timestamp) -> Timestamp {
        created_at.checked_add(self.span()).unwrap_or(Timestamp::MAX)
    }

    /// Returns the moment before which a prediction was made that is to be deleted now.
    pub(super) fn limit(self, now: Timestamp) -> Timestamp {
        now.checked_sub(self.span()).unwrap_or(Timestamp::MIN)
    }

    fn span(self) -> SignedDuration {
        SignedDuration::from_hours(24 * i64::from(self.days))
    }
}

/// A text that is no number of days.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("expected a whole number of days, from 1 to {MOST_DAYS}")]
pub struct InvalidRetention;

impl FromStr for Retention {
    type Err = InvalidRetention;

    fn from_str(text: &str) -> Result<Self, InvalidRetention> {
        let days = text.parse().ok().filter(|days| (1..=MOST_DAYS).contains(days));
        days.map(|days| Self { days }).ok_or(InvalidRetention)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_retention_is_a_number_of_days() {
        let retention: Retention = "30".parse().unwrap();
        let [made, end] = ["2026-11-01T10:00:00.001Z", "2026-12-01T10:00:00.001Z"].map(|time| time.parse().unwrap());
        assert_eq!((retention.end(made), retention.limit(end)), (end, made));
        assert_eq!(retention.end(Timestamp::MAX), Timestamp::MAX);
        assert_eq!(retention.limit(Timestamp::MIN), Timestamp::MIN);
        for bad in ["0", "-1", "1.5", "36501", "", "30d"] {
            assert_eq!(bad.parse::<Retention>(), Err(InvalidRetention), "{bad}");
        }
    }
}
