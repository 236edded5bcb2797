//! Whether answers are still as good as those to the training data were, where the table has a time.
//!
//! Each measure comes with an interval by a bootstrap of whole days, and has become worse only if all of the interval is beyond a bound:
//!
//! - **loss**: of classes the log loss beyond what the probabilities themselves expect, since a season with more events costs any model more;
//!   of numbers the squared error. Higher than in training by 0.02, of numbers by so much of the outcomes' variance.
//! - **AUC**, of two classes: lower than in training by 0.05.
//! - **calibration**: the mean answer is apart from the mean outcome by 0.05, of numbers by a tenth of the outcomes' standard deviation.
//!
//! Outcomes that come late may be of a kind. So less than half of the window's outcomes are not judged, nor fewer than 200, or those of
//! fewer than eight days.

mod bounds;
mod day;
mod measure;

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use self::bounds::measures;
pub(super) use self::day::DayScores;
pub use self::measure::{Measure, MeasureKind};
use super::days::ENOUGH_DAYS;
use super::drift::ENOUGH_ROWS;
use super::quality_baseline::QualityBaseline;
use super::sum::share;
use crate::table::counted;

/// Of so many of the window's predictions the outcome must be known.
const ENOUGH_KNOWN: f64 = 0.5;

/// How good answers are beside those to the training data.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct Standing {
    /// Whether they have become worse; null where that cannot be told.
    pub is_worse: Option<bool>,
    /// Why it cannot be told, in words; null where it can.
    pub unjudged: Option<String>,
    /// The number of days of the outcomes.
    pub days: u64,
    /// The number of outcomes.
    pub outcomes: u64,
    /// Of which share of the window's predictions the outcome is known. Of the training data it is known of each record.
    pub known_rate: f64,
    /// What is compared; none where there is too little.
    pub measures: Vec<Measure>,
}

impl Standing {
    /// Compares the days of a window of so many predictions with the training data; returns nothing without an outcome.
    pub(super) fn new(days: &[&DayScores], predictions: u64, training: &QualityBaseline) -> Option<Self> {
        let days: Vec<&DayScores> = days.iter().copied().filter(|day| day.rows() > 0).collect();
        let outcomes = days.iter().map(|day| day.rows()).sum::<u64>();
        let known_rate = share(outcomes, predictions);
        let unjudged = if outcomes == 0 {
            return None;
        } else if outcomes < ENOUGH_ROWS {
            Some(format!("the outcomes of {} are known, and of {ENOUGH_ROWS} must be", counted(outcomes, "prediction")))
        } else if known_rate < ENOUGH_KNOWN {
            Some(format!("outcomes of {:.1} % are known, and of half must be", known_rate * 100.0))
        } else if days.len() < ENOUGH_DAYS {
            Some(format!("the outcomes are of {}, and must be of {ENOUGH_DAYS}", counted(days.len(), "day")))
        } else {
            None
        };
        let measures = if unjudged.is_none() { measures(&days, training) } else { vec![] };
        Some(Self {
            is_worse: unjudged.is_none().then(|| measures.iter().any(|measure| measure.is_worse)),
            unjudged,
            days: days.len() as u64,
            outcomes,
            known_rate,
            measures,
        })
    }

    /// Says what it is compared with, where that is known of other shares of the records.
    pub fn completeness_in_words(&self) -> Option<String> {
        let known = self.known_rate * 100.0;
        (self.known_rate < 1.0).then(|| {
            format!("outcomes of {known:.1} % of the window's predictions are known, and of all of the training data")
        })
    }
}

#[cfg(test)]
mod tests {
    use fastrand::Rng;

    use super::super::answer::{Answer, Outcome};
    use super::*;

    const TRAINING: QualityBaseline =
        QualityBaseline { rows: 9_000, loss: 0.0, auc: Some(0.75), mean_error: Some(0.0), outcomes_std: None };

