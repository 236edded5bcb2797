//! What passes through the model, against what it was trained on: a report over a window of stored predictions.
//!
//! [`Monitor`] takes predictions one at a time, and [`Monitor::report`] compares them with the baseline in the model's manifest.

mod baseline;
pub mod html;
pub mod report;
pub mod schedule;
mod shadow;
pub mod window;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::features::{FEATURE_COUNT, FEATURE_NAMES};
use crate::model::Model;
use crate::prediction::{Prediction, format_time};
use crate::statistics::{self, Judged, TENTHS, mean, population_stability_index, to_float};
use crate::store::Window;
use baseline::{Baseline, FeatureBaseline};
use report::{
    Bins, Drift, Expected, FeatureReport, Missing, Moment, Observed, PredictionReport, Report, ShadowReport, TestKind,
    TestReport, Verdict,
};

/// Below so many rows nothing is judged: chance alone would move them.
pub const ENOUGH_ROWS: u64 = 200;

/// From this stability index on, a shift is moderate.
pub const MODERATE: f64 = 0.1;

/// From this stability index on, a shift is major.
pub const MAJOR: f64 = 0.25;

/// A window is shown in so many parts.
const MOMENTS: usize = 24;

/// A manifest that does not tell what the training data looked like.
#[derive(Debug, thiserror::Error)]
#[error("the model's manifest has no baseline to compare with")]
pub struct NoBaseline(#[source] serde_json::Error);

/// Gathers what a report is made of.
#[derive(Debug)]
pub struct Monitor {
    baseline: Baseline,
    model_version: Arc<str>,
    window: Window,
    rows: u64,
    versions: BTreeMap<Arc<str>, u64>,
    /// The values of each feature.
    features: Vec<Vec<f32>>,
    /// How many passengers have no value, by the name of the field.
    missing: BTreeMap<String, u64>,
    probabilities: Vec<f64>,
    survivors: u64,
    /// What each prediction said, 0 or 1, was right of it by its own probability, and what that costs.
    expected_accuracy: Vec<f64>,
    expected_log_loss: Vec<f64>,
    judged: Vec<Judged>,
    right: u64,
    /// What models in the shadow said, by their versions.
    shadows: BTreeMap<Arc<str>, shadow::Gathered>,
    threshold: f32,
    moments: [(u64, f64); MOMENTS],
}

impl Monitor {
    /// Starts a report over a window, against what this model was trained on.
    pub fn new(model: &Model, window: Window) -> Result<Self, NoBaseline> {
        let baseline = Baseline::of(model).map_err(NoBaseline)?;
        let missing = baseline.missing_rates.keys().map(|field| (field.clone(), 0)).collect();
        Ok(Self {
            baseline,
            model_version: Arc::clone(model.version()),
            window,
            rows: 0,
            versions: BTreeMap::new(),
            features: vec![Vec::new(); FEATURE_COUNT],
            missing,
            probabilities: Vec::new(),
            survivors: 0,
            expected_accuracy: Vec::new(),
            expected_log_loss: Vec::new(),
            judged: Vec::new(),
            right: 0,
            shadows: BTreeMap::new(),
            threshold: model.manifest().threshold,
            moments: [(0, 0.0); MOMENTS],
        })
    }

    /// Takes a prediction in.
    pub fn observe(&mut self, prediction: &Prediction) {
        let probability = f64::from(prediction.probability);
        self.rows += 1;
        *self.versions.entry(Arc::clone(&prediction.model_version)).or_default() += 1;
        for (values, value) in self.features.iter_mut().zip(prediction.features.0) {
            // A feature that did not exist when the prediction was stored has no value.
            values.extend(Some(value).filter(|value| !value.is_nan()));
        }
        for (field, count) in &mut self.missing {
            *count += u64::from(prediction.passenger.is_missing(field));
        }
        self.survivors += u64::from(prediction.survived);
        self.probabilities.push(probability);
        let given = if prediction.survived { probability } else { 1.0 - probability };
        self.expected_accuracy.push(given);
        self.expected_log_loss.push(entropy(probability));
        if let Some(outcome) = prediction.outcome {
            self.judged.push((probability, outcome.survived));
            self.right += u64::from(outcome.survived == prediction.survived);
        }
        if let Some(shadow) = &prediction.shadow {
            let gathered = self.shadows.entry(Arc::clone(&shadow.model_version)).or_default();
            gathered.observe(shadow.probability, prediction, self.threshold);
        }
        let (count, sum) = &mut self.moments[self.moment(prediction)];
        *count += 1;
        *sum += probability;
    }

    /// Returns which part of the window a prediction was made in.
    fn moment(&self, prediction: &Prediction) -> usize {
        let millisecond = |time: jiff::Timestamp| i128::from(time.as_millisecond());
        let (from, to) = (millisecond(self.window.from), millisecond(self.window.to));
        let place = (millisecond(prediction.created_at) - from) * MOMENTS as i128 / (to - from).max(1);
        usize::try_from(place).unwrap_or(0).min(MOMENTS - 1)
    }

    /// Compares what was taken in with the baseline.
    pub fn report(&self) -> Report {
        let is_enough = self.rows >= ENOUGH_ROWS;
        let features: Vec<FeatureReport> = FEATURE_NAMES
            .iter()
            .zip(&self.features)
            .filter_map(|(name, values)| Some(feature(name, self.baseline.features.get(*name)?, values)))
            .collect();
        let predictions = self.predictions();
        let worst = features.iter().map(|feature| feature.drift).chain([predictions.drift]).flatten().max();
        Report {
            model_version: self.model_version.to_string(),
            from: format_time(self.window.from),
            to: format_time(self.window.to),
            rows: self.rows,
            verdict: if is_enough { Verdict::from(worst) } else { Verdict::InsufficientData },
            versions: self.versions.iter().map(|(version, rows)| (version.to_string(), *rows)).collect(),
            features,
            missing: self.missing(),
            predictions,
            expected: self.expected(),
            observed: self.observed(),
            shadows: self.shadows(),
            over_time: self.over_time(),
        }
    }

    fn missing(&self) -> Vec<Missing> {
        let missing = self.missing.iter().map(|(field, &count)| Missing {
            field: field.clone(),
            baseline_rate: self.baseline.missing_rates.get(field).copied().unwrap_or_default(),
            rate: rate(count, self.rows),
        });
        missing.collect()
    }

    fn predictions(&self) -> PredictionReport {
        let histogram = &self.baseline.prediction_histogram;
        let inner = &TENTHS[1..];
        let counts = count_by(inner, self.probabilities.iter().copied());
        let psi = self.is_enough().then(|| population_stability_index(&histogram.counts, &counts));
        PredictionReport {
            drift: psi.map(Drift::of),
            psi,
            mean_probability: mean(self.probabilities.iter().copied()),
            baseline_mean_probability: self.baseline.mean_probability,
            survivors_rate: (self.rows > 0).then(|| rate(self.survivors, self.rows)),
            baseline_survival_rate: self.baseline.survival_rate,
            bins: Bins { edges: inner.to_vec(), baseline: histogram.counts.clone(), window: counts },
        }
    }

    fn is_enough(&self) -> bool {
        self.rows >= ENOUGH_ROWS
    }

    fn expected(&self) -> Option<Expected> {
        Some(Expected {
            accuracy: mean(self.expected_accuracy.iter().copied())?,
            log_loss: mean(self.expected_log_loss.iter().copied())?,
        })
    }

    fn observed(&self) -> Option<Observed> {
        let rows = self.judged.len() as u64;
        Some(Observed {
            rows,
            accuracy: rate(self.right, rows),
            auc: statistics::auc(&self.judged),
            log_loss: statistics::log_loss(&self.judged)?,
            brier: statistics::brier(&self.judged)?,
            calibration: statistics::calibration(&self.judged).into_iter().map(Into::into).collect(),
        })
    }

    fn shadows(&self) -> BTreeMap<String, ShadowReport> {
        self.shadows.iter().filter_map(|(version, gathered)| Some((version.to_string(), gathered.report()?))).collect()
    }

    fn over_time(&self) -> Vec<Moment> {
        let span = self.window.to.duration_since(self.window.from);
        let moments = (0..).zip(&self.moments).map(|(index, &(rows, sum))| {
            let from = self.window.from + span / i32::try_from(MOMENTS).unwrap_or(1) * index;
            let mean_probability = (rows > 0).then(|| sum / to_float(rows));
            Moment { from: format_time(from), rows, mean_probability }
        });
        moments.collect()
    }
}

/// Compares a feature's values with those of the training data.
fn feature(name: &str, baseline: &FeatureBaseline, values: &[f32]) -> FeatureReport {
    let rows = values.len() as u64;
    let window = count_by(&baseline.edges, values.iter().map(|&value| f64::from(value)));
    let is_enough = rows >= ENOUGH_ROWS;
    let psi = is_enough.then(|| population_stability_index(&baseline.counts, &window));
    let outside = values.iter().filter(|&&value| baseline.is_outside(value)).count();
    let unseen =
        values.iter().filter(|value| baseline.values.binary_search_by(|known| known.total_cmp(value)).is_err());
    let test = is_enough.then(|| compare(baseline, &window, values)).flatten();
    FeatureReport {
        name: name.to_owned(),
        drift: psi.map(Drift::of),
        psi,
        test,
        mean: mean(values.iter().map(|&value| f64::from(value))),
        baseline_mean: baseline.mean,
        out_of_range_rate: rate(outside as u64, rows),
        unseen_rate: baseline.is_category().then(|| rate(unseen.count() as u64, rows)),
        bins: Bins { edges: baseline.edges.clone(), baseline: baseline.counts.clone(), window },
    }
}

/// Tests whether values come from the population that the model was trained on.
fn compare(baseline: &FeatureBaseline, window: &[u64], values: &[f32]) -> Option<TestReport> {
    if baseline.is_category() {
        let result = statistics::chi_squared(&baseline.counts, window)?;
        return Some(TestReport { kind: TestKind::ChiSquared, statistic: result.statistic, p_value: result.p_value });
    }
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f32::total_cmp);
    let sample: Vec<(f64, u64)> = sorted
        .chunk_by(|left, right| left.total_cmp(right).is_eq())
        .map(|equal| (equal[0].into(), equal.len() as u64))
        .collect();
    let result = statistics::kolmogorov_smirnov(&baseline.sample(), &sample)?;
    Some(TestReport { kind: TestKind::KolmogorovSmirnov, statistic: result.statistic, p_value: result.p_value })
}

/// Counts values by bins: the bin of a value is the number of edges that are not greater.
fn count_by(edges: &[f64], values: impl Iterator<Item = f64>) -> Vec<u64> {
    let mut counts = vec![0; edges.len() + 1];
    for value in values {
        counts[edges.partition_point(|&edge| edge <= value)] += 1;
    }
    counts
}

fn rate(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { to_float(part) / to_float(whole) }
}

/// Returns the log loss to be expected where an event has this probability.
fn entropy(probability: f64) -> f64 {
    let part = |share: f64| if share > 0.0 { -share * share.ln() } else { 0.0 };
    part(probability) + part(1.0 - probability)
}
