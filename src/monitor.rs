//! What passes through the model, against what it was trained on: a report over a window of stored predictions.
//!
//! [`Monitor`] takes predictions one at a time, in memory that does not grow with them, and [`Monitor::report`] compares them with the
//! baseline in the model's manifest. All it tells is exact, but for the AUC of more than [`crate::statistics::EXACT_ROWS`] outcomes, which
//! comes with its error.

mod baseline;
mod feature;
pub mod html;
mod judgement;
pub mod report;
pub mod schedule;
mod shadow;
pub mod window;

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;

use crate::features::FEATURE_NAMES;
use crate::model::Model;
use crate::observation::Observation;
use crate::passenger::Passenger;
use crate::prediction::format_time;
use crate::statistics::{Mean, TENTHS, population_stability_index, to_float};
use crate::store::Window;
use baseline::Baseline;
use feature::{Feature, bin};
use judgement::Judgement;
use report::{Bins, Drift, Expected, FeatureReport, Missing, Moment, PredictionReport, Report, ShadowReport, Verdict};

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
    model_version: Arc<str>,
    threshold: f32,
    baseline: Baseline,
    window: Window,
    versions: BTreeMap<Arc<str>, u64>,
    /// The features that the baseline knows, each with its place among all.
    features: Vec<(usize, Feature)>,
    /// How many passengers have no value, field by field of [`Passenger::OPTIONAL`].
    missing: [u64; Passenger::OPTIONAL.len()],
    probabilities: Mean,
    /// How many probabilities are in each tenth.
    tenths: [u64; TENTHS.len()],
    survivors: u64,
    /// How likely each prediction is right by its own probability, and what it is expected to cost.
    expected_accuracy: Mean,
    expected_log_loss: Mean,
    judgement: Judgement,
    /// What models in the shadow said, by their versions.
    shadows: BTreeMap<Arc<str>, shadow::Gathered>,
    moments: [Mean; MOMENTS],
}

impl Monitor {
    /// Starts a report over a window, against what this model was trained on.
    pub fn new(model: &Model, window: Window) -> Result<Self, NoBaseline> {
        let mut baseline = Baseline::of(model).map_err(NoBaseline)?;
        let known = FEATURE_NAMES.iter().enumerate();
        let features =
            known.filter_map(|(place, &name)| Some((place, Feature::new(name, baseline.features.remove(name)?))));
        Ok(Self {
            model_version: Arc::clone(model.version()),
            threshold: model.manifest().threshold,
            features: features.collect(),
            baseline,
            window,
            versions: BTreeMap::new(),
            missing: [0; Passenger::OPTIONAL.len()],
            probabilities: Mean::default(),
            tenths: [0; TENTHS.len()],
            survivors: 0,
            expected_accuracy: Mean::default(),
            expected_log_loss: Mean::default(),
            judgement: Judgement::default(),
            shadows: BTreeMap::new(),
            moments: [Mean::default(); MOMENTS],
        })
    }

    /// Takes a prediction in.
    pub fn observe(&mut self, observation: impl Into<Observation>) {
        let observation = observation.into();
        *self.versions.entry(Arc::clone(&observation.model_version)).or_default() += 1;
        for (place, feature) in &mut self.features {
            feature.add(observation.features.0[*place]);
        }
        for (count, is_missing) in self.missing.iter_mut().zip(observation.missing.by_place()) {
            *count += u64::from(is_missing);
        }
        self.predicted(&observation);
        if let Some(survived) = observation.outcome {
            self.judgement.add(observation.probability, observation.survived, survived);
        }
        if let Some(shadow) = &observation.shadow {
            let gathered = self.shadows.entry(Arc::clone(&shadow.model_version)).or_default();
            gathered.observe(shadow.probability, &observation, self.threshold);
        }
    }

    /// Takes in what was predicted.
    fn predicted(&mut self, observation: &Observation) {
        let probability = f64::from(observation.probability);
        self.probabilities.add(probability);
        self.tenths[bin(&TENTHS[1..], probability)] += 1;
        self.survivors += u64::from(observation.survived);
        self.expected_accuracy.add(if observation.survived { probability } else { 1.0 - probability });
        self.expected_log_loss.add(entropy(probability));
        let moment = self.moment(observation.created_at);
        self.moments[moment].add(probability);
    }

