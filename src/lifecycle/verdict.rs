//! What to make of a window, by drift and by the quality of its answers.
//!
//! Quality outranks drift: what drift makes likely, outcomes tell. A season that comes each year shifts many columns, and a model that knows
//! seasons answers as well as before; that is a warning. Answers that have become worse are an alarm, shift or none.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::drift::{Drift, ENOUGH_ROWS};

/// What to make of a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// Fewer than 200 rows: nothing is judged.
    InsufficientData,
    /// Nothing has shifted.
    Stable,
    /// A judged index of 0.1 or more.
    ModerateDrift,
    /// Major drift, and answers that are as good as those to the training data.
    DriftWarning,
    /// A judged index of 0.25 or more.
    MajorDrift,
    /// Answers that are worse than those to the training data.
    WorseAnswers,
}

/// What a verdict rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Basis {
    /// How far columns have shifted.
    Drift,
    /// How good answers are, by outcomes.
    Quality,
}

impl Verdict {
    /// Returns the verdict on a window of so many rows, by the worst drift in it, and by whether its answers have become worse, where that
    /// can be told; and what it rests on.
    pub fn new(rows: u64, worst: Option<Drift>, is_worse: Option<bool>) -> (Self, Option<Basis>) {
        if rows < ENOUGH_ROWS {
            return (Self::InsufficientData, None);
        }
        let by_drift = match worst {
            None | Some(Drift::None) => Self::Stable,
            Some(Drift::Moderate) => Self::ModerateDrift,
            Some(Drift::Major) => Self::MajorDrift,
        };
        let (verdict, basis) = match (is_worse, by_drift) {
            (Some(true), _) => (Self::WorseAnswers, Basis::Quality),
            (Some(false), Self::MajorDrift) => (Self::DriftWarning, Basis::Quality),
            (Some(false), Self::Stable) => (Self::Stable, Basis::Quality),
            _ => (by_drift, Basis::Drift),
        };
        (verdict, Some(basis))
    }

    /// Returns whether somebody should look: `lifeboat monitor` ends with 3 then.
    pub fn is_alarm(self) -> bool {
        matches!(self, Self::MajorDrift | Self::WorseAnswers)
    }

    /// Returns what a person reads.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::InsufficientData => "insufficient data",
            Self::Stable => "stable",
            Self::ModerateDrift => "moderate drift",
            Self::DriftWarning => "drift warning",
            Self::MajorDrift => "major drift",
            Self::WorseAnswers => "worse answers",
        }
    }
}

impl Basis {
    /// Returns what a person reads.
    pub fn in_words(self) -> &'static str {
        match self {
            Self::Drift => "drift",
            Self::Quality => "quality",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quality_outranks_drift_where_it_is_known() {
        let major = Some(Drift::Major);
        for (rows, worst, is_worse, verdict, basis) in [
            (199, major, Some(true), Verdict::InsufficientData, None),
            (200, None, None, Verdict::Stable, Some(Basis::Drift)),
            (200, major, None, Verdict::MajorDrift, Some(Basis::Drift)),
            (200, major, Some(false), Verdict::DriftWarning, Some(Basis::Quality)),
            (200, Some(Drift::Moderate), Some(false), Verdict::ModerateDrift, Some(Basis::Drift)),
            (200, Some(Drift::None), Some(false), Verdict::Stable, Some(Basis::Quality)),
            (200, None, Some(true), Verdict::WorseAnswers, Some(Basis::Quality)),
        ] {
            assert_eq!(Verdict::new(rows, worst, is_worse), (verdict, basis), "{rows} {worst:?} {is_worse:?}");
        }
        let alarms = [Verdict::MajorDrift, Verdict::WorseAnswers];
        assert!(alarms.iter().all(|verdict| verdict.is_alarm()) && !Verdict::DriftWarning.is_alarm());
    }
}
