//! What really happened, on its way into a store and out of it: a list of outcomes that only grows.

use jiff::civil::Date;
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};

use super::Window;
use crate::identity::PredictionId;
use crate::prediction::{Outcome, Prediction};

/// What somebody tells of a prediction.
#[derive(Debug, Clone, PartialEq)]
pub struct Told {
    /// Which prediction is meant.
    pub id: PredictionId,
    /// What happened, known now.
    pub outcome: Outcome,
    /// Whether it takes the place of another outcome that stands.
    pub corrects: bool,
}

impl Told {
    /// Decides what comes of it where this outcome was told last.
    ///
    /// A correction is never known before what it corrects, whatever two clocks say: the list is in the order of time.
    pub(super) fn meet(&self, standing: Option<&Outcome>) -> Recording {
        let told = &self.outcome;
        match standing {
            None => Recording::Recorded(told.clone()),
            Some(standing) if standing.label == told.label => Recording::Stands(standing.clone()),
            Some(standing) if self.corrects => {
                let known_at = told.known_at.max(standing.known_at);
                Recording::Corrected(Outcome { known_at, ..told.clone() })
            }
            Some(standing) => Recording::Contradicts(standing.clone()),
        }
    }
}

/// What came of telling an outcome; each is the outcome that stands now.
#[derive(Debug, Clone, PartialEq)]
pub enum Recording {
    /// It is the first one, recorded by this call.
    Recorded(Outcome),
    /// It was told before.
    Stands(Outcome),
    /// It takes the place of another one, by this call.
    Corrected(Outcome),
    /// Another outcome stands, and stays: what was told does not say that it corrects it.
    Contradicts(Outcome),
}

impl Recording {
    /// Returns the outcome that stands now.
    pub fn outcome(&self) -> &Outcome {
        match self {
            Self::Recorded(outcome) | Self::Stands(outcome) | Self::Corrected(outcome) | Self::Contradicts(outcome) => {
                outcome
            }
        }
    }

    /// Returns what this call adds to the list.
    pub(super) fn added(&self) -> Option<&Outcome> {
        match self {
            Self::Recorded(outcome) | Self::Corrected(outcome) => Some(outcome),
            Self::Stands(_) | Self::Contradicts(_) => None,
        }
    }
}

/// An outcome that became known, and the prediction that it is of.
#[derive(Debug, Clone, PartialEq)]
pub struct Known {
    /// Its place in the prediction's list: 0 is the first that was told, what follows are corrections.
    pub place: usize,
    /// The outcome.
    pub outcome: Outcome,
    /// The prediction, with all that was told of it up to now, later corrections too.
    pub prediction: Prediction,
}

impl Known {
    /// Finds an outcome in the list of its prediction.
    pub(super) fn new(prediction: Prediction, place: usize) -> Option<Self> {
        let outcome = prediction.outcomes.get(place)?.clone();
        Some(Self { place, outcome, prediction })
    }
}

/// Days of UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Days {
    /// The first of them.
    pub from: Date,
    /// The last of them.
    pub to: Date,
}

impl Days {
    /// Returns the time from the beginning of the first day to the end of the last; nothing where there is no day.
    pub(super) fn window(self) -> Option<Window> {
        // The first and the last day of the calendar begin or end beyond what is a time.
        let begin = |day: Date| {
            let limit = if day.year() < 0 { Timestamp::MIN } else { Timestamp::MAX };
            TimeZone::UTC.to_timestamp(day.at(0, 0, 0, 0)).unwrap_or(limit)
        };
        let from = begin(self.from);
        let end = self.to.checked_add(1.day()).map_or(Timestamp::MAX, begin);
        (from < end).then_some(Window { from, to: end })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::table::descriptor::Scalar;

    fn at(label: i64, millisecond: i64) -> Outcome {
        Outcome { label: Scalar::Integer(label), known_at: Timestamp::from_millisecond(millisecond).unwrap() }
    }

    #[test]
    fn a_list_grows_by_the_first_outcome_and_by_corrections_alone() {
        let told = |label, corrects| Told {
            id: "p.7.0123456789abcdef0123456789abcdef".parse().unwrap(),
            outcome: at(label, 5),
            corrects,
        };
        for corrects in [false, true] {
            assert_eq!(told(1, corrects).meet(None), Recording::Recorded(at(1, 5)));
            assert_eq!(told(1, corrects).meet(Some(&at(1, 3))), Recording::Stands(at(1, 3)));
        }
        assert_eq!(told(1, false).meet(Some(&at(0, 3))), Recording::Contradicts(at(0, 3)));
        assert_eq!(told(1, true).meet(Some(&at(0, 3))), Recording::Corrected(at(1, 5)));
        assert_eq!(told(1, true).meet(Some(&at(0, 9))), Recording::Corrected(at(1, 9)), "by another clock, earlier");
    }

    #[test]
    fn days_have_a_beginning_and_an_end() {
        let days = |from: &str, to: &str| Days { from: from.parse().unwrap(), to: to.parse().unwrap() }.window();
        let window = days("2026-11-24", "2026-11-25").unwrap();
        assert_eq!(window.from, "2026-11-24T00:00:00Z".parse().unwrap());
        assert_eq!(window.to, "2026-11-26T00:00:00Z".parse().unwrap());
        assert_eq!(days("2026-11-25", "2026-11-24"), None);
        assert_eq!(days("-009999-01-01", "9999-12-31"), Some(Window { from: Timestamp::MIN, to: Timestamp::MAX }));
    }
}