    /// Returns which part of the window a moment is in.
    fn moment(&self, time: Timestamp) -> usize {
        let millisecond = |time: Timestamp| i128::from(time.as_millisecond());
        let (from, to) = (millisecond(self.window.from), millisecond(self.window.to));
        let place = (millisecond(time) - from) * MOMENTS as i128 / (to - from).max(1);
        usize::try_from(place).unwrap_or(0).min(MOMENTS - 1)
    }

    /// Compares what was taken in with the baseline.
    pub fn report(&self) -> Report {
        let features: Vec<FeatureReport> = self.features.iter().map(|(_, feature)| feature.report()).collect();
        let predictions = self.predictions();
        let worst = features.iter().map(|feature| feature.drift).chain([predictions.drift]).flatten().max();
        Report {
            model_version: self.model_version.to_string(),
            from: format_time(self.window.from),
            to: format_time(self.window.to),
            rows: self.rows(),
            verdict: if self.is_enough() { Verdict::from(worst) } else { Verdict::InsufficientData },
            versions: self.versions.iter().map(|(version, rows)| (version.to_string(), *rows)).collect(),
            features,
            missing: self.missing(),
            predictions,
            expected: self.expected(),
            observed: self.judgement.report(),
            shadows: self.shadows(),
            over_time: self.over_time(),
        }
    }

    fn rows(&self) -> u64 {
        self.probabilities.count()
    }

    fn missing(&self) -> Vec<Missing> {
        let count =
            |name: &str| Passenger::OPTIONAL.iter().position(|field| *field == name).map(|place| self.missing[place]);
        let missing = self.baseline.missing_rates.iter().map(|(field, &baseline_rate)| Missing {
            field: field.clone(),
            baseline_rate,
            // A field that is required is never missing.
            rate: rate(count(field).unwrap_or(0), self.rows()),
        });
        missing.collect()
    }

    fn predictions(&self) -> PredictionReport {
        let histogram = &self.baseline.prediction_histogram;
        let psi = self.is_enough().then(|| population_stability_index(&histogram.counts, &self.tenths));
        PredictionReport {
            drift: psi.map(Drift::of),
            psi,
            mean_probability: self.probabilities.value(),
            baseline_mean_probability: self.baseline.mean_probability,
            survivors_rate: (self.rows() > 0).then(|| rate(self.survivors, self.rows())),
            baseline_survival_rate: self.baseline.survival_rate,
            bins: Bins {
                edges: TENTHS[1..].to_vec(),
                baseline: histogram.counts.clone(),
                window: self.tenths.to_vec(),
            },
        }
    }

    fn is_enough(&self) -> bool {
        self.rows() >= ENOUGH_ROWS
    }

    fn expected(&self) -> Option<Expected> {
        Some(Expected { accuracy: self.expected_accuracy.value()?, log_loss: self.expected_log_loss.value()? })
    }

    fn shadows(&self) -> BTreeMap<String, ShadowReport> {
        self.shadows.iter().filter_map(|(version, gathered)| Some((version.to_string(), gathered.report()?))).collect()
    }

    fn over_time(&self) -> Vec<Moment> {
        let span = self.window.to.duration_since(self.window.from);
        let moments = (0..).zip(&self.moments).map(|(index, mean)| {
            let from = self.window.from + span / i32::try_from(MOMENTS).unwrap_or(1) * index;
            Moment { from: format_time(from), rows: mean.count(), mean_probability: mean.value() }
        });
        moments.collect()
    }
}

fn rate(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { to_float(part) / to_float(whole) }
}

/// Returns the log loss to be expected where an event has this probability.
fn entropy(probability: f64) -> f64 {
    let part = |share: f64| if share > 0.0 { -share * share.ln() } else { 0.0 };
    part(probability) + part(1.0 - probability)
}