    /// Draws days of a model whose probabilities are right but for so much, of which each day is off by so much more or less.
    fn days(count: usize, rows: usize, off_by: f64, of_day: f64) -> Vec<DayScores> {
        let mut random = Rng::with_seed(6);
        let mut day = || {
            let mut scores = DayScores::default();
            let off_by = off_by + of_day * (random.f64() - 0.5);
            for _ in 0..rows {
                let probability = 0.1 + 0.7 * random.f64();
                let happens = random.f64() < probability - off_by;
                #[expect(clippy::cast_possible_truncation, reason = "a graph answers in single precision too")]
                let answer = Answer::Binary { probability: probability as f32, is_positive: probability >= 0.5 };
                scores.add(answer, Outcome::Class(usize::from(happens)));
            }
            scores
        };
        (0..count).map(|_| day()).collect()
    }

    fn standing(days: &[DayScores], predictions: u64) -> Standing {
        Standing::new(&days.iter().collect::<Vec<_>>(), predictions, &TRAINING).unwrap()
    }

    #[test]
    fn answers_that_are_off_are_worse_and_days_that_differ_are_not() {
        let good = standing(&days(30, 300, 0.0, 0.0), 9_000);
        assert_eq!((good.is_worse, good.days, good.outcomes, good.known_rate), (Some(false), 30, 9_000, 1.0));
        let kinds: Vec<MeasureKind> = good.measures.iter().map(|measure| measure.kind).collect();
        assert_eq!(kinds, [MeasureKind::ExcessLogLoss, MeasureKind::Auc, MeasureKind::MeanError]);
        for measure in &good.measures {
            assert!(measure.lower < measure.value && measure.value < measure.upper, "{measure:?}");
        }
        let off = standing(&days(30, 300, 0.1, 0.0), 9_000);
        assert!(off.is_worse == Some(true) && off.measures[2].is_worse && off.measures[2].lower > 0.05, "{off:?}");
        let uneven = standing(&days(10, 300, 0.06, 0.3), 3_000);
        assert!(!uneven.measures[2].is_worse && uneven.measures[2].value > 0.03, "{uneven:?}");
    }

    #[test]
    fn too_few_outcomes_are_not_judged_and_it_is_said_why() {
        let days = days(30, 300, 0.1, 0.0);
        for (days, predictions, why) in [
            (&days[..7], 2_100, "the outcomes are of 7 days, and must be of 8"),
            (&days[..], 20_000, "outcomes of 45.0 % are known, and of half must be"),
        ] {
            let found = standing(days, predictions);
            assert_eq!((found.is_worse, found.unjudged.as_deref(), found.measures.len()), (None, Some(why), 0));
        }
        let few = self::days(10, 19, 0.1, 0.0);
        assert_eq!(
            standing(&few, 190).unjudged.as_deref(),
            Some("the outcomes of 190 predictions are known, and of 200 must be")
        );
        let late = standing(&days, 10_000).completeness_in_words().unwrap();
        assert!(late.starts_with("outcomes of 90.0 % of the window's predictions"), "{late}");
        assert_eq!(Standing::new(&[], 300, &TRAINING), None);
    }

    #[test]
    fn numbers_are_measured_by_what_they_vary() {
        let mut random = Rng::with_seed(9);
        let training =
            QualityBaseline { rows: 900, loss: 1.0, auc: None, mean_error: Some(0.0), outcomes_std: Some(4.0) };
        let mut off = |by: f64| {
            let days: Vec<DayScores> = (0..20)
                .map(|_| {
                    let mut day = DayScores::default();
                    for _ in 0..100 {
                        let noise = (random.f64() - 0.5) * 12.0_f64.sqrt();
                        day.add(Answer::Regression(1e4 + noise + by), Outcome::Number(1e4));
                    }
                    day
                })
                .collect();
            Standing::new(&days.iter().collect::<Vec<_>>(), 2_000, &training).unwrap()
        };
        let (as_good, worse) = (off(0.1), off(1.0));
        assert_eq!((as_good.is_worse, worse.is_worse, worse.measures.len()), (Some(false), Some(true), 2));
        assert!((worse.measures[0].bound - 0.32).abs() < 1e-12 && (worse.measures[1].bound - 0.4).abs() < 1e-12);
    }
}
