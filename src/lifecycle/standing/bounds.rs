//! The measures with their intervals, and how much worse each may be.

use fastrand::Rng;

use super::super::quality_baseline::QualityBaseline;
use super::super::statistics::to_float;
use super::day::{DayScores, area};
use super::measure::{Measure, MeasureKind};

/// The number of samples of whole days, drawn with replacement.
const SAMPLES: usize = 1_000;

/// Draws the same samples each time.
const SEED: u64 = 2013;

/// How much higher a loss may be; of numbers, in units of the outcomes' variance.
const LOSS_BOUND: f64 = 0.02;

/// How much lower the area may be.
const AUC_BOUND: f64 = 0.05;

/// How far the means of two classes may be apart.
const RATE_BOUND: f64 = 0.05;

/// How far the means of numbers may be apart, in standard deviations of the outcomes.
const MEAN_BOUND: f64 = 0.1;

/// What some days are together.
#[derive(Default)]
struct Total {
    rows: u64,
    errors: u64,
    loss: f64,
    error: f64,
    ranks: Vec<[u64; 2]>,
}

impl Total {
    fn new<'a>(days: impl Iterator<Item = &'a DayScores>) -> Self {
        let mut total = Self::default();
        for day in days {
            total.rows += day.loss.count();
            total.errors += day.error.count();
            total.loss += day.loss.total();
            total.error += day.error.total();
            total.ranks.resize(day.ranks.len().max(total.ranks.len()), [0, 0]);
            for (sum, ranks) in total.ranks.iter_mut().zip(&day.ranks) {
                sum[0] += u64::from(ranks[0]);
                sum[1] += u64::from(ranks[1]);
            }
        }
        total
    }

    /// Returns loss, mean error and area.
    fn figures(&self) -> [Option<f64>; 3] {
        let mean = |sum: f64, rows: u64| (rows > 0).then(|| sum / to_float(rows));
        [mean(self.loss, self.rows), mean(self.error, self.errors), area(&self.ranks)]
    }
}

/// Compares days with the training data.
pub(super) fn measures(days: &[&DayScores], training: &QualityBaseline) -> Vec<Measure> {
    let mut random = Rng::with_seed(SEED);
    let values = Total::new(days.iter().copied()).figures();
    let mut sample = |_| Total::new((0..days.len()).map(|_| days[random.usize(..days.len())])).figures();
    let samples: Vec<[Option<f64>; 3]> = (0..SAMPLES).map(&mut sample).collect();
    let interval = |place: usize| {
        let mut drawn: Vec<f64> = samples.iter().filter_map(|figures| figures[place]).collect();
        drawn.sort_by(f64::total_cmp);
        let tail = drawn.len() / 40;
        Some((values[place]?, *drawn.get(tail)?, *drawn.get(drawn.len() - 1 - tail)?))
    };
    let QualityBaseline { loss, auc, mean_error, outcomes_std, .. } = *training;
    let (kind, loss_bound, mean_bound) = match outcomes_std {
        Some(std) => (MeasureKind::SquaredError, LOSS_BOUND * std * std, MEAN_BOUND * std),
        None => (MeasureKind::ExcessLogLoss, LOSS_BOUND, RATE_BOUND),
    };
    let loss = interval(0).map(|(value, lower, upper)| Measure {
        kind,
        value,
        lower,
        upper,
        training: loss,
        bound: loss_bound,
        is_worse: lower > loss + loss_bound,
    });
    let auc = interval(2).zip(auc).map(|((value, lower, upper), training)| Measure {
        kind: MeasureKind::Auc,
        value,
        lower,
        upper,
        training,
        bound: AUC_BOUND,
        is_worse: upper < training - AUC_BOUND,
    });
    let error = interval(1).zip(mean_error).map(|((value, lower, upper), training)| Measure {
        kind: MeasureKind::MeanError,
        value,
        lower,
        upper,
        training,
        bound: mean_bound,
        is_worse: lower > mean_bound || upper < -mean_bound,
    });
    [loss, auc, error].into_iter().flatten().collect()
}
